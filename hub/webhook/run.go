package webhook

import (
	"context"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/health/urge"
	"zhanqun/internal/chinatime"
)

const (
	batch     = 50               // deliveries tried at once
	mostTaken = 500              // changes put into one message
	gather    = 15 * time.Second // changes of so long go into one message
	idle      = 5 * time.Minute
	again     = 30 * time.Second // after the store failed
	dailyHour = 8                // when the daily check of the day before is sent
	dailyMin  = 30
)

// pauses are how long is waited after each try that failed; after the last the
// message is given up.
var pauses = []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour}

// Run sends what is to be sent until ctx ends.
func (s *Service) Run(ctx context.Context) {
	for ctx.Err() == nil {
		wait, err := s.RunOnce(ctx)
		if err != nil && ctx.Err() == nil {
			s.Log.Error("webhook pass failed", "error", err, "again_in", again)
			wait = again
		}
		timer := time.NewTimer(max(wait, time.Second))
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-s.wake:
			// What comes within a moment goes into one message.
			select {
			case <-ctx.Done():
			case <-time.After(gather):
			}
		}
		timer.Stop()
	}
}

// RunOnce makes messages of what happened, sends what is due, and returns how
// long there is nothing to do.
func (s *Service) RunOnce(ctx context.Context) (time.Duration, error) {
	county := s.County(ctx)
	more, err := s.Store.HookFindings(ctx, mostTaken, func(changes []Change, hooks []Hook) []Delivery { return s.build(county, changes, hooks) })
	if err != nil {
		return 0, err
	}
	if err := s.runDaily(ctx, county); err != nil {
		return 0, err
	}
	due, err := s.Store.DueDeliveries(ctx, s.Now(), batch)
	if err != nil {
		return 0, err
	}
	for _, d := range due {
		if err := s.try(ctx, d); err != nil {
			return 0, err
		}
	}
	if more || len(due) == batch {
		return 0, nil
	}
	return s.rest(ctx)
}

func (s *Service) rest(ctx context.Context) (time.Duration, error) {
	next, err := s.Store.NextDelivery(ctx)
	if err != nil || next.IsZero() {
		return idle, err
	}
	return min(max(next.Sub(s.Now()), 0), idle), nil
}

// build makes the messages of what happened: one for each hook and topic.
func (s *Service) build(county string, changes []Change, hooks []Hook) []Delivery {
	var list []Delivery
	if m := s.vetoes(county, changes); m != nil {
		for _, h := range hooks {
			if h.Wants(Veto) {
				list = append(list, delivery(h, *m))
			}
		}
	}
	for _, t := range []Topic{Veto, Now, Urging} {
		m := s.digest(county, t, changes)
		if m == nil {
			continue
		}
		for _, h := range hooks {
			if h.Wants(t) && !(t == Now && m.onlyVeto() && h.Wants(Veto)) {
				list = append(list, delivery(h, *m))
			}
		}
	}
	return list
}

// onlyVeto reports whether a hook that was told of the risk of a veto has heard
// all of m.
func (m *Message) onlyVeto() bool {
	for _, i := range m.Items {
		if !urge.Urgent(i.Class) || i.What != "open" && i.What != "found" {
			return false
		}
	}
	return m.Total == len(m.Items)
}

// runDaily sends the check of the day before, in the morning.
func (s *Service) runDaily(ctx context.Context, county string) error {
	now := s.Now().In(chinatime.Zone)
	if now.Hour() < dailyHour || now.Hour() == dailyHour && now.Minute() < dailyMin {
		return nil
	}
	p, err := urge.ParsePeriod(string(urge.Day), now.AddDate(0, 0, -1).Format(time.DateOnly), now)
	if err != nil {
		return err
	}
	hooks, err := s.Store.Hooks(ctx)
	if err != nil || !anyWants(hooks, Daily) {
		return err
	}
	report, err := s.Report.Report(ctx, access.Local("webhook"), p)
	if err != nil {
		return err
	}
	return s.Store.HookDay(ctx, p.ID, func(hooks []Hook) []Delivery {
		var list []Delivery
		for _, h := range hooks {
			if h.Wants(Daily) {
				list = append(list, delivery(h, s.daily(county, report)))
			}
		}
		return list
	})
}

func anyWants(hooks []Hook, t Topic) bool {
	for _, h := range hooks {
		if h.Wants(t) {
			return true
		}
	}
	return false
}

// try sends a delivery and notes how that ended.
func (s *Service) try(ctx context.Context, d Delivery) error {
	h, err := s.Store.Hook(ctx, d.Hook)
	if err != nil {
		return err
	}
	failed := s.deliver(ctx, h, d)
	if ctx.Err() != nil {
		return ctx.Err() // cut off by our own end, not by the other side
	}
	d.Tries++
	switch now := s.Now(); {
	case failed == nil:
		d.State, d.DoneAt, d.Reason = Sent, now, ""
	case d.Tries > len(pauses):
		d.State, d.DoneAt, d.Reason = Dead, now, reason(failed)
	default:
		d.NextAt, d.Reason = now.Add(pauses[d.Tries-1]), reason(failed)
	}
	if failed != nil {
		s.Log.Warn("webhook not delivered", "hook", h.ID, "topic", d.Topic, "tries", d.Tries, "state", d.State, "reason", d.Reason)
	}
	return s.Store.Delivered(ctx, d)
}

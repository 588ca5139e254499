package review

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/internal/fault"
)

// Hold checks a decision like Decide and keeps it aside until it is due. What
// it returns says until when Undo works. Where nothing can be undone it is
// Decide.
func (s *Service) Hold(ctx context.Context, who access.User, q Request) (Held, error) {
	if err := q.check(s.now()); err != nil {
		return Held{}, err
	}
	if s.undoFor < time.Millisecond { // the databases count milliseconds
		return Held{Who: who, Request: q, At: s.now(), DueAt: s.now()}, s.Decide(ctx, who, q)
	}
	r := s.current()
	var held Held
	err := s.store.Decide(ctx, []string{q.Item}, func(snap Snapshot) (Effect, error) {
		if err := free(snap, snap.Items[0], who); err != nil {
			return Effect{}, err
		}
		if _, err := r.decide(snap, who, q); err != nil {
			return Effect{}, err
		}
		held = Held{ID: r.newID(), Who: who, Request: q, At: snap.At, DueAt: snap.At.Add(s.undoFor)}
		// The claim covers the time until Run gets to it, and more, so that
		// nobody begins to read what is as good as decided.
		item := snap.Items[0].Item
		item.ClaimedBy, item.ClaimedUntil = who.ID, held.DueAt.Add(r.claimFor)
		return Effect{
			Items: []catalog.Item{item}, Hold: &held,
			Events: []Note{{Kind: EventHeld, Ref: q.Item, Data: map[string]any{"action": q.Action, "dueAt": held.DueAt}}},
		}, nil
	})
	if err != nil {
		return Held{}, s.withTexts(ctx, err)
	}
	s.Wake()
	return held, nil
}

// Undo takes who's held decision on an item back. The item stays claimed by
// who, since that is where he was.
func (s *Service) Undo(ctx context.Context, who access.User, item string) error {
	return s.store.Decide(ctx, []string{item}, func(snap Snapshot) (Effect, error) {
		x := snap.Items[0]
		if x.Held == nil {
			return Effect{}, fault.New(fault.Conflict, "决定已经生效，不能撤销了。")
		}
		if x.Held.Who.ID != who.ID {
			return Effect{}, fault.New(fault.Forbidden, "只有作出决定的人可以撤销。")
		}
		return Effect{
			Items:  []catalog.Item{x.Item},
			Events: []Note{{Kind: EventUndone, Ref: item, Data: map[string]any{"action": x.Held.Request.Action}}},
		}, nil
	})
}

// Wake makes Run look at once: a file has arrived that an approved item may
// have waited for.
func (s *Service) Wake() {
	select {
	case s.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// poll is how long Run sleeps at most: another hub program may have kept a
// decision and died.
const poll = 15 * time.Second

// Run carries held decisions out when they are due, and publishes approved
// items when their files are complete, until ctx ends.
func (s *Service) Run(ctx context.Context, log *slog.Logger) {
	for {
		next, err := s.Sweep(ctx)
		if err != nil && ctx.Err() == nil {
			log.Error("carrying out held decisions failed", "error", err)
		}
		pause := poll
		if !next.IsZero() {
			pause = min(max(next.Sub(s.now()), 0), poll)
		}
		if err != nil {
			pause = max(pause, time.Second)
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-s.wake:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		timer.Stop()
	}
}

const sweepLimit = 100

// Sweep does once what Run does again and again. It returns when the next held
// decision is due, or the zero time.
func (s *Service) Sweep(ctx context.Context) (time.Time, error) {
	var failed []error
	for {
		due, next, err := s.store.HeldDue(ctx, s.now(), sweepLimit)
		if err != nil {
			return time.Time{}, errors.Join(append(failed, err)...)
		}
		for _, h := range due {
			if err := s.carryOut(ctx, h); err != nil {
				failed = append(failed, fmt.Errorf("held decision on %s: %w", h.Request.Item, err))
			}
		}
		if len(due) == sweepLimit && len(failed) == 0 {
			continue
		}
		// First what was decided before a restore: publishing would make entries of
		// its own for it.
		return next, errors.Join(append(failed, s.recoverAll(ctx), s.publishComplete(ctx))...)
	}
}

// carryOut makes a held decision a decision, unless it was undone or carried
// out meanwhile. One that has become impossible lapses.
func (s *Service) carryOut(ctx context.Context, h Held) error {
	r := s.current()
	return s.store.Decide(ctx, []string{h.Request.Item}, func(snap Snapshot) (Effect, error) {
		x := snap.Items[0]
		if x.Held == nil || x.Held.ID != h.ID {
			return Effect{}, nil
		}
		x.Held = nil
		e, err := r.judge(snap, x, h.Who, h.Request)
		f := asFault(err)
		if f == nil || f.Kind == fault.Internal || f.Kind == fault.Unavailable {
			return e, err
		}
		item := x.Item
		item.ClaimedBy, item.ClaimedUntil = "", time.Time{}
		data := map[string]any{"action": h.Request.Action, "why": f.Message}
		return Effect{
			Items:  []catalog.Item{item},
			Events: []Note{{Kind: EventLapsed, Ref: item.ID, Data: data}},
			Audits: []Note{{Actor: h.Who.Login, Kind: "item.decision_lapsed", Ref: item.ID, Data: data}},
		}, nil
	})
}

// publishComplete publishes approved items whose files have arrived and whose
// hour has come.
func (s *Service) publishComplete(ctx context.Context) error {
	r := s.current()
	var failed []error
	for after := (Position{}); ; {
		ids, next, err := s.store.Complete(ctx, s.now(), after, sweepLimit)
		if err != nil {
			return errors.Join(append(failed, err)...)
		}
		for _, id := range ids {
			if err := s.store.Decide(ctx, []string{id}, r.complete); err != nil {
				failed = append(failed, fmt.Errorf("publishing %s: %w", id, err))
			}
		}
		if next.ID == "" {
			return errors.Join(failed...)
		}
		after = next
	}
}

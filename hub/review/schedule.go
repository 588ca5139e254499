package review

import (
	"context"
	"fmt"
	"time"

	"zhanqun/hub/access"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// Bounds of the hour an item can be published at.
const (
	latestHour = 366 * 24 * time.Hour
	clockSlack = 5 * time.Minute // forgives a clock, and a form that was open for a while
)

// checkHour returns why an item cannot be published at a time, or nil. The zero
// time means at once.
func checkHour(at, now time.Time) error {
	switch {
	case at.IsZero():
	case at.Before(now.Add(-clockSlack)):
		return fault.Field("publishAt", "定时发布的时间已经过了，请改成以后的时间，或者直接发布。")
	case at.After(now.Add(latestHour)):
		return fault.Field("publishAt", "定时发布最多提前一年，请检查日期。")
	}
	return nil
}

// Schedule changes when an approved item is published; the zero time stands for
// as soon as its files are here. revision is the one that was read.
func (s *Service) Schedule(ctx context.Context, who access.User, item string, revision int, at time.Time) error {
	if err := checkHour(at, s.now()); err != nil {
		return err
	}
	r := s.current()
	err := s.store.Decide(ctx, []string{item}, func(snap Snapshot) (Effect, error) {
		return r.schedule(snap, who, revision, at)
	})
	s.Wake()
	return s.withTexts(ctx, err)
}

// schedule is for who may do the last step, since that is who chose the hour.
func (r rules) schedule(s Snapshot, who access.User, revision int, at time.Time) (Effect, error) {
	x := s.Items[0]
	if err := mayReview(planOf(s, x), x, who); err != nil {
		return Effect{}, err
	}
	if revision != x.Item.Revision {
		return Effect{}, stale(x, revision)
	}
	if x.Item.State != protocol.StateApproved {
		return Effect{}, fault.New(fault.Conflict, fmt.Sprintf("只有审核已通过、还没有发布的信息能改发布时间。这条信息现在是“%s”。", stateName(x)))
	}
	d, err := lastApproval(x)
	if err != nil {
		return Effect{}, err
	}
	e := Effect{}
	e.Events = append(e.Events, Note{Kind: EventScheduled, Ref: x.Item.ID, Data: map[string]any{"at": at}})
	e.Audits = append(e.Audits, Note{Actor: who.Login, Kind: "item.schedule", Ref: x.Item.ID,
		Data: map[string]any{"from": x.Item.PublishAt, "to": at}})
	x.Item.PublishAt = at
	return r.publish(s, x, d, e)
}

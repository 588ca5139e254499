package verdict

import (
	"context"
	"log/slog"
	"time"
)

const (
	every     = 10 * time.Minute     // how often all sites are judged to tell of changes
	keptAlarm = 400 * 24 * time.Hour // how long what was told is kept
)

// Run judges all sites again and again, and notes what people have to be told of,
// until ctx ends.
func (s *Service) Run(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := s.RunOnce(ctx); err != nil && ctx.Err() == nil {
			log.Error("judging sites", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// RunOnce does so once.
func (s *Service) RunOnce(ctx context.Context) error {
	known, err := s.Store.VetoStandings(ctx)
	if err != nil {
		return err
	}
	board, err := s.Cluster(ctx)
	if err != nil {
		return err
	}
	now := s.Now()
	changed, alarms := weigh(known, board.Sites, now)
	if len(changed) > 0 {
		if err := s.Store.SaveStandings(ctx, changed, alarms, now.Add(-keptAlarm)); err != nil {
			return err
		}
	}
	for _, st := range changed {
		known[[2]string{st.Site, st.Clause}] = st
	}
	return s.Store.TellVetoes(ctx, shares(board.Sites, known))
}

// Recent returns the latest alarms, of one site or of all for "", latest first.
func (s *Service) Recent(ctx context.Context, site string, limit int) ([]Alarm, error) {
	return s.Store.Alarms(ctx, site, limit)
}

package store

import (
	"context"
	"fmt"
)

// FindingTally is how many findings, messages and opinions there are, for
// whoever watches the hub.
type FindingTally struct {
	Stages     []StageCount   // of findings that are not closed
	Messages   map[string]int // to others, by state
	Unanswered int            // looks nodes were asked for and have not answered
}

// StageCount is how many findings are in one state at one stage.
type StageCount struct {
	State, Stage string
	N            int
}

const (
	openStages   = `SELECT state, stage, COUNT(*) FROM finding WHERE closed_at = 0 GROUP BY state, stage ORDER BY state, stage`
	hookMessages = `SELECT state, '', COUNT(*) FROM webhook_delivery GROUP BY state`
	unanswered   = `SELECT COUNT(*) FROM look_request WHERE answered_at = 0`
)

// FindingTally counts.
func (s *Store) FindingTally(ctx context.Context) (t FindingTally, err error) {
	scan := func(row scanner) (c StageCount, err error) {
		err = row.Scan(&c.State, &c.Stage, &c.N)
		return c, err
	}
	if t.Stages, err = collect(ctx, s.read, scan, openStages); err != nil {
		return t, fmt.Errorf("counting findings: %w", err)
	}
	messages, err := collect(ctx, s.read, scan, hookMessages)
	if err != nil {
		return t, fmt.Errorf("counting messages: %w", err)
	}
	t.Messages = map[string]int{}
	for _, m := range messages {
		t.Messages[m.State] = m.N
	}
	if err := s.read.QueryRowContext(ctx, unanswered).Scan(&t.Unanswered); err != nil {
		return t, fmt.Errorf("counting opinions: %w", err)
	}
	return t, nil
}

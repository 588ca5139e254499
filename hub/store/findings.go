package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"zhanqun/hub/health"
	"zhanqun/internal/fault"
)

// findings returns the query for one page of findings.
func findings(q health.FindingQuery) (string, []any) {
	var w where
	if !q.Before.IsZero() {
		w.add("f.updated_at <= ?", millis(q.Before))
		w.add("(f.updated_at < "+fmt.Sprintf("$%d", len(w.args))+" OR f.id < ?)", q.BeforeID)
	}
	w.equal("f.site", q.Site)
	w.equal("f.unit", q.Unit)
	if q.Told {
		w.text = append(w.text, "f.state <> 'found'")
	}
	switch q.State {
	case health.StateActive:
		w.text = append(w.text, "f.closed_at = 0") // as the index has it
	case health.StateOverdue:
		w.text = append(w.text, "f.closed_at = 0 AND f.stage IN ('overdue', 'exposed', 'supervised', 'circulated')")
	default:
		w.equal("f.state", q.State)
	}
	return `SELECT ` + findingColumns + findingTables + w.String() +
		fmt.Sprintf(` ORDER BY f.updated_at DESC, f.id DESC LIMIT %d`, q.Limit), w.args
}

// Findings returns findings, newest change first.
func (s *Store) Findings(ctx context.Context, q health.FindingQuery) ([]health.Finding, error) {
	query, args := findings(q)
	list, err := collect(ctx, s.read, scanFinding, query, args...)
	if err != nil {
		return nil, fmt.Errorf("reading findings: %w", err)
	}
	return list, nil
}

// Finding returns one finding with its places and history, or a NotFound fault.
func (s *Store) Finding(ctx context.Context, id string) (f health.Finding, steps []health.Step, err error) {
	f, err = scanFinding(s.read.QueryRowContext(ctx, `SELECT `+findingColumns+findingTables+`WHERE f.id = $1`, id))
	if notFound(err) {
		return f, nil, fault.New(fault.NotFound, "没有这条预警")
	} else if err != nil {
		return f, nil, fmt.Errorf("reading finding %s: %w", id, err)
	}
	if err := fillPlaces(ctx, s.read, &f); err != nil {
		return f, nil, err
	}
	steps, err = collect(ctx, s.read, scanStep, `SELECT at, kind, who, note FROM finding_event WHERE finding = $1 ORDER BY seq DESC LIMIT 200`, id)
	if err != nil {
		return f, nil, fmt.Errorf("reading history of finding %s: %w", id, err)
	}
	return f, steps, nil
}

func scanStep(row scanner) (step health.Step, err error) {
	var at int64
	err = row.Scan(&at, &step.Kind, &step.Who, &step.Note)
	step.At = fromMillis(at)
	return step, err
}

// Settle implements health.Store.
func (s *Store) Settle(ctx context.Context, actor, id string, decide func(health.Finding, health.Target) health.Finding) (health.Finding, error) {
	var f health.Finding
	err := s.tx(ctx, "settling finding", func(t *tx) error {
		var err error
		f, err = t.lockedFinding(ctx, id)
		switch {
		case notFound(err):
			return fault.New(fault.NotFound, "没有这条预警")
		case err != nil:
			return err
		case f.Closed():
			return fault.New(fault.Conflict, "这条预警已经销号。")
		}
		target, err := scanTarget(t.QueryRowContext(ctx, targetQuery+`WHERE id = $1`, f.Target))
		if err != nil {
			return fmt.Errorf("reading the target of finding %s: %w", id, err)
		}
		if f.Places, err = placesFor(ctx, t, f); err != nil {
			return err
		}
		was := f
		f = decide(f, target)
		if f.Node, err = t.nodeFor(ctx, f); err != nil {
			return err
		}
		if err := t.saveFinding(ctx, f, health.Step{Who: actor, Note: f.Note}); err != nil {
			return err
		}
		if f.Node != "" {
			if err := t.tellNode(ctx, f.Node); err != nil {
				return err
			}
		}
		return t.audit(actor, "finding."+f.State, id, change{before: was, after: f})
	})
	return f, err
}

// healthCursor is where the reading of entries stands, kept as a setting.
type healthCursor struct {
	At int64  `json:"at"`
	ID string `json:"id"`
}

// EntryCursor returns how far entries have been read for links.
func (s *Store) EntryCursor(ctx context.Context) (time.Time, string, error) {
	var text string
	err := s.read.QueryRowContext(ctx, `SELECT value FROM setting WHERE key = 'health_entries'`).Scan(&text)
	if notFound(err) {
		return time.Time{}, "", nil
	} else if err != nil {
		return time.Time{}, "", fmt.Errorf("reading health cursor: %w", err)
	}
	var c healthCursor
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return time.Time{}, "", fmt.Errorf("reading health cursor: %w", err)
	}
	return fromMillis(c.At), c.ID, nil
}

// SetEntryCursor records how far entries have been read for links.
func (s *Store) SetEntryCursor(ctx context.Context, at time.Time, id string) error {
	text, err := jsonText(healthCursor{millis(at), id})
	if err != nil {
		return err
	}
	return s.tx(ctx, "recording health cursor", func(t *tx) error {
		_, err := t.ExecContext(ctx, `INSERT INTO setting (key, value) VALUES ('health_entries', $1)
			ON CONFLICT (key) DO UPDATE SET value = excluded.value`, text)
		return err
	})
}

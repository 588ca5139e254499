package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"zhanqun/hub/health"
	"zhanqun/protocol"
)

const (
	askLooks  = 2              // nodes asked about one address at once
	lookAgain = 12 * time.Hour // before the same address is asked about again
	lookUntil = 24 * time.Hour // an answer later than that is not waited for
	seenLate  = time.Hour      // a node silent for so long is not asked
	keptLooks = 90 * 24 * time.Hour
)

// AskLooks implements health.Store.
func (s *Store) AskLooks(ctx context.Context, target string) (asked int, err error) {
	err = s.tx(ctx, "asking for a second opinion", func(t *tx) error {
		asked, err = t.askLooks(ctx, target, lookAgain)
		return err
	})
	return asked, err
}

// AskAbout implements health.Store.
func (s *Store) AskAbout(ctx context.Context, address string, again time.Duration) (asked int, err error) {
	err = s.tx(ctx, "asking for a second opinion", func(t *tx) error {
		target, err := t.targetOf(ctx, address)
		if err != nil {
			return err
		}
		asked, err = t.askLooks(ctx, target, again)
		return err
	})
	return asked, err
}

// askLooks asks nodes that know how to look at a target from their own lines,
// those heard of last first, unless it was asked about lately.
func (t *tx) askLooks(ctx context.Context, target string, again time.Duration) (int, error) {
	now := millis(t.at)
	var lately bool
	err := t.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM look_request WHERE target = $1 AND asked_at > $2)`, target, now-again.Milliseconds()).Scan(&lately)
	if err != nil || lately {
		return 0, err
	}
	var url string
	if err := t.QueryRowContext(ctx, `SELECT url FROM target WHERE id = $1`, target).Scan(&url); err != nil {
		return 0, fmt.Errorf("reading target %s: %w", target, err)
	}
	type witness struct{ id, unit string }
	nodes, err := collect(ctx, t, func(r scanner) (w witness, err error) {
		err = r.Scan(&w.id, &w.unit)
		return w, err
	}, `SELECT id, unit FROM node WHERE state = 'active' AND seen_at >= $1 AND ' ' || knows || ' ' LIKE '% look %' ORDER BY seen_at DESC, id LIMIT $2`,
		now-seenLate.Milliseconds(), askLooks)
	if err != nil {
		return 0, fmt.Errorf("reading who could look: %w", err)
	}
	// Nodes are locked in the order of their ids; see the package comment.
	slices.SortFunc(nodes, func(a, b witness) int { return strings.Compare(a.id, b.id) })
	asked := 0
	for _, w := range nodes {
		m := &protocol.Look{ID: uuid.Must(uuid.NewV7()).String(), URL: url, Page: true, At: t.at, Until: t.at.Add(lookUntil)}
		if len(m.Validate()) > 0 {
			return 0, nil // no address a node could ask
		}
		_, err := t.ExecContext(ctx, `INSERT INTO look_request (id, target, node, unit, asked_at, until_at, answered_at, answer, weighed) VALUES ($1, $2, $3, $4, $5, $6, 0, '', 0)`,
			m.ID, target, w.id, w.unit, now, millis(m.Until))
		if err != nil {
			return asked, fmt.Errorf("noting a look: %w", err)
		}
		if err := t.down(ctx, w.id, protocol.KindLook, m); err != nil {
			return asked, err
		}
		asked++
	}
	_, err = t.ExecContext(ctx, `DELETE FROM look_request WHERE target = $1 AND asked_at < $2`, target, now-keptLooks.Milliseconds())
	return asked, err
}

// keepLooked keeps what a node saw. It returns a fault when nobody asked it.
func (t *tx) keepLooked(ctx context.Context, node string, m *protocol.Looked) (*protocol.Fault, error) {
	text, err := jsonText(m)
	if err != nil {
		return nil, err
	}
	done, err := t.ExecContext(ctx, `UPDATE look_request SET answered_at = $3, answer = $4 WHERE id = $1 AND node = $2 AND answered_at = 0`, m.Look, node, millis(t.at), text)
	if err != nil {
		return nil, fmt.Errorf("keeping what node %s saw: %w", node, err)
	}
	if n, err := done.RowsAffected(); err != nil || n > 0 {
		return nil, err
	}
	var known bool
	if err := t.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM look_request WHERE id = $1 AND node = $2)`, m.Look, node).Scan(&known); err != nil || known {
		return nil, err // said before
	}
	return &protocol.Fault{Code: protocol.CodeUnknown, Field: "look", Detail: "没有请本节点看过这个网址"}, nil
}

const opinionColumns = `SELECT l.id, l.target, t.url, COALESCE(u.name, l.unit), l.answered_at, l.answer FROM look_request l
	JOIN target t ON t.id = l.target LEFT JOIN unit u ON u.code = l.unit WHERE l.answered_at <> 0 `

func scanOpinion(r scanner) (o health.Opinion, err error) {
	var text string
	var at int64
	if err := r.Scan(&o.ID, &o.Target, &o.URL, &o.Unit, &at, &text); err != nil {
		return o, err
	}
	o.At = fromMillis(at)
	err = json.Unmarshal([]byte(text), &o.Looked)
	return o, err
}

// Opinions implements health.Store.
func (s *Store) Opinions(ctx context.Context, limit int) ([]health.Opinion, error) {
	list, err := collect(ctx, s.read, scanOpinion, opinionColumns+`AND l.weighed = 0 ORDER BY l.answered_at, l.id LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("reading second opinions: %w", err)
	}
	return list, nil
}

// OpinionsOn implements health.Store.
func (s *Store) OpinionsOn(ctx context.Context, address string, since time.Time) (list []health.Opinion, waiting int, err error) {
	list, err = collect(ctx, s.read, scanOpinion, opinionColumns+`AND t.url = $1 AND l.asked_at >= $2 ORDER BY l.answered_at DESC, l.id DESC LIMIT $3`, address, millis(since), mostOpinions)
	if err != nil {
		return nil, 0, fmt.Errorf("reading second opinions on an address: %w", err)
	}
	err = s.read.QueryRowContext(ctx, `SELECT COUNT(*) FROM look_request l JOIN target t ON t.id = l.target WHERE t.url = $1 AND l.asked_at >= $2 AND l.answered_at = 0`, address, millis(since)).Scan(&waiting)
	if err != nil {
		return nil, 0, fmt.Errorf("counting who was asked about an address: %w", err)
	}
	return list, waiting, nil
}

// mostOpinions bounds what is read of one address.
const mostOpinions = 10

// Weighed implements health.Store.
func (s *Store) Weighed(ctx context.Context, id string) error {
	return s.tx(ctx, "noting an opinion weighed", func(t *tx) error {
		_, err := t.ExecContext(ctx, `UPDATE look_request SET weighed = 1 WHERE id = $1`, id)
		return err
	})
}

package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"zhanqun/hub/health/verdict"
	"zhanqun/protocol"
)

// VetoStandings implements verdict.Store.
func (s *Store) VetoStandings(ctx context.Context) (map[[2]string]verdict.Standing, error) {
	list, err := collect(ctx, s.read, func(row scanner) (st verdict.Standing, err error) {
		var seen, told int64
		err = row.Scan(&st.Site, &st.Clause, &st.Seen, &seen, &st.Told, &told)
		st.SeenAt, st.ToldAt = fromMillis(seen), fromMillis(told)
		return st, err
	}, `SELECT site, clause, seen, seen_at, told, told_at FROM veto_standing`)
	if err != nil {
		return nil, fmt.Errorf("reading how vetoes stand: %w", err)
	}
	known := make(map[[2]string]verdict.Standing, len(list))
	for _, st := range list {
		known[[2]string{st.Site, st.Clause}] = st
	}
	return known, nil
}

// SaveStandings implements verdict.Store.
func (s *Store) SaveStandings(ctx context.Context, list []verdict.Standing, alarms []verdict.Alarm, before time.Time) error {
	return s.tx(ctx, "noting how vetoes stand", func(t *tx) error {
		for _, st := range list {
			_, err := t.ExecContext(ctx, `INSERT INTO veto_standing (site, clause, seen, seen_at, told, told_at) VALUES ($1, $2, $3, $4, $5, $6)
				ON CONFLICT (site, clause) DO UPDATE SET seen = excluded.seen, seen_at = excluded.seen_at, told = excluded.told, told_at = excluded.told_at`,
				st.Site, st.Clause, string(st.Seen), millis(st.SeenAt), string(st.Told), millis(st.ToldAt))
			if err != nil {
				return err
			}
		}
		if len(alarms) == 0 {
			return nil
		}
		for _, a := range alarms {
			text, err := jsonText(a)
			if err != nil {
				return err
			}
			if _, err := t.ExecContext(ctx, `INSERT INTO veto_alarm (id, site, at, alarm) VALUES ($1, $2, $3, $4)`, a.ID, a.Site, millis(a.At), text); err != nil {
				return err
			}
			if err := t.event(vetoEvent+string(a.State), a.ID, nil); err != nil {
				return err
			}
		}
		_, err := t.ExecContext(ctx, `DELETE FROM veto_alarm WHERE at < $1`, millis(before))
		return err
	})
}

// vetoNodes are the nodes that can be told of vetoes, and what each was told last.
const vetoNodes = `SELECT id, unit, vetoes FROM node WHERE state = 'active' AND ' ' || knows || ' ' LIKE '% vetoes %' ORDER BY id`

// TellVetoes implements verdict.Store.
func (s *Store) TellVetoes(ctx context.Context, units map[string][]protocol.Veto) error {
	texts := map[string]string{}
	for unit, list := range units {
		text, err := jsonText(list)
		if err != nil {
			return fmt.Errorf("writing vetoes for %s: %w", unit, err)
		}
		texts[unit] = text
	}
	type told struct{ id, unit, text string }
	nodes, err := collect(ctx, s.read, func(row scanner) (n told, err error) {
		err = row.Scan(&n.id, &n.unit, &n.text)
		return n, err
	}, vetoNodes)
	if err != nil {
		return fmt.Errorf("reading whom to tell of vetoes: %w", err)
	}
	for _, n := range nodes {
		text := texts[n.unit]
		if text == n.text {
			continue
		}
		err := s.tx(ctx, "telling "+n.id+" of vetoes", func(t *tx) error {
			if _, err := t.lockNodes(ctx, []string{n.id}); err != nil {
				return err
			}
			r, err := t.ExecContext(ctx, `UPDATE node SET vetoes = $2 WHERE id = $1 AND vetoes <> $2`, n.id, text)
			if err != nil {
				return err
			}
			if changed, err := r.RowsAffected(); err != nil || changed == 0 {
				return err // somebody else has told it
			}
			list := units[n.unit]
			if list == nil {
				list = []protocol.Veto{}
			}
			return t.down(ctx, n.id, protocol.KindVetoes, &protocol.Vetoes{Vetoes: list, At: t.at})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// vetoEvent begins the kinds of the events about vetoes; the state follows.
const vetoEvent = "veto."

const alarmColumns = `SELECT alarm FROM veto_alarm `

func scanAlarm(row scanner) (a verdict.Alarm, err error) {
	var text string
	if err := row.Scan(&text); err != nil {
		return a, err
	}
	err = json.Unmarshal([]byte(text), &a)
	return a, err
}

// Alarms implements verdict.Store.
func (s *Store) Alarms(ctx context.Context, site string, limit int) ([]verdict.Alarm, error) {
	query, args := alarmColumns+`ORDER BY at DESC, id DESC LIMIT $1`, []any{limit}
	if site != "" {
		query, args = alarmColumns+`WHERE site = $2 ORDER BY at DESC, id DESC LIMIT $1`, append(args, site)
	}
	list, err := collect(ctx, s.read, scanAlarm, query, args...)
	if err != nil {
		return nil, fmt.Errorf("reading what was told of vetoes: %w", err)
	}
	return list, nil
}

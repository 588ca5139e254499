package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"zhanqun/hub/webhook"
	"zhanqun/internal/fault"
)

const hookColumns = `id, name, kind, topics, sealed, paused, created_at`

// hookSecret is what of a hook only the hub's key opens.
type hookSecret struct {
	URL    string `json:"url"`
	Secret string `json:"secret,omitempty"`
}

func (s *Store) scanHook(row scanner) (webhook.Hook, error) {
	var h webhook.Hook
	var topics string
	var sealed []byte
	var paused, created int64
	if err := row.Scan(&h.ID, &h.Name, &h.Kind, &topics, &sealed, &paused, &created); err != nil {
		return h, err
	}
	h.Paused, h.CreatedAt = paused != 0, fromMillis(created)
	raw, err := s.openBytes(sealed, []byte(h.ID))
	var secret hookSecret
	if err := errors.Join(err, json.Unmarshal([]byte(topics), &h.Topics)); err != nil {
		return h, fmt.Errorf("opening webhook %s: %w", h.ID, err)
	}
	if err := json.Unmarshal(raw, &secret); err != nil {
		return h, fmt.Errorf("opening webhook %s: %w", h.ID, err)
	}
	h.URL, h.Secret = secret.URL, secret.Secret
	return h, nil
}

// Hooks implements webhook.Store.
func (s *Store) Hooks(ctx context.Context) ([]webhook.Hook, error) { return s.hookList(ctx, s.read) }

func (s *Store) hookList(ctx context.Context, q queryer) ([]webhook.Hook, error) {
	list, err := collect(ctx, q, s.scanHook, `SELECT `+hookColumns+` FROM webhook ORDER BY created_at, id`)
	if err != nil {
		return nil, fmt.Errorf("reading webhooks: %w", err)
	}
	return list, nil
}

// Hook implements webhook.Store.
func (s *Store) Hook(ctx context.Context, id string) (webhook.Hook, error) {
	h, err := s.scanHook(s.read.QueryRowContext(ctx, `SELECT `+hookColumns+` FROM webhook WHERE id = $1`, id))
	if notFound(err) {
		return h, fault.New(fault.NotFound, "没有这个推送地址。")
	} else if err != nil {
		return h, fmt.Errorf("reading webhook %s: %w", id, err)
	}
	return h, nil
}

// SaveHook implements webhook.Store. What is audited holds neither address nor
// secret.
func (s *Store) SaveHook(ctx context.Context, actor string, h webhook.Hook) error {
	secret, err := jsonText(hookSecret{h.URL, h.Secret})
	if err != nil {
		return err
	}
	topics, err := jsonText(h.Topics)
	if err != nil {
		return err
	}
	sealed, err := s.sealBytes([]byte(secret), []byte(h.ID))
	if err != nil {
		return fmt.Errorf("saving webhook: %w", err)
	}
	paused := 0
	if h.Paused {
		paused = 1
	}
	return s.tx(ctx, "saving webhook", func(t *tx) error {
		_, err := t.ExecContext(ctx, `INSERT INTO webhook (`+hookColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (id) DO UPDATE SET name = excluded.name, kind = excluded.kind, topics = excluded.topics, sealed = excluded.sealed, paused = excluded.paused`,
			h.ID, h.Name, string(h.Kind), topics, sealed, paused, millis(h.CreatedAt))
		if err != nil {
			return err
		}
		return t.audit(actor, "webhook.save", h.ID, change{detail: map[string]any{"name": h.Name, "kind": h.Kind, "topics": h.Topics, "paused": h.Paused}})
	})
}

// RemoveHook implements webhook.Store.
func (s *Store) RemoveHook(ctx context.Context, actor, id string) error {
	return s.tx(ctx, "removing webhook", func(t *tx) error {
		if _, err := t.ExecContext(ctx, `DELETE FROM webhook_delivery WHERE hook = $1`, id); err != nil {
			return err
		}
		var name string
		err := t.QueryRowContext(ctx, `DELETE FROM webhook WHERE id = $1 RETURNING name`, id).Scan(&name)
		if notFound(err) {
			return fault.New(fault.NotFound, "没有这个推送地址。")
		} else if err != nil {
			return err
		}
		return t.audit(actor, "webhook.remove", id, change{detail: map[string]any{"name": name}})
	})
}

// Settings that say how far hooks have been told.
const (
	hookEvents = "webhook_events" // number of the last event looked at
	hookDay    = "webhook_day"    // day of the last daily check
)

// mostEvents is how many events are looked through at once.
const mostEvents = 5000

// hookedEvents are the changes of findings and vetoes among the events behind a
// number.
const hookedEvents = `SELECT seq, at, kind, ref FROM (` + eventsAfter + `) AS e WHERE kind LIKE 'finding.%' OR kind LIKE 'veto.%' ORDER BY seq`

// HookFindings implements webhook.Store. Who is registered later is not told of
// what was before.
func (s *Store) HookFindings(ctx context.Context, limit int, build func([]webhook.Change, []webhook.Hook) []webhook.Delivery) (more bool, err error) {
	head, err := s.EventHead(ctx)
	if err != nil {
		return false, err
	}
	at, err := number(ctx, s.read, hookEvents)
	if err != nil || at == head {
		return false, err
	}
	err = s.tx(ctx, "telling webhooks", func(t *tx) error {
		more = false
		at, err := number(ctx, t, hookEvents)
		if err != nil {
			return err
		}
		hooks, err := s.hookList(ctx, t)
		if err != nil {
			return err
		}
		through := head
		if len(hooks) > 0 && at > 0 {
			changes, last, err := t.hookedChanges(ctx, at, head, limit)
			if err != nil {
				return err
			}
			if through = last; len(changes) > 0 {
				if err := t.enqueue(ctx, build(changes, hooks)); err != nil {
					return err
				}
			}
			more = through < head
		}
		return t.set(ctx, hookEvents, fmt.Sprint(through))
	})
	return more, err
}

// hookedChanges returns up to limit changes of findings and vetoes behind an
// event, and the number through which there are no others.
func (t *tx) hookedChanges(ctx context.Context, after, head uint64, limit int) (list []webhook.Change, through uint64, err error) {
	type noted struct {
		seq  uint64
		at   int64
		kind string
		ref  string
	}
	events, err := collect(ctx, t, func(r scanner) (n noted, err error) {
		err = r.Scan(&n.seq, &n.at, &n.kind, &n.ref)
		return n, err
	}, hookedEvents, after, mostEvents)
	if err != nil {
		return nil, 0, fmt.Errorf("reading events: %w", err)
	}
	through = min(after+mostEvents, head)
	if len(events) > limit {
		events = events[:limit]
		through = events[limit-1].seq
	}
	for len(events) > 0 && events[len(events)-1].seq > through { // committed since the end was read
		events = events[:len(events)-1]
	}
	ids := make([]string, len(events))
	for i, e := range events {
		ids[i] = e.ref
	}
	text, err := listText(ids)
	if err != nil {
		return nil, 0, err
	}
	findings, err := collect(ctx, t, scanFinding, `SELECT `+findingColumns+findingTables+`WHERE f.id IN `+t.s.d.in("$1"), text)
	if err != nil {
		return nil, 0, fmt.Errorf("reading changed findings: %w", err)
	}
	alarms, err := collect(ctx, t, scanAlarm, alarmColumns+`WHERE id IN `+t.s.d.in("$1"), text)
	if err != nil {
		return nil, 0, fmt.Errorf("reading what was told of vetoes: %w", err)
	}
	for _, e := range events {
		for i := range alarms {
			if alarms[i].ID == e.ref {
				list = append(list, webhook.Change{At: fromMillis(e.at), Veto: &alarms[i]})
			}
		}
		for i := range findings {
			if findings[i].ID == e.ref {
				list = append(list, webhook.Change{Kind: e.kind[len("finding."):], At: fromMillis(e.at), Finding: findings[i]})
				break
			}
		}
	}
	return list, through, nil
}

// HookDay implements webhook.Store.
func (s *Store) HookDay(ctx context.Context, day string, build func([]webhook.Hook) []webhook.Delivery) error {
	last, err := setting(ctx, s.read, hookDay)
	if err != nil || last >= day {
		return err
	}
	return s.tx(ctx, "telling webhooks of the day", func(t *tx) error {
		last, err := setting(ctx, t, hookDay)
		if err != nil || last >= day {
			return err
		}
		hooks, err := s.hookList(ctx, t)
		if err != nil {
			return err
		}
		if err := t.enqueue(ctx, build(hooks)); err != nil {
			return err
		}
		return t.set(ctx, hookDay, day)
	})
}

// number reads a setting that is a number; 0 for one that was never made.
func number(ctx context.Context, q queryer, key string) (n uint64, err error) {
	text, err := setting(ctx, q, key)
	if err != nil || text == "" {
		return 0, err
	}
	if _, err := fmt.Sscan(text, &n); err != nil {
		return 0, fmt.Errorf("reading setting %s: %w", key, err)
	}
	return n, nil
}

// set makes a setting.
func (t *tx) set(ctx context.Context, key, value string) error {
	_, err := t.ExecContext(ctx, `INSERT INTO setting (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, value)
	if err != nil {
		return fmt.Errorf("noting setting %s: %w", key, err)
	}
	return nil
}

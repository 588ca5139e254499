package store

import (
	"context"
	"fmt"
	"time"

	"zhanqun/hub/health/uptime"
	"zhanqun/internal/fault"
)

const incidentColumns = `SELECT id, site, since, opened_at, until_at, ended_at, failures, cause, status, detail, root FROM incident `

func scanIncident(row scanner) (uptime.Incident, error) {
	var i uptime.Incident
	var since, opened, until, ended int64
	err := row.Scan(&i.ID, &i.Site, &since, &opened, &until, &ended, &i.Failures, &i.Cause, &i.Status, &i.Detail, &i.Root)
	i.Since, i.OpenedAt, i.Until, i.EndedAt = fromMillis(since), fromMillis(opened), fromMillis(until), fromMillis(ended)
	return i, err
}

// saveIncident writes an incident, and tells of it when it begins, ends, or
// comes out from behind another one; before is how it stood.
func (t *tx) saveIncident(ctx context.Context, i, before uptime.Incident) error {
	_, err := t.ExecContext(ctx, `INSERT INTO incident (id, site, since, opened_at, until_at, ended_at, failures, cause, status, detail, root)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (id) DO UPDATE SET until_at = excluded.until_at, ended_at = excluded.ended_at,
		failures = excluded.failures, cause = excluded.cause, status = excluded.status, detail = excluded.detail, root = excluded.root`,
		i.ID, i.Site, millis(i.Since), millis(i.OpenedAt), millis(i.Until), millis(i.EndedAt), i.Failures, string(i.Cause), i.Status, i.Detail, i.Root)
	if err != nil {
		return fmt.Errorf("saving incident: %w", err)
	}
	switch {
	case i.Root != "":
		return nil // nobody is alarmed
	case !i.Open():
		return t.event("site.up", i.Site, nil)
	case before.ID != i.ID || before.Root != "":
		return t.event("site.down", i.Site, nil)
	}
	return nil
}

// OpenIncidents returns the incidents that last, oldest first.
func (s *Store) OpenIncidents(ctx context.Context) ([]uptime.Incident, error) {
	list, err := collect(ctx, s.read, scanIncident, incidentColumns+`WHERE ended_at = 0 ORDER BY opened_at, id`)
	if err != nil {
		return nil, fmt.Errorf("reading open incidents: %w", err)
	}
	return list, nil
}

// Incident implements health.Store.
func (s *Store) Incident(ctx context.Context, id string) (uptime.Incident, error) {
	i, err := scanIncident(s.read.QueryRowContext(ctx, incidentColumns+`WHERE id = $1`, id))
	if notFound(err) {
		return uptime.Incident{}, nil
	} else if err != nil {
		return i, fmt.Errorf("reading incident %s: %w", id, err)
	}
	return i, nil
}

// Incidents returns up to limit incidents of a site, latest first.
func (s *Store) Incidents(ctx context.Context, site string, limit int) ([]uptime.Incident, error) {
	list, err := collect(ctx, s.read, scanIncident, incidentColumns+`WHERE site = $1 ORDER BY opened_at DESC, id DESC LIMIT $2`, site, limit)
	if err != nil {
		return nil, fmt.Errorf("reading incidents: %w", err)
	}
	return list, nil
}

const offlineColumns = `SELECT id, site, from_at, to_at, why, who, at FROM offline `

func scanOffline(row scanner) (uptime.Offline, error) {
	var o uptime.Offline
	var from, to, at int64
	err := row.Scan(&o.ID, &o.Site, &from, &to, &o.Why, &o.Who, &at)
	o.From, o.To, o.At = fromMillis(from), fromMillis(to), fromMillis(at)
	return o, err
}

// Offlines returns up to limit announced times off line of a site, latest first.
func (s *Store) Offlines(ctx context.Context, site string, limit int) ([]uptime.Offline, error) {
	list, err := collect(ctx, s.read, scanOffline, offlineColumns+`WHERE site = $1 ORDER BY to_at DESC, id DESC LIMIT $2`, site, limit)
	if err != nil {
		return nil, fmt.Errorf("reading times off line: %w", err)
	}
	return list, nil
}

// OfflineNow implements prober.Store.
func (s *Store) OfflineNow(ctx context.Context, at time.Time) ([]uptime.Offline, error) {
	list, err := collect(ctx, s.read, scanOffline, offlineColumns+`WHERE to_at > $1 AND from_at <= $1 ORDER BY to_at, id`, millis(at))
	if err != nil {
		return nil, fmt.Errorf("reading times off line: %w", err)
	}
	return list, nil
}

// SaveOffline implements prober.Store.
func (s *Store) SaveOffline(ctx context.Context, o uptime.Offline) error {
	return s.tx(ctx, "announcing time off line", func(t *tx) error {
		var known string
		err := t.QueryRowContext(ctx, `SELECT id FROM site WHERE id = $1`, o.Site).Scan(&known)
		if notFound(err) {
			return fault.New(fault.NotFound, "没有这个站点")
		} else if err != nil {
			return err
		}
		_, err = t.ExecContext(ctx, `INSERT INTO offline (id, site, from_at, to_at, why, who, at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			o.ID, o.Site, millis(o.From), millis(o.To), o.Why, o.Who, millis(t.at))
		if err != nil {
			return err
		}
		return t.audit(o.Who, "site.offline", o.Site, change{after: o})
	})
}

// EndOffline implements prober.Store.
func (s *Store) EndOffline(ctx context.Context, actor, id string) error {
	return s.tx(ctx, "ending time off line", func(t *tx) error {
		list, err := collect(ctx, t, scanOffline, offlineColumns+`WHERE id = $1`+t.s.d.forUpdate, id)
		if err != nil {
			return err
		}
		if len(list) == 0 || !t.at.Before(list[0].To) {
			return fault.New(fault.Conflict, "这次临时下线已经结束。")
		}
		o := list[0]
		if t.at.Before(o.From) {
			_, err = t.ExecContext(ctx, `DELETE FROM offline WHERE id = $1`, id)
		} else {
			_, err = t.ExecContext(ctx, `UPDATE offline SET to_at = $2 WHERE id = $1`, id, millis(t.at))
		}
		if err != nil {
			return err
		}
		return t.audit(actor, "site.online", o.Site, change{before: o})
	})
}

package store

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"zhanqun/hub/health/prober"
	"zhanqun/hub/health/uptime"
)

const probeColumns = `SELECT site, slot, at, extra, outcome, cause, status, detail, elapsed FROM probe `

func scanProbe(row scanner) (uptime.Probe, error) {
	var p uptime.Probe
	var slot, at, elapsed int64
	err := row.Scan(&p.Site, &slot, &at, &p.Extra, &p.Outcome, &p.Cause, &p.Status, &p.Detail, &elapsed)
	p.Slot, p.At, p.Elapsed = fromMillis(slot), fromMillis(at), time.Duration(elapsed)*time.Millisecond
	return p, err
}

const lastSlots = `SELECT site, MAX(slot) FROM probe WHERE slot >= $1 AND NOT extra GROUP BY site`

// LastSlots implements prober.Store.
func (s *Store) LastSlots(ctx context.Context, since time.Time) (map[string]time.Time, error) {
	type last struct {
		site string
		slot int64
	}
	list, err := collect(ctx, s.read, func(row scanner) (l last, err error) {
		err = row.Scan(&l.site, &l.slot)
		return l, err
	}, lastSlots, millis(since))
	if err != nil {
		return nil, fmt.Errorf("reading last visits: %w", err)
	}
	slots := map[string]time.Time{}
	for _, l := range list {
		slots[l.site] = fromMillis(l.slot)
	}
	return slots, nil
}

// RecordProbe implements prober.Store.
func (s *Store) RecordProbe(ctx context.Context, p uptime.Probe, kin []string, follow func(prober.Case) []uptime.Incident) (bool, error) {
	recorded := false
	err := s.tx(ctx, "recording a visit", func(t *tx) error {
		recorded = false
		// Sites that hang together are judged one after the other.
		all := slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(kin), p.Site))))
		if err := t.lockSites(ctx, all); err != nil {
			return err
		}
		r, err := t.ExecContext(ctx, `INSERT INTO probe (site, slot, at, extra, outcome, cause, status, detail, elapsed)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
			ON CONFLICT (site, slot) DO UPDATE SET outcome = excluded.outcome, cause = excluded.cause, detail = excluded.detail
			WHERE probe.outcome = 'pending' AND excluded.outcome <> 'pending'`,
			p.Site, millis(p.Slot), millis(p.At), p.Extra, string(p.Outcome), string(p.Cause), p.Status, p.Detail, p.Elapsed.Milliseconds())
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return err
		}
		recorded = true
		if err := t.countProbe(ctx, p); err != nil {
			return err
		}
		c := prober.Case{Visits: map[string][]uptime.Probe{}, Open: map[string]uptime.Incident{}}
		for _, site := range all {
			if c.Visits[site], err = collect(ctx, t, scanProbe, probeColumns+`WHERE site = $1 ORDER BY slot DESC LIMIT $2`, site, prober.Recent); err != nil {
				return err
			}
			slices.Reverse(c.Visits[site])
			open, err := collect(ctx, t, scanIncident, incidentColumns+`WHERE site = $1 AND ended_at = 0 ORDER BY opened_at LIMIT 1`, site)
			if err != nil {
				return err
			}
			if len(open) > 0 {
				c.Open[site] = open[0]
			}
		}
		before := maps.Clone(c.Open)
		for _, i := range follow(c) {
			if err := t.saveIncident(ctx, i, before[i.Site]); err != nil {
				return err
			}
		}
		return nil
	})
	return recorded, err
}

func (t *tx) lockSites(ctx context.Context, ids []string) error {
	text, err := listText(ids)
	if err != nil {
		return err
	}
	_, err = t.ExecContext(ctx, `SELECT id FROM site WHERE id IN `+t.s.d.in("$1")+` ORDER BY id`+t.s.d.forUpdate, text)
	return err
}

// countProbe adds a visit to its day.
func (t *tx) countProbe(ctx context.Context, p uptime.Probe) error {
	if p.Extra || p.Outcome == uptime.Pending {
		return nil
	}
	d := uptime.NewDay(p.Site, p.Slot)
	known, err := collect(ctx, t, scanDay, dayColumns+`WHERE site = $1 AND day = $2`+t.s.d.forUpdate, p.Site, millis(d.Day))
	if err != nil {
		return err
	}
	if len(known) > 0 {
		d = known[0]
	}
	d.Add(p)
	causes, err := json.Marshal(d.Causes)
	if err != nil {
		return err
	}
	_, err = t.ExecContext(ctx, `INSERT INTO uptime_day (site, day, ok, failed, nodata, planned, hours, causes, slowest, total)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (site, day) DO UPDATE SET ok = excluded.ok, failed = excluded.failed,
		nodata = excluded.nodata, planned = excluded.planned, hours = excluded.hours, causes = excluded.causes, slowest = excluded.slowest, total = excluded.total`,
		d.Site, millis(d.Day), d.OK, d.Failed, d.NoData, d.Planned, d.Hours, string(causes), d.Slowest.Milliseconds(), d.Total.Milliseconds())
	if err != nil {
		return fmt.Errorf("counting a visit: %w", err)
	}
	return nil
}

const dayColumns = `SELECT site, day, ok, failed, nodata, planned, hours, causes, slowest, total FROM uptime_day `

func scanDay(row scanner) (uptime.Day, error) {
	var d uptime.Day
	var day, slowest, total int64
	var causes string
	if err := row.Scan(&d.Site, &day, &d.OK, &d.Failed, &d.NoData, &d.Planned, &d.Hours, &causes, &slowest, &total); err != nil {
		return d, err
	}
	d.Day, d.Slowest, d.Total = uptime.Day0(fromMillis(day)), time.Duration(slowest)*time.Millisecond, time.Duration(total)*time.Millisecond
	return d, json.Unmarshal([]byte(causes), &d.Causes)
}

// Days returns what is kept of a site's days from one to before another, oldest
// first. Days without a visit have no record.
func (s *Store) Days(ctx context.Context, site string, from, to time.Time) ([]uptime.Day, error) {
	list, err := collect(ctx, s.read, scanDay, dayColumns+`WHERE site = $1 AND day >= $2 AND day < $3 ORDER BY day`, site, millis(from), millis(to))
	if err != nil {
		return nil, fmt.Errorf("reading days of site: %w", err)
	}
	return list, nil
}

// AllDays implements prober.Store.
func (s *Store) AllDays(ctx context.Context, from, to time.Time) (map[string][]uptime.Day, error) {
	list, err := collect(ctx, s.read, scanDay, dayColumns+`WHERE day >= $1 AND day < $2 ORDER BY day, site`, millis(from), millis(to))
	if err != nil {
		return nil, fmt.Errorf("reading days: %w", err)
	}
	sites := map[string][]uptime.Day{}
	for _, d := range list {
		sites[d.Site] = append(sites[d.Site], d)
	}
	return sites, nil
}

// Probes returns up to limit visits to a site since a time, latest first.
func (s *Store) Probes(ctx context.Context, site string, since time.Time, limit int) ([]uptime.Probe, error) {
	list, err := collect(ctx, s.read, scanProbe, probeColumns+`WHERE site = $1 AND slot >= $2 ORDER BY slot DESC LIMIT $3`, site, millis(since), limit)
	if err != nil {
		return nil, fmt.Errorf("reading visits: %w", err)
	}
	return list, nil
}

// PendingProbes implements prober.Store.
func (s *Store) PendingProbes(ctx context.Context, since time.Time) ([]uptime.Probe, error) {
	list, err := collect(ctx, s.read, scanProbe, probeColumns+`WHERE slot >= $1 AND outcome = 'pending' ORDER BY slot, site`, millis(since))
	if err != nil {
		return nil, fmt.Errorf("reading visits that wait: %w", err)
	}
	return list, nil
}

// Forget implements prober.Store.
func (s *Store) Forget(ctx context.Context, visits, days time.Time) error {
	return s.tx(ctx, "forgetting old visits", func(t *tx) error {
		if _, err := t.ExecContext(ctx, `DELETE FROM probe WHERE slot < $1`, millis(visits)); err != nil {
			return err
		}
		if _, err := t.ExecContext(ctx, `DELETE FROM uptime_day WHERE day < $1`, millis(days)); err != nil {
			return err
		}
		if _, err := t.ExecContext(ctx, `DELETE FROM offline WHERE to_at < $1`, millis(days)); err != nil {
			return err
		}
		_, err := t.ExecContext(ctx, `DELETE FROM incident WHERE ended_at > 0 AND opened_at < $1`, millis(days))
		return err
	})
}

package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"zhanqun/hub/catalog"
	"zhanqun/hub/health"
)

func scanTarget(row scanner) (health.Target, error) {
	var t health.Target
	var looks string
	var checked, next int64
	if err := row.Scan(&t.ID, &t.URL, &t.State, &looks, &checked, &next); err != nil {
		return t, err
	}
	t.CheckedAt, t.NextAt = fromMillis(checked), fromMillis(next)
	if err := json.Unmarshal([]byte(looks), &t.Looks); err != nil {
		return t, fmt.Errorf("reading looks of target %s: %w", t.ID, err)
	}
	return t, nil
}

const targetQuery = `SELECT id, url, state, looks, checked_at, next_at FROM target `

// DueTargets returns up to limit targets whose check is due at now and that
// some place still names, the longest due first.
func (s *Store) DueTargets(ctx context.Context, now time.Time, limit int) ([]health.Target, error) {
	list, err := collect(ctx, s.read, scanTarget, dueTargets, millis(now), limit)
	if err != nil {
		return nil, fmt.Errorf("reading due targets: %w", err)
	}
	return list, nil
}

// What no place names is parked at the far end of the walk.
const (
	dueTargets = targetQuery + `WHERE next_at <= $1
		AND EXISTS (SELECT 1 FROM place WHERE place.target = target.id) ORDER BY next_at, id LIMIT $2`
	nextDue = `SELECT COALESCE(MIN(n), 0) FROM (SELECT MIN(next_at) AS n FROM site_column WHERE next_at > 0 UNION ALL
		SELECT n FROM (SELECT next_at AS n FROM target WHERE EXISTS (SELECT 1 FROM place WHERE place.target = target.id)
			ORDER BY next_at, id LIMIT 1) AS first) AS due`
	nextSite = `SELECT COALESCE(MIN(next_at), 0) FROM site`
)

// NextDue returns when the next column or target falls due, or the zero time.
func (s *Store) NextDue(ctx context.Context) (time.Time, error) { return s.next(ctx, nextDue) }

// NextSite returns when the next site falls due, or the zero time.
func (s *Store) NextSite(ctx context.Context) (time.Time, error) { return s.next(ctx, nextSite) }

func (s *Store) next(ctx context.Context, query string) (time.Time, error) {
	var next int64
	err := s.read.QueryRowContext(ctx, query).Scan(&next)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading next due check: %w", err)
	}
	return fromMillis(next), nil
}

// Judge loads a target with its places and open findings, lets decide say what
// follows, and writes it, all in one transaction.
func (s *Store) Judge(ctx context.Context, target string, decide func(health.Case) health.Effect) error {
	return s.tx(ctx, "judging target", func(t *tx) error {
		c, err := t.healthCase(ctx, target)
		if notFound(err) {
			return nil
		} else if err != nil {
			return err
		}
		e := decide(c)
		if len(c.Places) == 0 { // the last place went while it was looked at
			e.Target.NextAt = fromMillis(parked)
		}
		looks, err := json.Marshal(e.Target.Looks)
		if err != nil {
			return err
		}
		_, err = t.ExecContext(ctx, `UPDATE target SET state = $2, looks = $3, checked_at = $4, next_at = $5 WHERE id = $1`,
			target, string(e.Target.State), string(looks), millis(e.Target.CheckedAt), millis(e.Target.NextAt))
		if err != nil {
			return err
		}
		for _, f := range e.Findings {
			if f.Node, err = t.nodeFor(ctx, f); err != nil {
				return err
			}
			if err := t.saveFinding(ctx, f, health.Step{Who: e.Who, Note: f.Note}); err != nil {
				return err
			}
		}
		for _, l := range e.Steps {
			if err := t.noteStep(ctx, l.Finding, health.Step{Kind: health.StepOpinion, Who: e.Who, Note: l.Note}); err != nil {
				return err
			}
		}
		for _, l := range e.Lapsed {
			if _, err := t.ExecContext(ctx, `UPDATE finding SET lapsed = 1 WHERE id = $1`, l.Finding); err != nil {
				return err
			}
			if err := t.noteStep(ctx, l.Finding, health.Step{Kind: health.StepLapsed, Who: e.Who, Note: l.Note}); err != nil {
				return err
			}
		}
		return nil
	})
}

func (t *tx) healthCase(ctx context.Context, target string) (health.Case, error) {
	var c health.Case
	// Nodes are locked first; see the package comment.
	lock := `SELECT id FROM node WHERE unit IN (SELECT unit FROM place WHERE target = $1 UNION SELECT unit FROM finding WHERE target = $1) ORDER BY id` + t.s.d.forUpdate
	if _, err := t.ExecContext(ctx, lock, target); err != nil {
		return c, err
	}
	var err error
	if c.Target, err = scanTarget(t.QueryRowContext(ctx, targetQuery+`WHERE id = $1`+t.s.d.forUpdate, target)); err != nil {
		return c, err
	}
	c.Findings, err = collect(ctx, t, scanFinding, `SELECT `+findingColumns+findingTables+
		`WHERE f.target = $1 AND f.kind = '' AND (f.closed_at = 0 OR f.state = 'struckoff' AND f.lapsed = 0) ORDER BY f.id`, target)
	if err != nil {
		return c, err
	}
	c.Past, err = collect(ctx, t, scanFinding, `SELECT `+findingColumns+findingTables+
		`WHERE f.target = $1 AND f.kind = '' AND f.closed_at <> 0 AND f.state = 'closed' AND (f.due_at <> 0 OR f.told_at <> 0) ORDER BY f.closed_at DESC LIMIT 20`, target)
	if err != nil {
		return c, err
	}
	units, err := collect(ctx, t, scanText, `SELECT DISTINCT unit FROM place WHERE target = $1 ORDER BY unit`, target)
	if err != nil {
		return c, err
	}
	c.Places = map[string][]health.Place{}
	for _, unit := range units {
		if c.Places[unit], err = placesOf(ctx, t, target, unit); err != nil {
			return c, err
		}
	}
	c.Silent = map[string]bool{}
	silent, err := collect(ctx, t, scanText, silentUnits, health.HostOf(c.Target.URL), target)
	for _, unit := range silent {
		c.Silent[unit] = true
	}
	return c, err
}

// silentUnits are the units with a finding about the silence of a host.
const silentUnits = `SELECT unit FROM finding WHERE host <> '' AND host = $1 AND (target <> $2 OR kind <> '')
	AND (closed_at = 0 OR kind = '' AND state = 'struckoff' AND lapsed = 0) ORDER BY unit`

// LastAnswered implements health.Store.
func (s *Store) LastAnswered(ctx context.Context, limit int) ([]string, error) {
	list, err := collect(ctx, s.read, scanText, lastAnswered, limit)
	if err != nil {
		return nil, fmt.Errorf("reading what answered last: %w", err)
	}
	return list, nil
}

const lastAnswered = `SELECT url FROM target WHERE state = 'alive' ORDER BY checked_at DESC, id DESC LIMIT $1`

// nodeFor returns the node that is told of f: the one that was told before, as
// long as it is the unit's.
func (t *tx) nodeFor(ctx context.Context, f health.Finding) (string, error) {
	if f.Node != "" {
		var id string
		err := t.QueryRowContext(ctx, `SELECT id FROM node WHERE id = $1 AND state <> 'revoked'`, f.Node).Scan(&id)
		if err == nil || !notFound(err) {
			return id, err
		}
	}
	return t.nodeOf(ctx, f.Unit)
}

// nodeOf returns the active node of a unit that was seen last, or "".
func (t *tx) nodeOf(ctx context.Context, unit string) (string, error) {
	var id string
	err := t.QueryRowContext(ctx, `SELECT id FROM node WHERE unit = $1 AND state = 'active' ORDER BY seen_at DESC, id LIMIT 1`, unit).Scan(&id)
	if notFound(err) {
		return "", nil
	}
	return id, err
}

// changedEntries merges one index walk for each state.
const (
	changedEntries = `SELECT e.id, e.state, e.body, e.updated_at
	FROM (SELECT id, updated_at FROM (` + changedLive + `) l UNION ALL SELECT id, updated_at FROM (` + changedWithdrawn + `) w ORDER BY updated_at, id LIMIT $3) c
	JOIN entry e ON e.id = c.id ORDER BY c.updated_at, c.id`
	changedLive      = `SELECT id, updated_at FROM entry WHERE state = 'live' AND (updated_at, id) > ($1, $2) ORDER BY updated_at, id LIMIT $3`
	changedWithdrawn = `SELECT id, updated_at FROM entry WHERE state = 'withdrawn' AND (updated_at, id) > ($1, $2) ORDER BY updated_at, id LIMIT $3`
)

// ChangedEntries returns up to limit entries that changed behind a position
// (updated_at, id) of the health area, oldest first, with sources.
func (s *Store) ChangedEntries(ctx context.Context, after time.Time, afterID string, limit int) ([]health.ChangedEntry, error) {
	list, err := collect(ctx, s.read, scanChanged, changedEntries, millis(after), afterID, limit)
	if err != nil {
		return nil, fmt.Errorf("reading changed entries: %w", err)
	}
	if err := s.fillSources(ctx, list); err != nil {
		return nil, fmt.Errorf("reading sources of changed entries: %w", err)
	}
	return list, nil
}

// sourcesOf reads the sources of entries, with their texts where there are several.
const sourcesOf = `SELECT src.entry, src.unit, src.item, CASE WHEN e.combined THEN COALESCE(r.body, '') ELSE '' END FROM entry_source src
	JOIN entry e ON e.id = src.entry LEFT JOIN revision r ON r.item = src.item AND r.revision = src.revision WHERE src.entry IN `

func (s *Store) fillSources(ctx context.Context, list []health.ChangedEntry) error {
	at := map[string]int{}
	ids := make([]string, len(list))
	for i, e := range list {
		at[e.ID], ids[i] = i, e.ID
	}
	text, err := listText(ids)
	if err != nil || len(ids) == 0 {
		return err
	}
	type source struct {
		entry string
		health.EntrySource
	}
	sources, err := collect(ctx, s.read, func(row scanner) (o source, err error) {
		err = row.Scan(&o.entry, &o.Unit, &o.Item, &o.Body)
		return o, err
	}, sourcesOf+s.d.in("$1")+` ORDER BY src.entry, src.position`, text)
	for _, o := range sources {
		e := &list[at[o.entry]]
		e.Sources = append(e.Sources, o.EntrySource)
	}
	return err
}

func scanChanged(row scanner) (e health.ChangedEntry, err error) {
	var state string
	var updated int64
	err = row.Scan(&e.ID, &state, &e.Body, &updated)
	e.Live, e.UpdatedAt = state == catalog.EntryLive, fromMillis(updated)
	return e, err
}

package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"zhanqun/hub/health"
)

// ReplacePlaces records what one page of an owner names now. Targets met for
// the first time fall due at once. It returns the targets the page no longer
// names and that have an open finding, to be judged anew.
func (s *Store) ReplacePlaces(ctx context.Context, owner, page string, places []health.NewPlace) ([]string, error) {
	var gone []string
	err := s.tx(ctx, "recording places of page", func(t *tx) error {
		gone = gone[:0]
		var err error
		if gone, err = t.openTargets(ctx, `place.owner = $1 AND place.page = $2`, owner, page); err != nil {
			return err
		}
		named, err := collect(ctx, t, scanText, `SELECT DISTINCT target FROM place WHERE owner = $1 AND page = $2`, owner, page)
		if err != nil {
			return err
		}
		if _, err := t.ExecContext(ctx, `DELETE FROM place WHERE owner = $1 AND page = $2`, owner, page); err != nil {
			return err
		}
		for _, p := range places {
			if err := t.addPlace(ctx, owner, page, p); err != nil {
				return err
			}
		}
		return t.park(ctx, named)
	})
	return gone, err
}

// AddPlace implements health.Store.
func (s *Store) AddPlace(ctx context.Context, owner, page string, place health.NewPlace) error {
	return s.tx(ctx, "recording a place", func(t *tx) error { return t.addPlace(ctx, owner, page, place) })
}

// parked is when a target falls due that no place names, in Unix milliseconds:
// the end of the year 9999.
const parked = 253402300799000

// park puts off those of the targets that no place names any more.
func (t *tx) park(ctx context.Context, targets []string) error {
	if len(targets) == 0 {
		return nil
	}
	text, err := listText(targets)
	if err != nil {
		return err
	}
	_, err = t.ExecContext(ctx, `UPDATE target SET next_at = $2 WHERE id IN `+t.s.d.in("$1")+`
		AND NOT EXISTS (SELECT 1 FROM place WHERE place.target = target.id)`, text, int64(parked))
	if err != nil {
		return fmt.Errorf("putting off what nobody names: %w", err)
	}
	return nil
}

func (t *tx) addPlace(ctx context.Context, owner, page string, p health.NewPlace) error {
	target, err := t.target(ctx, p.URL)
	if err != nil {
		return err
	}
	return t.savePlace(ctx, health.Place{Target: target, Owner: owner, Page: page, Element: p.Element, Label: p.Label, Unit: p.Unit, Item: p.Item, SeenAt: t.at})
}

// target returns the target of an address, which is watched from now on.
func (t *tx) target(ctx context.Context, url string) (target string, err error) {
	err = t.QueryRowContext(ctx, `INSERT INTO target (id, url, state, looks, checked_at, next_at) VALUES ($1, $2, '', '[]', 0, $3)
		ON CONFLICT (url) DO UPDATE SET next_at = CASE WHEN target.next_at = $4 THEN excluded.next_at ELSE target.next_at END RETURNING id`,
		uuid.Must(uuid.NewV7()).String(), url, millis(t.at), int64(parked)).Scan(&target)
	if err != nil {
		return "", fmt.Errorf("recording target: %w", err)
	}
	return target, nil
}

func (t *tx) savePlace(ctx context.Context, p health.Place) error {
	_, err := t.ExecContext(ctx, `INSERT INTO place (target, owner, page, element, label, unit, item, seen_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (target, owner, page, element, unit) DO NOTHING`, p.Target, p.Owner, p.Page, p.Element, p.Label, p.Unit, p.Item, millis(p.SeenAt))
	if err != nil {
		return fmt.Errorf("recording place: %w", err)
	}
	return nil
}

// openTargets returns the targets with an open finding among the places that
// match where.
func (t *tx) openTargets(ctx context.Context, where string, args ...any) ([]string, error) {
	return collect(ctx, t, scanText, `SELECT DISTINCT place.target FROM place JOIN finding ON finding.target = place.target
		AND finding.closed_at = 0 AND finding.kind = '' WHERE `+where+` ORDER BY place.target`, args...)
}

func scanText(row scanner) (text string, err error) {
	err = row.Scan(&text)
	return text, err
}

const named = `SELECT p.target, t.url, p.page, p.element, p.label, p.unit, p.seen_at FROM place p JOIN target t ON t.id = p.target
	WHERE p.owner = $1 ORDER BY p.target, p.page, p.element LIMIT $2`

// Named implements health.Store.
func (s *Store) Named(ctx context.Context, owner string, limit int) ([]health.Naming, error) {
	type row struct {
		url   string
		place health.Place
	}
	rows, err := collect(ctx, s.read, func(sc scanner) (r row, err error) {
		var seen int64
		err = sc.Scan(&r.place.Target, &r.url, &r.place.Page, &r.place.Element, &r.place.Label, &r.place.Unit, &seen)
		r.place.SeenAt = fromMillis(seen)
		return r, err
	}, named, owner, health.MaxPlaces*limit)
	if err != nil {
		return nil, fmt.Errorf("reading what %s names: %w", owner, err)
	}
	var list []health.Naming
	for _, r := range rows {
		if n := len(list); n == 0 || list[n-1].Target != r.place.Target {
			if n == limit {
				break
			}
			list = append(list, health.Naming{Owner: owner, Target: r.place.Target, URL: r.url})
		}
		last := &list[len(list)-1]
		last.Places = append(last.Places, r.place)
	}
	return list, nil
}

// Name implements health.Store.
func (s *Store) Name(ctx context.Context, n health.Naming) (target string, err error) {
	return target, s.tx(ctx, "recording where a target is named", func(t *tx) error {
		if target = n.Target; target == "" {
			if target, err = t.target(ctx, n.URL); err != nil {
				return err
			}
		}
		for _, q := range []string{`DELETE FROM place WHERE target = $1 AND owner = $2`, `DELETE FROM place_total WHERE target = $1 AND owner = $2`} {
			if _, err := t.ExecContext(ctx, q, target, n.Owner); err != nil {
				return err
			}
		}
		for _, p := range n.Places {
			p.Target, p.Owner = target, n.Owner
			if err := t.savePlace(ctx, p); err != nil {
				return err
			}
		}
		if len(n.Places) == 0 {
			return t.park(ctx, []string{target})
		}
		_, err := t.ExecContext(ctx, `INSERT INTO place_total (target, owner, unit, total) VALUES ($1, $2, $3, $4)`, target, n.Owner, n.Places[0].Unit, n.Total)
		return err
	})
}

const answered = `SELECT p.target, p.owner, p.page, p.element, p.unit FROM place p JOIN finding f ON f.target = p.target AND f.unit = p.unit
	WHERE f.closed_at = 0 AND f.kind = '' AND f.state = 'fixing' AND p.item = '' AND p.seen_at < f.answered_at AND p.target IN `

// Answered implements health.Store.
func (s *Store) Answered(ctx context.Context, targets []string) ([]health.Place, error) {
	if len(targets) == 0 {
		return nil, nil
	}
	text, err := listText(targets)
	if err != nil {
		return nil, err
	}
	list, err := collect(ctx, s.read, func(row scanner) (p health.Place, err error) {
		err = row.Scan(&p.Target, &p.Owner, &p.Page, &p.Element, &p.Unit)
		return p, err
	}, answered+s.d.in("$1")+` ORDER BY p.target, p.page LIMIT $2`, text, mostAnswered)
	if err != nil {
		return nil, fmt.Errorf("reading where units have mended links: %w", err)
	}
	return list, nil
}

const oldestPlaces = `SELECT target, owner, page, element, unit, seen_at FROM place WHERE target = $1 AND item = '' ORDER BY seen_at, owner, page, element LIMIT $2`

// PlacesOf implements health.Store.
func (s *Store) PlacesOf(ctx context.Context, target string, limit int) ([]health.Place, error) {
	list, err := collect(ctx, s.read, func(row scanner) (p health.Place, err error) {
		var seen int64
		err = row.Scan(&p.Target, &p.Owner, &p.Page, &p.Element, &p.Unit, &seen)
		p.SeenAt = fromMillis(seen)
		return p, err
	}, oldestPlaces, target, limit)
	if err != nil {
		return nil, fmt.Errorf("reading places of target %s: %w", target, err)
	}
	return list, nil
}

// mostAnswered bounds the pages read at once; the others follow when their
// targets are looked at next.
const mostAnswered = 500

// PlaceRead implements health.Store.
func (s *Store) PlaceRead(ctx context.Context, p health.Place, still bool, at time.Time) error {
	return s.tx(ctx, "noting that a page was read", func(t *tx) error {
		where := ` WHERE target = $1 AND owner = $2 AND page = $3 AND element = $4`
		if still {
			_, err := t.ExecContext(ctx, `UPDATE place SET seen_at = $5`+where, p.Target, p.Owner, p.Page, p.Element, millis(at))
			return err
		}
		if _, err := t.ExecContext(ctx, `DELETE FROM place`+where, p.Target, p.Owner, p.Page, p.Element); err != nil {
			return err
		}
		// The places that are kept speak for those that are not.
		_, err := t.ExecContext(ctx, `DELETE FROM place_total WHERE target = $1 AND owner = $2
			AND NOT EXISTS (SELECT 1 FROM place WHERE place.target = place_total.target AND place.owner = place_total.owner)`, p.Target, p.Owner)
		if err != nil {
			return err
		}
		if _, err = t.ExecContext(ctx, `UPDATE place_total SET total = total - 1 WHERE target = $1 AND owner = $2 AND total > 1`, p.Target, p.Owner); err != nil {
			return err
		}
		return t.park(ctx, []string{p.Target})
	})
}

// totalPlaces counts where a target is named under one unit's responsibility:
// all places, though only the first ones are kept of sites.
const totalPlaces = `SELECT (SELECT COUNT(*) FROM place p WHERE p.target = $1 AND p.unit = $2
		AND NOT EXISTS (SELECT 1 FROM place_total n WHERE n.target = p.target AND n.owner = p.owner AND n.unit = p.unit))
	+ (SELECT COALESCE(SUM(total), 0) FROM place_total WHERE target = $1 AND unit = $2)`

// fillPlaces reads the first places of a finding about a link and how many there
// are.
func fillPlaces(ctx context.Context, q queryer, f *health.Finding) (err error) {
	if f.Kind != "" {
		return nil
	}
	if f.Places, err = placesOf(ctx, q, f.Target, f.Unit); err != nil {
		return err
	}
	if err := q.QueryRowContext(ctx, totalPlaces, f.Target, f.Unit).Scan(&f.Total); err != nil {
		return fmt.Errorf("counting places of %s: %w", f.Target, err)
	}
	f.Total = max(f.Total, len(f.Places))
	return nil
}

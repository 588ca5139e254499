package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"zhanqun/hub/catalog"
	"zhanqun/hub/ranking"
)

// RankedUnits implements ranking.Store.
func (s *Store) RankedUnits(ctx context.Context, limit int) ([]catalog.Unit, error) {
	list, err := collect(ctx, s.read, func(row scanner) (u catalog.Unit, err error) {
		err = row.Scan(&u.Code, &u.Name, &u.Level, &u.Parent)
		return u, err
	}, rankedUnits, limit)
	if err != nil {
		return nil, fmt.Errorf("listing units to rank: %w", err)
	}
	return list, nil
}

const rankedUnits = `SELECT code, name, level, parent FROM unit WHERE level IN ('township', 'department') ORDER BY level, code LIMIT $1`

// What happened in a period: one index walk for each kind of fact. An item can
// come to the portal twice (it was combined with one that was withdrawn) and be
// returned many times; it counts once. Two hints for the planners, which know
// nothing of how short a period is: the left join keeps the facts in front of the
// items, of which there always is one; and an action with nothing appended is no
// index's, so that other decisions are looked for among those of the item.
const (
	factsOf = `WITH fact AS (` + factsSubmitted + ` UNION ALL ` + factsAdopted + ` UNION ALL ` + factsReturned + ` UNION ALL ` + factsRejected +
		` UNION ALL ` + factsWithdrawn + `)
	SELECT fact.kind, fact.at, fact.item, fact.outlet, fact.url, fact.reason, fact.adopted, i.title, i.unit, COALESCE(u.name, ''), COALESCE(u.level, ''), i.origin, COALESCE(o.name, ''),
		COALESCE((SELECT string_agg(l.key, ',') FROM entry_list l WHERE l.entry = fact.entry AND l.kind = '` + listColumn + `' AND l.state <> '` + listGone + `'), ''),
		(SELECT COUNT(*) FROM entry_source v WHERE v.entry = fact.entry)
	FROM fact LEFT JOIN item i ON i.id = fact.item LEFT JOIN unit u ON u.code = i.unit LEFT JOIN unit o ON o.code = i.origin LIMIT $3`
	factsSubmitted = `SELECT 'submitted' AS kind, first_at AS at, id AS item, '' AS outlet, '' AS url, '' AS entry, '' AS reason, 0 AS adopted
	FROM item WHERE first_at >= $1 AND first_at < $2`
	factsAdopted = `SELECT 'adopted', a.at, a.item, a.outlet, a.url, a.entry, '', 0 FROM adoption a WHERE a.at >= $1 AND a.at < $2
		AND (a.outlet <> 'county' OR NOT EXISTS (SELECT 1 FROM adoption b WHERE b.item = a.item AND b.outlet = 'county' AND (b.at, b.id) < (a.at, a.id)))`
	factsReturned = `SELECT 'returned', d.at, d.item, '', '', '', '', 0 FROM decision d WHERE d.action = 'return' AND d.at >= $1 AND d.at < $2
		AND NOT EXISTS (SELECT 1 FROM decision e WHERE e.item = d.item AND e.action || '' = 'return' AND e.at >= $1 AND (e.at, e.id) < (d.at, d.id))`
	factsRejected = `SELECT 'rejected', d.at, d.item, '', '', i.entry, d.reason,
		COALESCE((SELECT MIN(b.at) FROM adoption b WHERE b.item = d.item AND b.outlet = 'county'), 0)
	FROM decision d JOIN item i ON i.id = d.item
		WHERE d.action = 'reject' AND d.at >= $1 AND d.at < $2 AND i.state = 'rejected'
		AND NOT EXISTS (SELECT 1 FROM decision e WHERE e.item = d.item AND e.action || '' = 'reject' AND (e.at, e.id) > (d.at, d.id))`
	factsWithdrawn = `SELECT 'withdrawn', d.at, d.item, '', '', i.entry, d.reason,
		COALESCE((SELECT MIN(b.at) FROM adoption b WHERE b.item = d.item AND b.outlet = 'county'), 0)
	FROM decision d JOIN item i ON i.id = d.item WHERE d.action = 'withdraw' AND d.at >= $1 AND d.at < $2`
)

// Facts implements ranking.Store.
func (s *Store) Facts(ctx context.Context, from, until time.Time, limit int, each func(ranking.Fact)) (more bool, err error) {
	n := 0
	type none struct{}
	_, err = collect(ctx, s.read, func(row scanner) (none, error) {
		f, err := scanFact(row)
		if n++; err == nil && n <= limit {
			each(f)
		}
		return none{}, err
	}, factsOf, millis(from), millis(until), limit+1)
	if err != nil {
		return false, fmt.Errorf("reading what happened from %s to %s: %w", from.Format(time.DateOnly), until.Format(time.DateOnly), err)
	}
	return n > limit, nil
}

func scanFact(row scanner) (ranking.Fact, error) {
	var f ranking.Fact
	var at, adopted int64
	var columns string
	err := row.Scan(&f.Kind, &at, &f.Item, &f.Outlet, &f.URL, &f.Reason, &adopted, &f.Title, &f.Unit, &f.UnitName, &f.UnitLevel,
		&f.Origin, &f.OriginName, &columns, &f.Sources)
	f.At, f.AdoptedAt = fromMillis(at), fromMillis(adopted)
	if columns != "" {
		f.Columns = strings.Split(columns, ",")
		slices.Sort(f.Columns)
	}
	return f, err
}

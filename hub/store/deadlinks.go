package store

import (
	"context"
	"fmt"
	"time"

	"zhanqun/hub/health/linkcheck"
	"zhanqun/hub/health/rules"
	"zhanqun/hub/health/verdict"
)

// deadLinks counts open findings of sites. The home page's own fault is its
// availability and no link, nor is a certificate.
const deadLinks = `SELECT f.site, f.unit, COALESCE(u.name, ''), f.class,
		EXISTS (SELECT 1 FROM place p WHERE p.target = f.target AND p.owner = 'site:' || f.site AND p.page = s.url) AS home,
		CASE WHEN f.state = 'found' THEN 1 ELSE 0 END AS doubt, COUNT(*)
	FROM finding f JOIN site s ON s.id = f.site JOIN target t ON t.id = f.target LEFT JOIN unit u ON u.code = f.unit
	WHERE f.closed_at = 0 AND f.kind = '' AND f.state <> 'struckoff' AND f.class <> $1 AND t.url <> s.url`

const deadLinksEnd = ` GROUP BY f.site, f.unit, u.name, f.class, home, doubt ORDER BY f.site, f.unit, f.class, home, doubt`

type siteLinks struct {
	site string
	rules.DeadLinks
}

// DeadLinks implements verdict.Store.
func (s *Store) DeadLinks(ctx context.Context, site string) (map[string][]rules.DeadLinks, error) {
	query, args := deadLinks, []any{linkcheck.ClassCertificate.Label()}
	if site != "" {
		query, args = query+` AND f.site = $2`, append(args, site)
	}
	list, err := collect(ctx, s.read, func(row scanner) (l siteLinks, err error) {
		var doubt int
		err = row.Scan(&l.site, &l.Unit, &l.UnitName, &l.Class, &l.Home, &doubt, &l.Count)
		l.Doubtful = doubt == 1
		return l, err
	}, query+deadLinksEnd, args...)
	if err != nil {
		return nil, fmt.Errorf("counting findings of sites: %w", err)
	}
	counts := map[string][]rules.DeadLinks{}
	for _, l := range list {
		counts[l.site] = append(counts[l.site], l.DeadLinks)
	}
	return counts, nil
}

const (
	openClasses  = `SELECT class, COUNT(*) FROM finding WHERE closed_at = 0 GROUP BY class`
	columnStates = `SELECT state, COUNT(*) FROM site_column WHERE status = 'watched' AND mark = '' AND site NOT IN (SELECT id FROM site WHERE closed_at > 0) GROUP BY state`
	overdue      = `SELECT unit, COUNT(*) FROM finding WHERE closed_at = 0 AND due_at > 0 AND due_at < $1 AND state IN ('open', 'recheck') GROUP BY unit`
)

// OpenClasses counts the findings that are not closed, by class.
func (s *Store) OpenClasses(ctx context.Context) (map[string]int, error) {
	return s.tally(ctx, "counting findings", openClasses)
}

// ColumnStates counts the columns that have to be kept up, by state; "" for those
// that were not read yet.
func (s *Store) ColumnStates(ctx context.Context) (map[string]int, error) {
	return s.tally(ctx, "counting columns", columnStates)
}

// Overdue counts the findings whose deadline is past and that wait for their
// unit, by unit.
func (s *Store) Overdue(ctx context.Context) (map[string]int, error) {
	return s.tally(ctx, "counting overdue findings", overdue, millis(s.now()))
}

// tally reads names and counts.
func (s *Store) tally(ctx context.Context, doing, query string, args ...any) (map[string]int, error) {
	type count struct {
		name string
		n    int
	}
	list, err := collect(ctx, s.read, func(row scanner) (c count, err error) {
		err = row.Scan(&c.name, &c.n)
		return c, err
	}, query, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	counts := map[string]int{}
	for _, c := range list {
		counts[c.name] = c.n
	}
	return counts, nil
}

const countFindings = `SELECT COALESCE(SUM(CASE WHEN opened_at >= $2 AND opened_at < $3 THEN 1 ELSE 0 END), 0),
	COALESCE(SUM(CASE WHEN closed_at >= $2 AND closed_at < $3 THEN 1 ELSE 0 END), 0),
	COALESCE(SUM(CASE WHEN opened_at < $3 AND (closed_at = 0 OR closed_at >= $3) THEN 1 ELSE 0 END), 0) FROM finding WHERE site = $1`

// CountFindings implements verdict.Store.
func (s *Store) CountFindings(ctx context.Context, site string, from, to time.Time) (verdict.FindingCounts, error) {
	var c verdict.FindingCounts
	err := s.read.QueryRowContext(ctx, countFindings, site, millis(from), millis(to)).Scan(&c.Opened, &c.Closed, &c.Left)
	if err != nil {
		return c, fmt.Errorf("counting findings of a site: %w", err)
	}
	return c, nil
}

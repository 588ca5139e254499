package store

import (
	"context"
	"encoding/json"
	"fmt"

	"zhanqun/hub/health/prober"
)

// HomePages implements prober.Store.
func (s *Store) HomePages(ctx context.Context) (map[string]prober.HomePage, error) {
	type row struct {
		site string
		page prober.HomePage
	}
	list, err := collect(ctx, s.read, func(sc scanner) (r row, err error) {
		var latest, read int64
		var days string
		err = sc.Scan(&r.site, &r.page.Told, &latest, &read, &days)
		r.page.Latest, r.page.ReadAt = fromMillis(latest), fromMillis(read)
		if err == nil && days != "" {
			err = json.Unmarshal([]byte(days), &r.page.Days)
		}
		return r, err
	}, `SELECT site, told, latest, read_at, days FROM site_home`)
	if err != nil {
		return nil, fmt.Errorf("reading home pages: %w", err)
	}
	pages := map[string]prober.HomePage{}
	for _, r := range list {
		pages[r.site] = r.page
	}
	return pages, nil
}

// SaveHomePage implements prober.Store.
func (s *Store) SaveHomePage(ctx context.Context, site string, h prober.HomePage) error {
	days := ""
	if h.Days != nil {
		var err error
		if days, err = jsonText(h.Days); err != nil {
			return fmt.Errorf("saving what a home page showed: %w", err)
		}
	}
	return s.tx(ctx, "saving what a home page showed", func(t *tx) error {
		_, err := t.ExecContext(ctx, `INSERT INTO site_home (site, told, latest, read_at, days) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (site) DO UPDATE SET told = excluded.told, latest = excluded.latest, read_at = excluded.read_at, days = excluded.days`,
			site, h.Told, millis(h.Latest), millis(h.ReadAt), days)
		return err
	})
}

package store

import (
	"context"
	"encoding/json"
	"fmt"

	"zhanqun/hub/health/verdict"
	"zhanqun/internal/fault"
)

// SaveSheet implements verdict.Store.
func (s *Store) SaveSheet(ctx context.Context, site string, sheet verdict.Sheet) error {
	text, err := json.Marshal(sheet)
	if err != nil {
		return fmt.Errorf("saving what was looked at: %w", err)
	}
	return s.tx(ctx, "saving what was looked at", func(t *tx) error {
		var known string
		err := t.QueryRowContext(ctx, `SELECT id FROM site WHERE id = $1`, site).Scan(&known)
		if notFound(err) {
			return fault.New(fault.NotFound, "没有这个站点")
		} else if err != nil {
			return err
		}
		_, err = t.ExecContext(ctx, `INSERT INTO site_sheet (site, sheet, who, at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (site) DO UPDATE SET sheet = excluded.sheet, who = excluded.who, at = excluded.at`, site, string(text), sheet.Who, millis(sheet.At))
		if err != nil {
			return err
		}
		return t.audit(sheet.Who, "site.sheet", site, change{after: sheet})
	})
}

// Sheets implements verdict.Store.
func (s *Store) Sheets(ctx context.Context, site string) (map[string]verdict.Sheet, error) {
	type row struct {
		site  string
		sheet verdict.Sheet
	}
	query, args := `SELECT site, sheet FROM site_sheet`, []any{}
	if site != "" {
		query, args = query+` WHERE site = $1`, append(args, site)
	}
	list, err := collect(ctx, s.read, func(sc scanner) (r row, err error) {
		var text string
		if err := sc.Scan(&r.site, &text); err != nil {
			return r, err
		}
		return r, json.Unmarshal([]byte(text), &r.sheet)
	}, query, args...)
	if err != nil {
		return nil, fmt.Errorf("reading what was looked at: %w", err)
	}
	sheets := map[string]verdict.Sheet{}
	for _, r := range list {
		sheets[r.site] = r.sheet
	}
	return sheets, nil
}

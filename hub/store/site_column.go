package store

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/google/uuid"

	"zhanqun/hub/health"
	"zhanqun/hub/health/fresh"
	"zhanqun/internal/fault"
)

const siteColumnQuery = `SELECT c.id, c.site, c.url, c.name, c.class, c.days, c.unit, COALESCE(u.name, ''), c.channel, c.status,
	c.mark, c.mark_by, c.mark_at, c.mark_note, c.state, c.last_update, c.reading, c.created_at, c.read_at, c.next_at
	FROM site_column c LEFT JOIN unit u ON u.code = c.unit `

func (s *Store) siteColumns(ctx context.Context, q queryer, where string, args ...any) ([]health.Column, error) {
	scan := func(row scanner) (health.Column, error) {
		var c health.Column
		var marked, created, read, next int64
		var reading string
		err := row.Scan(&c.ID, &c.Site, &c.URL, &c.Name, &c.Class, &c.Days, &c.Unit, &c.UnitName, &c.Channel, &c.Status,
			&c.Mark, &c.MarkBy, &marked, &c.MarkNote, &c.State, &c.LastUpdate, &reading, &created, &read, &next)
		if err != nil {
			return c, err
		}
		c.MarkAt, c.CreatedAt, c.ReadAt, c.NextAt = fromMillis(marked), fromMillis(created), fromMillis(read), fromMillis(next)
		if err := json.Unmarshal([]byte(reading), &c.Reading); err != nil {
			return c, fmt.Errorf("reading of column %s: %w", c.ID, err)
		}
		c.Condition = fresh.ColumnCondition(c.State, c.LastUpdate, s.now(), s.sleep)
		return c, nil
	}
	list, err := collect(ctx, q, scan, siteColumnQuery+where, args...)
	if err != nil {
		return nil, fmt.Errorf("reading columns: %w", err)
	}
	return list, nil
}

// SiteColumns returns the columns of one site, or with an empty site up to
// health.MaxColumns of all sites after an id; dismissed proposals are left out.
func (s *Store) SiteColumns(ctx context.Context, site, after string) ([]health.Column, error) {
	if site == "" {
		return s.siteColumns(ctx, s.read, `WHERE c.id > $1 AND c.status <> $2 ORDER BY c.id LIMIT $3`, after, health.ColumnDismissed, health.MaxColumns)
	}
	return s.siteColumns(ctx, s.read, `WHERE c.site = $1 AND c.id > $2 AND c.status <> $3 ORDER BY c.id LIMIT $4`, site, after, health.ColumnDismissed, health.MaxColumns)
}

// SiteColumn returns one column, or a NotFound fault.
func (s *Store) SiteColumn(ctx context.Context, id string) (health.Column, error) {
	return s.siteColumn(ctx, s.read, id, "")
}

func (s *Store) siteColumn(ctx context.Context, q queryer, id, lock string) (health.Column, error) {
	list, err := s.siteColumns(ctx, q, `WHERE c.id = $1`+lock, id)
	if err != nil {
		return health.Column{}, err
	}
	if len(list) == 0 {
		return health.Column{}, fault.New(fault.NotFound, "没有这个栏目")
	}
	return list[0], nil
}

// DueColumns returns up to limit columns whose reading is due at now, the
// longest due first.
func (s *Store) DueColumns(ctx context.Context, now time.Time, limit int) ([]health.Column, error) {
	return s.siteColumns(ctx, s.read, `WHERE c.next_at > 0 AND c.next_at <= $1 ORDER BY c.next_at, c.id LIMIT $2`, millis(now), limit)
}

// SaveColumns registers columns or renames registered ones (by site and
// address) and makes the new ones due; a proposal becomes a column that is
// watched. It returns how many are new.
func (s *Store) SaveColumns(ctx context.Context, actor string, list []health.Column) (int, error) {
	added := 0
	err := s.tx(ctx, "saving columns", func(t *tx) error {
		added = 0
		for _, c := range list {
			isNew, err := t.saveColumn(ctx, c)
			if err != nil {
				return err
			}
			if isNew {
				added++
			}
		}
		return t.audit(actor, "site_column.save", "", change{after: list, detail: map[string]int{"columns": len(list)}})
	})
	return added, err
}

func (t *tx) saveColumn(ctx context.Context, c health.Column) (bool, error) {
	var unit string
	err := t.QueryRowContext(ctx, `SELECT unit FROM site WHERE id = $1`, c.Site).Scan(&unit)
	if notFound(err) {
		return false, fault.New(fault.NotFound, "没有这个站点")
	} else if err != nil {
		return false, err
	}
	if c.Unit == "" {
		c.Unit = unit
	}
	if err := t.needUnit(ctx, c.Unit); err != nil {
		return false, err
	}
	id := uuid.Must(uuid.NewV7()).String()
	var got string
	err = t.QueryRowContext(ctx, `INSERT INTO site_column (id, site, url, name, class, unit, channel, status, mark, mark_by, mark_at, mark_note,
			state, last_update, reading, seen, created_at, read_at, next_at, days)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', '', 0, '', '', '', '{}', '{}', $9, 0, $9, $10)
		ON CONFLICT (site, url) DO UPDATE SET name = excluded.name, class = excluded.class, days = excluded.days, unit = excluded.unit, channel = excluded.channel,
			status = excluded.status, next_at = CASE WHEN site_column.next_at = 0 THEN excluded.next_at ELSE site_column.next_at END
		RETURNING id`,
		id, c.Site, c.URL, c.Name, string(c.Class), c.Unit, c.Channel, c.Status, millis(t.at), c.Days).Scan(&got)
	return got == id, err
}

func (t *tx) needUnit(ctx context.Context, code string) error {
	var known string
	err := t.QueryRowContext(ctx, `SELECT code FROM unit WHERE code = $1`, code).Scan(&known)
	if notFound(err) {
		return fault.Field("unit", fmt.Sprintf("没有代码为 %s 的单位，请先导入单位", code))
	}
	return err
}

// ProposeColumns notes columns found in a site's navigation for a person to
// decide, and makes them due once. Known addresses are left alone. It returns
// how many are new.
func (s *Store) ProposeColumns(ctx context.Context, list []health.Column) (int, error) {
	added := 0
	err := s.tx(ctx, "proposing columns", func(t *tx) error {
		added = 0
		for _, c := range list {
			r, err := t.ExecContext(ctx, `INSERT INTO site_column (id, site, url, name, class, unit, channel, status, mark, mark_by, mark_at, mark_note,
					state, last_update, reading, seen, created_at, read_at, next_at)
				SELECT $1, s.id, $3, $4, $5, s.unit, $6, $7, '', '', 0, '', '', '', '{}', '{}', $8, 0, $8 FROM site s WHERE s.id = $2
				ON CONFLICT (site, url) DO NOTHING`,
				uuid.Must(uuid.NewV7()).String(), c.Site, c.URL, c.Name, string(c.Class), c.Channel, health.ColumnProposed, millis(t.at))
			if err != nil {
				return err
			}
			n, err := r.RowsAffected()
			if err != nil {
				return err
			}
			added += int(n)
		}
		return nil
	})
	return added, err
}

// SettleColumn implements health.Store.
func (s *Store) SettleColumn(ctx context.Context, actor, id, status string, settle func(*health.Column) error) (health.Column, error) {
	return s.changeColumn(ctx, actor, "site_column."+status, id, func(t *tx, c *health.Column) error {
		if c.Status != health.ColumnProposed {
			return fault.New(fault.Conflict, "这个栏目已经有人处理过了。")
		}
		if err := settle(c); err != nil {
			return err
		}
		c.Status = status
		if c.NextAt = (time.Time{}); status == health.ColumnWatched {
			c.NextAt = t.at
		}
		return t.needUnit(ctx, c.Unit)
	})
}

// EditColumn implements health.Store.
func (s *Store) EditColumn(ctx context.Context, actor, id string, edit func(*health.Column) error) (health.Column, error) {
	return s.changeColumn(ctx, actor, "site_column.edit", id, func(t *tx, c *health.Column) error {
		if c.Status != health.ColumnWatched {
			return fault.New(fault.Conflict, "请先确认这个栏目。")
		}
		if err := edit(c); err != nil {
			return err
		}
		c.NextAt = t.at // its reading was weighed by other terms
		return t.needUnit(ctx, c.Unit)
	})
}

// MarkColumn sets or takes off the mark that leaves a column out of the rules.
func (s *Store) MarkColumn(ctx context.Context, actor, id, mark, note string) (health.Column, error) {
	act := mark
	if mark == "" {
		act = "unmark"
	}
	return s.changeColumn(ctx, actor, "site_column."+act, id, func(t *tx, c *health.Column) error {
		if c.Status != health.ColumnWatched {
			return fault.New(fault.Conflict, "请先确认这个栏目。")
		}
		c.Mark, c.MarkBy, c.MarkAt, c.MarkNote = mark, actor, t.at, note
		return nil
	})
}

func (s *Store) changeColumn(ctx context.Context, actor, act, id string, edit func(*tx, *health.Column) error) (health.Column, error) {
	var c health.Column
	err := s.tx(ctx, "changing column", func(t *tx) error {
		was, err := s.siteColumn(ctx, t, id, s.d.lock("c"))
		if err != nil {
			return err
		}
		c = was
		if err := edit(t, &c); err != nil {
			return err
		}
		_, err = t.ExecContext(ctx, `UPDATE site_column SET class = $2, unit = $3, status = $4, mark = $5, mark_by = $6, mark_at = $7, mark_note = $8, next_at = $9, days = $10 WHERE id = $1`,
			id, string(c.Class), c.Unit, c.Status, c.Mark, c.MarkBy, millis(c.MarkAt), c.MarkNote, millis(c.NextAt), c.Days)
		if err != nil {
			return err
		}
		if err := t.event("site_column.changed", c.Site, nil); err != nil {
			return err
		}
		return t.audit(actor, act, id, change{before: was, after: c, detail: map[string]string{"url": c.URL, "note": c.MarkNote}})
	})
	if err != nil {
		return c, err
	}
	return s.SiteColumn(ctx, id)
}

// ColumnHistory returns what earlier readings of a column left.
func (s *Store) ColumnHistory(ctx context.Context, id string) (h fresh.History, err error) {
	var text string
	err = s.read.QueryRowContext(ctx, `SELECT seen FROM site_column WHERE id = $1`, id).Scan(&text)
	if notFound(err) {
		return h, fault.New(fault.NotFound, "没有这个栏目")
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &h)
	}
	if err != nil {
		return h, fmt.Errorf("reading history of column %s: %w", id, err)
	}
	return h, nil
}

// ColumnRead records what a reading of a column brought to light, the history
// it leaves, and when the next is due. What a person changed meanwhile stays.
func (s *Store) ColumnRead(ctx context.Context, c health.Column, h fresh.History) error {
	reading, err := jsonText(c.Reading)
	if err != nil {
		return fmt.Errorf("recording reading of column: %w", err)
	}
	seen, err := jsonText(h)
	if err != nil {
		return fmt.Errorf("recording reading of column: %w", err)
	}
	return s.tx(ctx, "recording reading of column", func(t *tx) error {
		var was, status string
		var closed int64
		err := t.QueryRowContext(ctx, `SELECT c.state, c.status, s.closed_at FROM site_column c JOIN site s ON s.id = c.site WHERE c.id = $1`+s.d.lock("c"), c.ID).Scan(&was, &status, &closed)
		if notFound(err) {
			return nil // it is gone
		} else if err != nil {
			return err
		}
		next := c.NextAt
		if status != health.ColumnWatched || closed > 0 {
			next = time.Time{} // a proposal is read once, for the person who decides
		}
		_, err = t.ExecContext(ctx, `UPDATE site_column SET state = $2, last_update = $3, reading = $4, seen = $5, read_at = $6, next_at = $7 WHERE id = $1`,
			c.ID, string(c.State), string(c.LastUpdate), reading, seen, millis(c.ReadAt), millis(next))
		if err != nil || was == string(c.State) {
			return err
		}
		return t.event("site_column.changed", c.Site, nil)
	})
}

// columnsDue makes all watched columns of a site due at once.
func (t *tx) columnsDue(ctx context.Context, site string) error {
	_, err := t.ExecContext(ctx, `UPDATE site_column SET next_at = $2 WHERE site = $1 AND next_at > $2`, site, millis(t.at))
	return err
}

// ColumnDays returns the days of the items in a site's columns.
func (s *Store) ColumnDays(ctx context.Context, site string) (map[string]fresh.Day, error) {
	scan := func(row scanner) (text string, err error) {
		err = row.Scan(&text)
		return text, err
	}
	list, err := collect(ctx, s.read, scan, `SELECT seen FROM site_column WHERE site = $1 AND status = $2 ORDER BY id LIMIT $3`, site, health.ColumnWatched, health.MaxColumns)
	if err != nil {
		return nil, fmt.Errorf("reading items of columns: %w", err)
	}
	days := map[string]fresh.Day{}
	for _, text := range list {
		var h fresh.History
		if err := json.Unmarshal([]byte(text), &h); err != nil {
			return nil, fmt.Errorf("reading items of columns: %w", err)
		}
		maps.Copy(days, h.Days())
	}
	return days, nil
}

// PublishedAt returns when what has one of these addresses or titles came out
// through the hub, by address or title; of several the latest.
func (s *Store) PublishedAt(ctx context.Context, urls, titles []string) (map[string]time.Time, error) {
	byURL, err := jsonText(urls)
	if err != nil {
		return nil, fmt.Errorf("reading times of publication: %w", err)
	}
	byTitle, err := jsonText(titles)
	if err != nil {
		return nil, fmt.Errorf("reading times of publication: %w", err)
	}
	times := map[string]time.Time{}
	type row struct {
		key string
		at  int64
	}
	scan := func(sc scanner) (r row, err error) {
		err = sc.Scan(&r.key, &r.at)
		return r, err
	}
	list, err := collect(ctx, s.read, scan, `SELECT url, MAX(at) FROM adoption WHERE url <> '' AND url IN `+s.d.in("$1")+` GROUP BY url
		UNION ALL SELECT title, MAX(published_at) FROM entry WHERE withdrawn_at = 0 AND title IN `+s.d.in("$2")+` GROUP BY title`, orEmpty(byURL), orEmpty(byTitle))
	if err != nil {
		return nil, fmt.Errorf("reading times of publication: %w", err)
	}
	for _, r := range list {
		times[r.key] = fromMillis(r.at)
	}
	return times, nil
}

func orEmpty(list string) string {
	if list == "" || list == "null" {
		return "[]"
	}
	return list
}

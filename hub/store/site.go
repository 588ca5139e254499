package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"zhanqun/hub/health"
	"zhanqun/internal/fault"
)

const siteQuery = `SELECT s.id, s.unit, COALESCE(u.name, ''), s.name, s.url, s.code, s.state, s.pages, s.problem, s.whole_at, s.cut, s.pass_began, s.pass_pages, s.pass_known, s.pass_asked, s.closed_at, s.closed_by, s.closed_note,
	s.parent, COALESCE((SELECT p.name FROM site p WHERE p.id = s.parent), ''), s.line,
	(SELECT COUNT(*) FROM finding f WHERE f.site = s.id AND f.closed_at = 0), s.created_at, s.read_at, s.next_at
	FROM site s LEFT JOIN unit u ON u.code = s.unit `

func scanSite(row scanner) (health.Site, error) {
	var s health.Site
	var created, read, next, whole, began, line, closed int64
	err := row.Scan(&s.ID, &s.Unit, &s.UnitName, &s.Name, &s.URL, &s.Code, &s.State, &s.Pages, &s.Problem, &whole, &s.Cut, &began, &s.PassPages, &s.PassKnown, &s.PassAsked, &closed, &s.ClosedBy, &s.ClosedNote, &s.Parent, &s.ParentName, &line, &s.Findings, &created, &read, &next)
	s.CreatedAt, s.ReadAt, s.NextAt = fromMillis(created), fromMillis(read), fromMillis(next)
	s.WholeAt, s.PassBegan, s.Line, s.ClosedAt = fromMillis(whole), fromMillis(began), line != 0, fromMillis(closed)
	return s, err
}

func (s *Store) sites(ctx context.Context, where string, args ...any) ([]health.Site, error) {
	list, err := collect(ctx, s.read, scanSite, siteQuery+where, args...)
	if err != nil {
		return nil, fmt.Errorf("reading sites: %w", err)
	}
	return list, nil
}

// Sites returns up to limit sites after an id, in the order they were registered.
func (s *Store) Sites(ctx context.Context, after string, limit int) ([]health.Site, error) {
	return s.sites(ctx, `WHERE s.id > $1 ORDER BY s.id LIMIT $2`, after, limit)
}

// Site returns one site, or a NotFound fault.
func (s *Store) Site(ctx context.Context, id string) (health.Site, error) {
	list, err := s.sites(ctx, `WHERE s.id = $1`, id)
	if err != nil {
		return health.Site{}, err
	}
	if len(list) == 0 {
		return health.Site{}, fault.New(fault.NotFound, "没有这个站点")
	}
	return list[0], nil
}

// DueSites returns up to limit sites whose reading is due at now, the longest due first.
func (s *Store) DueSites(ctx context.Context, now time.Time, limit int) ([]health.Site, error) {
	return s.sites(ctx, `WHERE s.next_at <= $1 ORDER BY s.next_at, s.id LIMIT $2`, millis(now), limit)
}

// SaveSites registers sites or renames registered ones (by address) and makes
// the new ones due. It returns how many are new.
func (s *Store) SaveSites(ctx context.Context, actor string, list []health.Site) (int, error) {
	added := 0
	err := s.tx(ctx, "saving sites", func(t *tx) error {
		added = 0
		for _, site := range list {
			var known string
			err := t.QueryRowContext(ctx, `SELECT code FROM unit WHERE code = $1`, site.Unit).Scan(&known)
			if notFound(err) {
				return fault.Field("unit", fmt.Sprintf("没有代码为 %s 的单位，请先导入单位", site.Unit))
			} else if err != nil {
				return err
			}
			id := uuid.Must(uuid.NewV7()).String()
			var got string
			due, line := millis(t.at), 0
			if site.Line {
				due, line = parked, 1 // there is nothing to read
			}
			err = t.QueryRowContext(ctx, `INSERT INTO site (id, unit, name, url, code, state, pages, problem, created_at, read_at, next_at, line)
				VALUES ($1, $2, $3, $4, $5, $6, 0, '', $7, 0, $8, $9)
				ON CONFLICT (url) DO UPDATE SET unit = excluded.unit, name = excluded.name, code = excluded.code RETURNING id`,
				id, site.Unit, site.Name, site.URL, site.Code, health.SiteNew, millis(t.at), due, line).Scan(&got)
			if err != nil {
				return err
			}
			if got == id {
				added++
				if err := t.event("site.added", id, nil); err != nil {
					return err
				}
			}
		}
		if err := t.hangAll(ctx, list); err != nil {
			return err
		}
		return t.audit(actor, "site.save", "", change{after: list, detail: map[string]int{"sites": len(list)}})
	})
	return added, err
}

// SiteRead records how the reading of a site stands, or why it could not be read,
// and when it is due again.
func (s *Store) SiteRead(ctx context.Context, site health.Site) error {
	return s.tx(ctx, "recording reading of site", func(t *tx) error {
		_, err := t.ExecContext(ctx, `UPDATE site SET state = $2, pages = $3, problem = $4, read_at = $5, next_at = CASE WHEN closed_at > 0 THEN next_at ELSE $6 END, whole_at = $7, cut = $8,
				pass_began = $9, pass_pages = $10, pass_known = $11, pass_asked = $12 WHERE id = $1`,
			site.ID, site.State, site.Pages, site.Problem, millis(site.ReadAt), millis(site.NextAt), millis(site.WholeAt), site.Cut,
			millis(site.PassBegan), site.PassPages, site.PassKnown, site.PassAsked)
		return err
	})
}

// SiteDue makes a site due at once.
func (s *Store) SiteDue(ctx context.Context, actor, id string) error {
	return s.tx(ctx, "making site due", func(t *tx) error {
		r, err := t.ExecContext(ctx, `UPDATE site SET next_at = CASE WHEN line <> 0 OR closed_at > 0 THEN next_at ELSE $2 END WHERE id = $1`, id, millis(t.at))
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return fault.Wrap(fault.NotFound, "没有这个站点", err)
		}
		_, err = t.ExecContext(ctx, `UPDATE target SET next_at = $2 WHERE id IN (SELECT target FROM place WHERE owner = $1) AND next_at > $2`,
			health.SiteOwner(id), millis(t.at))
		if err != nil {
			return err
		}
		if err := t.columnsDue(ctx, id); err != nil {
			return err
		}
		return t.audit(actor, "site.check", id, change{})
	})
}

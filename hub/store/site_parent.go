package store

import (
	"context"
	"fmt"

	"zhanqun/hub/health"
	"zhanqun/hub/health/uptime"
	"zhanqun/internal/fault"
)

// hung is what is needed to know of a site to hang others on it.
type hung struct{ id, name, url, parent string }

func (t *tx) hungSites(ctx context.Context) ([]hung, error) {
	list, err := collect(ctx, t, func(row scanner) (h hung, err error) {
		err = row.Scan(&h.id, &h.name, &h.url, &h.parent)
		return h, err
	}, `SELECT id, name, url, parent FROM site ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("reading what sites hang on: %w", err)
	}
	return list, nil
}

// hangAll hangs the sites of a list on what it says, and refuses rings.
func (t *tx) hangAll(ctx context.Context, list []health.Site) error {
	var all []hung
	for _, site := range list {
		if site.Above == "" {
			continue
		}
		if all == nil {
			var err error
			if all, err = t.hungSites(ctx); err != nil {
				return err
			}
		}
		if err := t.hang(ctx, all, func(h hung) bool { return h.url == site.URL }, site.Above); err != nil {
			return err
		}
	}
	return nil
}

// hang notes what one of all hangs on, and keeps all current.
func (t *tx) hang(ctx context.Context, all []hung, which func(hung) bool, above string) error {
	at, parents := -1, map[string]string{}
	for i, h := range all {
		if which(h) {
			at = i
		}
		parents[h.id] = h.parent
	}
	if at < 0 {
		return fault.New(fault.NotFound, "没有这个站点")
	}
	parent := ""
	if above != health.NoParent {
		var err error
		if parent, err = siteNamed(all, above); err != nil {
			return err
		}
	}
	parents[all[at].id] = parent
	if parent == all[at].id || uptime.Ring(all[at].id, parents) {
		return fault.Field("parent", fmt.Sprintf("“%s”的上级线路绕了一圈又回到它自己，请核对。", all[at].name))
	}
	all[at].parent = parent
	_, err := t.ExecContext(ctx, `UPDATE site SET parent = $2 WHERE id = $1`, all[at].id, parent)
	return err
}

// siteNamed returns the one site or line that has an id, an address or a name.
func siteNamed(all []hung, word string) (id string, err error) {
	for _, h := range all {
		switch {
		case h.id == word || h.url == word:
			return h.id, nil
		case h.name == word && id != "":
			return "", fault.Field("parent", fmt.Sprintf("叫“%s”的不止一个，上级线路请写首页地址。", word))
		case h.name == word:
			id = h.id
		}
	}
	if id == "" {
		return "", fault.Field("parent", fmt.Sprintf("没有登记叫“%s”的站点或线路，请先登记。", word))
	}
	return id, nil
}

// SitesBelow implements health.Store.
func (s *Store) SitesBelow(ctx context.Context, id string, limit int) ([]health.Site, error) {
	return s.sites(ctx, `WHERE s.parent = $1 ORDER BY s.id LIMIT $2`, id, limit)
}

// HangSite implements health.Store.
func (s *Store) HangSite(ctx context.Context, actor, id, above string) error {
	return s.tx(ctx, "noting what a site hangs on", func(t *tx) error {
		if err := t.lockSites(ctx, []string{id}); err != nil {
			return err
		}
		all, err := t.hungSites(ctx)
		if err != nil {
			return err
		}
		if err := t.hang(ctx, all, func(h hung) bool { return h.id == id }, above); err != nil {
			return err
		}
		return t.audit(actor, "site.parent", id, change{detail: map[string]string{"parent": above}})
	})
}

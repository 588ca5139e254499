package health

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"zhanqun/hub/health/linkcheck"
)

// readSite reads the home page of a site and the pages of its own host that it
// names, and records every link on them.
func (s *Service) readSite(ctx context.Context, site Site) error {
	began := s.Now()
	owner := SiteOwner(site.ID)
	home, result := s.Checker.ReadPage(ctx, site.URL)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	site.ReadAt, site.NextAt, site.Problem = began, began.Add(s.SiteEvery), ""
	// The home page is itself watched, whatever it says and whoever names it.
	self := NewPlace{URL: site.URL, Element: "home", Label: site.Name, Unit: site.Unit}
	if result.Verdict != linkcheck.OK && result.Verdict != linkcheck.Suspect {
		if err := s.Store.AddPlace(ctx, owner, site.URL, self); err != nil {
			return err
		}
		site.State, site.Problem, site.NextAt = SiteShut, result.Detail, began.Add(shutAgain)
		return s.Store.SiteRead(ctx, site)
	}
	var gone []string
	record := func(page string, list []NewPlace) error {
		g, err := s.Store.ReplacePlaces(ctx, owner, page, list)
		gone = append(gone, g...)
		return err
	}
	if err := record(site.URL, append(places(home.Links, site.Unit, ""), self)); err != nil {
		return err
	}
	site.Pages = 1
	complete := true
	for _, page := range firstLevel(site.URL, result.Final, home.Links, s.FirstLevel) {
		p, r := s.Checker.ReadPage(ctx, page)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if r.Verdict != linkcheck.OK && r.Verdict != linkcheck.Suspect {
			complete = false // its links are unknown now, not gone
			continue
		}
		if err := record(page, places(p.Links, site.Unit, "")); err != nil {
			return err
		}
		site.Pages++
	}
	if complete {
		g, err := s.Store.DropPages(ctx, owner, began)
		if err != nil {
			return err
		}
		gone = append(gone, g...)
	}
	site.State = SiteOpen
	if err := s.Store.SiteRead(ctx, site); err != nil {
		return err
	}
	return s.rejudge(ctx, gone)
}

// firstLevel returns the pages of the home page's own host that it links to.
func firstLevel(home, final string, links []linkcheck.Link, most int) []string {
	base, err := url.Parse(final)
	if err != nil || base.Host == "" {
		if base, err = url.Parse(home); err != nil {
			return nil
		}
	}
	seen := map[string]bool{home: true, final: true}
	var list []string
	for _, l := range links {
		if l.Element != "a" && l.Element != "area" && l.Element != "frame" && l.Element != "iframe" || l.URL == "" || l.Excluded != "" || seen[l.URL] {
			continue
		}
		seen[l.URL] = true
		u, err := url.Parse(l.URL)
		if err != nil || u.Host != base.Host || attachment(u.Path) {
			continue
		}
		if list = append(list, l.URL); len(list) == most {
			break
		}
	}
	return list
}

// attachment reports whether a path names a file rather than a page, so that it
// need not be read for links.
func attachment(path string) bool {
	dot := strings.LastIndexByte(path, '.')
	if dot < strings.LastIndexByte(path, '/') || dot < 0 {
		return false
	}
	switch strings.ToLower(path[dot+1:]) {
	case "html", "htm", "shtml", "xhtml", "php", "jsp", "asp", "aspx", "do", "action", "cn":
		return false
	}
	return true
}

// places turns links into places, each address once per page and element.
func places(links []linkcheck.Link, unit, item string) []NewPlace {
	var list []NewPlace
	for _, l := range links {
		address := l.URL
		if address == "" {
			address = l.Raw // an editor's slip: the check says what is wrong with it
		}
		if address == "" || l.Excluded != "" {
			continue
		}
		list = append(list, NewPlace{URL: address, Element: l.Element, Label: l.Label, Unit: unit, Item: item})
		if len(list) == maxLinks {
			break
		}
	}
	return list
}

// readEntries reads the links of entries that changed since the last time. It
// returns how many it read.
func (s *Service) readEntries(ctx context.Context) (int, error) {
	at, id, err := s.Store.EntryCursor(ctx)
	if err != nil {
		return 0, err
	}
	changed, err := s.Store.ChangedEntries(ctx, at, id, batch)
	if err != nil {
		return 0, err
	}
	for _, e := range changed {
		page := strings.TrimSuffix(s.Portal(), "/") + "/entries/" + e.ID
		var links []linkcheck.Link
		if e.Live {
			links = linkcheck.Links(page, "text/html; charset=utf-8", []byte(e.Body))
		}
		list := places(links, e.Unit, e.Item)
		gone, err := s.Store.ReplacePlaces(ctx, EntryOwner(e.ID), page, list)
		if err != nil {
			return 0, fmt.Errorf("reading links of entry %s: %w", e.ID, err)
		}
		if err := s.rejudge(ctx, gone); err != nil {
			return 0, err
		}
		if err := s.Store.SetEntryCursor(ctx, e.UpdatedAt, e.ID); err != nil {
			return 0, err
		}
	}
	return len(changed), nil
}

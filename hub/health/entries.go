package health

import (
	"context"
	"fmt"
	"strings"

	"zhanqun/hub/health/linkcheck"
)

// places turns links into places, each address once per page and element.
func places(links []linkcheck.Link, unit, item string) []NewPlace {
	var list []NewPlace
	for _, l := range links {
		address := addressOf(l)
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

// addressOf is the address of a link, or, where an editor slipped, what is written:
// the check says what is wrong with it.
func addressOf(l linkcheck.Link) string {
	if l.URL != "" {
		return l.URL
	}
	return strings.TrimSpace(l.Raw)
}

// entryPlaces turns the links of an entry into places. In a combined one (综合采用)
// a link belongs to the units whose texts have it; one that the county wrote in
// belongs to all, since each can ask for it to be mended.
func entryPlaces(page string, sources []EntrySource, links []linkcheck.Link) []NewPlace {
	if len(sources) == 0 {
		return places(links, "", "")
	}
	if len(sources) == 1 {
		return places(links, sources[0].Unit, sources[0].Item)
	}
	own := make([]map[string]bool, len(sources))
	somebody := map[string]bool{}
	for i, src := range sources {
		own[i] = map[string]bool{}
		for _, l := range linkcheck.Links(page, "text/html; charset=utf-8", []byte(src.Body)) {
			own[i][addressOf(l)], somebody[addressOf(l)] = true, true
		}
	}
	var list []NewPlace
	for i, src := range sources {
		var part []linkcheck.Link
		for _, l := range links {
			if address := addressOf(l); own[i][address] || !somebody[address] {
				part = append(part, l)
			}
		}
		list = append(list, places(part, src.Unit, src.Item)...)
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
		list := entryPlaces(page, e.Sources, links)
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

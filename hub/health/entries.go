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
		address := l.URL
		if address == "" {
			address = strings.TrimSpace(l.Raw) // an editor's slip: the check says what is wrong with it
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

package health

import (
	"context"
	"slices"
	"strings"
	"sync"

	"zhanqun/hub/health/linkcheck"
)

// readAnswered reads again the pages on which units say to have mended a link to
// one of the targets, so that nobody waits for the next pass over the whole site
// to hear whether it is so.
func (s *Service) readAnswered(ctx context.Context, targets []Target) error {
	ids, urls := make([]string, len(targets)), map[string]string{}
	for i, t := range targets {
		ids[i], urls[t.ID] = t.ID, t.URL
	}
	places, err := s.Store.Answered(ctx, ids)
	if err != nil {
		return err
	}
	return s.readPages(ctx, places, urls)
}

// readPages reads the pages of places, each once, and notes whether they still
// name their targets, whose addresses are given.
func (s *Service) readPages(ctx context.Context, places []Place, urls map[string]string) error {
	pages := map[string][]Place{}
	for _, p := range places {
		pages[p.Page] = append(pages[p.Page], p)
	}
	list := make([][]Place, 0, len(pages))
	for _, of := range pages {
		list = append(list, of)
	}
	var mu sync.Mutex
	return s.each(ctx, len(list), func(ctx context.Context, i int) error {
		now := s.Now()
		page, result := s.Checker.ReadPage(ctx, list[i][0].Page)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		mu.Lock() // the store writes one thing at a time
		defer mu.Unlock()
		for _, p := range list[i] {
			var still bool
			switch {
			case result.Verdict == linkcheck.OK || result.Verdict == linkcheck.Suspect:
				still = p.Element == homeElement || s.has(page.Links, urls[p.Target])
			case result.Reason != linkcheck.ReasonGone:
				continue // its links are unknown now, not gone
			}
			if err := s.Store.PlaceRead(ctx, p, still, now); err != nil {
				return err
			}
		}
		return nil
	})
}

// names tells whether one of the links leads to an address, or is what was
// written in place of one.
func names(links []linkcheck.Link, address string) bool {
	return slices.ContainsFunc(links, func(l linkcheck.Link) bool {
		return l.URL == address || l.URL == "" && strings.TrimSpace(l.Raw) == address
	})
}

package health

import (
	"context"
	"strings"

	"zhanqun/hub/health/crawl"
	"zhanqun/hub/health/foreign"
	"zhanqun/hub/health/linkcheck"
)

// A link that no page should have is watched as a target of its own, named after
// where it leads: what answers there is no matter, what the pages say is.
const linkMark = "#link"

// signOf returns the reason if it lies in a link and not in where it leads.
func signOf(r linkcheck.Reason) bool {
	return r == crawl.ReasonHiddenLink || r == crawl.ReasonHiddenFrame || r == crawl.ReasonBadWords
}

// linkTarget returns where a target leads that is watched as a link.
func linkTarget(address string) (url string, ok bool) { return strings.CutSuffix(address, linkMark) }

// samples is how many places of a link are looked at in one look.
const samples = 3

// lookAtLink looks whether the pages on which a link was found still have it. As
// long as one does, the look says what the last one said.
func (s *Service) lookAtLink(ctx context.Context, t Target) (linkcheck.Result, error) {
	r := linkcheck.Result{URL: t.URL, Final: t.URL, Verdict: linkcheck.Inconclusive, Reason: linkcheck.ReasonUntestable, CheckedAt: s.Now()}
	places, err := s.Store.PlacesOf(ctx, t.ID, samples)
	if err != nil || len(places) == 0 {
		return r, err
	}
	if err := s.readPages(ctx, places, map[string]string{t.ID: t.URL}); err != nil {
		return r, err
	}
	left, err := s.Store.PlacesOf(ctx, t.ID, samples)
	if err != nil {
		return r, err
	}
	last := lastSuspect(t.Looks)
	for _, p := range left {
		if !p.SeenAt.Before(r.CheckedAt) && last.Class != "" {
			r.Verdict, r.Class, r.Reason, r.Detail = linkcheck.Suspect, last.Class, last.Reason, last.Detail
		}
	}
	return r, nil
}

func lastSuspect(looks []Look) Look {
	for i := len(looks) - 1; i >= 0; i-- {
		if looks[i].Verdict == linkcheck.Suspect {
			return looks[i]
		}
	}
	return Look{}
}

// has tells whether a page has the link that a target is: to it, and still
// suspicious.
func (s *Service) has(links []linkcheck.Link, address string) bool {
	url, isLink := linkTarget(address)
	if !isLink {
		return names(links, address)
	}
	for _, l := range links {
		if l.URL != url {
			continue
		}
		if s.Crawl.Foreign == nil {
			return true
		}
		if _, ok := s.Crawl.Foreign.Of(foreign.Link{Host: HostOf(l.URL), Label: l.Label, Hidden: l.Hidden, Element: l.Element}); ok {
			return true
		}
	}
	return false
}

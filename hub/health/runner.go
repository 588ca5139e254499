package health

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"zhanqun/hub/health/linkcheck"
)

const (
	batch     = 50               // rows taken up at once
	idle      = 10 * time.Minute // longest wait without looking
	afterFail = 30 * time.Second // wait after the store failed
	shutAgain = time.Hour        // a site that could not be read is tried again
	maxLinks  = 2000             // links kept of one page
)

// Run reads what is due and checks what is due until ctx ends. Failures of the
// store are logged and tried again.
func (s *Service) Run(ctx context.Context) {
	for ctx.Err() == nil {
		more, err := s.RunOnce(ctx)
		wait := s.untilDue(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			s.Log.Error("health pass failed", "error", err, "again_in", afterFail)
			wait = afterFail
		case more:
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

func (s *Service) untilDue(ctx context.Context) time.Duration {
	next, err := s.Store.NextDue(ctx)
	if err != nil || next.IsZero() {
		return idle
	}
	return min(max(next.Sub(s.Now()), 0), idle)
}

// RunOnce takes up one batch of each kind of work and reports whether there may
// be more.
func (s *Service) RunOnce(ctx context.Context) (more bool, err error) {
	entries, err := s.readEntries(ctx)
	if err != nil {
		return false, err
	}
	sites, err := s.Store.DueSites(ctx, s.Now(), s.Workers)
	if err != nil {
		return false, err
	}
	err = s.each(ctx, len(sites), func(ctx context.Context, i int) error { return s.readSite(ctx, sites[i]) })
	if err != nil {
		return false, err
	}
	targets, err := s.Store.DueTargets(ctx, s.Now(), batch)
	if err != nil {
		return false, err
	}
	err = s.checkAll(ctx, targets)
	return entries == batch || len(sites) > 0 || len(targets) > 0, err
}

// errCut says that nothing at all answered: it is this machine's line that is
// down, and the looks prove nothing.
var errCut = errors.New("no host answered; this machine seems to be cut off")

// checkAll looks at targets and lets the rules judge each. When the looks only
// show that this machine has no line, none of them counts.
func (s *Service) checkAll(ctx context.Context, targets []Target) error {
	results := make([]linkcheck.Result, len(targets))
	err := s.each(ctx, len(targets), func(ctx context.Context, i int) error {
		results[i] = s.Checker.Check(ctx, targets[i].URL)
		return ctx.Err() // a check that was cut off says nothing of the target
	})
	if err != nil {
		return err
	}
	if cutOff(results) {
		return errCut
	}
	for i, t := range targets {
		look := lookOf(results[i])
		err := s.Store.Judge(ctx, t.ID, func(c Case) Effect { return judge(c, &look, s.Policy, s.Now()) })
		if err != nil {
			return err
		}
	}
	return nil
}

// hostsToTell is how many hosts have to be silent at once, with none answering,
// to take it for our own line.
const hostsToTell = 3

// cutOff reports whether results show nothing but failures to reach anyone.
func cutOff(results []linkcheck.Result) bool {
	silent := map[string]bool{}
	for _, r := range results {
		u, err := url.Parse(r.URL)
		switch {
		case err != nil || r.Verdict == linkcheck.Excluded:
		case r.Status != 0 || len(r.Hops) > 1:
			return false
		case r.ErrorKind != "" && r.ErrorKind != linkcheck.KindPrivate && r.ErrorKind != linkcheck.KindBadTarget:
			silent[u.Host] = true
		}
	}
	return len(silent) >= hostsToTell
}

// each runs f for 0 … n-1 on the workers, waits for all, and returns the first
// error.
func (s *Service) each(ctx context.Context, n int, f func(context.Context, int) error) error {
	var (
		group sync.WaitGroup
		slots = make(chan struct{}, s.Workers)
		once  sync.Once
		first error
	)
	for i := range n {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		group.Go(func() {
			defer func() { <-slots }()
			if err := f(ctx, i); err != nil {
				once.Do(func() { first = err })
			}
		})
	}
	group.Wait()
	if first == nil {
		first = ctx.Err()
	}
	return first
}

// rejudge judges targets whose places changed.
func (s *Service) rejudge(ctx context.Context, targets []string) error {
	for _, id := range targets {
		err := s.Store.Judge(ctx, id, func(c Case) Effect { return judge(c, nil, s.Policy, s.Now()) })
		if err != nil {
			return err
		}
	}
	return nil
}

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
	if result.Verdict != linkcheck.OK && result.Verdict != linkcheck.Suspect {
		site.State, site.Problem, site.NextAt = SiteShut, result.Detail, began.Add(shutAgain)
		return s.Store.SiteRead(ctx, site)
	}
	var gone []string
	record := func(page string, links []linkcheck.Link) error {
		g, err := s.Store.ReplacePlaces(ctx, owner, page, places(links, site.Unit, ""))
		gone = append(gone, g...)
		return err
	}
	if err := record(site.URL, home.Links); err != nil {
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
		if err := record(page, p.Links); err != nil {
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

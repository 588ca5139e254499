package health

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"zhanqun/hub/health/crawl"
	"zhanqun/hub/health/linkcheck"
)

// A pass reads a whole site, in slices: after each the next site has its turn,
// and the pass goes on later from its work file. So it does after a stop or a
// kill. What is bad is recorded after every slice; what is bad no more, or named
// no more, only at the end of the pass.

const (
	sliceTime = 15 * time.Minute
	// openingShare is how many times longer a slice lasts than it takes to
	// read what the former ones have written.
	openingShare = 10
)

// Progress is how far a pass under way has come.
type Progress struct {
	Pages int // read for links
	Known int // addresses met
	Asked int // of these
}

// Progress tells how far the reading of a site has come at this moment; ok is
// false when it is not being read.
func (s *Service) Progress(site string) (p Progress, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.reading[site]
	if now == nil {
		return p, false
	}
	return *now, true
}

// pick takes the site that is due the longest and that nobody reads.
func (s *Service) pick(ctx context.Context) (site Site, ok bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list, err := s.Store.DueSites(ctx, s.Now(), len(s.reading)+1)
	for _, site := range list {
		if s.reading[site.ID] == nil {
			s.reading[site.ID] = &Progress{Pages: site.PassPages, Known: site.PassKnown, Asked: site.PassAsked}
			return site, true, err
		}
	}
	return site, false, err
}

func (s *Service) release(site string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.reading, site)
}

// readOne reads a slice of one site that is due, and reports whether there was
// one.
func (s *Service) readOne(ctx context.Context) (more bool, err error) {
	site, ok, err := s.pick(ctx)
	if err != nil || !ok {
		return false, err
	}
	defer s.release(site.ID)
	if err := s.readSlice(ctx, site); err != nil {
		return true, fmt.Errorf("reading site %s: %w", site.URL, err)
	}
	return true, nil
}

// readSlice begins a pass over a site, or goes on with it.
func (s *Service) readSlice(ctx context.Context, site Site) error {
	if site.PassBegan.IsZero() {
		site.PassBegan, site.PassPages, site.PassKnown, site.PassAsked = s.Now(), 0, 0, 0
		if err := s.Store.SiteRead(ctx, site); err != nil {
			return err
		}
	}
	dir, err := s.workFolder(site)
	if err != nil {
		return err
	}
	found, err := s.newFound(ctx, site)
	if err != nil {
		return err
	}
	o, told := s.sliceOf(site, dir, found)
	totals, err := crawl.Run(ctx, site.URL, o)
	told(totals)
	s.counts.faults(totals.Faults)
	if ctx.Err() != nil {
		return ctx.Err() // the work file has it all
	}
	if err != nil && !errors.Is(err, errFound) {
		// Work that cannot be gone on with: the settings are others, or the
		// file is damaged.
		s.Log.Warn("beginning to read a site anew", "site", site.URL, "error", err)
		site.PassBegan, site.NextAt = time.Time{}, s.Now().Add(shutAgain)
		if errors.Is(err, crawl.ErrOther) {
			site.NextAt = s.Now()
		}
		return s.endPass(ctx, site)
	} else if err != nil {
		return err
	}
	return s.afterSlice(ctx, site, found, totals)
}

// sliceOf shapes the run of one slice. told takes in how far it has come.
func (s *Service) sliceOf(site Site, dir string, found *found) (o crawl.Options, told func(crawl.Totals)) {
	o = s.Crawl
	o.Depth, o.Dir, o.Tell, o.Throttle = crawl.WholeSite, dir, found.line, s.throttle
	o.Cluster = func(host string) bool { return found.hosts[bareHost(host)] }
	if dir != "" {
		past := filepath.Join(filepath.Dir(dir), crawl.MemoryName)
		o.Past, o.Remember, o.Rarely, o.Again = past, true, s.Policy.Seldom(), found.again
		if info, err := os.Stat(past); err == nil && o.MaxFile > 0 {
			o.MaxFile = max(o.MaxFile-info.Size(), o.MaxFile/4)
		}
	}
	opened, settled := time.Now(), -1
	var until time.Time
	o.Enough = func(t crawl.Totals) bool {
		if settled < 0 { // what was written before has been read
			settled = t.Settled
			until = time.Now().Add(max(s.Slice, openingShare*time.Since(opened)))
		}
		return t.Settled > settled && time.Now().After(until)
	}
	var before crawl.Totals
	at := opened
	told = func(t crawl.Totals) {
		s.counts.add(t, before, time.Since(at))
		before, at = t, time.Now()
		s.mu.Lock()
		defer s.mu.Unlock()
		if p := s.reading[site.ID]; p != nil {
			*p = Progress{Pages: t.Pages, Known: t.Targets, Asked: t.Settled}
		}
	}
	o.Idle = told
	return o, told
}

// afterSlice records what a slice has found and says when the site has its turn
// again.
func (s *Service) afterSlice(ctx context.Context, site Site, found *found, totals crawl.Totals) error {
	now := s.Now()
	site.ReadAt, site.PassPages, site.PassKnown, site.PassAsked = now, totals.Pages, totals.Targets, totals.Settled
	// The home page is itself watched, whatever it says and whoever names it.
	self := NewPlace{URL: site.URL, Element: homeElement, Label: site.Name, Unit: site.Unit}
	if err := s.Store.AddPlace(ctx, SiteOwner(site.ID), site.URL, self); err != nil {
		return err
	}
	if strings.HasPrefix(found.start.Final, "https://") {
		own := NewPlace{URL: certificateOf(HostOf(found.start.Final)), Element: "certificate", Unit: site.Unit}
		if err := s.Store.AddPlace(ctx, SiteOwner(site.ID), site.URL, own); err != nil {
			return err
		}
	}
	if v := found.start.Verdict; v != linkcheck.OK && v != linkcheck.Suspect {
		site.State, site.Problem, site.NextAt, site.PassBegan = SiteShut, found.start.Detail, now.Add(shutAgain), time.Time{}
		return s.endPass(ctx, site)
	}
	site.State, site.Problem = SiteOpen, ""
	switch totals.Stopped {
	case "time", "site_silent":
		if site.NextAt = now; totals.Stopped == "site_silent" {
			site.NextAt = now.Add(shutAgain)
		}
		if err := s.recordBad(ctx, found); err != nil {
			return err
		}
		return s.Store.SiteRead(ctx, site)
	}
	if err := s.recordAll(ctx, found); err != nil {
		return err
	}
	site.Cut = ""
	if !totals.Complete {
		site.Cut = totals.Stopped
	}
	site.Pages, site.WholeAt = totals.Pages, now
	site.NextAt = site.PassBegan.Add(s.SiteEvery)
	if least := now.Add(s.SiteEvery / 4); site.NextAt.Before(least) {
		site.NextAt = least // a pass of a day leaves the site in peace for a while
	}
	if err := s.keepMemory(site); err != nil {
		return err
	}
	site.PassBegan = time.Time{}
	return s.endPass(ctx, site)
}

// keepMemory puts what a whole pass remembers of pages in the place of what the
// one before did.
func (s *Service) keepMemory(site Site) error {
	dir, err := s.workFolder(site)
	if err != nil || dir == "" {
		return err
	}
	err = os.Rename(filepath.Join(dir, crawl.MemoryName), filepath.Join(filepath.Dir(dir), crawl.MemoryName))
	if err != nil && !errors.Is(err, os.ErrNotExist) { // a process that was killed here has done it
		return fmt.Errorf("keeping memory of pages: %w", err)
	}
	return nil
}

// endPass records a site whose pass is over and clears the work away. In this
// order: work without a pass is cleared away by the next one.
func (s *Service) endPass(ctx context.Context, site Site) error {
	if err := s.Store.SiteRead(ctx, site); err != nil {
		return err
	}
	_, err := s.workFolder(site)
	return err
}

// workFolder returns the folder of a site's pass, named after its beginning, and
// removes those of others; "" without a pass.
func (s *Service) workFolder(site Site) (string, error) {
	if s.Crawl.Dir == "" {
		return "", nil // no work is kept
	}
	name := ""
	if !site.PassBegan.IsZero() {
		name = strconv.FormatInt(site.PassBegan.UnixMilli(), 10)
	}
	base := filepath.Join(s.Crawl.Dir, site.ID)
	if err := os.MkdirAll(filepath.Join(base, name), 0o700); err != nil {
		return "", fmt.Errorf("making work folder: %w", err)
	}
	list, err := os.ReadDir(base)
	if err != nil {
		return "", fmt.Errorf("reading work folder: %w", err)
	}
	for _, e := range list {
		if e.Name() != name && e.Name() != crawl.MemoryName {
			if err := os.RemoveAll(filepath.Join(base, e.Name())); err != nil {
				return "", fmt.Errorf("clearing work folder: %w", err)
			}
		}
	}
	return filepath.Join(base, name), nil
}

package prober

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"zhanqun/hub/health"
	"zhanqun/hub/health/linkcheck"
	"zhanqun/hub/health/uptime"
)

const (
	look      = time.Minute // longest wait without looking what is due: a site may be new
	afterFail = 30 * time.Second
)

// Run asks what is due until ctx ends. Failures of the store are logged and tried
// again.
func (s *Service) Run(ctx context.Context) {
	for ctx.Err() == nil {
		next, err := s.RunOnce(ctx)
		wait := min(max(next.Sub(s.Now()), 0), look)
		if err != nil && ctx.Err() == nil {
			wait = afterFail
			s.Log.Error("asking sites failed", "error", err, "again_in", wait)
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

// visit is one site to be asked.
type visit struct {
	site   health.Site
	slot   time.Time
	extra  bool
	result linkcheck.Result
	at     time.Time
}

// RunOnce asks the sites that are due and returns when the next one is.
func (s *Service) RunOnce(ctx context.Context) (next time.Time, err error) {
	sites, err := s.sites(ctx)
	if err != nil {
		return next, err
	}
	now := s.Now()
	asked, err := s.Store.LastSlots(ctx, now.Add(-2*time.Hour))
	if err != nil {
		return next, err
	}
	due, next := s.due(sites, asked, now)
	if len(due) > 0 {
		if err := s.ask(ctx, sites, due); err != nil {
			return next, err
		}
	}
	held, err := s.settle(ctx, sites)
	if err != nil {
		return next, err
	}
	if next = s.soonest(next); held {
		next = earlier(next, s.Now().Add(look))
	}
	return next, s.forget(ctx, now)
}

// longHeld is how far back visits are looked for that wait: the hub may have
// stopped meanwhile.
const longHeld = 24 * time.Hour

// settle counts the visits that waited for what others say, once these have
// spoken or were waited for long enough. It reports whether some still wait.
func (s *Service) settle(ctx context.Context, sites []health.Site) (held bool, err error) {
	now := s.Now()
	list, err := s.Store.PendingProbes(ctx, now.Add(-longHeld))
	if err != nil || len(list) == 0 {
		return false, err
	}
	known := map[string]health.Site{}
	for _, site := range sites {
		known[site.ID] = site
	}
	tree := newTree(sites)
	for _, p := range list {
		var w health.Witness
		if site, is := known[p.Site]; is && s.Elsewhere != nil {
			if w, err = s.Elsewhere(ctx, site, p.At); err != nil {
				return held, err
			}
		}
		switch {
		case w.Opens:
			p.Outcome, p.Cause, p.Detail = uptime.NoData, uptime.CauseElsewhere, w.Words
		case w.Waits && now.Before(p.At.Add(s.Hold)):
			held = true
			continue
		default:
			p.Outcome = uptime.Failed
		}
		if err := s.record(ctx, tree, p); err != nil {
			return held, err
		}
	}
	return held, nil
}

// due picks the sites to be asked now: by the clock, or once more to confirm.
func (s *Service) due(sites []health.Site, asked map[string]time.Time, now time.Time) (due []*visit, next time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := map[string]bool{}
	next = now.Add(time.Hour)
	for _, site := range sites {
		known[site.ID] = true
		next = earlier(next, uptime.Next(site.ID, now))
		slot := uptime.Slot(site.ID, now)
		if slot.After(now) {
			slot = uptime.Slot(site.ID, now.Add(-time.Hour))
		}
		if last, ok := asked[site.ID]; !ok || last.Before(slot) {
			if now.Sub(slot) < s.Late && !site.CreatedAt.After(slot) {
				due = append(due, &visit{site: site, slot: slot})
				delete(s.again, site.ID)
				continue
			}
		}
		if at, ok := s.again[site.ID]; ok && !at.After(now) {
			due = append(due, &visit{site: site, slot: now.Truncate(time.Millisecond), extra: true})
			delete(s.again, site.ID)
		}
	}
	for id, at := range s.again {
		if !known[id] {
			delete(s.again, id)
			continue
		}
		next = earlier(next, at)
	}
	return due, next
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func (s *Service) soonest(next time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, at := range s.again {
		next = earlier(next, at)
	}
	return next
}

// ask makes visits and records them. Nothing is recorded of a visit that was cut
// off because the program ends.
func (s *Service) ask(ctx context.Context, sites []health.Site, due []*visit) error {
	offline, err := s.Store.OfflineNow(ctx, s.Now())
	if err != nil {
		return err
	}
	bySite := map[string][]uptime.Offline{}
	for _, o := range offline {
		bySite[o.Site] = append(bySite[o.Site], o)
	}
	s.look(ctx, due)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	doubts, err := s.doubts(ctx, sites, due)
	if err != nil {
		return err
	}
	tree := newTree(sites)
	var open []health.Site
	for _, v := range due {
		p := probeOf(v, bySite[v.site.ID], doubts)
		if err := s.record(ctx, tree, p); err != nil {
			return err
		}
		if p.Outcome == uptime.OK && !v.site.Line {
			open = append(open, v.site)
		}
	}
	return s.readHomes(ctx, open)
}

// readHomes reads the home pages of sites that just opened and were not read for
// a while.
func (s *Service) readHomes(ctx context.Context, open []health.Site) error {
	if s.Home == nil || len(open) == 0 {
		return nil
	}
	known, err := s.Store.HomePages(ctx)
	if err != nil {
		return err
	}
	for _, site := range open {
		now := s.Now()
		if now.Sub(known[site.ID].ReadAt) < s.HomeEvery {
			continue
		}
		h := s.Home(ctx, site)
		h.ReadAt = now
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := s.Store.SaveHomePage(ctx, site.ID, h); err != nil {
			return err
		}
	}
	return nil
}

// look asks the home pages, a few at once.
func (s *Service) look(ctx context.Context, due []*visit) {
	var group errgroup.Group
	group.SetLimit(s.Workers)
	for _, v := range due {
		group.Go(func() error {
			if ctx.Err() == nil {
				v.at = s.Now()
				v.result = s.Checker.Check(ctx, v.site.URL)
			}
			return nil
		})
	}
	_ = group.Wait() // what a look came to is in its visit
}

// probeOf says what a visit counts as.
func probeOf(v *visit, offline []uptime.Offline, d doubt) uptime.Probe {
	p := uptime.Probe{Site: v.site.ID, Slot: v.slot, At: v.at, Extra: v.extra, Status: v.result.Status, Elapsed: v.result.Elapsed}
	p.Outcome, p.Cause = judge(v)
	words, opens := d.opens[v]
	switch {
	case d.lost[v]:
		p.Outcome, p.Cause = uptime.NoData, uptime.CauseOwnLine
	case d.behind[v]:
		p.Outcome, p.Cause = uptime.NoData, uptime.CauseParent
	case opens:
		p.Outcome, p.Cause = uptime.NoData, uptime.CauseElsewhere
	case d.waits[v]:
		p.Outcome = uptime.Pending
	}
	if _, planned := uptime.Covered(offline, v.at); planned {
		p.Outcome, p.Cause = uptime.Planned, uptime.CauseOffline
	}
	switch p.Cause {
	case "":
	case uptime.CauseStatus, uptime.CauseContent, uptime.CauseBroken, uptime.CauseRedirect, uptime.CauseWall, uptime.CauseUntestable:
		p.Detail = v.result.Detail
	case uptime.CauseElsewhere:
		p.Detail = words
	default:
		p.Detail = p.Cause.Label() + "。"
	}
	return p
}

// forget drops what is too old, once an hour.
func (s *Service) forget(ctx context.Context, now time.Time) error {
	if now.Sub(s.forgot) < time.Hour {
		return nil
	}
	s.forgot = now
	return s.Store.Forget(ctx, now.Add(-s.KeepVisits), uptime.Day0(now.Add(-s.KeepDays)))
}

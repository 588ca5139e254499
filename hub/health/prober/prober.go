// Package prober asks the home page of every site as often as the inspection
// does, keeps what came of it, and notes incidents.
//
// It promises that a visit counts once, whatever is started twice; that what the
// hub could not find out itself, because it did not run or had no line, is no
// data; that a visit about which others were asked counts when they have spoken;
// and that of sites that hang together only the topmost one that is down
// has an incident that alarms anybody.
package prober

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"zhanqun/hub/access"
	"zhanqun/hub/health"
	"zhanqun/hub/health/linkcheck"
	"zhanqun/hub/health/uptime"
	"zhanqun/internal/fault"
)

// Checker looks at a page; *linkcheck.Checker is one. Its limit is to be 15 s.
type Checker interface {
	Check(ctx context.Context, address string) linkcheck.Result
}

// Options set up a Service. Zero values mean their defaults.
type Options struct {
	Store    Store
	Checker  Checker
	Controls []string // addresses asked to tell whether our own line is down, beside those that answered last
	// Home reads a home page; nil for not.
	Home func(ctx context.Context, site health.Site) HomePage
	// Elsewhere tells whether a site that did not open at a time was well when it was
	// looked at from another line about then, and has that done if it was not; nil for
	// never.
	Elsewhere  func(ctx context.Context, site health.Site, failed time.Time) (health.Witness, error)
	Hold       time.Duration // how long a visit waits for what others say of the site; 10 minutes
	HomeEvery  time.Duration // how often a home page is read; 12 hours
	Again      time.Duration // how soon a site is asked again to confirm a change; 10 minutes
	Late       time.Duration // how late a visit may be made; 10 minutes
	Workers    int           // sites asked at once; 8
	KeepVisits time.Duration // 8 days
	KeepDays   time.Duration // 400 days
	Hysteresis uptime.Hysteresis
	Now        func() time.Time
	Log        *slog.Logger
}

// Service asks sites.
type Service struct {
	Options
	wake chan struct{}

	mu     sync.Mutex
	again  map[string]time.Time // sites to be asked once more, and when
	counts map[uptime.Outcome]int64
	forgot time.Time
}

// New returns a service. It does nothing by itself until Run.
func New(o Options) *Service {
	set(&o.HomeEvery, 12*time.Hour)
	set(&o.Again, 10*time.Minute)
	set(&o.Late, 10*time.Minute)
	set(&o.Hold, 10*time.Minute)
	set(&o.Workers, 8)
	set(&o.KeepVisits, 8*24*time.Hour)
	set(&o.KeepDays, 400*24*time.Hour)
	set(&o.Hysteresis, uptime.DefaultHysteresis)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Service{Options: o, wake: make(chan struct{}, 1), again: map[string]time.Time{}, counts: map[uptime.Outcome]int64{}}
}

func set[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Counts returns how many visits of each outcome were made since the start.
func (s *Service) Counts() map[uptime.Outcome]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts := map[uptime.Outcome]int64{}
	for o, n := range s.counts {
		counts[o] = n
	}
	return counts
}

// Ask has a site asked at once, once more than by the clock: it does not count in
// a share. It does not block.
func (s *Service) Ask(site string) {
	s.mu.Lock()
	s.again[site] = s.Now()
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Announce puts down that a site will be off line.
func (s *Service) Announce(ctx context.Context, who access.User, o uptime.Offline) error {
	if err := who.Need(access.Inspect); err != nil {
		return err
	}
	o.Why = strings.TrimSpace(o.Why)
	switch now := s.Now(); {
	case o.Why == "" || len(o.Why) > 1000:
		return fault.Field("why", "请写明临时下线的原因和批准情况（不超过 300 字）。")
	case o.From.IsZero() || o.To.IsZero():
		return fault.Field("to", "请填写起止时间。")
	case !o.To.After(o.From):
		return fault.Field("to", "结束时间要在开始时间之后。")
	case !o.To.After(now):
		return fault.Field("to", "结束时间已经过去。")
	case o.From.Before(now.Add(-time.Hour)):
		return fault.Field("from", "不能补登已经过去的时间，已有的访问记录不会改。")
	case o.To.Sub(o.From) > longest:
		return fault.Field("to", "一次最多登记 90 天。")
	}
	o.ID, o.Who = uuid.Must(uuid.NewV7()).String(), who.Login
	return s.Store.SaveOffline(ctx, o)
}

// longest is the longest time off line that can be put down at once.
const longest = 90 * 24 * time.Hour

// BackOnline ends an announced time off line, or takes it back.
func (s *Service) BackOnline(ctx context.Context, who access.User, id string) error {
	if err := who.Need(access.Inspect); err != nil {
		return err
	}
	return s.Store.EndOffline(ctx, who.Login, id)
}

// sites returns the registered sites that are not closed.
func (s *Service) sites(ctx context.Context) ([]health.Site, error) {
	var all []health.Site
	for after := ""; ; {
		list, err := s.Store.Sites(ctx, after, page)
		if err != nil {
			return nil, err
		}
		for _, site := range list {
			if !site.Closed() {
				all = append(all, site)
			}
		}
		if len(list) < page {
			return all, nil
		}
		after = list[len(list)-1].ID
	}
}

// page is how many sites are read at once.
const page = 500

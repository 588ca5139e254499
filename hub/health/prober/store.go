package prober

import (
	"context"
	"time"

	"zhanqun/hub/health"
	"zhanqun/hub/health/fresh"
	"zhanqun/hub/health/uptime"
)

// Store keeps visits, days, incidents and announced times off line. One method is
// one transaction.
type Store interface {
	Sites(ctx context.Context, after string, limit int) ([]health.Site, error)
	Site(ctx context.Context, id string) (health.Site, error)
	// LastAnswered returns up to limit addresses that answered, latest first.
	LastAnswered(ctx context.Context, limit int) ([]string, error)

	// LastSlots tells for each site the last time it was due since then and was
	// asked.
	LastSlots(ctx context.Context, since time.Time) (map[string]time.Time, error)
	// RecordProbe keeps a visit, counts it for its day, and lets follow say what it
	// does to incidents. A visit for a time that is on file changes nothing, and
	// recorded is false then; one that waited is counted once it does no more.
	RecordProbe(ctx context.Context, p uptime.Probe, kin []string, follow func(Case) []uptime.Incident) (recorded bool, err error)
	// PendingProbes returns the visits since a time that wait for what others say.
	PendingProbes(ctx context.Context, since time.Time) ([]uptime.Probe, error)
	OpenIncidents(ctx context.Context) ([]uptime.Incident, error)
	// Forget drops visits and days that are older.
	Forget(ctx context.Context, visits, days time.Time) error

	// HomePages returns what the home pages showed when they were last read, by
	// site.
	HomePages(ctx context.Context) (map[string]HomePage, error)
	SaveHomePage(ctx context.Context, site string, h HomePage) error

	Days(ctx context.Context, site string, from, to time.Time) ([]uptime.Day, error)
	// AllDays returns the days of all sites, by site.
	AllDays(ctx context.Context, from, to time.Time) (map[string][]uptime.Day, error)
	Probes(ctx context.Context, site string, since time.Time, limit int) ([]uptime.Probe, error)
	Incidents(ctx context.Context, site string, limit int) ([]uptime.Incident, error)

	Offlines(ctx context.Context, site string, limit int) ([]uptime.Offline, error)
	// OfflineNow returns those that hold at a time, of all sites.
	OfflineNow(ctx context.Context, at time.Time) ([]uptime.Offline, error)
	SaveOffline(ctx context.Context, o uptime.Offline) error
	// EndOffline ends an announced time now, or takes it back if it is to come.
	EndOffline(ctx context.Context, actor, id string) error
}

// HomePage is what a home page showed.
type HomePage struct {
	Told   bool      // it could be told when its newest item came out
	Latest time.Time // zero when no item has a date that can be believed
	// Days are the days of the items it shows, at most a year back, latest first;
	// nil when they were not counted.
	Days   []fresh.Day
	ReadAt time.Time
}

// Case is what is known of a site, and of those that hang together with it, once
// a visit is recorded.
type Case struct {
	Visits map[string][]uptime.Probe  // the last ones, oldest first
	Open   map[string]uptime.Incident // those that last
}

// Recent is how many visits a Case holds of each site.
const Recent = 24

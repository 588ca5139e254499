package health

import (
	"context"
	"strings"
	"time"

	"zhanqun/hub/health/fresh"
	"zhanqun/hub/health/uptime"
	"zhanqun/protocol"
)

// Store keeps sites, targets, places and findings. One method is one transaction.
type Store interface {
	Site(ctx context.Context, id string) (Site, error)
	Sites(ctx context.Context, after string, limit int) ([]Site, error)
	SaveSites(ctx context.Context, actor string, list []Site) (added int, err error)
	SiteRead(ctx context.Context, site Site) error
	// SitesBelow returns up to limit sites that are said to hang on one.
	SitesBelow(ctx context.Context, id string, limit int) ([]Site, error)
	// HangSite notes what a site hangs on, by id, address or name, NoParent for
	// nothing. Nothing may hang on itself, however far up.
	HangSite(ctx context.Context, actor, id, above string) error
	SiteDue(ctx context.Context, actor, id string) error
	// CloseSite notes that a site is looked at no more: nothing of it is due, its
	// incident is over, what end makes of its own findings is kept, and it names no
	// targets. It returns those with an open finding, to be judged anew.
	CloseSite(ctx context.Context, actor, id, note string, end func(Finding) Finding) (gone []string, err error)
	// ReopenSite has it looked at again.
	ReopenSite(ctx context.Context, actor, id, note string) error

	// SiteColumns returns the columns of a site, or, with site empty, those of all
	// sites after an id; at most MaxColumns.
	SiteColumns(ctx context.Context, site, after string) ([]Column, error)
	SiteColumn(ctx context.Context, id string) (Column, error)
	SaveColumns(ctx context.Context, actor string, list []Column) (added int, err error)
	ProposeColumns(ctx context.Context, list []Column) (added int, err error)
	SettleColumn(ctx context.Context, actor, id, status string, settle func(*Column) error) (Column, error)
	// EditColumn changes a column that is watched, whose reading is due then.
	EditColumn(ctx context.Context, actor, id string, edit func(*Column) error) (Column, error)
	MarkColumn(ctx context.Context, actor, id, mark, note string) (Column, error)
	DueColumns(ctx context.Context, now time.Time, limit int) ([]Column, error)
	ColumnHistory(ctx context.Context, id string) (fresh.History, error)
	ColumnRead(ctx context.Context, c Column, h fresh.History) error
	// ColumnDays returns the days of the items in a site's columns; see
	// fresh.History.Days.
	ColumnDays(ctx context.Context, site string) (map[string]fresh.Day, error)
	// PublishedAt returns when what has one of these addresses or titles came out
	// through the hub, by address or title.
	PublishedAt(ctx context.Context, urls, titles []string) (map[string]time.Time, error)

	DueSites(ctx context.Context, now time.Time, limit int) ([]Site, error)
	DueTargets(ctx context.Context, now time.Time, limit int) ([]Target, error)
	NextDue(ctx context.Context) (time.Time, error)  // of columns and targets
	NextSite(ctx context.Context) (time.Time, error) // of sites
	ReplacePlaces(ctx context.Context, owner, page string, places []NewPlace) (gone []string, err error)
	// Named returns up to limit targets an owner names, with up to MaxPlaces places.
	Named(ctx context.Context, owner string, limit int) ([]Naming, error)
	// Name records where an owner names a target now, and returns the target,
	// which falls due at once if it was not watched. Without places the owner
	// names it no more.
	Name(ctx context.Context, n Naming) (target string, err error)
	// Answered returns the places on pages that were not read since their units
	// said that they have mended them, of the targets given.
	Answered(ctx context.Context, targets []string) ([]Place, error)
	// PlacesOf returns up to limit places of a target on pages of sites, those
	// that were not read for the longest time first.
	PlacesOf(ctx context.Context, target string, limit int) ([]Place, error)
	// PlaceRead notes that a page was read and whether it still names the target
	// of the place.
	PlaceRead(ctx context.Context, p Place, still bool, at time.Time) error
	// AddPlace adds one place to a page without touching the others.
	AddPlace(ctx context.Context, owner, page string, place NewPlace) error
	// LastAnswered returns up to limit addresses that answered, latest first.
	LastAnswered(ctx context.Context, limit int) ([]string, error)
	Judge(ctx context.Context, target string, decide func(Case) Effect) error

	ChangedEntries(ctx context.Context, after time.Time, afterID string, limit int) ([]ChangedEntry, error)
	EntryCursor(ctx context.Context) (time.Time, string, error)
	SetEntryCursor(ctx context.Context, after time.Time, afterID string) error

	Findings(ctx context.Context, q FindingQuery) ([]Finding, error)
	Finding(ctx context.Context, id string) (Finding, []Step, error)
	// Settle writes what a person decides on a finding that is not closed, and
	// tells the unit at once.
	Settle(ctx context.Context, actor, id string, decide func(Finding, Target) Finding) (Finding, error)

	// Follow lets decide say what becomes of the finding about something that is no
	// link, from the latest about it, nil for none, and writes what it returns. A new
	// finding is given its target by its URL.
	Follow(ctx context.Context, about About, decide func(last *Finding) []Finding) error
	// OpenAbout returns the findings of a kind that are not closed.
	OpenAbout(ctx context.Context, kind string) ([]Finding, error)
	// OpenIncidents returns the incidents that last, oldest first.
	OpenIncidents(ctx context.Context) ([]uptime.Incident, error)
	// Incident returns one, or an empty one if it is forgotten.
	Incident(ctx context.Context, id string) (uptime.Incident, error)
	// Probes returns up to limit visits to a site since a time, latest first.
	Probes(ctx context.Context, site string, since time.Time, limit int) ([]uptime.Probe, error)

	// DueUrges returns up to limit findings whose unit has to be urged at now.
	DueUrges(ctx context.Context, now time.Time, limit int) ([]Finding, error)
	// Urge notes what urging makes of a finding that still waits for its unit.
	Urge(ctx context.Context, id string, urge func(Finding) (Finding, Step)) error
	// TellFindings tells nodes how the findings stand they have still to hear of,
	// all of one node at once, and reports whether there may be more.
	TellFindings(ctx context.Context) (more bool, err error)
	// AskLooks asks nodes to look at a target from their own lines, unless they
	// were asked lately, and returns how many were.
	AskLooks(ctx context.Context, target string) (asked int, err error)
	// AskAbout does so for an address that may be no target yet, unless nodes were
	// asked within a time.
	AskAbout(ctx context.Context, address string, again time.Duration) (asked int, err error)
	// OpinionsOn returns what nodes saw of an address that were asked about it since a
	// time, latest first, and how many of them have not answered.
	OpinionsOn(ctx context.Context, address string, since time.Time) (list []Opinion, waiting int, err error)
	// Opinions returns up to limit answers that were not weighed yet.
	Opinions(ctx context.Context, limit int) ([]Opinion, error)
	Weighed(ctx context.Context, id string) error
	// FindingsWithin returns up to limit findings the unit was told of that were
	// open at any time from from until until.
	FindingsWithin(ctx context.Context, from, until time.Time, limit int) ([]Finding, error)
}

// Naming is where an owner names a target: the first places, and how many there
// are in all. All are one unit's.
type Naming struct {
	Owner  string
	Target string // its id, where it is known
	URL    string
	Places []Place
	Total  int
}

// About is something a finding may be about that is no link.
type About struct {
	Kind    string // AboutSite, AboutColumn
	Subject string // id of the incident, of the column
	Site    string
	Unit    string // who answers for it now
}

// NewPlace is a link as it was read from a page or an entry.
type NewPlace struct {
	URL     string
	Element string
	Label   string
	Unit    string
	Item    string
}

// ChangedEntry is an entry whose links have to be read anew.
type ChangedEntry struct {
	ID        string
	Body      string
	Live      bool
	Sources   []EntrySource
	UpdatedAt time.Time
}

// EntrySource is an item an entry was made of.
type EntrySource struct {
	Unit string
	Item string
	Body string // its text, where there are several
}

// Case is everything the verdict on one target rests on.
type Case struct {
	Target   Target
	Places   map[string][]Place // by responsible unit
	Findings []Finding          // open ones, and those struck off as long as that holds
	Past     []Finding          // closed ones, the latest first, a few
	Silent   map[string]bool    // units with such a finding of another address about the silence of this host
}

// Effect is what follows from a case.
type Effect struct {
	Target   Target
	Findings []Finding // new or changed, each as it stands now, with its places
	Lapsed   []Lapse   // strikes that are over
	Steps    []Lapse   // words of a second opinion, for the history
	Ask      bool      // a second opinion is wanted
	Who      string    // whose act it is, for the history
}

// Lapse is a line for the history of a finding that stays as it is: the end of a
// strike, since the target is not what was struck off any more, or an opinion.
type Lapse struct {
	Finding string
	Note    string
}

// Opinion is what a township's node saw of a target from its own line.
type Opinion struct {
	ID     string
	Target string
	URL    string
	Unit   string // name of whose line it is
	At     time.Time
	Looked protocol.Looked
}

// FindingQuery selects findings, newest change first.
type FindingQuery struct {
	Site, Unit, State string // empty for any; State may be StateActive or StateOverdue
	Told              bool   // only what the unit has been told of
	Before            time.Time
	BeforeID          string
	Limit             int
}

// What FindingQuery.State takes beside the states of a finding.
const (
	StateActive  = "active"  // every state but the closed ones
	StateOverdue = "overdue" // those of them whose deadline has passed
)

// SiteOwner and EntryOwner name the owner of a place.
func SiteOwner(id string) string { return "site:" + id }

// EntryOwner names an entry as the owner of a place.
func EntryOwner(id string) string { return "entry:" + id }

// ownerSite returns the site an owner names, if it is one.
func ownerSite(owner string) (string, bool) { return strings.CutPrefix(owner, "site:") }

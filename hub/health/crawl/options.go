package crawl

import (
	"time"

	"zhanqun/hub/health/foreign"
	"zhanqun/hub/health/linkcheck"
)

// WholeSite is the depth at which every page of the site is read.
const WholeSite = -1

// Options shape a run. The zero value of each field means its default.
type Options struct {
	// Check shapes the single looks. Its hooks and Throttle are set here.
	Check linkcheck.Options

	// Pace is the least time between two requests to one host. If 0, the pace
	// follows how quickly the host answers, with SlowPace as the longest pause.
	// Negative means none at all.
	Pace, SlowPace time.Duration

	// Depth is how many levels of pages below the first are read: 0 for the
	// first alone, WholeSite for all.
	Depth int

	// IgnoreRobots reads pages of the site against its robots.txt. That of
	// other sites is always obeyed.
	IgnoreRobots bool
	// Cluster tells of a host whether its owner is the site's: then what holds
	// for the robots.txt of the site holds for it too. Nil means of none.
	Cluster func(host string) bool

	// Foreign tells which links no government page should have: of those that
	// lead off the cluster, hidden ones and advertisements. Nil for none.
	Foreign *foreign.List

	// Throttle keeps the pace of hosts and may be shared by runs. If nil, the
	// run makes its own by Pace, SlowPace and Site.
	Throttle *linkcheck.Throttle

	// MaxPages bounds the pages read, default 200,000; MaxTargets the addresses
	// known, default 2,000,000; MaxTime the whole run, default none.
	MaxPages, MaxTargets int
	MaxTime              time.Duration
	// MaxFile bounds the work file, in bytes: beyond it no more pages are read.
	// 0 means no bound.
	MaxFile int64
	// Enough, if set, is asked again and again and ends the run as MaxTime does.
	Enough func(Totals) bool

	// Looks is how often an address is asked at most that fails, default 3;
	// Pause how long after a failure it is asked again, default 3 s. What says
	// that it is gone (404, 410) is asked twice at most, and sooner.
	Looks int
	Pause time.Duration

	// Site and Others are the connections at once to the site and to each
	// other host, defaults 4 and 2; Workers the requests at once in all,
	// default 16.
	Site, Others, Workers int

	// Dir is the folder to work in. If empty, a temporary one is used and
	// removed, and a run cannot be gone on with.
	Dir string

	// Past is the file named MemoryName that a former run over the site has
	// left in its folder, if Remember was set: then servers are asked whether
	// what was well has changed, and what has not changed for long is asked
	// ever more rarely, up to Rarely (0 for every time), unless Again says so.
	Past     string
	Remember bool
	Rarely   time.Duration
	Again    func(address string) bool

	// Tell gets each link as soon as its verdict is known, from one goroutine.
	// An error ends the run.
	Tell func(Line) error
	// Idle is called when there is nothing to tell for a moment.
	Idle func(Totals)
}

func (o Options) withDefaults() Options {
	set(&o.SlowPace, time.Second)
	set(&o.MaxPages, 200_000)
	set(&o.MaxTargets, 2_000_000)
	set(&o.Looks, 3)
	set(&o.Pause, 3*time.Second)
	set(&o.Site, 4)
	set(&o.Others, 2)
	set(&o.Workers, 16)
	if o.Tell == nil {
		o.Tell = func(Line) error { return nil }
	}
	if o.Again == nil {
		o.Again = func(string) bool { return false }
	}
	if o.Enough == nil {
		o.Enough = func(Totals) bool { return false }
	}
	if o.Idle == nil {
		o.Idle = func(Totals) {}
	}
	return o
}

func set[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Line is one link on one page and what became of it.
type Line struct {
	Page    string            // the page it stands on; empty for the start address
	URL     string            // as it is asked; empty if it cannot be
	Raw     string            // as it is written
	Verdict linkcheck.Verdict // of all looks in this run
	Class   linkcheck.Class
	Reason  linkcheck.Reason
	Status  int    // of the last answer, 0 for none
	Final   string // where the redirects ended
	Detail  string // one sentence, if all is not well
	Element string
	Attr    string
	Label   string
	Kind    linkcheck.ErrorKind
	Fault   linkcheck.Fault
	// Certificate is what browsers warn of on the way, beside the verdict, and
	// CertHost whose certificate it is. Of a link that is well otherwise it is
	// the class, and with "certificate_" before it the reason.
	Certificate, CertHost string
	Fragment              string    // what it points to on the page, if that is not there
	At                    time.Time // when it was looked at; zero for what is not asked
}

// Reasons why a link was not asked, besides those of linkcheck.
const (
	ReasonRobots     linkcheck.Reason = "robots"      // robots.txt forbids it
	ReasonRobotsDown linkcheck.Reason = "robots_down" // robots.txt cannot be had, so nothing may be asked for now
	ReasonTrap       linkcheck.Reason = "trap"        // one of endless addresses
	ReasonLimit      linkcheck.Reason = "limit"       // beyond a bound of this run
	ReasonSilentHost linkcheck.Reason = "silent_host" // its host answers nothing any more
)

// Kinds of what was cut off.
const (
	CutNumbers = "numbers" // calendars, page numbers and the like without end
	CutChain   = "chain"   // pages that follow on each other without end
	CutFilters = "filters" // permutations of filters that show nothing new
	CutMaze    = "maze"    // pages made up for whatever is asked for
	CutNesting = "nesting" // paths that nest
	CutCatch   = "catch_all"
	CutAlias   = "alias" // the same pages under other addresses: session ids, loops of folders
	CutTargets = "targets"
	CutPages   = "pages"
	CutFile    = "file"
)

// Cut is one place at which a run went no further.
type Cut struct {
	Kind  string `json:"kind"`
	Where string `json:"where"` // the first address that was cut off
	Left  int    `json:"left"`  // addresses left aside
}

// maxCuts bounds what is told of cuts.
const maxCuts = 100

// Totals say what a run came to.
type Totals struct {
	Start    string `json:"start"`
	Site     string `json:"site"`              // host of the site
	Complete bool   `json:"complete"`          // nothing was left aside for want of time or room
	Stopped  string `json:"stopped,omitempty"` // why it was not: interrupted, time, pages, targets, file, site_silent
	Robots   string `json:"robots"`            // of the site: obeyed, ignored, none, unreachable

	Pages        int `json:"pages"`   // read for links
	Targets      int `json:"targets"` // different addresses
	Links        int `json:"links"`   // mentions of them, one a page and spelling
	OK           int `json:"ok"`      // of the links, as the four below
	Dead         int `json:"dead"`
	Suspect      int `json:"suspect"`
	Inconclusive int `json:"inconclusive"`
	Excluded     int `json:"excluded"`
	Unchecked    int `json:"unchecked"` // links whose address was not asked or not settled before the end
	DeadTargets  int `json:"deadTargets"`
	Fragments    int `json:"fragments"` // links to a place that the page does not have

	Unchanged int `json:"unchanged,omitempty"` // answers that said so
	Kept      int `json:"kept,omitempty"`      // targets not asked, since they hardly ever change

	Faults  map[string]int `json:"-"` // targets of this run that were not well, by reason
	Settled int            `json:"-"` // of the targets
	Earlier int            `json:"-"` // of the pages: read by the runs this one went on with

	Requests int   `json:"requests"`
	Bytes    int64 `json:"bytes"` // of bodies, unpacked
	Cut      []Cut `json:"cut,omitempty"`

	Elapsed time.Duration `json:"elapsedNs"`
}

func (t *Totals) count(v linkcheck.Verdict) {
	switch v {
	case linkcheck.OK:
		t.OK++
	case linkcheck.Dead:
		t.Dead++
	case linkcheck.Suspect:
		t.Suspect++
	case linkcheck.Inconclusive:
		t.Inconclusive++
	case linkcheck.Excluded:
		t.Excluded++
	}
}

func (t *Totals) cut(kind, where string) {
	for i := range t.Cut {
		if t.Cut[i].Kind == kind && (t.Cut[i].Where == where || len(t.Cut) >= maxCuts) {
			t.Cut[i].Left++
			return
		}
	}
	if len(t.Cut) < maxCuts {
		t.Cut = append(t.Cut, Cut{kind, where, 1})
	}
}

package rules

import (
	"slices"
	"time"
)

// Facts are what is known of a site at a check point (监测时间点). What is nil was
// not checked.
type Facts struct {
	Site     string
	Name     string
	Unit     string // answers for the site
	UnitName string
	At       time.Time
	Portal   bool // the county's portal
	// Condition is the county's own word on how the site is kept up, and Updated the
	// newest day of it. They are handed on and judged by no clause.
	Condition, Updated string
	// NoServices says that the site offers no services and need not.
	NoServices bool

	Availability *Availability
	Home         *Home
	Columns      *[]Column
	Links        *[]DeadLinks
	Serious      *Serious
	Messages     *Messages
	Acts         map[string]int // few_acts: how many in a year; what is missing was not checked
	Services     *Services
	Accounts     *Accounts
	Given        map[string]Given // by clause
}

// Availability is how many visits of the window failed.
type Availability struct {
	From, To time.Time // first day, and the day after the last
	Days     int       // of the window that have enough valid visits
	Of       int       // days the window should have
	Valid    int
	Failed   int
	Lost     int // no data, or never made
	// Daily are the visits of the window's days, oldest first, and Today those of the
	// day of the check point so far; nil where only the sums are known.
	Daily []Visits
	Today Visits
}

// Visits are those of a day.
type Visits struct{ Valid, Failed int }

// Home is what the home page shows.
type Home struct {
	// Items are the publish times of the distinct items that were published at
	// most a year ago, as far as they are believed; an item without a date is none.
	// Where the home page only leads on, they are those of all second-level pages.
	// Nil when they were not counted.
	Items []time.Time
	// Newest is the latest of them, where only that is known; zero for none.
	Newest time.Time
}

// times are the publish times that are known.
func (h *Home) times() []time.Time {
	if h.Newest.IsZero() {
		return h.Items
	}
	return append(slices.Clone(h.Items), h.Newest)
}

// Column is a column of the site and what is known of it.
type Column struct {
	ID       string
	Name     string
	Unit     string // answers for it
	UnitName string
	Class    string // Class…
	TopLevel bool   // 一级栏目
	Period   Period // its own rule for updates; zero for that of its class
	Exempt   string // static, closed, under maintenance: why it is not counted; empty if it is

	Known  bool      // it was read
	Blank  bool      // it exists and has nothing in it
	Gone   bool      // it does not open
	Latest time.Time // last update that is believed; zero when no item has a date
}

// Classes of columns, as the inspection tells them apart.
const (
	ClassNews      = "news"      // 动态要闻
	ClassNotice    = "notice"    // 通知公告
	ClassPolicy    = "policy"    // 政策文件
	ClassPersonnel = "personnel" // 人事信息
	ClassPlan      = "plan"      // 规划计划
	ClassOther     = "other"
)

// DeadLinks are faulty links a unit answers for.
type DeadLinks struct {
	Unit     string
	UnitName string
	Class    string // 死链, 内容死链, 错链 …
	Home     bool   // they stand on the home page
	Count    int    // distinct targets
	Doubtful bool   // a person has still to look at them; nothing is deducted
}

// Serious are grave faults, and which kinds were looked for.
type Serious struct {
	Looked []string
	Faults []SeriousFault
}

// SeriousFault is a grave fault of a kind.
type SeriousFault struct {
	Kind      string
	What      string // what and where, in Chinese
	Unit      string
	UnitName  string
	Confirmed bool // by a person; else it is only a sign
}

// Kinds of grave faults.
const (
	SeriousWording   = "wording" // a serious wrong expression
	SeriousSecret    = "secret"  // a state secret
	SeriousContent   = "content" // reactionary, violent, pornographic, or a link to it
	SeriousAttack    = "attack"  // tampering or a trojan that is not dealt with
	SeriousForgery   = "forgery" // forged, for instance publish dates
	SeriousOpinion   = "opinion" // bad management that caused public anger
	SeriousFalsehood = "false"   // false content
)

// Messages are the public's questions of the last year.
type Messages struct {
	Channel    bool // there is a way to ask
	Unanswered []Message
}

// Message is a valid question without an answer.
type Message struct {
	Received time.Time
	Unit     string
	UnitName string
}

// Services are the service guides.
type Services struct {
	Offered bool
	Guides  int // how many there are
	Short   int // how many lack at least as many kinds of elements as the clause says
}

// Accounts are the new-media accounts of who answers for the site.
type Accounts struct {
	Total  int
	Failed int // by what the clause is about: no update in 14 days, no way to answer, bought followers, unusable app
}

// Given is what a person counted or awarded for a clause.
type Given struct {
	Count    int
	Points   Points // of a bonus
	Evidence []string
}

// Package health watches the sites of the cluster and the links of what the
// portal has adopted. It promises that a finding rests on evidence that
// repeated, belongs to one unit that is told of it, and stays on file until the
// target recovered, the place was removed, or a person struck it off.
package health

import (
	"fmt"
	"strings"
	"time"

	"zhanqun/hub/health/urge"
	"zhanqun/protocol"
)

// Site is a registered site of the cluster.
type Site struct {
	ID       string `json:"id"`
	Unit     string `json:"unit"` // code of the responsible unit
	UnitName string `json:"unitName"`
	Name     string `json:"name"`
	URL      string `json:"url"`            // home page
	Code     string `json:"code,omitempty"` // 网站标识码, 10 digits, where it has one
	State    string `json:"state"`          // SiteNew, SiteOpen, SiteShut
	Pages    int    `json:"pages"`          // pages the last whole pass read
	Problem  string `json:"problem,omitempty"`
	Findings int    `json:"findings"` // open ones
	// Parent is the site or line it is said to hang on, by id. A line (a data centre,
	// a provider) is asked like a site and is none.
	Parent     string `json:"parent,omitempty"`
	ParentName string `json:"parentName,omitempty"`
	Line       bool   `json:"line,omitempty"`
	// A site that was closed for good or merged into another is kept and looked at no
	// more: since when, by whose word, and why. The last word stays when it is watched
	// again.
	ClosedAt   time.Time `json:"closedAt,omitzero"`
	ClosedBy   string    `json:"closedBy,omitempty"`
	ClosedNote string    `json:"closedNote,omitempty"`
	CreatedAt  time.Time `json:"createdAt"`
	ReadAt     time.Time `json:"readAt,omitzero"`
	NextAt     time.Time `json:"nextAt,omitzero"`
	WholeAt    time.Time `json:"wholeAt,omitzero"` // when a pass over the whole site ended last
	Cut        string    `json:"cut,omitempty"`    // the bound at which that pass left pages aside: pages, targets, file

	// The pass under way, as it stood after its last slice.
	PassBegan time.Time `json:"passBegan,omitzero"` // zero for none
	PassPages int       `json:"passPages,omitempty"`
	PassKnown int       `json:"passKnown,omitempty"` // addresses met
	PassAsked int       `json:"passAsked,omitempty"` // of these

	// Above is what a list calls the parent: its name or the address of its home page,
	// NoParent for none; empty leaves it as it is.
	Above string `json:"-"`
}

// Closed reports whether the site is looked at no more.
func (s Site) Closed() bool { return !s.ClosedAt.IsZero() }

// NoParent is what a list calls having no parent.
const NoParent = "-"

// States of a site.
const (
	SiteNew  = "new"  // registered, not read yet
	SiteOpen = "open" // its home page was read
	SiteShut = "shut" // its home page could not be read; Problem says why
)

// Place is where a target is named: on a page of a site or in an entry.
type Place struct {
	Target  string    `json:"target"`
	Owner   string    `json:"owner"` // "site:<id>" or "entry:<id>"
	Page    string    `json:"page"`  // address of the page
	Element string    `json:"element"`
	Label   string    `json:"label"`
	Unit    string    `json:"unit"` // who answers for it
	Item    string    `json:"item,omitempty"`
	SeenAt  time.Time `json:"seenAt"`
	// Pending says that the item has a newer text that waits for review.
	Pending bool `json:"pending,omitempty"`
}

// Finding is a confirmed fault a unit answers for: one dead target, and every
// place of the unit that names it. Where a whole host is silent, one finding
// stands for all its addresses. A site that is down and a column that is stale or
// blank are findings as well; their address is that of the site or the column.
type Finding struct {
	ID         string    `json:"id"`
	Kind       string    `json:"kind,omitempty"`    // what it is about: AboutSite, AboutColumn; empty for a link
	Subject    string    `json:"subject,omitempty"` // id of the incident or of the column it is about
	Target     string    `json:"target"`
	URL        string    `json:"url"`
	Unit       string    `json:"unit"`
	UnitName   string    `json:"unitName"`
	Node       string    `json:"node,omitempty"` // told through its down log; empty when the unit has none
	Site       string    `json:"site,omitempty"`
	SiteName   string    `json:"siteName,omitempty"`
	Item       string    `json:"item,omitempty"`
	State      string    `json:"state"` // protocol.Finding…
	Class      string    `json:"class"`
	Status     int       `json:"status,omitempty"` // HTTP status of the last look, 0 when none came
	Reason     string    `json:"reason"`
	Looks      int       `json:"looks"`
	Host       string    `json:"host,omitempty"` // the host that is silent as a whole, as far as was seen; with its port
	FirstBad   time.Time `json:"firstBad"`
	LastBad    time.Time `json:"lastBad"`
	Note       string    `json:"note,omitempty"`
	Answer     string    `json:"answer,omitempty"`
	OpenedAt   time.Time `json:"openedAt"`
	AnsweredAt time.Time `json:"answeredAt,omitzero"`
	ClosedAt   time.Time `json:"closedAt,omitzero"`
	UpdatedAt  time.Time `json:"updatedAt"`
	ToldAt     time.Time `json:"toldAt,omitzero"`  // when the unit's node was told first
	DueAt      time.Time `json:"dueAt,omitzero"`   // last moment of the last day
	Stage      string    `json:"stage,omitempty"`  // how far the unit was urged: protocol.Stage…
	Ending     string    `json:"ending,omitempty"` // why it is closed: protocol.Ending…
	Places     []Place   `json:"places,omitempty"` // the first ones
	Total      int       `json:"total,omitempty"`  // how many there are; set where Places are

	UrgeAt time.Time `json:"-"` // when the next stage is due; zero for never
	Mark   string    `json:"-"` // what the target showed when it was struck off
}

// Address is where the finding's target lies, without the mark by which hidden
// links and certificates are told from pages.
func (f Finding) Address() string {
	return strings.TrimSuffix(strings.TrimSuffix(f.URL, linkMark), certificateMark)
}

// Shown is what the finding is about as people read it: an address, or, of a
// certificate, whose it is.
func (f Finding) Shown() string {
	if host, ok := certificateHost(f.URL); ok {
		return fmt.Sprintf("%s 的证书", host)
	}
	return f.Address()
}

// Harmful reports whether nobody should follow the address.
func (f Finding) Harmful() bool { return f.Kind == "" && urge.Urgent(f.Class) }

// What a finding may be about beside a link.
const (
	AboutSite   = protocol.AboutSite   // a time in which a site was down
	AboutColumn = protocol.AboutColumn // a column that is stale or blank
)

// FindingFound is the state of what a machine suspects and a person has still to
// look at; the unit is not told before. It does not travel.
const FindingFound = "found"

// Waits reports whether the unit is the one to do something.
func (f Finding) Waits() bool {
	return f.State == protocol.FindingOpen || f.State == protocol.FindingRecheck
}

// Step is one line of a finding's history.
type Step struct {
	At   time.Time `json:"at"`
	Kind string    `json:"kind"` // a state of a finding, a stage, or StepDeadline, StepLapsed, StepOpinion
	Who  string    `json:"who"`  // 系统, or who answered or decided
	Note string    `json:"note,omitempty"`
}

// Steps that are neither a state nor a stage.
const (
	StepDeadline = "deadline" // a deadline was set
	StepLapsed   = "lapsed"   // the target changed, and with it the strike is over
	StepOpinion  = "opinion"  // what a township's node saw from its own line
)

// Closed reports whether nothing more is expected of the finding.
func (f Finding) Closed() bool {
	return f.State == protocol.FindingClosed || f.State == protocol.FindingStruck
}

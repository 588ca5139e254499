package rules

import (
	"slices"
	"strings"
	"time"
)

// Mark says how sure a clause's wording and numbers are.
type Mark string

// The marks.
const (
	Found     Mark = "F"  // found in a source that is named
	Known     Mark = "K"  // known, not compared with the text
	Reference Mark = "K?" // not confirmed: a setting of the county's own
)

// Label says in Chinese how a number may be called.
func (m Mark) Label() string {
	switch m {
	case Found:
		return "有出处"
	case Known:
		return "待核对原文"
	}
	return "县内参考值"
}

// Set is a rule set: the indicators of one inspection.
type Set struct {
	ID      string   `toml:"id" json:"id"`
	Name    string   `toml:"name" json:"name"`
	English string   `toml:"english" json:"english,omitempty"` // the name in English, our own translation
	Text    string   `toml:"text" json:"text"`                 // the document it follows, and its version
	Since   string   `toml:"since" json:"since"`               // first day it holds, 2019-04-01
	Extends string   `toml:"extends" json:"extends"`           // id of the set it changes; its clauses replace those of the same id
	Without []string `toml:"without" json:"without"`           // clauses of that set which do not hold
	Base    Points   `toml:"base" json:"base"`                 // what deductions are taken from
	Pass    Points   `toml:"pass" json:"pass"`                 // less than this fails
	Bonus   Bonus    `toml:"bonus" json:"bonus"`
	// PortalOnly says that only portals are scored; other sites just must not
	// fail a veto.
	PortalOnly bool `toml:"portal_only" json:"portalOnly"`
	// Windows is how a period is counted back: "calendar", or "days" with 180 for
	// half a year and 365 for a year, as a vendor's program does.
	Windows string   `toml:"windows" json:"windows"`
	Groups  []Group  `toml:"group" json:"groups"`
	Clauses []Clause `toml:"clause" json:"clauses"`

	since time.Time
}

// Bonus opens when the score is above a limit.
type Bonus struct {
	Above Points `toml:"above" json:"above"`
	Most  Points `toml:"most" json:"most"`
}

// Group is an indicator: its deductions together take no more than its points.
type Group struct {
	ID     string `toml:"id" json:"id"`
	Name   string `toml:"name" json:"name"`
	Points Points `toml:"points" json:"points"`
	Mark   Mark   `toml:"mark" json:"mark"`
	// Services says that the group does not apply to a site without services; the
	// rest is then raised to the base.
	Services bool `toml:"services" json:"services,omitempty"`
}

// Kinds of clauses: what is counted, and which facts it needs.
const (
	KindAvailability = "availability" // failed visits
	KindHome         = "home"         // new items on the home page
	KindStale        = "stale"        // columns without an update in their period
	KindOverdue      = "overdue"      // columns that should be kept up and were not for long
	KindBlank        = "blank"        // columns without content
	KindSerious      = "serious"      // grave faults, by kind
	KindUnanswered   = "unanswered"   // messages without an answer
	KindServices     = "services"     // service guides
	KindAccounts     = "accounts"     // new-media accounts that fail
	KindDeadHome     = "dead_home"    // faulty links on the home page
	KindDeadOther    = "dead_other"   // faulty links on other pages
	KindFewItems     = "few_items"    // too few new items on the home page
	KindFewActs      = "few_acts"     // too few surveys, interviews, letters
	KindGiven        = "given"        // what a person counted and entered
	KindBonus        = "bonus"        // what a person awarded
	KindClosedGuess  = "closed_guess" // signs that a site is closed or being rebuilt; warns only
)

// Clause is one rule with its numbers. Which of them mean something depends on
// the kind.
type Clause struct {
	ID    string `toml:"id" json:"id"`
	Title string `toml:"title" json:"title"`
	// English is our own translation of the title, for pages in English.
	English string `toml:"english" json:"english,omitempty"`
	Source  string `toml:"source" json:"source"`
	Mark    Mark   `toml:"mark" json:"mark"`
	Kind    string `toml:"kind" json:"kind"`
	Veto    bool   `toml:"veto" json:"veto,omitempty"`
	Group   string `toml:"group" json:"group,omitempty"`

	Parts    []Part   `toml:"part" json:"parts,omitempty"`         // of stale: which columns, and their period
	Period   Period   `toml:"period" json:"period,omitzero"`       // the window
	Limit    int      `toml:"limit" json:"limit,omitempty"`        // a count of this size fails
	Warn     int      `toml:"warn" json:"warn,omitempty"`          // a count of this size is warned of; home: days without an update
	WarnDays []int    `toml:"warn_days" json:"warnDays,omitempty"` // unanswered: ages in days that are warned of
	Share    Points   `toml:"share" json:"share,omitempty"`        // availability: this share in per cent fails
	NearTo   Points   `toml:"warn_share" json:"warnShare,omitempty"`
	PerDay   int      `toml:"per_day" json:"perDay,omitempty"`         // valid visits a day needs
	Points   Points   `toml:"points" json:"points,omitempty"`          // taken for each, or once
	None     Points   `toml:"points_none" json:"pointsNone,omitempty"` // few_acts: taken when there is none at all
	Least    int      `toml:"least" json:"least,omitempty"`            // fewer than this is too few
	Act      string   `toml:"act" json:"act,omitempty"`                // few_acts: letters, surveys, interviews
	Kinds    []string `toml:"kinds" json:"kinds,omitempty"`            // serious: which
	Classes  int      `toml:"classes" json:"classes,omitempty"`        // services: missing kinds of elements …
	Channel  bool     `toml:"channel" json:"channel,omitempty"`        // unanswered: there has to be a way to ask at all
	Whole    bool     `toml:"whole" json:"whole,omitempty"`            // availability: only whole per cents are taken
}

// Part selects columns of a clause by class and says how often they change.
type Part struct {
	Classes  []string `toml:"classes" json:"classes"` // "*" for every one
	Period   Period   `toml:"period" json:"period"`
	TopLevel bool     `toml:"top_level" json:"topLevel,omitempty"` // 一级栏目 only
	// OwnPeriod lets a period set for the column itself take the place of this one.
	OwnPeriod bool `toml:"own_period" json:"ownPeriod,omitempty"`
}

func (p Part) takes(c Column) bool {
	return (slices.Contains(p.Classes, "*") || slices.Contains(p.Classes, c.Class)) && (!p.TopLevel || c.TopLevel)
}

// Clause returns the clause of an id.
func (s *Set) Clause(id string) (Clause, bool) {
	for _, c := range s.Clauses {
		if c.ID == id {
			return c, true
		}
	}
	return Clause{}, false
}

// Official reports whether the clause may be called a rule of the inspection: it
// has a source and is no mere reference value.
func (c Clause) Official() bool { return c.Mark != Reference && strings.TrimSpace(c.Source) != "" }

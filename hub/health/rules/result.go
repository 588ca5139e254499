package rules

import "time"

// State is how a clause stands.
type State string

// The states, worst first.
const (
	Fallen       State = "fallen"       // the veto holds: the site fails
	Near         State = "near"         // warned of
	Insufficient State = "insufficient" // 样本不足
	Unchecked    State = "unchecked"    // not checked, or not all of it
	Clear        State = "clear"
)

// Outcome is what a site comes to.
type Outcome string

// The outcomes, worst first.
const (
	Vetoed     Outcome = "vetoed"     // a veto fell; scoring ends
	Failed     Outcome = "failed"     // below the pass mark, whatever is still to be checked
	Incomplete Outcome = "incomplete" // no fault that fails it, but not everything was checked
	Passed     Outcome = "passed"
)

// Result is a site judged by a rule set.
type Result struct {
	Set      string    `json:"set"`
	SetName  string    `json:"setName"`
	English  string    `json:"setEnglish,omitempty"` // SetName in English, our own translation
	Text     string    `json:"text"`
	Site     string    `json:"site"`
	Name     string    `json:"name"`
	Unit     string    `json:"unit"`
	UnitName string    `json:"unitName"`
	At       time.Time `json:"at"`
	Outcome  Outcome   `json:"outcome"`
	// Condition is how the site is kept up by the county's own numbers: fresh, stale,
	// sleeping, zombie, unknown, or empty; no rule of the inspection. Updated is the
	// newest day on which anything of it was updated.
	Condition string `json:"condition,omitempty"`
	Updated   string `json:"updated,omitempty"`
	Vetoes    []Veto `json:"vetoes"`
	Signs     []Veto `json:"signs,omitempty"` // warnings that are no vetoes
	Score     *Score `json:"score,omitempty"` // nil when a veto ended it or the site is not scored
	// Deductions stand also under a veto: the faults have to be mended all the same.
	Deductions []Deduction `json:"deductions"`
	Groups     []Taken     `json:"groups"`
	Falls      time.Time   `json:"falls,omitzero"`      // first day a veto falls if nothing changes
	FallsBy    string      `json:"fallsBy,omitempty"`   // by which clause
	Unchecked  []string    `json:"unchecked,omitempty"` // clauses that lack facts
	Lacks      []Lack      `json:"lacks,omitempty"`     // clauses of the scoring that lack facts, and why
}

// Ref names a clause in a result.
type Ref struct {
	Clause   string `json:"clause"`
	Title    string `json:"title"`
	English  string `json:"english,omitempty"` // our own translation of the title
	Source   string `json:"source,omitempty"`
	Mark     Mark   `json:"mark"`
	Official bool   `json:"official"`
}

func (c Clause) ref() Ref {
	return Ref{Clause: c.ID, Title: c.Title, English: c.English, Source: c.Source, Mark: c.Mark, Official: c.Official()}
}

// Veto is how a veto stands.
type Veto struct {
	Ref
	State State `json:"state"`
	// Count of Limit: columns, visits, messages, days, whatever the clause counts.
	Count     int       `json:"count"`
	Limit     int       `json:"limit"`
	Share     Points    `json:"share,omitempty"`     // availability: failed share in per cent
	Unchecked int       `json:"unchecked,omitempty"` // how much of the sample is not known
	Sample    int       `json:"sample"`              // how much was looked at
	From      time.Time `json:"from,omitzero"`       // window
	To        time.Time `json:"to,omitzero"`
	Says      string    `json:"says"` // in one Chinese sentence
	Owners    []Owner   `json:"owners,omitempty"`
	Falls     time.Time `json:"falls,omitzero"` // day on which it falls if nothing changes
	Next      []Item    `json:"next,omitempty"` // what will make it fall, soonest first

	kind string
}

// Kind is what the clause counts: one of the kinds of clauses.
func (v Veto) Kind() string { return v.kind }

// Left is how much more makes the veto fall; 0 when it has.
func (v Veto) Left() int { return max(v.Limit-v.Count, 0) }

// Distance says how far a veto is that is near: 还差 2 个栏目; else "".
func (v Veto) Distance() string { return Distance(v.State, v.kind, v.Left()) }

// Owner is the part of a count that a unit answers for.
type Owner struct {
	Unit     string `json:"unit"`
	UnitName string `json:"unitName"`
	Count    int    `json:"count"`
	Items    []Item `json:"items,omitempty"`
}

// Item is one thing counted, or about to be.
type Item struct {
	ID       string    `json:"id,omitempty"`
	Name     string    `json:"name"`
	Unit     string    `json:"unit,omitempty"`
	UnitName string    `json:"unitName,omitempty"`
	Latest   time.Time `json:"latest,omitzero"` // its last update
	On       time.Time `json:"on,omitzero"`     // day from which it counts
}

// Deduction is what one clause takes.
type Deduction struct {
	Ref
	Group    string   `json:"group"`
	Count    int      `json:"count"`
	Each     Points   `json:"each"`
	Points   Points   `json:"points"` // before the cap of the group
	Evidence []string `json:"evidence,omitempty"`
	Owners   []Owner  `json:"owners,omitempty"`

	kind string
}

// Taken is what a group comes to.
type Taken struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	Points    Points   `json:"points"` // it is worth
	Taken     Points   `json:"taken"`  // after the cap
	Full      Points   `json:"full"`   // before it
	Skipped   bool     `json:"skipped,omitempty"`
	Official  bool     `json:"official"`
	Unchecked []string `json:"unchecked,omitempty"` // clauses that lack facts
}

// Score is what the scoring comes to.
type Score struct {
	Base     Points `json:"base"`
	Taken    Points `json:"taken"`
	Points   Points `json:"points"` // without the bonus
	Pass     Points `json:"pass"`
	Scaled   bool   `json:"scaled,omitempty"` // raised because a group does not apply
	Complete bool   `json:"complete"`         // false: what is not checked may still take more
	Bonus    Points `json:"bonus"`            // 0 while the part is not open
	Open     bool   `json:"bonusOpen"`
	Total    Points `json:"total"`
}

package ranking

import (
	"cmp"
	"slices"
	"time"

	"zhanqun/hub/catalog"
)

// Line is what one unit did in a period and what became of it.
type Line struct {
	Rank      int            `json:"rank,omitempty"` // 1 is best; villages have none
	Unit      string         `json:"unit"`
	Name      string         `json:"name"`
	Level     string         `json:"level"`
	Parent    string         `json:"parent,omitempty"` // of a village: its township
	Submitted int            `json:"submitted"`
	Adopted   int            `json:"adopted"`   // by the county's portal
	AdoptedBy map[string]int `json:"adoptedBy"` // by outlet, the county included
	Columns   map[string]int `json:"columns"`   // adopted by the county, by column
	Returned  int            `json:"returned"`
	Rejected  int            `json:"rejected"`
	Withdrawn int            `json:"withdrawn"`
	Points    Tenths         `json:"points"`
}

// Entry is one line of a unit's ledger: why it has these points.
type Entry struct {
	At         time.Time `json:"at"`
	Kind       string    `json:"kind"` // Adopted, Withdrawn, or Rejected after an emergency
	Item       string    `json:"item"`
	Title      string    `json:"title"`
	Origin     string    `json:"origin,omitempty"`
	OriginName string    `json:"originName,omitempty"`
	Outlet     string    `json:"outlet,omitempty"`
	URL        string    `json:"url,omitempty"`
	Columns    []string  `json:"columns"`
	Sources    int       `json:"sources,omitempty"` // items of the entry, if more than one
	Reason     string    `json:"reason,omitempty"`  // of a withdrawal
	Points     Tenths    `json:"points"`
	Rule       string    `json:"rule"` // id of the rule it was worth that by
}

// Table is the ranking of one period.
type Table struct {
	Period      Period `json:"period"`
	Rules       []Used `json:"rules"` // those the points were given by
	Townships   []Line `json:"townships"`
	Departments []Line `json:"departments"`
	Villages    []Line `json:"villages"` // those that sent something in, by township
	// Ledger explains the points of the one unit it was asked for.
	Ledger []Entry `json:"ledger,omitempty"`
	// LedgerCut says that the ledger holds the latest entries only.
	LedgerCut bool `json:"ledgerCut,omitempty"`
}

// Used names a rule. Official is always false: it says so to who reads the JSON.
type Used struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Since    string `json:"since"`
	Official bool   `json:"official"`
}

// maxLedger bounds the ledger of one unit.
const maxLedger = 5000

// Counter makes a table out of facts, one by one, so that only the table is kept.
type Counter struct {
	period Period
	rules  Rules
	ledger string // unit or village to keep the ledger of; "" for none
	lines  map[string]*Line
	used   map[string]*Rule
	book   []Entry
	cut    bool
}

// NewCounter returns a counter for a period. units are listed even if nothing
// happened to them; ledger is the code of the unit whose points are explained,
// or empty.
func NewCounter(p Period, rules Rules, units []catalog.Unit, ledger string) *Counter {
	c := &Counter{period: p, rules: rules, ledger: ledger, lines: map[string]*Line{}, used: map[string]*Rule{}}
	for _, u := range units {
		c.line(u.Code, u.Name, u.Level, "")
	}
	// A table in which nothing happened still says by what it would have counted.
	c.use(rules.At(p.From))
	return c
}

func (c *Counter) line(code, name, level, parent string) *Line {
	l := c.lines[code]
	if l == nil {
		if name == "" {
			name = code
		}
		l = &Line{Unit: code, Name: name, Level: level, Parent: parent, AdoptedBy: map[string]int{}, Columns: map[string]int{}}
		c.lines[code] = l
	}
	return l
}

func (c *Counter) use(r *Rule) *Rule {
	c.used[r.ID] = r
	return r
}

// Add counts one fact, for its unit and its village.
func (c *Counter) Add(f Fact) {
	points := Tenths(0)
	var rule *Rule
	scored := f.Kind == Adopted || !f.AdoptedAt.IsZero()
	if scored {
		rule = c.use(c.rules.At(f.At))
		points = c.rules.worth(f)
	}
	c.line(f.Unit, f.UnitName, f.UnitLevel, "").count(f, points)
	if f.Origin != "" && f.Origin != f.Unit {
		c.line(f.Origin, f.OriginName, catalog.LevelVillage, f.Unit).count(f, points)
	}
	if !scored || c.ledger == "" || c.ledger != f.Unit && c.ledger != f.Origin {
		return
	}
	e := Entry{At: f.At, Kind: f.Kind, Item: f.Item, Title: f.Title, Origin: f.Origin, OriginName: f.OriginName, Outlet: f.Outlet, URL: f.URL,
		Columns: f.Columns, Reason: f.Reason, Points: points, Rule: rule.ID}
	if e.Columns == nil {
		e.Columns = []string{}
	}
	if f.Sources > 1 {
		e.Sources = f.Sources
	}
	c.book = append(c.book, e)
	if len(c.book) >= 2*maxLedger {
		c.trim()
	}
}

// trim keeps the latest entries of the ledger.
func (c *Counter) trim() {
	slices.SortFunc(c.book, func(a, b Entry) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.Item, b.Item), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Outlet, b.Outlet), cmp.Compare(a.URL, b.URL))
	})
	if len(c.book) > maxLedger {
		c.book, c.cut = c.book[:maxLedger], true
	}
}

// worth is what a fact earns, or takes back: what was earned by the rule of that
// day, if the rule of this day says so.
func (l Rules) worth(f Fact) Tenths {
	r := l.At(f.At)
	if f.Kind == Adopted {
		return r.adopted(f.Outlet, f.Columns, f.Sources)
	}
	earned := l.At(f.AdoptedAt).adopted(catalog.OutletCounty, f.Columns, f.Sources)
	if f.Kind == Rejected { // what never passed all its steps earned nothing
		return -earned
	}
	reason := f.Reason
	if reason == "" {
		reason = UnitReason
	}
	if !slices.Contains(r.Annul, reason) {
		return 0
	}
	return r.Penalty - earned
}

func (l *Line) count(f Fact, points Tenths) {
	l.Points += points
	switch f.Kind {
	case Submitted:
		l.Submitted++
	case Adopted:
		l.AdoptedBy[f.Outlet]++
		if f.Outlet == catalog.OutletCounty {
			l.Adopted++
			for _, column := range f.Columns {
				l.Columns[column]++
			}
		}
	case Returned:
		l.Returned++
	case Rejected:
		l.Rejected++
	case Withdrawn:
		l.Withdrawn++
	}
}

// Table returns the table of what was counted.
func (c *Counter) Table() Table {
	t := Table{Period: c.period, Rules: []Used{}, Townships: []Line{}, Departments: []Line{}, Villages: []Line{}}
	for _, l := range c.lines {
		switch l.Level {
		case catalog.LevelVillage:
			t.Villages = append(t.Villages, *l)
		case catalog.LevelTownship:
			t.Townships = append(t.Townships, *l)
		default:
			t.Departments = append(t.Departments, *l)
		}
	}
	rank(t.Townships)
	rank(t.Departments)
	slices.SortFunc(t.Villages, func(a, b Line) int {
		return cmp.Or(cmp.Compare(a.Parent, b.Parent), cmp.Compare(b.Points, a.Points), cmp.Compare(a.Unit, b.Unit))
	})
	for _, r := range c.rules {
		if c.used[r.ID] != nil {
			t.Rules = append(t.Rules, Used{ID: r.ID, Name: r.Name, Since: r.Since})
		}
	}
	if c.ledger != "" {
		c.trim()
		t.Ledger, t.LedgerCut = c.book, c.cut
	}
	return t
}

// rank orders lines by points. Equal points share a rank and the next one is
// skipped; among them the order is that of the codes.
func rank(lines []Line) {
	slices.SortFunc(lines, func(a, b Line) int { return cmp.Or(cmp.Compare(b.Points, a.Points), cmp.Compare(a.Unit, b.Unit)) })
	for i := range lines {
		lines[i].Rank = i + 1
		if i > 0 && lines[i].Points == lines[i-1].Points {
			lines[i].Rank = lines[i-1].Rank
		}
	}
}

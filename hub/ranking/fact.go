package ranking

import "time"

// Kinds of facts.
const (
	Submitted = "submitted"
	Adopted   = "adopted"
	Returned  = "returned"
	Rejected  = "rejected"
	Withdrawn = "withdrawn"
)

// Fact is one thing that happened to an item in a period, as the store reads it.
type Fact struct {
	Kind       string
	At         time.Time
	Item       string
	Title      string
	Unit       string // township or department
	UnitName   string
	UnitLevel  string // a level of catalog.Unit
	Origin     string // village, or ""
	OriginName string
	Outlet     string   // adopted: by whom
	URL        string   // adopted: where
	Columns    []string // of what was adopted, then or before: slugs of the columns its entry stands or stood in
	Sources    int      // the same: how many items its entry is made of
	Reason     string   // withdrawn: a code of protocol.Reasons; empty when the unit itself did it
	// AdoptedAt is, for a withdrawn or rejected item, when the county had adopted
	// it; zero if it had not. A rejected one was published in an emergency.
	AdoptedAt time.Time
}

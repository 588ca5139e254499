package uptime

import "time"

// Offline is an announced time off line (临时下线): its visits count neither way.
type Offline struct {
	ID   string    `json:"id"`
	Site string    `json:"site"`
	From time.Time `json:"from"`
	To   time.Time `json:"to"` // the first moment it is over
	Why  string    `json:"why"`
	Who  string    `json:"who"` // entered it
	At   time.Time `json:"at"`  // was entered
}

// MostOffline is the longest time off line a year that is usual. The number is
// not confirmed by an official text that we have seen.
const MostOffline = 30 * 24 * time.Hour

// Covers reports whether the time off line holds at t.
func (o Offline) Covers(t time.Time) bool { return !t.Before(o.From) && t.Before(o.To) }

// Covered returns the first of several that holds at t.
func Covered(list []Offline, t time.Time) (Offline, bool) {
	for _, o := range list {
		if o.Covers(t) {
			return o, true
		}
	}
	return Offline{}, false
}

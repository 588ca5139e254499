package fresh

import "time"

// Condition is a state put into the words of an inspection: how badly a column
// or a site is neglected.
type Condition string

// The conditions, best first.
const (
	InTime   Condition = "fresh"    // updated in time
	Overdue  Condition = "stale"    // 超期: not updated within its period
	Sleeping Condition = "sleeping" // 睡眠: overdue for so long that nobody seems to look after it
	Empty    Condition = "blank"    // 空白: holds nothing
	Zombie   Condition = "zombie"   // 僵尸 (a site): opens, and all of it sleeps or is empty
	NotKnown Condition = "unknown"
)

// Label is the condition's name in Chinese.
func (c Condition) Label() string {
	return map[Condition]string{
		InTime: "按时更新", Overdue: "超期未更新", Sleeping: "睡眠", Empty: "空白", Zombie: "僵尸", NotKnown: "无法判断",
	}[c]
}

// Limits say when neglect becomes sleep. There is no official figure: these are
// settings of the county's own. Zero values mean their defaults.
type Limits struct {
	ColumnSleeps int // days without an update; 365
	SiteSleeps   int // days without an update in any column; 180
	SiteZombie   int // the same, for a site that may as well be closed; 365
}

// Set returns the limits with the defaults in the place of zeros.
func (l Limits) Set() Limits {
	for at, days := range map[*int]int{&l.ColumnSleeps: 365, &l.SiteSleeps: 180, &l.SiteZombie: 365} {
		if *at == 0 {
			*at = days
		}
	}
	return l
}

// ColumnCondition tells a column that is late from one that sleeps.
func ColumnCondition(s State, last Day, now time.Time, l Limits) Condition {
	switch s {
	case Fresh:
		return InTime
	case Blank:
		return Empty
	case Stale:
		if last == "" || last < DayOf(now).Add(-l.Set().ColumnSleeps) {
			return Sleeping
		}
		return Overdue
	}
	return NotKnown
}

// Standing is what a site's condition needs to know of a column.
type Standing struct {
	State State
	Last  Day
}

// SiteCondition judges a site that opens by its columns, those left out that
// need no updates. A column that could not be read may hold anything, so that
// it keeps a site from being called asleep.
func SiteCondition(columns []Standing, now time.Time, l Limits) Condition {
	l = l.Set()
	newest, unknown := Day(""), 0
	for _, c := range columns {
		if c.State == Unknown || c.State == "" {
			unknown++
		}
		newest = max(newest, c.Last)
	}
	today := DayOf(now)
	switch {
	case newest >= today.Add(-l.SiteSleeps):
		for _, c := range columns {
			if c.State == Stale {
				return Overdue
			}
		}
		return InTime
	case unknown > 0 || len(columns) == 0:
		return NotKnown
	case newest < today.Add(-l.SiteZombie):
		return Zombie
	}
	return Sleeping
}

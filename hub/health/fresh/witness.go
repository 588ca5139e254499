package fresh

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"zhanqun/internal/oneline"
)

// Seen is what is remembered of one item of a column.
type Seen struct {
	Key   string    `json:"k"`           // of its address
	Title string    `json:"t"`           // of its title
	First time.Time `json:"f"`           // when it was first seen
	Last  time.Time `json:"l"`           // when it was last seen
	Day   Day       `json:"d"`           // the date that counts for it
	Odd   Flag      `json:"o,omitempty"` // what was wrong with its date when it appeared
}

// History is what earlier readings of a column leave to the next: the second
// witness. Its zero value is a column that was never read.
type History struct {
	ReadAt time.Time `json:"readAt,omitzero"` // of the last reading that found items
	Oldest Day       `json:"oldest"`          // the oldest date on the page then
	Seen   []Seen    `json:"seen,omitempty"`
}

// maxSeen bounds a history.
const maxSeen = 300

// WeighOptions are the settings of the second witness. Zero values mean their
// defaults.
type WeighOptions struct {
	// Grace is how many days an item may appear after the date it bears: it
	// was approved late, or published in the evening. Default 7.
	Grace int
	// Synced returns the day on which an item came out through the hub, none
	// for items the hub does not know. That day holds, whatever the page says.
	Synced func(Item) Day
}

// Weigh judges reading r again with the second witness, the times at which the
// items were first seen, and returns it with the history for the next time.
//
// An item counts with the date it bore when it was first seen. One that shows
// a newer date since is marked FlagRestamped and keeps its old one; one that
// appears with a date long past, older than the last reading that should have
// seen it, is FlagBackDated and does not count; nor does one that is or was
// dated ahead. The first reading of a column believes what is printed.
func Weigh(h History, r Reading, o WeighOptions) (Reading, History) {
	if len(r.Items) == 0 {
		return r, h
	}
	if o.Grace == 0 {
		o.Grace = 7
	}
	w := &weighing{h: h, o: o, now: r.CheckedAt, known: map[string]*Seen{}, titles: map[string]*Seen{}}
	for i := range w.h.Seen {
		s := &w.h.Seen[i]
		w.known[s.Key] = s
		if s.Title != "" && (w.titles[s.Title] == nil || w.titles[s.Title].Day < s.Day) {
			w.titles[s.Title] = s
		}
	}
	r.Items = slices.Clone(r.Items)
	w.onPage = map[string]bool{}
	for _, it := range r.Items {
		w.onPage[keyOf(it)] = true
	}
	var next []Seen
	for i := range r.Items {
		next = append(next, w.item(&r.Items[i]))
	}
	h = History{ReadAt: r.CheckedAt, Seen: keep(next, h.Seen, w.onPage), Oldest: oldest(r.Items)}
	weighed := r
	weighed.Evidence = slices.Clone(r.Evidence[:min(r.grounds, len(r.Evidence))])
	weighed.Facts = slices.Clone(r.Facts[:min(r.grounds, len(r.Facts))])
	if weighed.settle() {
		r = weighed
	}
	return r, h
}

type weighing struct {
	h      History
	o      WeighOptions
	now    time.Time
	known  map[string]*Seen
	titles map[string]*Seen
	onPage map[string]bool
}

// item marks one item and returns what to remember of it.
func (w *weighing) item(it *Item) Seen {
	s := Seen{Key: keyOf(*it), Title: hash(it.Title), First: w.now, Last: w.now, Day: it.Day}
	old := w.known[s.Key]
	if old != nil {
		s.First = old.First
	}
	if w.o.Synced != nil {
		if day := w.o.Synced(*it); day != "" {
			it.Day, it.Place, it.Text, it.Flags = day, PlaceHub, string(day), nil
			s.Day = day
			return s
		}
	}
	before := w.before(*it, old)
	switch {
	case it.Day == "":
		if old != nil {
			s.Day, s.Odd = old.Day, old.Odd
		}
	case it.Has(FlagFuture):
		s.Odd = FlagFuture
	case before != nil && it.Day > max(before.Day, DayOf(before.First)).Add(1):
		// Its first date holds on, so that the new one is noticed each time.
		it.Day = before.Day
		it.mark(FlagRestamped)
		s.Day, s.First = before.Day, before.First
	case old != nil && old.Odd != "" && it.Day == old.Day,
		old != nil && old.Odd == FlagBackDated && it.Day < DayOf(old.First).Add(-w.o.Grace):
		s.Odd = old.Odd
		it.mark(old.Odd)
	case old == nil && w.h.Oldest != "" && it.Day > w.h.Oldest && it.Day < DayOf(w.h.ReadAt).Add(-w.o.Grace):
		s.Odd = FlagBackDated
		it.mark(FlagBackDated)
	}
	return s
}

// before returns what was known of the item under this or, if it was taken away
// and put up again, another address.
func (w *weighing) before(it Item, old *Seen) *Seen {
	if old != nil {
		return old
	}
	before := w.titles[hash(it.Title)]
	if before == nil || len([]rune(it.Title)) < 8 || w.onPage[before.Key] || !before.Last.Equal(w.h.ReadAt) || before.Day == "" {
		return nil // titles recur: weather, vacancies, stoppages
	}
	// It would still be on the page if older ones are.
	for key := range w.onPage {
		if s := w.known[key]; s != nil && s.Day != "" && s.Day < before.Day {
			return before
		}
	}
	return nil
}

func (i *Item) mark(f Flag) {
	if !i.Has(f) {
		i.Flags = append(i.Flags, f)
	}
}

// keep joins what is on the page with the newest of what was.
func keep(now, before []Seen, onPage map[string]bool) []Seen {
	for _, s := range before {
		if !onPage[s.Key] {
			now = append(now, s)
		}
	}
	if len(now) > maxSeen {
		slices.SortStableFunc(now, func(a, b Seen) int { return b.Last.Compare(a.Last) })
		now = now[:maxSeen]
	}
	return now
}

func oldest(items []Item) Day {
	var day Day
	for _, it := range items {
		if it.Day != "" && (day == "" || it.Day < day) {
			day = it.Day
		}
	}
	return day
}

func keyOf(it Item) string { return hash(oneline.First(it.URL, it.Title)) }

// Days returns the days of the items a history remembers, as far as they can be
// believed, by what DayIn looks up.
func (h History) Days() map[string]Day {
	days := make(map[string]Day, len(h.Seen))
	for _, s := range h.Seen {
		if s.Day != "" && s.Odd == "" {
			days[s.Key] = s.Day
		}
	}
	return days
}

// DayIn returns the day of an item in the days of a history, none if it is not
// among them.
func DayIn(days map[string]Day, it Item) Day { return days[keyOf(it)] }

func hash(s string) string {
	if s == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:8])
}

package crawl

import (
	"math/bits"
	"slices"
	"strings"

	"zhanqun/hub/health/linkcheck"
)

const (
	// barrenRow is how many pages of one shape in a row may bring nothing new
	// before the site is asked whether there is an end to them. A year of
	// months and a page of results more are among them.
	barrenRow = 30
	// longChain is how many pages of one shape may follow on each other.
	longChain = 100
	// manyKin is how many pages of one shape there may be before the site is
	// asked whether there is an end to them.
	manyKin = 300
	// filterPages is over how many pages of one path the share of those is
	// taken that show nothing new.
	filterPages = 100

	maxFamilies = 5000
	maxKnown    = 20_000 // pieces of text remembered of one path
	votesNeeded = 5
	votesUnsure = 30 // where values are short
)

// traps watches the pages of a site for signs that they have no end.
type traps struct {
	families map[uint64]*family // by fingerprint of the shape
	filters  map[string]*filter // by filterKey
	nests    map[string]*family // by top folder: does it nest without end?
	areas    map[string]*area   // by name
	crowd    *area              // all beyond those
	whole    *area              // the site; once there is no end to it, all areas but those the home page leads to
	sums     map[uint64]uint32  // text of a page → the first page that shows it
	votes    map[string]int
	noise    map[string]bool // parts of addresses that mean nothing; see difference
}

// family is the pages of one shape.
type family struct {
	recent [24]uint64 // texts without digits, the last ones that were new
	n      uint32
	pages  int
	words  int    // of a page, on the average of late
	barren uint32 // pages in a row that were not
	sample string // the first of its addresses
	last   string // and the one before
	asked  int    // how often its end was asked for
	state  uint8
	kind   string // of trap, if it is one
}

// What is known of a family's end.
const (
	endUnknown = iota
	endAsked   // a far address is being asked
	endFinite
	endOpen // whatever is asked for is there
)

// filter is the pages that one set of filters makes.
type filter struct {
	known  map[uint64]struct{}
	barren uint64 // last pages, one bit each
	more   uint64
	asked  int
	open   bool
}

func newTraps() *traps {
	return &traps{families: map[uint64]*family{}, filters: map[string]*filter{}, nests: map[string]*family{}, areas: map[string]*area{}, crowd: &area{}, whole: &area{}, sums: map[uint64]uint32{}, votes: map[string]int{}, noise: map[string]bool{}}
}

// family returns the family of an address; nil if it has none.
func (t *traps) family(address string) *family {
	shape, ok := shapeOf(address)
	if !ok {
		return nil
	}
	key := fingerprint(shape)
	f := t.families[key]
	if f == nil {
		if len(t.families) >= maxFamilies {
			for k, old := range t.families {
				if old.state == endUnknown && old.barren == 0 {
					delete(t.families, k)
				}
			}
		}
		if len(t.families) >= 2*maxFamilies {
			return nil
		}
		f = &family{sample: address}
		t.families[key] = f
	}
	return f
}

// suspicious tells whether it is time to ask for the family's end: there have
// been many barren pages in a row, or a long chain. If an end was found the
// question is put again when there are many more.
func (f *family) suspicious(chain int) bool {
	if f.state != endUnknown && f.state != endFinite || f.asked >= 4 {
		return false
	}
	patience := 1 << (3 * f.asked)
	return int(f.barren) >= barrenRow*patience || chain >= longChain*patience || f.pages >= manyKin*patience
}

// see takes in the text of a page, without digits, and tells whether the family
// has shown it before.
func (f *family) see(plain uint64) (barren bool) {
	if slices.Contains(f.recent[:min(f.n, uint32(len(f.recent)))], plain) {
		f.barren++
		return true
	}
	f.recent[f.n%uint32(len(f.recent))] = plain
	f.n++
	f.barren = 0
	return false
}

// filterKey names the set of filters that may have made an address: its path if
// the values are in the query, else its shape; empty if there are too few.
func filterKey(address string) string {
	switch p := locate(address); {
	case !linkcheck.SeveralValues(p.path, p.query):
		return ""
	case p.query != "":
		return p.path
	}
	shape, _ := shapeOf(address)
	return shape
}

// filtered returns the filter a page belongs to; nil if there is none.
func (t *traps) filtered(address string, links []linkcheck.Link) *filter {
	key := filterKey(address)
	if key == "" || !strings.Contains(address, "?") && !swaps(address, key, links) {
		return nil
	}
	f := t.filters[key]
	if f == nil {
		if len(t.filters) >= 200 {
			return nil
		}
		f = &filter{known: map[uint64]struct{}{}}
		t.filters[key] = f
	}
	return f
}

// swaps tells whether a page leads to others of its shape in each of which one
// number of its own is another, and not always the same one. That is what a row of
// filters does; articles lead to the next one.
func swaps(address, shape string, links []linkcheck.Link) bool {
	own := numbersIn(address[len(locate(address).origin):])
	var places uint64
	for i := range links {
		theirs := links[i].URL
		if s, ok := shapeOf(theirs); !ok || s != shape {
			continue
		}
		at := -1
		for k, n := range numbersIn(theirs[len(locate(theirs).origin):]) {
			switch {
			case k < len(own) && n.text == own[k].text:
			case at >= 0:
				at = len(own) // more than one
			default:
				at = k
			}
		}
		if at >= 0 && at < len(own) {
			places |= 1 << min(at, 63)
		}
	}
	return bits.OnesCount64(places) >= 3
}

// valuesOf is how many filters an address sets.
func valuesOf(address string) int {
	if p := locate(address); p.query != "" {
		return 1 + strings.Count(p.query, "&")
	}
	return len(numbersIn(address[len(locate(address).origin):]))
}

// see takes in the pieces of text of a page under values filters and tells
// whether there was anything new. With many filters, a line or two that say
// which ones are set do not count.
func (f *filter) see(pieces []uint64, values int) (barren bool) {
	fresh := 0
	for _, p := range pieces {
		if _, ok := f.known[p]; !ok {
			fresh++
			if len(f.known) < maxKnown {
				f.known[p] = struct{}{}
			}
		}
	}
	barren = fresh == 0 || values >= 3 && fresh <= 2 && len(pieces) >= 5
	carry := f.barren >> 63
	f.barren <<= 1
	if barren {
		f.barren |= 1
	}
	f.more = f.more<<1 | carry
	f.asked++
	if f.asked >= filterPages && ones(f.barren)+ones(f.more&(1<<(filterPages-64)-1)) >= filterPages*9/10 {
		f.open = true
	}
	return barren
}

func ones(x uint64) (n int) {
	for ; x != 0; x &= x - 1 {
		n++
	}
	return n
}

// vote takes in that two addresses show the same text and differ in one place
// only. It reports whether that place is now known to mean nothing.
func (t *traps) vote(a, b string) bool {
	where, sure, ok := difference(locate(a), locate(b))
	if !ok || t.noise[where] {
		return false
	}
	needed := votesNeeded
	if !sure {
		needed = votesUnsure
	}
	if t.votes[where]++; t.votes[where] < needed || len(t.noise) >= 8 {
		return false
	}
	t.noise[where] = true
	return true
}

// crowded tells whether a query has more values than a person sets, or one of
// them again and again.
func crowded(query string) bool {
	list := strings.Split(query, "&")
	if len(list) > 16 {
		return true
	}
	times := map[string]int{}
	for _, one := range list {
		name, _, _ := strings.Cut(one, "=")
		if times[name]++; times[name] > 4 && !strings.HasSuffix(name, "[]") && !strings.HasSuffix(name, "%5B%5D") {
			return true
		}
	}
	return false
}

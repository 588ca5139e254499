package crawl

// Where an address is on its way.
const (
	stateWaiting = iota // in the queue of its host
	stateAsked          // a worker has it
	stateAgain          // failed, to be asked once more
	stateCut            // one of endless addresses; asked only if a better page names it
	stateKnown          // settled
)

// Flags of an address.
const (
	flagPage  = 1 << iota // some page links to it, rather than loads it
	flagSite              // it is on the site
	flagEmpty             // only pages that bring nothing new name it
	flagPlain             // settled: 200, at this very address, nothing to say
	flagRead              // links were taken from it
	flagKin               // only pages of its own shape name it
	flagNear              // only pages of its own area name it
)

// entry is what is kept in memory of one address, 48 bytes with its slot.
type entry struct {
	mark  uint64 // fingerprint of the identity
	url   int64  // where its T record stands
	at    int64  // the last mention that waits for it; once settled, its R record
	next  uint32 // in the queue of its host, plus one
	host  uint32
	depth uint16
	chain uint16 // how many pages of one shape in a row led here
	state uint8
	flags uint8
	looks uint8
	lane  uint8 // of its host's queue
}

// segment is how many entries are allocated at once.
const segment = 4096

// table holds the addresses known, numbered in the order they were found, and
// finds them by fingerprint. Two addresses of one fingerprint are taken for one;
// with 64 bits, that happens once in some ten million sites of a million
// addresses.
type table struct {
	segments []*[segment]entry
	n        uint32
	slots    []uint32 // number plus one, 0 for free; open addressing
}

func newTable() *table { return &table{slots: make([]uint32, 4096)} }

func (t *table) get(id uint32) *entry { return &t.segments[id/segment][id%segment] }

// find returns the number of the address with a fingerprint.
func (t *table) find(mark uint64) (uint32, bool) {
	mask := uint64(len(t.slots) - 1)
	for i := mark & mask; ; i = (i + 1) & mask {
		id := t.slots[i]
		if id == 0 {
			return 0, false
		}
		if t.get(id-1).mark == mark {
			return id - 1, true
		}
	}
}

// add enters a new address.
func (t *table) add(mark uint64) (uint32, *entry) {
	if 4*uint64(t.n) >= 3*uint64(len(t.slots)) {
		t.grow()
	}
	if t.n%segment == 0 {
		t.segments = append(t.segments, new([segment]entry))
	}
	id := t.n
	t.n++
	e := t.get(id)
	e.mark = mark
	t.place(id, mark)
	return id, e
}

func (t *table) place(id uint32, mark uint64) {
	mask := uint64(len(t.slots) - 1)
	i := mark & mask
	for t.slots[i] != 0 {
		i = (i + 1) & mask
	}
	t.slots[i] = id + 1
}

func (t *table) grow() {
	t.slots = make([]uint32, 2*len(t.slots))
	for id := range t.n {
		t.place(id, t.get(id).mark)
	}
}

// fingerprint is FNV-1a with its bits mixed, 64 bits.
func fingerprint(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	return h ^ h>>32
}

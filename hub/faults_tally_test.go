package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// tally is what the people of a county were told, and what befell them. It is
// what both ends are held against in the end.
type tally struct {
	mu     sync.Mutex
	items  []*handed
	ruled  []judged
	faults map[mishap]int
	words  map[string]string // how programs say that they cannot
	cut    int               // requests nobody answered
	later  int               // requests that were answered: not now
	proof  []string          // what was looked at
}

// handed is an item whose clerk has it acknowledged.
type handed struct {
	town     int
	id       string
	file     string // SHA-256 of its attachment, or empty
	submits  []submit
	withdraw time.Time // when its withdrawal was acknowledged
}

// submit is one revision of it.
type submit struct {
	revision     int
	title        string
	asked, acked time.Time
}

// judged is a decision the desk has acknowledged.
type judged struct {
	item     string
	revision int
	action   string
}

func newTally() *tally { return &tally{faults: map[mishap]int{}, words: map[string]string{}} }

func (y *tally) fault(kind mishap) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.faults[kind]++
}

func (y *tally) word(about string, err error) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.words[about] = strings.TrimSpace(err.Error())
}

func (y *tally) saw(format string, v ...any) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.proof = append(y.proof, fmt.Sprintf(format, v...))
}

// change lets f change what is counted.
func (y *tally) change(f func(y *tally)) {
	y.mu.Lock()
	defer y.mu.Unlock()
	f(y)
}

func (y *tally) String() string {
	y.mu.Lock()
	defer y.mu.Unlock()
	var b strings.Builder
	total := 0
	for _, kind := range slices.Sorted(maps.Keys(y.faults)) {
		fmt.Fprintf(&b, "%6d  %s\n", y.faults[kind], kind)
		total += y.faults[kind]
	}
	submits, files, withdrawn := 0, 0, 0
	for _, h := range y.items {
		submits += len(h.submits)
		files += min(len(h.file), 1)
		if !h.withdraw.IsZero() {
			withdrawn++
		}
	}
	fmt.Fprintf(&b, "%6d  faults in all\nacknowledged: %d items in %d submits, %d files, %d withdrawals, %d decisions; %d requests without an answer, %d put off\nchecked: %s",
		total, len(y.items), submits, files, withdrawn, len(y.ruled), y.cut, y.later, strings.Join(y.proof, "; "))
	for _, about := range slices.Sorted(maps.Keys(y.words)) {
		fmt.Fprintf(&b, "\nsaid by %s: %s", about, y.words[about])
	}
	return b.String()
}

package main

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"
)

// mishap is a kind of fault.
type mishap string

const (
	hubKilled    mishap = "hub killed"
	hubTwice     mishap = "second hub on the data folder"
	hubFull      mishap = "hub's disk full"
	hubReadOnly  mishap = "hub's disk read-only"
	nodeKilled   mishap = "node killed"
	nodeTwice    mishap = "second node on the data folder"
	nodeFull     mishap = "node's disk full"
	nodeReadOnly mishap = "node's disk read-only"
	clockJump    mishap = "node's clock jumps by years"
	lineCut      mishap = "line cut"
	lineSilent   mishap = "line half-open"
	lineSlow     mishap = "line at 2 kbit/s"
	lineLate     mishap = "line 0.2-5 s late"
	lineTorn     mishap = "20 % resets on the line"
	framesTwice  mishap = "frames repeated"
	framesMixed  mishap = "frames out of order"
	streamLost   mishap = "stream lost"
	streamPurged mishap = "stream purged"
	brokerKilled mishap = "broker killed"
	brokerLine   mishap = "line between hub and broker cut"
	dbKilled     mishap = "database killed"
	dbWorker     mishap = "database process killed"
)

// scene is what a county consists of.
type scene struct {
	name     string
	postgres bool
	external bool // a broker of its own
	disks    bool // small disks can be mounted
}

// Nodes of a scene.
const (
	clockedTown = 0 // its clock can be set
	smallTown   = 1 // lives on a small disk
	plainTown   = 2
	allTowns    = 3
)

// kinds are the mishaps that can befall a scene.
func (s scene) kinds() []mishap {
	list := []mishap{hubKilled, hubTwice, nodeKilled, nodeKilled, nodeTwice, clockJump, lineCut, lineSilent, lineSlow, lineLate, lineTorn,
		framesTwice, framesMixed, streamLost}
	if s.disks {
		list = append(list, hubFull, hubReadOnly, nodeFull, nodeReadOnly)
	}
	if s.external {
		list = append(list, brokerKilled, brokerLine, streamPurged)
	}
	if s.postgres {
		list = append(list, dbKilled, dbWorker)
	}
	return list
}

// blow is one fault: when, what, whom it hits, and how long it lasts.
type blow struct {
	at    time.Duration
	kind  mishap
	town  int
	lasts time.Duration
	by    time.Duration // of a clock's jump, or of a late line
}

// plan draws the faults of a scene: the same seed, scene and time give the same
// plan. Every kind comes up before one comes up again.
func plan(seed uint64, s scene, total time.Duration) []blow {
	h := fnv.New64a()
	fmt.Fprint(h, s.name)
	rng := rand.New(rand.NewPCG(seed, h.Sum64())) // #nosec G404 -- repeatable
	between := func(least, most time.Duration) time.Duration {
		return least + time.Duration(rng.Int64N(int64(most-least)))
	}
	var list []blow
	var bag []mishap
	gap := total / time.Duration(3*len(s.kinds())/2) // one and a half rounds at least
	gap = min(gap, time.Second)
	for at := between(0, gap); at < total; at += between(gap/2, gap*3/2) {
		if len(bag) == 0 {
			bag = s.kinds()
			rng.Shuffle(len(bag), func(i, j int) { bag[i], bag[j] = bag[j], bag[i] })
		}
		b := blow{at: at, kind: bag[0], town: rng.IntN(allTowns), lasts: between(200*time.Millisecond, 3*time.Second)}
		bag = bag[1:]
		switch b.kind {
		case clockJump:
			const year = 365 * 24 * time.Hour
			b.town, b.by = clockedTown, between(-10*year, 10*year)
		case nodeFull, nodeReadOnly:
			b.town = smallTown
		case lineLate:
			b.by = between(200*time.Millisecond, 5*time.Second)
		case hubKilled, nodeKilled, brokerKilled:
			b.lasts /= 3 // until it is started again
		}
		list = append(list, b)
	}
	return list
}

func TestFaultPlan(t *testing.T) {
	for _, s := range scenes(true) {
		a, b := plan(7, s, time.Minute), plan(7, s, time.Minute)
		if !reflect.DeepEqual(a, b) {
			t.Errorf("%s: one seed gives two plans", s.name)
		}
		if reflect.DeepEqual(a, plan(8, s, time.Minute)) {
			t.Errorf("%s: two seeds give one plan", s.name)
		}
		for _, kind := range s.kinds() {
			if !slices.ContainsFunc(plan(9, s, 15*time.Second), func(b blow) bool { return b.kind == kind }) {
				t.Errorf("%s: no %s in a quarter of a minute", s.name, kind)
			}
		}
	}
}

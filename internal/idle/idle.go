// Package idle gives memory back to the system while a program has nothing to
// do.
//
// Go returns what it has freed only bit by bit and after minutes, and starts no
// collection by itself while little is allocated: after one password was
// hashed (19 MiB) or one backlog sent, an idle program would keep the lot. These
// programs run on old office machines beside everything else that runs there.
package idle

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	every = 2 * time.Second
	quiet = 1 << 20 // bytes allocated between two looks that still count as doing nothing
	// One collection hands pooled objects to the next one, which frees them, and
	// halves stacks that were deep for a moment: of 64 KiB four make 4.
	rounds = 4
)

// How much garbage may come to lie beside what is in use: as much as that, as Go
// has it, while little is in use, and a smaller part of much. What is in use when
// the work ends lies scattered among the garbage and keeps room for it: with five
// thousand nodes connected at once that was a third of the hub's memory.
const (
	slack = 64 << 20 // bytes that are always allowed
	least = 40       // percent
)

// percent returns what to set, in percent of live, the bytes in use.
func percent(live uint64) int {
	return int(min(100, max(least, 100*slack/max(live, 1)))) // #nosec G115 -- at most 100
}

// Run gives memory back whenever the program has become idle, until ctx ends.
// While it stays idle nothing is done, and while it works nothing either: a
// look costs microseconds, giving back some milliseconds. Unless GOGC is set it
// also says how much garbage there may be.
func Run(ctx context.Context) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	now := 100
	if os.Getenv("GOGC") == "" {
		defer debug.SetGCPercent(debug.SetGCPercent(now))
	}
	w := watcher{give: debug.FreeOSMemory}
	for {
		select {
		case <-tick.C:
			allocated, live := heap()
			w.look(allocated)
			if p := percent(live); p != now && os.Getenv("GOGC") == "" {
				now = p
				debug.SetGCPercent(p)
			}
		case <-ctx.Done():
			return
		}
	}
}

// heap returns how many bytes were ever asked for, and how many the last
// collection found in use.
func heap() (allocated, live uint64) {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}, {Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64(), sample[1].Value.Uint64()
}

// watcher decides when to give back.
type watcher struct {
	give    func()
	last    uint64 // allocated at the last look
	pending uint64 // allocated since the last time of giving back
	due     int    // rounds of giving back that are due
}

// look takes what has been allocated all in all.
func (w *watcher) look(total uint64) {
	busy := total - w.last
	w.last = total
	w.pending += busy
	if w.pending > quiet {
		w.due, w.pending = rounds, 0
	}
	if busy > quiet || w.due == 0 {
		return
	}
	w.give()
	w.due--
}

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
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	every = 2 * time.Second
	quiet = 1 << 20 // bytes allocated between two looks that still count as doing nothing
	// One collection hands pooled objects to the next one, which frees them.
	rounds = 2
)

// Run gives memory back whenever the program has become idle, until ctx ends.
// While it stays idle nothing is done, and while it works nothing either: a
// look costs microseconds, giving back some milliseconds.
func Run(ctx context.Context) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	w := watcher{give: debug.FreeOSMemory}
	for {
		select {
		case <-tick.C:
			w.look(allocated())
		case <-ctx.Done():
			return
		}
	}
}

// allocated returns how many bytes of heap were ever asked for.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
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

package bus_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"zhanqun/hub/bus"
	"zhanqun/hub/store"
	"zhanqun/hub/store/storetest"
)

// slowRegistry takes its time over each question and counts how many are asked at
// once.
type slowRegistry struct {
	registry
	now, most *atomic.Int64
	each      time.Duration
}

func (r slowRegistry) NodeOfKey(ctx context.Context, key string) (string, error) {
	n := r.now.Add(1)
	defer r.now.Add(-1)
	for m := r.most.Load(); n > m && !r.most.CompareAndSwap(m, n); m = r.most.Load() {
	}
	timer := time.NewTimer(r.each)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	return r.registry.NodeOfKey(ctx, key)
}

// Nodes that come all at once are let in one after another: none is turned away,
// and the database is never asked for all of them together.
func TestHerdSignsInByTurns(t *testing.T) {
	c := newCountyOn(t, store.Options{Dir: storetest.Folder(t)})
	c.stop()
	r := slowRegistry{registry{storetest.Access(c.store)}, new(atomic.Int64), new(atomic.Int64), 80 * time.Millisecond}
	b, err := bus.Start(bus.Options{Listen: c.addr, Dir: c.dir, Keys: c.keys, Hub: c.intake, Registry: r, Log: c.log.logger(), StreamBytes: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	c.bus = b
	const nodes = 40
	list := make([]*storetest.Sender, nodes)
	for i := range list {
		list[i] = storetest.NewSender(t, c.store, storetest.Sitang)
	}
	var all sync.WaitGroup
	for _, n := range list {
		all.Go(func() {
			nc, err := c.dial(n, nats.Timeout(time.Minute)) // each waits for its turn, some for seconds
			if err != nil {
				t.Error(err)
				return
			}
			nc.Close()
		})
	}
	all.Wait()
	if most := r.most.Load(); most > 2 {
		t.Errorf("%d sign-ins were looked at together", most)
	}
}

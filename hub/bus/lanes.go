package bus

import (
	"context"
	"hash/fnv"
	"sync"

	"github.com/nats-io/nats.go"
)

// lanes are the queues of a set of workers. What one node sends is worked off
// by one worker, in order, and fills at most half of its queue.
type lanes struct {
	queues []chan job

	mu      sync.Mutex
	waiting map[string]int // by node; no entry for none
}

type job struct {
	node string
	m    *nats.Msg
}

func (b *Bus) workers(ctx context.Context, work func(context.Context, *nats.Msg)) *lanes {
	l := &lanes{queues: make([]chan job, askWorkers), waiting: map[string]int{}}
	for i := range l.queues {
		l.queues[i] = make(chan job, askWaiting)
		b.run(func() {
			for {
				select {
				case j := <-l.queues[i]:
					limited, cancel := context.WithTimeout(ctx, askLimit)
					work(limited, j.m)
					cancel()
					l.done(j.node)
				case <-ctx.Done():
					return
				}
			}
		})
	}
	return l
}

// push gives a message to the worker of its node and reports whether there was
// room.
func (l *lanes) push(node string, m *nats.Msg) bool {
	h := fnv.New32a()
	_, _ = h.Write([]byte(node)) // never fails
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting[node] >= askPerNode {
		return false
	}
	select {
	case l.queues[h.Sum32()%uint32(len(l.queues))] <- job{node, m}: // #nosec G115 -- a small constant
		l.waiting[node]++
		return true
	default:
		return false
	}
}

func (l *lanes) done(node string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting[node]--; l.waiting[node] <= 0 {
		delete(l.waiting, node)
	}
}

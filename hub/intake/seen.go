package intake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"zhanqun/protocol"
)

// Sighting is what a node has said of itself since the last one was written.
type Sighting struct {
	Node string
	At   time.Time
	Ack  uint64         // through which number it has its down log; 0 for not said
	Beat *protocol.Beat // nil for not said

	Hello    bool // the following have been said
	Program  string
	Skew     time.Duration // its clock minus ours
	DiskFree uint64        // bytes
	Knows    string        // later kinds of the down log it reads, parted by blanks
	HubKey   string        // public key it knows the hub by
}

// join adds what a later sighting says.
func (s Sighting) join(later Sighting) Sighting {
	s.At = later.At
	s.Ack = max(s.Ack, later.Ack)
	if later.Beat != nil {
		s.Beat = later.Beat
	}
	if later.Hello {
		s.Hello, s.Program, s.Skew, s.DiskFree, s.Knows, s.HubKey = true, later.Program, later.Skew, later.DiskFree, later.Knows, later.HubKey
	}
	return s
}

// sightings collects what need not be on disk at once, so that ten thousand
// nodes that only say "still here" do not cost a transaction each. It holds at
// most one sighting per node.
type sightings struct {
	mu   sync.Mutex
	list map[string]Sighting
}

func (s *sightings) note(x Sighting) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.list == nil {
		s.list = map[string]Sighting{}
	}
	if before, ok := s.list[x.Node]; ok {
		x = before.join(x)
	}
	s.list[x.Node] = x
}

// take empties the list and returns it in the order of ids.
func (s *sightings) take() []Sighting {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := slices.SortedFunc(maps.Values(s.list), func(a, b Sighting) int { return strings.Compare(a.Node, b.Node) })
	s.list = nil
	return list
}

// put gives sightings back that could not be written.
func (s *sightings) put(list []Sighting) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.list == nil {
		s.list = map[string]Sighting{}
	}
	for _, x := range list {
		if later, ok := s.list[x.Node]; ok {
			x = x.join(later)
		}
		s.list[x.Node] = x
	}
}

// flushEvery is how long a sighting and the progress of a file may stay in
// memory.
const flushEvery = 2 * time.Second

// Run writes sightings and the progress of files down until ctx ends, and once
// more then. What is lost with the process is said again by the nodes.
func (s *Service) Run(ctx context.Context) {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.flush(ctx)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushEvery)
			s.uploads.closeAll()
			s.flush(last)
			cancel()
			return
		}
	}
}

func (s *Service) flush(ctx context.Context) {
	var failed []error
	if list := s.seen.take(); len(list) > 0 {
		if err := s.Store.NoteSeen(ctx, list); err != nil {
			s.seen.put(list)
			failed = append(failed, fmt.Errorf("sightings: %w", err))
		}
	}
	if list := s.uploads.progress(s.Now()); len(list) > 0 {
		if err := s.Store.NoteFiles(ctx, list); err != nil {
			s.uploads.again(list)
			failed = append(failed, fmt.Errorf("progress of files: %w", err))
		}
	}
	// Said once for each trouble, not every two seconds of it.
	err := errors.Join(failed...)
	if err != nil && !s.unwritten {
		s.Log.Error("intake: not written for now", "err", err)
	}
	s.unwritten = err != nil
}

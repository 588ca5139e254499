package health

import (
	"maps"
	"sync"
	"time"

	"zhanqun/hub/health/crawl"
)

// Count is what the reading of sites came to since the start.
type Count struct {
	Pages     int // read for links
	Requests  int
	Bytes     int64
	Unchanged int            // answers that said so
	Kept      int            // addresses not asked, since they hardly ever change
	Faults    map[string]int // addresses that were not well, by reason
	Time      time.Duration  // spent reading, of all sites together
}

// counts adds up what slices come to, for metrics.
type counts struct {
	mu  sync.Mutex
	all Count
}

// add adds what a run has come to since it had come to before.
func (c *counts) add(now, before crawl.Totals, took time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all.Pages += now.Pages - now.Earlier - (before.Pages - before.Earlier)
	c.all.Requests += now.Requests - before.Requests
	c.all.Bytes += now.Bytes - before.Bytes
	c.all.Unchanged += now.Unchanged - before.Unchanged
	c.all.Kept += now.Kept - before.Kept
	c.all.Time += took
}

// faults adds what was wrong in a run that is over.
func (c *counts) faults(of map[string]int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all.Faults == nil {
		c.all.Faults = map[string]int{}
	}
	for reason, n := range of {
		c.all.Faults[reason] += n
	}
}

// Count tells what the reading of sites came to since the start.
func (s *Service) Count() Count {
	s.counts.mu.Lock()
	defer s.counts.mu.Unlock()
	all := s.counts.all
	all.Faults = maps.Clone(all.Faults)
	return all
}

// Reading tells how many sites are being read, and how many addresses of them
// are known that were not asked yet.
func (s *Service) Reading() (sites, waiting int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.reading {
		waiting += p.Known - p.Asked
	}
	return len(s.reading), waiting
}

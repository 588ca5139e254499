package prober

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"zhanqun/hub/health"
	"zhanqun/hub/health/uptime"
)

// tree knows which sites hang on which.
type tree struct {
	parents  map[string]string
	children map[string][]string
}

func newTree(sites []health.Site) tree {
	homes := make([]uptime.Home, len(sites))
	for i, site := range sites {
		homes[i] = uptime.Home{ID: site.ID, URL: site.URL, Parent: site.Parent}
	}
	t := tree{parents: uptime.Parents(homes), children: map[string][]string{}}
	for child, parent := range t.parents {
		t.children[parent] = append(t.children[parent], child)
	}
	return t
}

// above returns the sites a site hangs on, the nearest first.
func (t tree) above(site string) []string {
	var list []string
	for parent, ok := t.parents[site]; ok && !slices.Contains(list, parent); parent, ok = t.parents[parent] {
		list = append(list, parent)
	}
	return list
}

// below returns the sites that hang on one, however far down.
func (t tree) below(site string) []string {
	var list []string
	for next := t.children[site]; len(next) > 0; {
		one := next[0]
		next = next[1:]
		if one != site && !slices.Contains(list, one) {
			list = append(list, one)
			next = append(slices.Clone(next), t.children[one]...)
		}
	}
	return list
}

// record keeps a visit and what it does to incidents, and has the site asked
// again soon when a change is not certain yet.
func (s *Service) record(ctx context.Context, t tree, p uptime.Probe) error {
	above, below := t.above(p.Site), t.below(p.Site)
	unsettled := false
	recorded, err := s.Store.RecordProbe(ctx, p, append(slices.Clone(above), below...), func(c Case) []uptime.Incident {
		var changed []uptime.Incident
		changed, unsettled = s.follow(c, t, p, below)
		return changed
	})
	if err != nil {
		return err
	}
	if !recorded {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.Outcome != uptime.Pending {
		s.counts[p.Outcome]++
	}
	if unsettled {
		for _, site := range append([]string{p.Site}, above...) {
			if at, known := s.again[site]; !known || at.After(p.At.Add(s.Again)) {
				s.again[site] = p.At.Add(s.Again)
			}
		}
	}
	return nil
}

// follow says which incidents a visit changes. It is pure.
func (s *Service) follow(c Case, t tree, p uptime.Probe, below []string) (changed []uptime.Incident, unsettled bool) {
	open := c.Open[p.Site]
	next, change := uptime.Follow(open, c.Visits[p.Site], s.Hysteresis)
	down := func(site string) bool {
		_, is := c.Open[site]
		return is
	}
	switch change {
	case uptime.Opened:
		for _, parent := range t.above(p.Site) {
			if _, failing := uptime.Failing(c.Visits[parent]); failing && !down(parent) {
				return nil, true // its own fault is not settled yet
			}
		}
		next.ID = uuid.Must(uuid.NewV7()).String()
		next.Root = uptime.Root(p.Site, t.parents, down)
		c.Open[p.Site] = next
		changed = append(changed, next)
		changed = append(changed, regroup(c, t, below)...)
	case uptime.Ended:
		delete(c.Open, p.Site)
		changed = append(changed, next)
		changed = append(changed, regroup(c, t, below)...)
	case uptime.Grew:
		changed = append(changed, next)
	case uptime.Same:
		// One failure of a site that was well, one good visit to a site that was
		// down: another look soon.
		unsettled = p.Outcome == uptime.Failed && !open.Open() || p.Outcome == uptime.OK && open.Open()
	}
	return changed, unsettled
}

// regroup gives the open incidents of sites below another root when that has
// changed.
func regroup(c Case, t tree, below []string) []uptime.Incident {
	var changed []uptime.Incident
	for _, site := range below {
		i, open := c.Open[site]
		if !open {
			continue
		}
		root := uptime.Root(site, t.parents, func(s string) bool { _, is := c.Open[s]; return is })
		if root != i.Root {
			i.Root = root
			c.Open[site] = i
			changed = append(changed, i)
		}
	}
	return changed
}

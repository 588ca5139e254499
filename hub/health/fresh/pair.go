package fresh

import (
	"slices"

	"golang.org/x/net/html/atom"
)

// pairing gives each date to the item it stands with.
type pairing struct {
	t       *tree
	entries []*entry
	changes []int32 // how often the key changes from one entry to the next, up to each
}

func (t *tree) pair(entries []*entry, marks []mark) {
	p := &pairing{t: t, entries: entries, changes: make([]int32, len(entries)+1)}
	for i := range entries {
		p.changes[i+1] = p.changes[i]
		if i > 0 && entries[i].key != entries[i-1].key {
			p.changes[i+1]++
		}
	}
	for _, e := range entries {
		e.box = p.boxOf(e)
	}
	// A date that stands with one item alone is that item's. What is left may
	// be a list without boxes, where only the order tells.
	var rest []mark
	for _, m := range marks {
		if e := p.near(m); e != nil {
			e.marks = append(e.marks, m)
		} else {
			rest = append(rest, m)
		}
	}
	p.inOrder(rest)
}

// span returns the entries inside node i: from the first to before the second.
func (p *pairing) span(i int32) (from, to int) {
	from = p.after(i - 1)
	return from, p.after(p.t.nodes[i].end - 1)
}

// after returns the first entry behind node i.
func (p *pairing) after(i int32) int {
	lo, hi := 0, len(p.entries)
	for lo < hi {
		if mid := (lo + hi) / 2; p.entries[mid].at <= i {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// alone tells whether the entries from … to lead to one address only.
func (p *pairing) alone(from, to int) bool {
	return to > from && p.changes[to] == p.changes[from+1]
}

// boxOf climbs from e to the largest element that is e's own.
func (p *pairing) boxOf(e *entry) int32 {
	box := e.at
	for range 6 {
		if a := p.t.nodes[box].atom; a == atom.Li || a == atom.Tr || a == atom.Article || a == atom.Dd || a == atom.Dt {
			break
		}
		up := p.t.nodes[box].parent
		if up <= 0 || p.t.nodes[up].atom == atom.Body || p.t.nodes[up].atom == atom.Main || p.t.nodes[up].atom == atom.Section {
			break
		}
		if !p.alone(p.span(up)) || p.t.headedBefore(up, box) {
			break
		}
		box = up
	}
	return box
}

// headedBefore tells whether a heading stands in up before box.
func (t *tree) headedBefore(up, box int32) bool {
	for j := up + 1; j < box; j = t.nodes[j].end {
		if n := &t.nodes[j]; n.heads() && n.atom != atom.Dt && t.length(j) > 0 {
			return true
		}
	}
	return false
}

// reach is how many elements up from a date its item may be found.
const reach = 7

// near returns the entry that m stands with, nil if that is not plain.
func (p *pairing) near(m mark) *entry {
	cur := m.at
	for range reach {
		if a := p.t.nodes[cur].atom; cur <= 0 || a == atom.Body || a == atom.Main || a == atom.Html {
			return nil
		}
		from, to := p.span(cur)
		switch {
		case p.alone(from, to):
			if e := p.best(from, to); cur == e.box || p.t.inside(cur, e.box) || cur == p.t.nodes[e.box].parent {
				return e
			}
			return nil
		case to > from:
			if p.lone(cur, from, to) {
				return p.best(from, to)
			}
			return nil
		}
		cur = p.t.nodes[cur].parent
	}
	return nil
}

// best returns the entry with the longest title: an item may have links for its
// picture, its class and the words "read more" as well.
func (p *pairing) best(from, to int) *entry {
	e := p.entries[from]
	for _, other := range p.entries[from:to] {
		if len(other.title) > len(e.title) || other.article && !e.article {
			e = other
		}
	}
	return e
}

// lone tells whether element i, with several links in it, is one item all the
// same: a row or line whose links stand side by side.
func (p *pairing) lone(i int32, from, to int) bool {
	switch p.t.nodes[i].atom {
	case atom.Li, atom.Tr, atom.Dd, atom.Dt, atom.P, atom.Article:
	default:
		for _, e := range p.entries[from:to] {
			if p.t.nodes[e.at].parent != p.t.nodes[p.entries[from].at].parent {
				return false
			}
		}
	}
	if to-from > 4 {
		return false
	}
	// One article among links to classes and units; two make a list.
	articles := map[string]bool{}
	for _, e := range p.entries[from:to] {
		if e.article {
			articles[e.key] = true
		}
	}
	return len(articles) <= 1
}

// inOrder pairs dates and items that only follow one another: flat lines, dt
// and dd, days as headings over their items.
func (p *pairing) inOrder(marks []mark) {
	groups := map[int32][]mark{}
	var order []int32
	for _, m := range marks {
		cur := m.at
		for range reach {
			from, to := p.span(cur)
			if to > from || cur <= 0 {
				break
			}
			cur = p.t.nodes[cur].parent
		}
		if cur <= 0 {
			continue
		}
		if groups[cur] == nil {
			order = append(order, cur)
		}
		groups[cur] = append(groups[cur], m)
	}
	for _, cur := range order {
		p.follow(cur, groups[cur])
	}
}

// follow pairs the dates of one element with its items.
func (p *pairing) follow(cur int32, marks []mark) {
	from, to := p.span(cur)
	inside := p.entries[from:to]
	undated := 0
	for _, e := range inside {
		if len(e.marks) == 0 {
			undated++
		}
	}
	marks = slices.DeleteFunc(marks, func(m mark) bool { return m.event })
	if undated == 0 || len(marks) < 2 {
		return // a lone date among many items is none of theirs
	}
	if len(marks) == undated {
		for _, e := range inside {
			if len(e.marks) == 0 {
				e.marks, marks = append(e.marks, marks[0]), marks[1:]
			}
		}
		return
	}
	if marks[0].at > inside[0].at {
		if 2*len(marks) < undated {
			return
		}
		for _, m := range marks {
			if e := last(inside, m.at); e != nil && len(e.marks) == 0 {
				e.marks = append(e.marks, m)
			}
		}
		return
	}
	// Each date speaks for what follows it. Dates that nothing follows are no
	// headings, and one heading alone proves nothing.
	heads := 0
	for i, m := range marks {
		if len(between(inside, m.at, stop(marks, i, p.t.nodes[cur].end))) > 0 {
			heads++
		}
	}
	if heads < 2 {
		return
	}
	for i, m := range marks {
		for _, e := range between(inside, m.at, stop(marks, i, p.t.nodes[cur].end)) {
			e.marks = append(e.marks, m)
		}
	}
}

// stop is where the reach of mark i ends.
func stop(marks []mark, i int, end int32) int32 {
	if i+1 < len(marks) {
		return marks[i+1].at
	}
	return end
}

// between returns the entries from … to that have no date yet.
func between(entries []*entry, from, to int32) []*entry {
	var list []*entry
	for _, e := range entries {
		if e.at > from && e.at < to && len(e.marks) == 0 {
			list = append(list, e)
		}
	}
	return list
}

// last returns the last entry before node at.
func last(entries []*entry, at int32) *entry {
	var found *entry
	for _, e := range entries {
		if e.at > at {
			break
		}
		found = e
	}
	return found
}

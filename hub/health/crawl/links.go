package crawl

import (
	"strings"

	"zhanqun/hub/health/linkcheck"
)

// navigates tells whether an element leads a reader somewhere, rather than
// bringing something into the page.
func navigates(element string) bool {
	switch element {
	case "a", "area", "frame", "iframe", "meta", "form", "object", "embed", "link":
		return true
	}
	return false
}

// links takes in the links of a page. empty says that the page brought nothing
// new.
func (c *crawl) links(page uint32, p *linkcheck.Page, empty bool) {
	e := c.t.get(page)
	url := c.address(page)
	from := target{depth: e.depth, chain: e.chain}
	shape, shaped := shapeOf(url)
	if clear(c.seen); len(p.Links) > 5000 {
		// Clearing a large map costs as much for every small page after it.
		defer func() { c.seen = map[uint64]struct{}{} }()
	}
	for i := range p.Links {
		l := &p.Links[i]
		if key := fingerprint(l.Raw) ^ 3*fingerprint(l.URL); !c.first(key) {
			continue
		}
		c.totals.Links++
		m := mention{page: page, target: nowhere, element: l.Element, attr: l.Attr, raw: l.Raw, label: l.Label, fragment: l.Fragment, fault: string(l.Fault), hidden: l.Hidden}
		if r := unasked(l); r != nil {
			if l.Fault == linkcheck.FaultBadAddress && len(url) > growing {
				r = &result{verdict: linkcheck.Excluded, reason: ReasonTrap, detail: reasonText(ReasonTrap)}
			}
			m.class, m.verdict, m.reason, m.url = string(r.class), string(r.verdict), string(r.reason), l.URL
			if c.keep {
				c.j.addMention(&m)
			}
			c.tell(url, l.URL, &m, r)
			continue
		}
		c.link(url, &m, l, from, shape, shaped, empty)
		if c.err != nil {
			return
		}
	}
}

// growing is how long the address of a page is on which one that is too long is no
// slip of an editor but the end of a row of ever longer ones, in bytes.
const growing = 2 << 10

func (c *crawl) first(key uint64) bool {
	if _, ok := c.seen[key]; ok {
		return false
	}
	c.seen[key] = struct{}{}
	return true
}

// unasked returns the verdict on a link that is not asked for, if it is one.
func unasked(l *linkcheck.Link) *result {
	switch {
	case l.Excluded != "":
		return &result{verdict: linkcheck.Excluded, reason: l.Excluded}
	case l.URL == "", l.Fault == linkcheck.FaultDoubledScheme, l.Fault == linkcheck.FaultLocalPath, l.Fault == linkcheck.FaultBadAddress:
		return &result{verdict: linkcheck.Dead, class: linkcheck.ClassWrong, reason: linkcheck.ReasonBadAddress, detail: l.Fault.Text()}
	}
	return nil
}

// link takes in one link that leads to an address.
func (c *crawl) link(page string, m *mention, l *linkcheck.Link, from target, shape string, shaped, empty bool) {
	mark := fingerprint(identity(l.URL, c.traps.noise))
	id, known := c.t.find(mark)
	if !known {
		if int(c.t.n) >= c.o.MaxTargets {
			c.totals.cut(CutTargets, folder(l.URL))
			m.url = l.URL
			c.tell(page, l.URL, m, &result{verdict: linkcheck.Excluded, reason: ReasonLimit, detail: reasonText(ReasonLimit)})
			return
		}
		t := target{url: l.URL, depth: min(from.depth, 1<<16-2) + 1}
		if c.onSite(locate(l.URL)) {
			t.flags |= flagSite
		}
		if shaped {
			if s, ok := shapeOf(l.URL); ok && s == shape {
				t.chain = min(from.chain, 1<<16-2) + 1
				t.flags |= flagKin
			}
		}
		if empty || t.chain > longChain {
			t.flags |= flagEmpty
		}
		switch {
		case t.flags&flagSite == 0:
		case from.depth == 0:
			c.traps.area(l.URL, true).home = true
		case c.traps.near(page, l.URL):
			t.flags |= flagNear
		}
		if navigates(l.Element) {
			t.flags |= flagPage
		}
		id = c.add(t, mark)
		c.enqueue(id)
	}
	e := c.t.get(id)
	m.target = id
	if known {
		if navigates(l.Element) {
			e.flags |= flagPage
		}
		e.depth = min(e.depth, from.depth+1)
		if !empty && from.chain < longChain {
			e.flags &^= flagEmpty
		}
		if e.state != stateKnown && e.flags&(flagKin|flagNear) != 0 {
			if s, _ := shapeOf(l.URL); !shaped || s != shape {
				e.flags &^= flagKin
			}
			if from.depth == 0 || !c.traps.near(page, l.URL) {
				e.flags &^= flagNear
			}
		}
		if e.state == stateCut {
			if kind, _ := c.endless(l.URL, e.flags); kind == "" {
				c.hosts.push(id)
			}
		}
		if l.URL != c.cheapAddress(id, l.URL) {
			m.url = l.URL
		}
	}
	if e.state == stateKnown {
		if c.keep {
			c.j.addMention(m)
		}
		c.tellKnown(page, l.URL, m, e)
		return
	}
	m.before = e.at
	e.at = c.j.addMention(m)
}

// plain is what most links come to.
var plain = result{verdict: linkcheck.OK, status: 200}

// tellKnown tells a link to an address that is settled.
func (c *crawl) tellKnown(page, url string, m *mention, e *entry) {
	if e.flags&flagPlain != 0 && m.fragment == "" {
		r := plain
		c.tell(page, url, m, &r)
		return
	}
	r, ok := c.settled(m.target, m.fragment != "")
	if !ok {
		return
	}
	c.tell(page, url, m, r)
}

// cheapAddress returns the address with a number, or what it probably is: only
// one that is changed by being identified can differ.
func (c *crawl) cheapAddress(id uint32, url string) string {
	if !strings.ContainsAny(url, "?;(") && len(c.traps.noise) == 0 {
		return url
	}
	return c.address(id)
}

// add enters a new address.
func (c *crawl) add(t target, mark uint64) uint32 {
	at := c.j.addTarget(t)
	return c.enter(t, mark, at)
}

// enter puts an address that stands in the work file into the table.
func (c *crawl) enter(t target, mark uint64, at int64) uint32 {
	id, e := c.t.add(mark)
	most := c.o.Others
	p := locate(t.url)
	if t.flags&flagSite != 0 {
		most = c.o.Site
	}
	e.url, e.depth, e.chain, e.flags = at, t.depth, t.chain, t.flags
	e.lane = laneOf(areaOf(t.url))
	e.host = c.hosts.number(p.host, most, t.flags&flagSite != 0)
	return id
}

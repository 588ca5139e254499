package crawl

import (
	"slices"
	"strings"
	"time"

	"zhanqun/hub/health/linkcheck"
)

// settle writes down what became of an address and tells the links that waited
// for it.
func (c *crawl) settle(id uint32, url string, r *result) {
	if c.t.get(id).state == stateKnown {
		return
	}
	r.id = id
	if r.verdict != linkcheck.OK && r.verdict != linkcheck.Excluded {
		if c.totals.Faults == nil {
			c.totals.Faults = map[string]int{}
		}
		c.totals.Faults[string(r.reason)]++
	}
	c.know(id, url, r, c.j.addResult(r))
}

// know lets an address be settled by the R record at an offset.
func (c *crawl) know(id uint32, url string, r *result, at int64) {
	e := c.t.get(id)
	waiting := e.at
	e.at, e.state = at, stateKnown
	c.totals.Settled++
	if r.read {
		e.flags |= flagRead
	}
	if r.unremarkable() {
		e.flags |= flagPlain
	}
	if r.verdict == linkcheck.Dead {
		c.totals.DeadTargets++
	}
	c.recall.put(id, r)
	for waiting != 0 && c.err == nil {
		record, err := c.j.read(waiting, c.buf)
		if err != nil {
			c.err = err
			return
		}
		c.buf = record
		m, err := readMention(record)
		if err != nil {
			c.err = err
			return
		}
		waiting = m.before
		c.tell(c.pageOf(m.page), url, &m, r)
	}
}

// pageOf returns the address of a page; empty for the start's own line.
func (c *crawl) pageOf(id uint32) string {
	if id == nowhere {
		return ""
	}
	return c.address(id)
}

// address returns the address with a number. Those asked for last are at hand.
func (c *crawl) address(id uint32) string {
	slot := &c.recall.urls[id%uint32(len(c.recall.urls))]
	if slot.id == id+1 {
		return slot.url
	}
	record, err := c.j.read(c.t.get(id).url, c.buf)
	if err == nil {
		c.buf = record
		var t target
		if t, err = readTarget(record); err == nil {
			slot.id, slot.url = id+1, t.url
			return t.url
		}
	}
	if c.err == nil {
		c.err = err
	}
	return ""
}

// unremarkable tells whether there is nothing to say of a result.
func (r *result) unremarkable() bool {
	return r.verdict == linkcheck.OK && r.status == 200 && r.final == "" && r.certificate == ""
}

// recall keeps what is asked for again and again from being read from the work
// file each time.
type recall struct {
	urls [1024]struct {
		id  uint32 // plus one
		url string
	}
	results [1024]result // id plus one
	anchors [64]result
}

func (m *recall) put(id uint32, r *result) {
	if r.unremarkable() {
		return // told by flagPlain
	}
	slot := &m.results[id%uint32(len(m.results))]
	*slot = *r
	slot.id, slot.anchors = id+1, nil
}

// settled returns what became of an address that is settled.
func (c *crawl) settled(id uint32, anchors bool) (*result, bool) {
	slot := &c.recall.results[id%uint32(len(c.recall.results))]
	if anchors {
		slot = &c.recall.anchors[id%uint32(len(c.recall.anchors))]
	}
	if slot.id == id+1 {
		return slot, true
	}
	record, err := c.j.read(c.t.get(id).at, c.buf)
	if err == nil {
		c.buf = record
		var r result
		if r, err = readResult(record, anchors); err == nil {
			*slot = r
			slot.id = id + 1
			return slot, true
		}
	}
	if c.err == nil {
		c.err = err
	}
	return nil, false
}

// tell hands on one link with its verdict.
func (c *crawl) tell(page, url string, m *mention, r *result) {
	if c.err != nil {
		return
	}
	l := Line{Page: page, URL: url, Raw: m.raw, Verdict: r.verdict, Class: r.class, Reason: r.reason, Status: r.status, Final: r.final,
		Detail: r.detail, Element: m.element, Attr: m.attr, Label: m.label, Kind: r.kind, Fault: linkcheck.Fault(m.fault)}
	if r.at > 0 {
		l.At = time.Unix(r.at, 0)
	}
	if m.url != "" {
		l.URL = m.url
	}
	if l.Final == "" && l.Verdict != linkcheck.Excluded && l.Reason != linkcheck.ReasonBadAddress {
		l.Final = url
	}
	if l.Verdict == linkcheck.Dead && l.Fault != "" {
		l.Class = linkcheck.ClassWrong
	}
	if m.fragment != "" && l.Verdict == linkcheck.OK && c.missing(m, r) {
		l.Fragment = m.fragment
		c.totals.Fragments++
	}
	if r.certificate != "" {
		l.CertHost, l.Certificate = r.certHost, r.certHost+"："+linkcheck.CertText(r.certificate)
		if l.Verdict == linkcheck.OK {
			problem, _, _ := strings.Cut(r.certificate, ",")
			l.Class, l.Reason = linkcheck.ClassCertificate, linkcheck.Reason("certificate_"+problem)
		}
	}
	c.foreign(&l, m)
	c.totals.count(l.Verdict)
	c.err = c.o.Tell(l)
}

// missing tells whether a link's fragment leads to nothing on its page. Only
// pages of the site itself are judged.
func (c *crawl) missing(m *mention, r *result) bool {
	sums, needed := linkcheck.AnchorsFor(m.fragment)
	if !needed {
		return false
	}
	id := m.target
	if r.final != "" {
		var ok bool
		if id, ok = c.t.find(fingerprint(identity(r.final, c.traps.noise))); !ok || c.t.get(id).state != stateKnown {
			return false
		}
	}
	there := r
	if there.anchors == nil || id != m.target {
		var ok bool
		if there, ok = c.settled(id, true); !ok {
			return false
		}
	}
	return there.complete && there.contentType != "text/css" && !slices.Contains(there.anchors, sums[0]) && !slices.Contains(there.anchors, sums[1])
}

// settleCut settles what was left aside as endless.
func (c *crawl) settleCut() {
	for id := range c.t.n {
		if c.t.get(id).state != stateCut {
			continue
		}
		url := c.address(id)
		kind, where := c.endless(url, c.t.get(id).flags)
		if kind == "" {
			kind, where = CutNumbers, folder(url)
		}
		c.totals.cut(kind, where)
		c.settle(id, url, &result{verdict: linkcheck.Excluded, reason: ReasonTrap, detail: reasonText(ReasonTrap)})
		c.commit()
	}
}

func reasonText(r linkcheck.Reason) string {
	switch r {
	case ReasonRobots:
		return "对方网站的 robots.txt 不允许程序访问，没有检查。"
	case ReasonRobotsDown:
		return "对方网站的 robots.txt 暂时读不到，按规定暂不访问，稍后再检查。"
	case ReasonTrap:
		return "这类网址没有尽头（如日历翻页、无限页码），内容重复，没有逐个检查。"
	case ReasonLimit:
		return "超出本次检查的数量上限，没有检查。"
	case ReasonSilentHost:
		return "对方服务器连续没有应答，本次不再逐个检查，不能据此认定为死链。"
	}
	return ""
}

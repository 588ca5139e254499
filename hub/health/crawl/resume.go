package crawl

import (
	"fmt"

	"zhanqun/hub/health/linkcheck"
)

// open opens the work file and takes in what it holds, or begins it.
func (c *crawl) open(path string) error {
	var err error
	if c.j, err = openJournal(path); err != nil {
		return err
	}
	fresh := true
	err = c.j.reopen(func(at int64, record []byte) error {
		fresh = false
		return c.replay(at, record)
	})
	if err != nil {
		return err
	}
	if !fresh {
		c.requeue()
		return c.err
	}
	c.j.begin()
	w := writer{c.j}
	w.byte(recordStart)
	w.text(c.signature())
	c.j.end()
	address, err := linkcheck.Normalize(c.start)
	if err != nil {
		address = c.start
	}
	id := c.add(target{url: address, flags: flagPage | flagSite}, fingerprint(identity(address, nil)))
	c.free = address
	m := mention{page: nowhere, target: id, raw: c.start, element: "start"}
	c.totals.Links++
	c.t.get(id).at = c.j.addMention(&m)
	c.enqueue(id)
	return c.j.commit()
}

// signature is what two runs must have in common for one to go on with the
// other's work.
func (c *crawl) signature() string {
	return fmt.Sprintf("zhanqun crawl %d depth %d robots %v %s", version, c.o.Depth, c.o.IgnoreRobots, c.start)
}

// replay takes in one record of a work file. What it makes known is told again,
// so that what a run tells is whole however often it was interrupted.
func (c *crawl) replay(at int64, record []byte) error {
	if len(record) == 0 {
		return errRecord
	}
	switch record[0] {
	case recordStart:
		r := reader{rest: record[1:]}
		if got := r.text(); got != c.signature() {
			return fmt.Errorf("%w: %s", ErrOther, got)
		}
	case recordTarget:
		return c.replayTarget(at, record)
	case recordMention:
		return c.replayMention(at, record)
	case recordResult:
		return c.replayResult(at, record)
	default:
		return errRecord
	}
	return c.err
}

func (c *crawl) replayTarget(at int64, record []byte) error {
	t, err := readTarget(record)
	if err != nil {
		return err
	}
	id := c.enter(t, fingerprint(identity(t.url, nil)), at)
	if id == 0 {
		c.free = t.url
	}
	c.t.get(id).state = stateAgain
	return nil
}

func (c *crawl) replayMention(at int64, record []byte) error {
	m, err := readMention(record)
	if err != nil {
		return err
	}
	c.totals.Links++
	if m.target == nowhere {
		r := result{verdict: linkcheck.Verdict(m.verdict), class: linkcheck.Class(m.class), reason: linkcheck.Reason(m.reason)}
		if r.verdict == linkcheck.Dead {
			r.detail = linkcheck.Fault(m.fault).Text()
		}
		c.tell(c.pageOf(m.page), m.url, &m, &r)
		return c.err
	}
	if m.target >= c.t.n || m.page != nowhere && m.page >= c.t.n {
		return errRecord
	}
	e := c.t.get(m.target)
	if navigates(m.element) {
		e.flags |= flagPage
	}
	if e.state == stateKnown {
		c.tellKnown(c.pageOf(m.page), c.address(m.target), &m, e)
		return c.err
	}
	e.at = at
	return c.err
}

func (c *crawl) replayResult(at int64, record []byte) error {
	r, err := readResult(record, true)
	if err != nil {
		return err
	}
	if r.id >= c.t.n {
		return errRecord
	}
	url := c.address(r.id)
	final := r.final
	if final == "" {
		final = url
	}
	if r.id == 0 {
		c.site = siteOf(locate(final).host)
	}
	if r.read {
		c.totals.Pages++
		c.totals.Earlier++
		c.read[pageKey(url, nil)] = struct{}{}
	}
	if r.words > 0 && r.verdict == linkcheck.OK {
		if _, ok := c.traps.sums[r.sum]; !ok {
			c.traps.sums[r.sum] = r.id
		}
	}
	c.know(r.id, url, &r, at)
	return c.err
}

// requeue queues what a work file has left open.
func (c *crawl) requeue() {
	for id := range c.t.n {
		if e := c.t.get(id); e.state != stateKnown {
			c.enqueue(id)
		}
	}
}

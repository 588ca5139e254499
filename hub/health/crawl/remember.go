package crawl

import (
	"strings"
	"time"

	"zhanqun/hub/health/linkcheck"
)

// remembers tells whether an address is one of which something is remembered.
// What a query of several values shows is compared piece by piece, which is not.
func remembers(address string) bool { return !strings.Contains(address, "&") }

// remembered returns what is remembered of an address.
func (c *crawl) remembered(address string) (recollection, bool) {
	if c.memory == nil || len(c.memory.index) == 0 || !remembers(address) {
		return recollection{}, false
	}
	return c.memory.find(fingerprint(address))
}

// validators is what the checker asks before a request: by what the server can
// tell that nothing has changed.
func (c *crawl) validators(address string) (v linkcheck.Validators, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, ok := c.remembered(address)
	if !ok || r.final != "" || c.now().Sub(time.Unix(r.whole, 0)) > again {
		return v, false
	}
	return r.valid, r.valid != v
}

// restful returns the outcome of an address that need not be asked: what stands
// high on the site, and what the caller wants asked, always is.
func (c *crawl) restful(id uint32, url string) (o outcome, ok bool) {
	if c.o.Rarely <= 0 || c.t.get(id).depth < 2 {
		return o, false
	}
	r, ok := c.remembered(url)
	if !ok || !r.rests(c.now(), c.o.Rarely) || c.o.Again(url) {
		return o, false
	}
	o = outcome{id: id, host: c.t.get(id).host, url: url, rests: true}
	if ok = c.recollect(&o, &r); ok {
		c.totals.Kept++
	}
	return o, ok
}

// recollect fills in an outcome from what is remembered.
func (c *crawl) recollect(o *outcome, r *recollection) bool {
	if r.page {
		page, ok := c.memory.unpackPage(r.body)
		if !ok {
			return false
		}
		o.page = page
	}
	o.result.URL, o.result.Final, o.result.Status, o.result.Verdict, o.result.ContentType = o.url, o.url, r.status, linkcheck.OK, r.content
	if r.final != "" {
		o.result.Final = r.final
	}
	o.result.CheckedAt = time.Unix(r.asked, 0)
	o.past = r
	return true
}

// unchanged completes an outcome of which the server says that nothing changed.
func (c *crawl) unchanged(o *outcome) bool {
	asked := o.result.CheckedAt
	r, ok := c.remembered(o.url)
	if !ok || !c.recollect(o, &r) {
		return false
	}
	o.result.CheckedAt = asked
	c.totals.Unchanged++
	return true
}

// remember leaves what an outcome says for the next run, if it is well.
func (c *crawl) remember(o *outcome) {
	r := &o.result
	if c.memory == nil || c.memory.now == nil || r.Verdict != linkcheck.OK || !remembers(o.url) || r.CertificateFault() != nil {
		return
	}
	n := recollection{key: fingerprint(o.url), asked: r.CheckedAt.Unix(), status: r.Status, content: mediaType(r.ContentType), valid: r.Validators}
	if r.Final != o.url {
		if n.final = r.Final; c.t.get(o.id).flags&flagSite != 0 {
			return // the address it leads to is remembered
		}
	}
	n.since, n.whole = n.asked, n.asked
	if o.past != nil { // nothing has changed
		n.since, n.whole, n.valid, n.page, n.body = o.past.since, o.past.whole, o.past.valid, o.past.page, o.past.body
	} else if o.page.URL != "" {
		n.page, n.body = true, c.memory.packPage(&o.page)
		if before, ok := c.remembered(o.url); ok && before.page {
			if p, ok := c.memory.unpackPage(before.body); ok && p.Sum == o.page.Sum && len(p.Links) == len(o.page.Links) {
				n.since = before.since // it says the same, whatever its server tells
			}
		}
	} else if before, ok := c.remembered(o.url); ok {
		n.since = before.since
	}
	c.memory.put(&n)
}

// now is the clock of the looks.
func (c *crawl) now() time.Time {
	if c.o.Check.Now != nil {
		return c.o.Check.Now()
	}
	return time.Now()
}

// openMemory opens what a former run remembered. What cannot be read is not
// remembered: then everything is asked for.
func (c *crawl) openMemory() error {
	if c.o.Past == "" && !c.o.Remember {
		return nil
	}
	dir := ""
	if c.o.Remember {
		dir = c.o.Dir
	}
	m, err := openMemory(c.o.Past, dir)
	c.memory = m
	return err
}

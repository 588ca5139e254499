package crawl

import (
	"context"
	"strings"

	"zhanqun/hub/health/linkcheck"
)

// arrive takes in what became of an address: it is settled, and if it is a page
// to be read, its links are.
func (c *crawl) arrive(ctx context.Context, o outcome) {
	c.remember(&o)
	r := &o.result
	if o.id == 0 && c.site == "" {
		c.site = siteOf(locate(r.Final).host)
	}
	res := result{verdict: r.Verdict, class: r.Class, reason: r.Reason, kind: r.ErrorKind, status: r.Status, contentType: mediaType(r.ContentType), at: r.CheckedAt.Unix()}
	if r.Verdict != linkcheck.OK {
		if res.detail = r.Detail; res.detail == "" {
			res.detail = reasonText(r.Reason)
		}
	}
	if r.Final != o.url {
		res.final = r.Final
	}
	if cert := r.CertificateFault(); cert != nil {
		list := make([]string, len(cert.Problems))
		for i, p := range cert.Problems {
			list[i] = string(p)
		}
		res.certHost, res.certificate = certHost(r, cert.Host), strings.Join(list, ",")
	}
	p := &o.page
	if p.URL == "" || !c.onSite(locate(p.URL)) {
		c.settle(o.id, o.url, &res)
		return
	}
	// The page is the one at the end of the redirects; the address that was
	// asked only leads there.
	owner := o.id
	if res.final != "" {
		owner = c.landing(o, &res)
	}
	here := res
	if owner != o.id {
		here.final, here.verdict, here.class, here.reason, here.detail = "", linkcheck.OK, "", "", ""
		c.settle(o.id, o.url, &res)
	}
	if c.t.get(owner).state == stateKnown {
		return
	}
	here.words, here.sum, here.plain = p.Words, p.Sum, p.Plain
	here.anchors, here.complete = p.Anchors, p.Complete()
	url := p.URL
	empty := c.watch(ctx, owner, url, p, &here)
	here.read = c.readable(ctx, owner, url, &here)
	c.settle(owner, url, &here)
	if here.read {
		c.links(owner, p, empty)
	}
}

// certHost returns the host of a certificate with its port.
func certHost(r *linkcheck.Result, host string) string {
	for _, hop := range r.Hops {
		at := locate(hop.URL).host
		if at == host || strings.HasPrefix(at, host+":") {
			return at
		}
	}
	return host
}

// landing returns the address at which a redirect ended: a new one if it was not
// known, the one that was asked if that is to stand for it.
func (c *crawl) landing(o outcome, res *result) uint32 {
	if res.verdict != linkcheck.OK {
		return o.id
	}
	mark := fingerprint(identity(res.final, c.traps.noise))
	id, ok := c.t.find(mark)
	if !ok {
		e := c.t.get(o.id)
		id = c.add(target{url: res.final, depth: e.depth, flags: e.flags & (flagPage | flagSite)}, mark)
		c.t.get(id).state = stateAsked
		c.t.get(id).flags |= flagSite
	}
	c.t.get(id).flags |= c.t.get(o.id).flags & flagPage
	return id
}

// readable tells whether a page is to be read for links.
func (c *crawl) readable(ctx context.Context, id uint32, url string, r *result) bool {
	e := c.t.get(id)
	switch r.verdict {
	case linkcheck.OK:
	case linkcheck.Suspect:
		switch r.reason {
		case linkcheck.ReasonGoodContent, linkcheck.ReasonDamaged, linkcheck.ReasonHomeRedirect, linkcheck.ReasonNoTarget:
		case linkcheck.ReasonCatchAll:
			c.totals.cut(CutCatch, folder(url))
			return false
		default:
			return false
		}
	default:
		return false
	}
	sheet := r.contentType == "text/css"
	if !sheet && e.flags&flagPage == 0 || c.o.Depth != WholeSite && int(e.depth) > c.o.Depth {
		return false
	}
	p := locate(url)
	if deep(p.path) || crowded(p.query) || c.nests(ctx, id, url, r) {
		c.totals.cut(CutNesting, folder(url))
		return false
	}
	if c.totals.Pages >= c.o.MaxPages {
		c.totals.cut(CutPages, folder(url))
		return false
	}
	if c.o.MaxFile > 0 && c.size() > c.o.MaxFile {
		c.totals.cut(CutFile, folder(url))
		return false
	}
	key := pageKey(url, c.traps.noise)
	if _, done := c.read[key]; done {
		return false
	}
	c.read[key] = struct{}{}
	c.totals.Pages++
	return true
}

// size is what the run has written so far, in bytes.
func (c *crawl) size() int64 {
	if c.memory == nil {
		return c.j.base
	}
	return c.j.base + c.memory.size()
}

// nests tells whether a page lies in folders that go on without end. Paths that
// look so are common in large trees too, so a path far below is asked for first.
func (c *crawl) nests(ctx context.Context, id uint32, url string, r *result) bool {
	p := locate(url)
	more, ok := repeats(p.path)
	if !ok {
		first, known := c.traps.sums[r.sum]
		if !known || first == id || r.words == 0 {
			return false
		}
		if more, ok = loops(p.path, locate(c.address(first)).path); !ok {
			return false
		}
	}
	top := folder(url)
	f := c.traps.nests[top]
	if f == nil {
		if len(c.traps.nests) >= maxFamilies {
			return false
		}
		f = &family{}
		c.traps.nests[top] = f
		c.probe(ctx, f, p.origin+more)
	}
	return f.state == endOpen
}

// probe asks for addresses nobody can have meant until one is there.
func (c *crawl) probe(ctx context.Context, f *family, far ...string) {
	f.state = endAsked
	c.flying++
	go func() {
		o := outcome{probe: f}
		for _, o.url = range far {
			var r linkcheck.Result
			o.page, r = c.checker.ReadPage(ctx, o.url)
			o.page.Body = nil
			tries, bytes := o.result.Tries+r.Tries, o.result.Bytes+r.Bytes
			o.result, o.result.Tries, o.result.Bytes = r, tries, bytes
			if o.open() {
				break
			}
		}
		c.done <- o
	}()
}

// open tells whether what nobody can have meant is there.
func (o *outcome) open() bool {
	r := &o.result
	return r.Verdict == linkcheck.OK && sameTail(r.Final, o.url) || r.Reason == linkcheck.ReasonCatchAll
}

// repeated tells whether what is there, far beyond the pages of a family that
// brings new text, is nothing of the kind: an empty list, or the last page again.
func (c *crawl) repeated(o outcome) bool {
	f := o.probe
	if f.pages == 0 || f.barren >= barrenRow || o.result.Verdict != linkcheck.OK {
		return false
	}
	_, known := c.traps.sums[o.page.Sum]
	return known || 2*o.page.Words < f.words
}

// watch lets the traps see a page and tells whether it brought nothing new.
func (c *crawl) watch(ctx context.Context, id uint32, url string, p *linkcheck.Page, r *result) (empty bool) {
	if r.verdict != linkcheck.OK || r.contentType == "text/css" {
		return false
	}
	if first, ok := c.traps.sums[p.Sum]; !ok {
		c.traps.sums[p.Sum] = id
	} else if first != id && p.Words > 0 && c.traps.vote(url, c.address(first)) {
		c.totals.cut(CutAlias, folder(url))
	}
	if f := c.traps.filtered(url, p.Links); f != nil && f.see(p.Pieces, valuesOf(url)) {
		empty = true
	}
	if a := c.traps.area(url, true); a.visit() {
		c.wander(ctx, a, url)
	}
	if whole := c.traps.whole; whole.asked == 0 && len(c.traps.areas) >= manyAreas {
		c.wander(ctx, whole, url)
	}
	f := c.traps.family(url)
	if f == nil {
		return empty
	}
	f.pages++
	f.words += (p.Words - f.words) / min(f.pages, 16)
	if f.see(p.Plain) {
		empty = true
	}
	if f.suspicious(int(c.t.get(id).chain)) {
		if far := farAway(url, f.sample, f.last); len(far) > 0 {
			f.asked++
			if f.kind = CutNumbers; f.barren < barrenRow {
				f.kind = CutChain
			}
			c.probe(ctx, f, far...)
		}
	}
	f.last = url
	return empty
}

// endless tells whether an address is one of those there is no end to, going by
// who names it.
func (c *crawl) endless(url string, flags uint8) (kind, where string) {
	if flags&flagNear != 0 {
		if a := c.traps.area(url, false); a != nil && a.state == endOpen {
			return CutMaze, a.where
		}
	}
	if flags&(flagEmpty|flagKin) == 0 {
		return "", ""
	}
	if f := c.traps.filters[filterKey(url)]; f != nil && f.open && flags&flagEmpty != 0 {
		return CutFilters, folder(url)
	}
	shape, ok := shapeOf(url)
	if !ok {
		return "", ""
	}
	f := c.traps.families[fingerprint(shape)]
	if f == nil || f.state != endOpen {
		return "", ""
	}
	return f.kind, shape
}

// pageKey is one for all schemes and spellings of the host of a page.
func pageKey(url string, noise map[string]bool) uint64 {
	alike := identity(url, noise)
	p := locate(alike)
	return fingerprint(siteOf(p.host) + alike[len(p.origin):])
}

func (c *crawl) onSite(p place) bool { return siteOf(p.host) == c.site }

// folder returns the address of the first folder of an address.
func folder(url string) string {
	p := locate(url)
	if end := strings.IndexByte(strings.TrimPrefix(p.path, "/"), '/'); end >= 0 {
		return p.origin + p.path[:end+2]
	}
	return p.origin + p.path
}

// sameTail tells whether two addresses have path and query in common.
func sameTail(a, b string) bool {
	p, q := locate(a), locate(b)
	return p.path == q.path && p.query == q.query
}

func mediaType(s string) string {
	s, _, _ = strings.Cut(s, ";")
	return strings.ToLower(strings.TrimSpace(s))
}

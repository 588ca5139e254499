package health

import (
	"context"
	"errors"
	"net/url"
	"path"
	"strings"
	"time"

	"zhanqun/hub/health/crawl"
	"zhanqun/hub/health/linkcheck"
)

// maxBad bounds the bad targets recorded of one site.
const maxBad = 5000

// MaxPlaces bounds the places kept of one target on one site.
const MaxPlaces = 50

// errFound ends a run because what it tells cannot be taken in.
var errFound = errors.New("what was found cannot be recorded")

// found is what a pass has found so far that is worth recording: what is bad,
// and what becomes of that which was recorded before.
type found struct {
	site    Site
	folders []folder // of columns that others answer for
	hosts   map[string]bool
	start   crawl.Line
	targets map[string]*seenTarget // by address: bad, or recorded before
	pages   map[string]bool        // those on which recorded targets were: read in this pass?
	certs   map[string]int         // hosts whose certificates are watched
	left    int                    // bad targets beyond maxBad
}

// seenTarget is one target with where the site names it.
type seenTarget struct {
	known  Naming // as it was recorded; empty if it was not
	look   crawl.Line
	places []Place
	home   bool // the home page names it
	total  int
	units  map[string]bool
}

// folder is where a column of another unit stands.
type folder struct{ prefix, unit string }

// newFound prepares for the lines of a site.
func (s *Service) newFound(ctx context.Context, site Site) (*found, error) {
	f := &found{site: site, targets: map[string]*seenTarget{}, pages: map[string]bool{}, certs: map[string]int{}}
	recorded, err := s.Store.Named(ctx, SiteOwner(site.ID), 2*maxBad)
	if err != nil {
		return nil, err
	}
	for _, n := range recorded {
		if n.URL == site.URL {
			continue // the home page is watched anyway
		}
		f.targets[n.URL] = &seenTarget{known: n}
		if host, ok := certificateHost(n.URL); ok {
			f.certs[host] = certUnseen
		}
		for _, p := range n.Places {
			f.pages[p.Page] = false
		}
	}
	columns, err := s.Store.SiteColumns(ctx, site.ID, "")
	if err != nil {
		return nil, err
	}
	for _, c := range columns {
		if prefix := folderOf(c.URL); c.Status == ColumnWatched && c.Unit != site.Unit && prefix != "" {
			f.folders = append(f.folders, folder{prefix, c.Unit})
		}
	}
	f.hosts, err = s.siteHosts(ctx)
	return f, err
}

// folderOf returns the folder of a column on its host, "" if it has none of its
// own.
func folderOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	dir, _ := path.Split(u.Path)
	if strings.Trim(dir, "/") == "" {
		return ""
	}
	return bareHost(u.Host) + dir
}

// again tells which addresses have to be asked in every pass: what was recorded,
// and the pages it was on.
func (f *found) again(address string) bool {
	_, page := f.pages[address]
	return page || f.targets[address] != nil
}

// line takes in one line of a crawl.
func (f *found) line(l crawl.Line) error {
	if l.Page == "" {
		f.start = l
		if at := HostOf(l.Final); strings.HasPrefix(l.Final, "https://") {
			f.certs[at] = certLinked // its own is always watched
		}
		return nil
	}
	if l.CertHost != "" || len(f.certs) > 0 && strings.HasPrefix(l.URL, "https://") {
		f.certificate(l)
	}
	page := l.Page
	if f.isHome(page) {
		page = f.site.URL
	}
	if _, ok := f.pages[page]; ok {
		f.pages[page] = true
	}
	address := l.URL
	if address == "" {
		address = strings.TrimSpace(l.Raw) // an editor's slip: the check says what is wrong with it
	}
	if signOf(l.Reason) {
		address += linkMark
	}
	t := f.targets[address]
	if t == nil {
		if !bad(l) || address == "" || len(address) > maxURL || address == f.site.URL {
			return nil
		}
		if len(f.targets) >= 2*maxBad {
			f.left++
			return nil
		}
		t = &seenTarget{}
		f.targets[address] = t
	}
	t.take(f, l)
	return nil
}

// maxURL bounds an address that is recorded, in bytes.
const maxURL = 4000

// bad tells what is worth recording: what is no link to a reader, and what
// robots.txt keeps for itself, is not.
func bad(l crawl.Line) bool {
	switch l.Verdict {
	case linkcheck.Dead, linkcheck.Suspect:
		return true
	case linkcheck.Inconclusive:
		return l.Reason != crawl.ReasonRobotsDown && l.Reason != linkcheck.ReasonCancelled
	}
	return false
}

// take notes one place.
func (t *seenTarget) take(f *found, l crawl.Line) {
	if t.total++; t.total == 1 || t.look.At.IsZero() {
		t.look = l
	}
	unit := f.unitOf(l.Page)
	if t.units == nil {
		t.units = map[string]bool{}
	}
	t.units[unit] = true
	home := f.isHome(l.Page)
	p := Place{Page: l.Page, Element: l.Element, Label: l.Label, SeenAt: f.site.PassBegan}
	if home {
		p.Page = f.site.URL // under which it counts as a link of the home page
	}
	switch {
	case len(t.places) < MaxPlaces:
		t.places = append(t.places, p)
	case home && !t.home:
		t.places[0] = p
	}
	t.home = t.home || home
}

// unitOf returns who answers for a page: the unit of the column in whose folder
// it stands, else that of the site.
func (f *found) unitOf(page string) string {
	u, err := url.Parse(page)
	if err != nil || len(f.folders) == 0 {
		return f.site.Unit
	}
	at, unit, length := bareHost(u.Host)+u.Path, f.site.Unit, 0
	for _, one := range f.folders {
		if len(one.prefix) > length && strings.HasPrefix(at, one.prefix) {
			unit, length = one.unit, len(one.prefix)
		}
	}
	return unit
}

// isHome tells whether a page is the home page, at which the site's address may
// only arrive after redirects.
func (f *found) isHome(page string) bool {
	return page == f.start.Final || page == f.start.URL || page == f.site.URL
}

// naming returns the target as it is to be recorded. One fault in a menu that
// the pages of several units have in common is the site's; who was told once
// stays the one to be told.
func (t *seenTarget) naming(f *found, address string) Naming {
	n := t.known
	n.Owner, n.URL, n.Places, n.Total = SiteOwner(f.site.ID), address, t.places, t.total
	unit := f.site.Unit
	if len(t.units) == 1 {
		for one := range t.units {
			unit = one
		}
	}
	if len(t.known.Places) > 0 {
		if before := t.known.Places[0].Unit; before == f.site.Unit || t.units[before] {
			unit = before
		}
	}
	for i := range n.Places {
		n.Places[i].Unit = unit
	}
	return n
}

// unread are the places of a target on pages that were not read in this pass:
// nothing leads there any more, or they could not be had.
func (t *seenTarget) unread(f *found) (list []Place) {
	for _, p := range t.known.Places {
		if !f.pages[p.Page] {
			list = append(list, p)
		}
	}
	return list
}

// lineLook is a line as a look.
func lineLook(l crawl.Line, now time.Time) Look {
	look := Look{Look: linkcheck.Look{At: l.At, Verdict: l.Verdict, Reason: l.Reason}, Class: l.Class, Status: l.Status, Detail: l.Detail}
	if l.At.IsZero() || l.At.After(now) {
		look.At = now
	}
	if l.Final != l.URL {
		look.Final = l.Final
	}
	look.Silent = silent(linkcheck.Result{Verdict: l.Verdict, ErrorKind: l.Kind}) && look.Final == ""
	return look
}

// recordBad records what is bad and was not recorded before.
func (s *Service) recordBad(ctx context.Context, f *found) error {
	for address, t := range f.targets {
		if t.known.Target == "" && t.total > 0 {
			if err := s.record(ctx, f, address, t); err != nil {
				return err
			}
		}
	}
	return nil
}

// recordAll records how everything stands at the end of a pass. What no page
// names that was read is looked for on the others before it is given up.
func (s *Service) recordAll(ctx context.Context, f *found) error {
	if f.left > 0 {
		s.Log.Warn("more bad links than are recorded", "site", f.site.URL, "left", f.left)
	}
	var unread []Place
	var gone []string
	urls := map[string]string{}
	for address, t := range f.targets {
		if t.total > 0 {
			if err := s.record(ctx, f, address, t); err != nil {
				return err
			}
			continue
		}
		if f.stays(address) {
			continue
		}
		n := t.known
		n.Places = t.unread(f)
		n.Total = len(n.Places)
		if _, err := s.Store.Name(ctx, n); err != nil {
			return err
		}
		for _, p := range n.Places {
			p.Target, p.Owner = n.Target, n.Owner
			unread = append(unread, p)
		}
		gone, urls[n.Target] = append(gone, n.Target), address
	}
	if err := s.readPages(ctx, unread[:min(len(unread), maxUnread)], urls); err != nil {
		return err
	}
	return s.rejudge(ctx, gone)
}

// maxUnread bounds the places looked for at the end of a pass; the others stay
// until the next.
const maxUnread = 500

// record records one target that the site names. A target that is well again is
// judged by that and then forgotten.
func (s *Service) record(ctx context.Context, f *found, address string, t *seenTarget) error {
	n := t.naming(f, address)
	id, err := s.Store.Name(ctx, n)
	if err != nil {
		return err
	}
	look := lineLook(t.look, s.Now())
	well := false
	err = s.Store.Judge(ctx, id, func(c Case) Effect {
		switch {
		case len(c.Target.Looks) == 0, look.Verdict == linkcheck.OK && look.At.After(c.Target.CheckedAt):
			well = look.Verdict == linkcheck.OK
			return judge(c, &look, s.rules(), s.Now())
		}
		well = c.Target.State == linkcheck.StateAlive && look.Verdict == linkcheck.OK
		return judge(c, nil, s.rules(), s.Now())
	})
	if err != nil || !well {
		return err
	}
	n.Places, n.Total = nil, 0
	_, err = s.Store.Name(ctx, n)
	return err
}

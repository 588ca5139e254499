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

const (
	maxBad    = 5000 // bad targets recorded of one site
	maxPlaces = 50   // places recorded of one target on one site
)

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
	pages   map[string]pageRead    // those on which recorded targets were
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

// pageRead tells whether a page was read for links in this pass.
type pageRead struct{ read, failed bool }

// folder is where a column of another unit stands.
type folder struct{ prefix, unit string }

// newFound prepares for the lines of a site.
func (s *Service) newFound(ctx context.Context, site Site) (*found, error) {
	f := &found{site: site, targets: map[string]*seenTarget{}, pages: map[string]pageRead{}, hosts: map[string]bool{}}
	recorded, err := s.Store.Named(ctx, SiteOwner(site.ID), 2*maxBad)
	if err != nil {
		return nil, err
	}
	for _, n := range recorded {
		if n.URL == site.URL {
			continue // the home page is watched anyway
		}
		f.targets[n.URL] = &seenTarget{known: n}
		for _, p := range n.Places {
			f.pages[p.Page] = pageRead{}
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
	for after := ""; ; {
		sites, err := s.Store.Sites(ctx, after, batch)
		if err != nil {
			return nil, err
		}
		for _, one := range sites {
			f.hosts[bareHost(HostOf(one.URL))] = true
			after = one.ID
		}
		if len(sites) < batch {
			return f, nil
		}
	}
}

// cluster tells whether a host is that of a registered site.
func (f *found) cluster(host string) bool { return f.hosts[bareHost(host)] }

func bareHost(host string) string { return strings.TrimPrefix(host, "www.") }

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

// line takes in one line of a crawl.
func (f *found) line(l crawl.Line) error {
	if l.Page == "" {
		f.start = l
		return nil
	}
	page := l.Page
	if f.isHome(page) {
		page = f.site.URL
	}
	if state, ok := f.pages[page]; ok && !state.read {
		f.pages[page] = pageRead{read: true}
	}
	if state, ok := f.pages[l.URL]; ok && !state.read {
		state.read, state.failed = l.Verdict == linkcheck.OK, unread(l)
		f.pages[l.URL] = state
	}
	address := l.URL
	if address == "" {
		address = l.Raw // an editor's slip: the check says what is wrong with it
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

// unread tells whether the links of a page are unknown now, rather than gone.
func unread(l crawl.Line) bool {
	return l.Verdict != linkcheck.OK && l.Reason != linkcheck.ReasonGone
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
	case len(t.places) < maxPlaces:
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

// kept are the places of a target that no page names any more as far as was
// read: those on pages whose links are not known now.
func (t *seenTarget) kept(f *found, complete bool) (list []Place) {
	for _, p := range t.known.Places {
		if state := f.pages[p.Page]; !state.read && (state.failed || !complete) {
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

// recordAll records how everything stands at the end of a pass. complete says
// that no page was left aside.
func (s *Service) recordAll(ctx context.Context, f *found, complete bool) error {
	if f.left > 0 {
		s.Log.Warn("more bad links than are recorded", "site", f.site.URL, "left", f.left)
	}
	for address, t := range f.targets {
		if t.total > 0 {
			if err := s.record(ctx, f, address, t); err != nil {
				return err
			}
			continue
		}
		n := t.known
		n.Places = t.kept(f, complete)
		n.Total = len(n.Places)
		if _, err := s.Store.Name(ctx, n); err != nil {
			return err
		}
		if err := s.rejudge(ctx, []string{n.Target}); err != nil {
			return err
		}
	}
	return nil
}

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


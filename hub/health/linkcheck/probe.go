package linkcheck

import (
	"container/list"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"io"
	"path"
	"strings"
	"sync"
	"time"
)

const (
	probeLife  = 6 * time.Hour
	maxProbes  = 5000
	probeWords = 60 // least letters a page must have to be compared
)

// probes remembers what hosts answer for pages that cannot exist.
type probes struct {
	mu    sync.Mutex
	known map[string]*list.Element
	order *list.List     // oldest first
	hosts map[string]int // how many of each host have been asked for
}

// probe is one such answer; sum 0 means an honest refusal.
type probe struct {
	key    string
	sum    uint64
	fickle bool           // another page each time
	stays  map[uint64]int // what of it is the same all the same
	at     time.Time
}

func newProbes() *probes {
	return &probes{known: map[string]*list.Element{}, order: list.New(), hosts: map[string]int{}}
}

// hostProbes is how many folders of one host are asked beside without a reason,
// doubtProbes how many with one.
const hostProbes, doubtProbes = 50, 500

// many tells whether so many of a host have been asked for that these are enough.
func (p *probes) many(host string, reason bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if reason {
		return p.hosts[host] >= doubtProbes
	}
	return p.hosts[host] >= hostProbes
}

func (p *probes) get(key string, now time.Time) (probe, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e := p.known[key]; e != nil {
		if found, ok := e.Value.(probe); ok && now.Sub(found.at) < probeLife {
			return found, true
		}
	}
	return probe{}, false
}

func (p *probes) put(host string, found probe) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.hosts) >= maxProbes {
		clear(p.hosts)
	}
	p.hosts[host]++
	if e := p.known[found.key]; e != nil {
		p.order.Remove(e)
	}
	p.known[found.key] = p.order.PushBack(found)
	for p.order.Len() > maxProbes {
		oldest := p.order.Front()
		p.order.Remove(oldest)
		if old, ok := oldest.Value.(probe); ok {
			delete(p.known, old.key)
		}
	}
}

// doubt looks again at what seems well: is it what comes for any address?
func (c *Checker) doubt(ctx context.Context, v *visit) {
	if !c.opts.Probe || v.result.Verdict != OK {
		return
	}
	if c.astray(ctx, v); v.facts != nil && v.result.Verdict == OK {
		c.compare(ctx, v)
	}
}

// astray makes a page suspect that was sent to an entrance to which an address
// beside it that cannot exist is sent too: a home page in a folder, the column, a
// new site.
func (c *Checker) astray(ctx context.Context, v *visit) {
	if len(v.result.Hops) < 2 || !isDeep(v.from) || v.from.path == v.at.path || isHome(v.at) || !isEntrance(v.at) {
		return
	}
	for _, name := range unlikely(v.from.path) {
		a := v.from
		key := "to " + a.scheme + "://" + a.hostPort() + name.dir + name.kind + name.tail
		now := c.opts.Now()
		found, ok := c.probes.get(key, now)
		if !ok {
			if c.probes.many(a.hostPort(), true) {
				return
			}
			a.path = name.dir + name.invented() + name.tail
			a.query, a.hasQuery = "", false
			look := c.visit(ctx, a.String(), false)
			switch look.result.Verdict {
			case Inconclusive, Excluded:
				continue
			case OK:
				if len(look.result.Hops) > 1 {
					found.sum = sumOf(look.at.String())
				}
			}
			found.key, found.at = key, now
			c.probes.put(a.hostPort(), found)
		}
		if found.sum != 0 && found.sum == sumOf(v.at.String()) {
			v.result.say(Suspect, ClassSoft, ReasonCatchAll)
			return
		}
	}
}

func sumOf(s string) uint64 {
	h := fnv.New64a()
	_, _ = io.WriteString(h, s) // never fails
	return h.Sum64()
}

// compare makes v's page suspect if the same page comes for an address beside
// it that cannot exist, or one that is as much made up on the spot. Home pages,
// pages with little text and the shells of script applications, which are the
// same everywhere by nature, are let be.
func (c *Checker) compare(ctx context.Context, v *visit) {
	if v.facts.app || isHome(v.at) {
		return
	}
	// That another page shows the same is reason enough to ask. Whoever looks
	// out for that need not ask beside every folder.
	reason := c.opts.Doubted != nil && c.opts.Doubted(v.at.String(), v.facts.sum)
	if !reason && (!isDeep(v.at) || v.facts.text < probeWords) {
		return
	}
	sparing := c.opts.Doubted != nil && c.probes.many(v.at.hostPort(), reason)
	for _, name := range unlikely(v.at.path) {
		found, ok := c.beside(ctx, v.at, name, v.facts.plain, sparing)
		if !ok {
			continue
		}
		if found.sum != 0 && (found.sum == v.facts.plain || found.fickle && c.fickle(ctx, v, found)) {
			v.result.say(Suspect, ClassSoft, ReasonCatchAll)
			return
		}
	}
}

// beside returns what comes for a sibling, which cannot exist, of a, which shows
// the known text. ok is false when that proved nothing, or when it would have to be
// asked for and sparing forbids it.
func (c *Checker) beside(ctx context.Context, a address, name sibling, known uint64, sparing bool) (found probe, ok bool) {
	key := a.scheme + "://" + a.hostPort() + name.dir + name.kind + name.tail
	now := c.opts.Now()
	if found, ok = c.probes.get(key, now); ok {
		return found, true
	}
	if sparing {
		return probe{}, false
	}
	a.path = name.dir + name.invented() + name.tail
	a.query, a.hasQuery = "", false
	look := c.visit(ctx, a.String(), false)
	switch {
	case look.result.Verdict == OK && look.facts != nil:
		found = probe{sum: look.facts.plain}
		if found.sum == known {
			break
		}
		// The same address once more: is it another page each time?
		if again := c.visit(ctx, a.String(), false); again.result.Verdict == OK && again.facts != nil && again.facts.plain != found.sum {
			found.fickle, found.stays = true, stays(look, again)
		}
	case look.result.Verdict == Dead && look.result.Reason != ReasonNetwork, look.result.Verdict == Suspect:
	default:
		return probe{}, false
	}
	found.key, found.at = key, now
	c.probes.put(a.hostPort(), found)
	return found, true
}

// fickleLetters is how much text of its own a page must keep from one look to
// the next to be one.
const fickleLetters = 20

// fickle tells whether v's page, like the one found beside it, is another each
// time it is asked for: what stays of it is what stays of that one too.
func (c *Checker) fickle(ctx context.Context, v *visit, found probe) bool {
	again := c.visit(ctx, v.at.String(), false)
	if again.result.Verdict != OK || again.facts == nil || again.facts.plain == v.facts.plain {
		return false
	}
	own := 0
	for piece, letters := range stays(v, again) {
		if _, shared := found.stays[piece]; !shared {
			own += letters
		}
	}
	return own < fickleLetters
}

// stays returns the pieces of text two looks at one address have in common,
// with their letters, digits apart.
func stays(a, b *visit) map[uint64]int {
	first, common := lettersOf(a), map[uint64]int{}
	for piece, n := range lettersOf(b) {
		if _, ok := first[piece]; ok {
			common[piece] = n
		}
	}
	return common
}

func lettersOf(v *visit) map[uint64]int {
	p := &page{address: v.at}
	text, _ := Decode(v.result.ContentType, v.answer.body)
	p.facts.weigh = map[uint64]int{}
	s := scanner{page: p, facts: &p.facts, z: tokens{src: text}}
	for s.next() {
	}
	return p.facts.weigh
}

// sibling is how to call a page beside another that cannot exist: its folder,
// the kind of its name, and how it ends. Folders are siblings of folders.
type sibling struct{ dir, kind, tail string }

const (
	anyName   = "*" // letters and digits drawn by lot
	anyNumber = "#" // a number far beyond those there are
)

// unlikely returns the siblings worth asking for beside a path: a site may know
// only numbers where another has an answer to any name.
func unlikely(p string) []sibling {
	name := strings.TrimSuffix(p, "/")
	dir, file := path.Split(name)
	tail := path.Ext(file) + p[len(name):]
	list := []sibling{{dir, anyName, tail}}
	if stem := strings.TrimSuffix(file, path.Ext(file)); stem != "" && strings.Trim(stem, "0123456789") == "" {
		list = append(list, sibling{dir, anyNumber, tail})
	}
	return list
}

func (s sibling) invented() string {
	var lots [8]byte
	_, _ = rand.Read(lots[:]) // never fails
	if s.kind == anyNumber {
		return fmt.Sprintf("97%07d", (uint32(lots[0])<<16|uint32(lots[1])<<8|uint32(lots[2]))%10_000_000)
	}
	return "zq" + hex.EncodeToString(lots[:])
}

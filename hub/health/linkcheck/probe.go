package linkcheck

import (
	"container/list"
	"context"
	"crypto/rand"
	"encoding/hex"
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
	order *list.List // oldest first
}

// probe is one such answer; sum 0 means an honest refusal.
type probe struct {
	key string
	sum uint64
	at  time.Time
}

func newProbes() *probes { return &probes{known: map[string]*list.Element{}, order: list.New()} }

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

func (p *probes) put(found probe) {
	p.mu.Lock()
	defer p.mu.Unlock()
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

// compare makes v's page suspect if the same page comes for an address beside
// it that cannot exist. Home pages, pages with little text and the shells of
// script applications, which are the same everywhere by nature, are let be.
func (c *Checker) compare(ctx context.Context, v *visit) {
	if v.facts.app || !isDeep(v.at) || v.facts.text < probeWords {
		doubted := c.opts.Doubted
		if v.facts.app || isHome(v.at) || doubted == nil || !doubted(v.at.String(), v.facts.sum) {
			return
		}
	}
	dir, tail := beside(v.at.path)
	key := v.at.scheme + "://" + v.at.hostPort() + dir + "*" + tail
	now := c.opts.Now()
	found, ok := c.probes.get(key, now)
	if !ok {
		if found, ok = c.probe(ctx, v.at, dir, tail); !ok {
			return
		}
		found.key, found.at = key, now
		c.probes.put(found)
	}
	if found.sum != 0 && found.sum == v.facts.plain {
		v.result.say(Suspect, ClassSoft, ReasonCatchAll)
	}
}

// beside returns what the siblings of a path have in common with it: the folder
// they are in and how their names end. Folders are siblings of folders.
func beside(p string) (dir, tail string) {
	name := strings.TrimSuffix(p, "/")
	dir, _ = path.Split(name)
	return dir, path.Ext(name) + p[len(name):]
}

// probe asks for a page of a random name beside a; ok is false when that proved
// nothing.
func (c *Checker) probe(ctx context.Context, a address, dir, tail string) (probe, bool) {
	var name [8]byte
	_, _ = rand.Read(name[:]) // never fails
	a.path = dir + "zq" + hex.EncodeToString(name[:]) + tail
	a.query, a.hasQuery = "", false
	look := c.visit(ctx, a.String(), false)
	switch {
	case look.result.Verdict == OK && look.facts != nil:
		return probe{sum: look.facts.plain}, true
	case look.result.Verdict == Dead && look.result.Reason != ReasonNetwork, look.result.Verdict == Suspect:
		return probe{}, true
	}
	return probe{}, false
}

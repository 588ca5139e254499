package linkcheck

import (
	"container/list"
	"context"
	"crypto/rand"
	"encoding/hex"
	"path"
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
	if !isDeep(v.at) || v.facts.app || v.facts.text < probeWords {
		return
	}
	dir, _ := path.Split(v.at.path)
	key := v.at.scheme + "://" + v.at.hostPort() + dir + "*" + path.Ext(v.at.path)
	now := c.opts.Now()
	found, ok := c.probes.get(key, now)
	if !ok {
		if found, ok = c.probe(ctx, v.at, dir); !ok {
			return
		}
		found.key, found.at = key, now
		c.probes.put(found)
	}
	if found.sum != 0 && found.sum == v.facts.sum {
		v.result.say(Suspect, ClassSoft, ReasonCatchAll)
	}
}

// probe asks for a page of a random name beside a; ok is false when that proved
// nothing.
func (c *Checker) probe(ctx context.Context, a address, dir string) (probe, bool) {
	var name [8]byte
	_, _ = rand.Read(name[:]) // never fails
	a.path = dir + "zq" + hex.EncodeToString(name[:]) + path.Ext(a.path)
	a.query, a.hasQuery = "", false
	look := c.visit(ctx, a.String())
	switch {
	case look.result.Verdict == OK && look.facts != nil:
		return probe{sum: look.facts.sum}, true
	case look.result.Verdict == Dead && look.result.Reason != ReasonNetwork, look.result.Verdict == Suspect:
		return probe{}, true
	}
	return probe{}, false
}

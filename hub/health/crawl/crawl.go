package crawl

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"zhanqun/hub/health/linkcheck"
)

// version of the work file; one of another version cannot be gone on with.
const version = 1

// ErrOther says that a folder holds the work of another check.
var ErrOther = errors.New("folder holds the work of another check")

// Run checks what o.Depth says of the site at start, an address as a person
// types it. It returns the totals also when it was stopped by ctx; then they
// are not Complete. The error is one of the work file, of o.Tell, or ErrOther;
// what is wrong with the site is told, never returned.
func Run(ctx context.Context, start string, o Options) (Totals, error) {
	o = o.withDefaults()
	began := time.Now()
	dir := o.Dir
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "zhanqun-check-"); err != nil {
			return Totals{}, fmt.Errorf("making work folder: %w", err)
		}
		defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	}
	if o.MaxTime > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, o.MaxTime, errTime)
		defer cancel()
	}
	c := newCrawl(start, o)
	defer c.checker.Close()
	err := c.open(filepath.Join(dir, "crawl.log"))
	if c.j != nil {
		defer c.j.close() //nolint:errcheck // every frame has been written
	}
	if err != nil {
		return c.totals, err
	}
	err = c.loop(ctx)
	c.totals.Elapsed = time.Since(began)
	return c.totals, err
}

var errTime = errors.New("time is over")

// crawl is one run.
type crawl struct {
	o       Options
	start   string // as it was given
	checker *linkcheck.Checker
	rules   *rules
	free    string // address that is asked whatever robots.txt says

	// What follows belongs to the loop; hooks read some of it under mu, which
	// the loop holds while it writes.
	mu      sync.Mutex
	j       *journal
	t       *table
	hosts   *hosts
	traps   *traps
	site    string // see siteOf; empty until the start has answered
	totals  Totals
	again   []uint32 // failed, to be asked once more
	failed  time.Time
	later   []uint32 // of deeper levels
	level   int
	flying  int
	done    chan outcome
	stopped string
	recall  recall
	read    map[uint64]struct{} // pages read, whatever their scheme and "www."
	err     error
	keep    bool // the work file must be enough to tell everything again
	buf     []byte
	seen    map[uint64]struct{} // links of the page at hand
}

func newCrawl(start string, o Options) *crawl {
	c := &crawl{o: o, start: start, t: newTable(), traps: newTraps(), keep: o.Dir != "", done: make(chan outcome, o.Workers),
		read: map[uint64]struct{}{}, seen: map[uint64]struct{}{}}
	c.hosts = newHosts(c.t)
	c.totals.Start = start
	check := o.Check
	pace := linkcheck.ThrottleOptions{Interval: o.Pace, Concurrency: o.Site, MaxWait: 2 * time.Minute, MaxHosts: 2000}
	if o.Pace == 0 {
		pace.Adaptive, pace.Interval = true, o.SlowPace
	}
	check.Throttle = linkcheck.NewThrottle(pace)
	if check.UserAgent == "" {
		check.UserAgent = linkcheck.DefaultUserAgent
	}
	c.rules = newRules(check.UserAgent)
	check.Permit, check.Known, check.Doubted, check.Probe = c.permit, c.known, c.doubted, true
	c.checker = linkcheck.New(check)
	c.rules.checker, c.rules.throttle = c.checker, check.Throttle
	if o.Depth == WholeSite {
		c.level = 1 << 16
	}
	return c
}

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

// outcome is what a worker brings back.
type outcome struct {
	id     uint32
	host   uint32
	url    string
	result linkcheck.Result
	page   linkcheck.Page
	probe  *family // asked to see whether there is an end to it
	alive  bool    // asked to see whether the site still answers
}

// loop runs until there is nothing left to ask, or ctx ends.
func (c *crawl) loop(ctx context.Context) error {
	for c.err == nil && ctx.Err() == nil && c.stopped == "" {
		c.dispatch(ctx)
		if c.err != nil {
			break
		}
		if c.flying == 0 {
			if !c.deeper() && !c.onceMore(ctx) {
				break
			}
			continue
		}
		c.take(ctx, c.wait(ctx))
	}
	for c.flying > 0 { // they end soon: the context does, or each has its limit
		c.take(ctx, <-c.done)
	}
	c.finish(ctx)
	return c.err
}

// wait returns the next outcome, and uses the time until it comes.
func (c *crawl) wait(ctx context.Context) outcome {
	select {
	case o := <-c.done:
		return o
	default:
	}
	c.o.Idle(c.totals)
	return <-c.done
}

// dispatch hands out work while there is some and there are hands.
func (c *crawl) dispatch(ctx context.Context) {
	for c.flying < c.o.Workers && c.err == nil {
		c.mu.Lock()
		id, url, ok := c.next()
		c.mu.Unlock()
		if !ok {
			return
		}
		e := c.t.get(id)
		e.state = stateAsked
		read := e.flags&flagSite != 0
		o := outcome{id: id, host: e.host, url: url}
		c.flying++
		go func() {
			if read {
				o.page, o.result = c.checker.ReadPage(ctx, url)
				o.page.Body = nil
			} else {
				o.result = c.checker.Check(ctx, url)
			}
			c.done <- o
		}()
	}
}

// next takes the next address worth asking off the queues.
func (c *crawl) next() (id uint32, url string, ok bool) {
	for c.err == nil {
		id, on, ok := c.hosts.pop()
		if !ok {
			return 0, "", false
		}
		e := c.t.get(id)
		if e.state != stateWaiting {
			c.hosts.done(e.host)
			continue
		}
		url := c.address(id)
		if on.silent {
			c.hosts.done(e.host)
			c.settle(id, url, &result{verdict: linkcheck.Inconclusive, reason: ReasonSilentHost, kind: linkcheck.KindTimeout, detail: reasonText(ReasonSilentHost)})
			c.commit()
			continue
		}
		if e.flags&flagEmpty != 0 {
			if kind, _ := c.endless(url); kind != "" {
				c.hosts.done(e.host)
				e.state = stateCut
				continue
			}
		}
		return id, url, true
	}
	return 0, "", false
}

// deeper goes on to the next level, if there is one.
func (c *crawl) deeper() bool {
	if len(c.later) == 0 {
		return false
	}
	c.level++
	list := c.later
	c.later = nil
	for _, id := range list {
		c.enqueue(id)
	}
	return true
}

// enqueue lets an address be asked when its turn and its level have come.
func (c *crawl) enqueue(id uint32) {
	e := c.t.get(id)
	if int(e.depth) > c.level {
		e.state = stateWaiting
		c.later = append(c.later, id)
		return
	}
	c.hosts.push(id)
}

// onceMore queues what has failed again, when some time has passed.
func (c *crawl) onceMore(ctx context.Context) bool {
	if len(c.again) == 0 {
		return false
	}
	c.o.Idle(c.totals)
	timer := time.NewTimer(c.o.Pause - time.Since(c.failed))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return false
	}
	list := c.again
	c.again = nil
	c.rules.again()
	for _, h := range c.hosts.list {
		h.mute, h.silent = 0, false
	}
	for _, id := range list {
		if c.t.get(id).state == stateAgain {
			c.hosts.push(id)
		}
	}
	return true
}

// take takes in an outcome.
func (c *crawl) take(ctx context.Context, o outcome) {
	c.flying--
	c.mu.Lock()
	defer c.mu.Unlock()
	c.totals.Requests += o.result.Tries
	c.totals.Bytes += o.result.Bytes
	if o.probe != nil {
		o.probe.state = endFinite
		if v := o.result; v.Verdict == linkcheck.OK && sameTail(v.Final, o.url) || v.Reason == linkcheck.ReasonCatchAll {
			o.probe.state = endOpen
		}
		return
	}
	if o.alive {
		if o.result.Status == 0 && ctx.Err() == nil {
			c.stopped = "site_silent"
		}
		return
	}
	c.hosts.done(o.host)
	e := c.t.get(o.id)
	if ctx.Err() != nil && o.result.Reason == linkcheck.ReasonCancelled {
		e.state = stateAgain // nothing was learned
		return
	}
	c.listen(ctx, o)
	if e.state == stateKnown {
		return // a redirect came there first
	}
	e.looks++
	if c.wantsAnother(&o.result, int(e.looks)) {
		e.state = stateAgain
		c.again = append(c.again, o.id)
		c.failed = time.Now()
		return
	}
	c.arrive(ctx, o)
	c.commit()
}

// wantsAnother tells whether a result rests on one failure only.
func (c *crawl) wantsAnother(r *linkcheck.Result, looks int) bool {
	if r.Reason == linkcheck.ReasonRateLimited {
		// The host is well and asks for patience.
		return looks < c.o.Looks+maxPatience && r.RetryAfter <= 5*time.Minute
	}
	if looks >= c.o.Looks {
		return false
	}
	switch r.Reason {
	case linkcheck.ReasonServerError, linkcheck.ReasonUntestable, linkcheck.ReasonBadRequest:
		return true
	case linkcheck.ReasonNetwork:
		return r.ErrorKind != linkcheck.KindLoop && r.ErrorKind != linkcheck.KindTooMany && r.ErrorKind != linkcheck.KindBadTarget
	case linkcheck.ReasonTimeout, linkcheck.ReasonDamaged, linkcheck.ReasonErrorPage, linkcheck.ReasonEmpty, linkcheck.ReasonMaintenance, ReasonRobotsDown:
		return looks < 2
	}
	return false
}

// maxPatience is how much oftener an address is asked whose host asks for time.
const maxPatience = 5

const (
	giveUp     = 3  // silent addresses in a row of another host, and it is left alone
	giveUpSite = 25 // of the site, and its first page is asked whether it lives
)

// listen keeps count of how long a host has been silent.
func (c *crawl) listen(ctx context.Context, o outcome) {
	on := c.hosts.list[o.host]
	switch {
	case o.result.Reason == linkcheck.ReasonTimeout && len(o.result.Hops) < 2:
		on.mute++
	case o.result.Verdict != linkcheck.Excluded:
		on.mute = 0
	}
	site := c.t.get(o.id).flags&flagSite != 0
	switch {
	case !site && on.mute >= giveUp:
		on.silent = true
	case site && on.mute >= giveUpSite:
		on.mute = -2 * giveUpSite
		c.flying++
		go func() { c.done <- outcome{alive: true, result: c.checker.Check(ctx, c.free)} }()
	}
}

// commit writes what has been learned to the work file.
func (c *crawl) commit() {
	if err := c.j.commit(); err != nil && c.err == nil {
		c.err = err
	}
}

// finish settles what was left aside and completes the totals.
func (c *crawl) finish(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.err != nil:
		c.stopped = "failed"
	case c.stopped != "":
	case context.Cause(ctx) == errTime:
		c.stopped = "time"
	case ctx.Err() != nil:
		c.stopped = "interrupted"
	}
	if c.stopped == "" {
		c.settleCut()
	}
	t := &c.totals
	t.Targets, t.Site, t.Stopped = int(c.t.n), c.site, c.stopped
	t.Complete = t.Stopped == ""
	for _, cut := range t.Cut {
		if t.Stopped == "" && (cut.Kind == CutPages || cut.Kind == CutTargets) {
			t.Complete, t.Stopped = false, cut.Kind
		}
	}
	t.Unchecked = t.Links - t.OK - t.Dead - t.Suspect - t.Inconclusive - t.Excluded
	if t.Robots = c.rules.say(); c.o.IgnoreRobots {
		t.Robots = "ignored"
	}
	c.o.Idle(*t)
}

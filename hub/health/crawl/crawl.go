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
const version = 3

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
	defer c.names.Close()
	defer c.checker.Close()
	work := filepath.Join(dir, "crawl.log")
	err := c.open(work)
	if o.Dir == "" {
		// Open files outlive their names, where the system lets them: whatever
		// ends the program, nothing is left behind.
		_, _ = os.Remove(work), os.Remove(dir)
	}
	if c.j != nil {
		defer c.j.close() //nolint:errcheck // every frame has been written
	}
	if err != nil {
		return c.totals, err
	}
	if err := c.openMemory(); err != nil {
		return c.totals, err
	}
	if c.memory != nil {
		defer c.memory.close()
	}
	err = c.loop(ctx)
	c.totals.Elapsed = time.Since(began)
	return c.totals, err
}

var errTime = errors.New("time is over")

// crawl is one run.
type crawl struct {
	o        Options
	start    string // as it was given
	checker  *linkcheck.Checker
	names    *linkcheck.NameCache
	rules    *rules
	throttle *linkcheck.Throttle
	free     string // address that is asked whatever robots.txt says

	// What follows belongs to the loop; hooks read some of it under mu, which
	// the loop holds while it writes.
	mu        sync.Mutex
	j         *journal
	t         *table
	hosts     *hosts
	traps     *traps
	site      string // see siteOf; empty until the start has answered
	totals    Totals
	again     []uint32  // failed, to be asked once more
	due       time.Time // when that may be
	recovered int       // addresses that failed and then were well
	later     []uint32  // of deeper levels
	level     int
	flying    int
	done      chan outcome
	stopped   string
	recall    recall
	memory    *memory             // nil for none
	read      map[uint64]struct{} // pages read, whatever their scheme and "www."
	err       error
	keep      bool // the work file must be enough to tell everything again
	buf       []byte
	seen      map[uint64]struct{} // links of the page at hand
	mild      map[uint64]struct{} // labels that advertise nothing
}

func newCrawl(start string, o Options) *crawl {
	c := &crawl{o: o, start: start, t: newTable(), traps: newTraps(), keep: o.Dir != "", done: make(chan outcome, o.Workers),
		read: map[uint64]struct{}{}, seen: map[uint64]struct{}{}, mild: map[uint64]struct{}{}}
	c.hosts = newHosts(c.t, max(o.Workers-o.Site, 1))
	c.totals.Start = start
	check := o.Check
	if check.Throttle = o.Throttle; check.Throttle == nil {
		check.Throttle = Pacing(o)
	}
	c.throttle = check.Throttle
	if check.UserAgent == "" {
		check.UserAgent = linkcheck.DefaultUserAgent
	}
	c.names = linkcheck.NewNameCache(check.Resolver)
	check.Resolver = c.names
	c.rules = newRules(check.UserAgent)
	check.Permit, check.Known, check.Doubted, check.Probe = c.permit, c.known, c.doubted, true
	if check.Referer == "" {
		check.Referer = start
	}
	if o.Past != "" {
		check.Remembered = c.validators
	}
	if o.Foreign != nil {
		check.Advertises = o.Foreign.Page
	}
	c.checker = linkcheck.New(check)
	c.rules.checker, c.rules.throttle = c.checker, check.Throttle
	if o.Depth == WholeSite {
		c.level = 1 << 16
	}
	return c
}

// Pacing returns what keeps the pace of hosts as o says, for runs to share.
func Pacing(o Options) *linkcheck.Throttle {
	o = o.withDefaults()
	pace := linkcheck.ThrottleOptions{Interval: o.Pace, Concurrency: o.Site, MaxWait: 2 * time.Minute, MaxHosts: 2000}
	if o.Pace == 0 {
		pace.Adaptive, pace.Interval = true, o.SlowPace
	}
	return linkcheck.NewThrottle(pace)
}

// outcome is what a worker brings back.
type outcome struct {
	id     uint32
	host   uint32
	url    string
	result linkcheck.Result
	page   linkcheck.Page
	probe  *family       // asked to see whether there is an end to it
	area   *area         // the same
	maze   bool          // there is none to the area
	alive  bool          // asked to see whether the site still answers
	past   *recollection // nothing has changed since
	rests  bool          // and it was not asked
}

// loop runs until there is nothing left to ask, or ctx ends.
func (c *crawl) loop(ctx context.Context) error {
	for c.err == nil && c.going(ctx) {
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
		c.take(ctx, c.wait())
	}
	for c.flying > 0 { // they end soon: the context does, or each has its limit
		c.take(ctx, <-c.done)
	}
	c.finish(ctx)
	return c.err
}

// going tells whether the run is to go on.
func (c *crawl) going(ctx context.Context) bool {
	if c.totals.Targets = int(c.t.n); c.stopped == "" && c.o.Enough(c.totals) {
		c.stopped = "time"
	}
	return c.stopped == "" && ctx.Err() == nil
}

// wait returns the next outcome, and uses the time until it comes.
func (c *crawl) wait() outcome {
	select {
	case o := <-c.done:
		return o
	default:
	}
	c.o.Idle(c.totals)
	return <-c.done
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
	case errors.Is(context.Cause(ctx), errTime):
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
		if t.Stopped == "" && (cut.Kind == CutPages || cut.Kind == CutTargets || cut.Kind == CutFile) {
			t.Complete, t.Stopped = false, cut.Kind
		}
	}
	t.Unchecked = t.Links - t.OK - t.Dead - t.Suspect - t.Inconclusive - t.Excluded
	if t.Robots = c.rules.say(); c.o.IgnoreRobots {
		t.Robots = "ignored"
	}
	c.o.Idle(*t)
}

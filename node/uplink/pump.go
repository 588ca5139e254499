package uplink

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"zhanqun/internal/pause"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// frameLimit is how many bytes the hub wants in a frame at most.
type frameLimit struct{ bytes atomic.Int64 }

func (l *frameLimit) set(n int) { l.bytes.Store(int64(n)) }

func (l *frameLimit) get() int {
	if n := int(l.bytes.Load()); n > 0 {
		return min(n, protocol.MaxFrameBytes)
	}
	return protocol.MaxFrameBytes
}

// flight is a frame on its way.
type flight struct {
	last  uint64
	bytes int
	at    time.Time
	wait  func(context.Context) error
}

// fullMost is the longest pause before a mailbox without room is tried again.
const fullMost = 30 * time.Second

// pumping keeps the pump going until something breaks. A mailbox that takes
// nothing now breaks nothing: it empties as the hub reads, and what comes down,
// which may be a hundred days of decisions, must not wait for that.
func (u *Uplink) pumping(ctx context.Context, w wire, c queue.Cursors, greeter *greeter) error {
	defer u.line.mailbox("")
	again := delay{least: 200 * time.Millisecond, most: fullMost}
	for {
		sent, err := u.pump(ctx, w, c, greeter.maxFrame)
		if ctx.Err() != nil || !errors.Is(err, errFull) && !errors.Is(err, errNoStream) {
			return err
		}
		if sent > c.Sent {
			again.reset()
			c.Sent = sent
		}
		rest := again.next()
		u.log.Warn("uplink: the mailbox takes nothing now", "err", err, "sent", sent, "pause", rest)
		u.line.mailbox(words(err))
		timer := time.NewTimer(rest)
		select {
		case <-timer.C:
		case <-greeter.heard:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// pump publishes the up log from where the broker has it, in order, until
// something breaks, and returns through where it was acknowledged. Any frame
// without a good acknowledgement ends it.
func (u *Uplink) pump(ctx context.Context, w wire, c queue.Cursors, limit func() int) (uint64, error) {
	p := &pumping{u: u, w: w, limit: limit, pace: newPace(16<<10, protocol.MaxFrameBytes, u.o.Window), epoch: c.Epoch,
		flights: make(chan flight, u.o.Window), room: make(chan struct{}, u.o.Window), paces: make(chan paced, u.o.Window),
		marks: make(chan struct{}, 1)}
	p.sent.Store(c.Sent)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return p.send(ctx, c.Sent) })
	g.Go(func() error { return p.collect(ctx) })
	g.Go(func() error { return p.mark(ctx) })
	err := g.Wait()
	for len(p.flights) > 0 { // nobody waits for these any more
		<-p.flights
		u.words.end()
	}
	return p.sent.Load(), err
}

type paced struct {
	bytes int
	took  time.Duration
}

type pumping struct {
	u       *Uplink
	w       wire
	limit   func() int
	pace    *pace // of the sender only
	epoch   string
	flights chan flight
	room    chan struct{} // one per frame that was acknowledged
	paces   chan paced
	sent    atomic.Uint64
	marks   chan struct{}
}

// send reads the log and publishes frames.
func (p *pumping) send(ctx context.Context, next uint64) error {
	changes := p.u.watch()
	aloft := 0
	for {
		p.learn()
		size := min(p.pace.size, p.limit())
		entries, err := p.u.q.Entries(ctx, next, size)
		if err != nil {
			return fmt.Errorf("reading the up log: %w", err)
		}
		if len(entries) == 0 {
			if err := changes.wait(ctx, time.Hour); err != nil {
				return err
			}
			continue
		}
		var f protocol.Frame
		f.Grow(frameSize(entries))
		first := next + 1
		for _, e := range entries {
			if !f.Add(e, max(size, 1)) {
				break
			}
			next = e.Seq
		}
		for aloft >= p.pace.window {
			select {
			case <-p.room:
				aloft--
				p.learn()
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		data := f.Bytes()
		at := time.Now()
		p.u.words.begin()
		wait, err := p.w.publish(data, p.epoch, first, next)
		if err != nil {
			p.u.words.end()
			return err
		}
		aloft++
		select {
		case p.flights <- flight{next, len(data), at, wait}:
		case <-ctx.Done():
			p.u.words.end()
			return ctx.Err()
		}
		for drained := false; !drained; {
			select {
			case <-p.room:
				aloft--
			default:
				drained = true
			}
		}
	}
}

// frameSize is about how many bytes entries take.
func frameSize(entries []protocol.Entry) int {
	n := 0
	for i := range entries {
		n += len(entries[i].Body) + queue.HeadBytes
	}
	return n
}

// learn adapts to how the last frames fared.
func (p *pumping) learn() {
	for {
		select {
		case a := <-p.paces:
			p.pace.answered(a.bytes, a.took)
		default:
			return
		}
	}
}

// collect waits for the acknowledgements in order.
func (p *pumping) collect(ctx context.Context) error {
	for {
		var f flight
		select {
		case f = <-p.flights:
		case <-ctx.Done():
			return ctx.Err()
		}
		limited, cancel := context.WithTimeout(ctx, ackLimit)
		err := f.wait(limited)
		p.u.words.end()
		cancel()
		if err != nil {
			if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
				return errors.New("the broker did not acknowledge a frame in time")
			}
			return fmt.Errorf("publishing through entry %d: %w", f.last, err)
		}
		p.sent.Store(f.last)
		p.u.line.mailbox("")
		signal(p.marks)
		select {
		case p.paces <- paced{f.bytes, time.Since(f.at)}:
		default:
		}
		select {
		case p.room <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// markEvery is how soon one note of what was sent follows another.
const markEvery = 50 * time.Millisecond

// mark writes the cursor down: the first acknowledgement at once, and of many
// that follow as many together as a page could show apart.
func (p *pumping) mark(ctx context.Context) error {
	for {
		select {
		case <-p.marks:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := p.u.q.MarkSent(ctx, p.sent.Load()); err != nil {
			return err
		}
		if !pause.For(ctx, markEvery) {
			return ctx.Err()
		}
	}
}

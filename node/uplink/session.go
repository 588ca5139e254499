package uplink

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"

	"zhanqun/internal/fault"
	"zhanqun/internal/pause"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// wire is what a session needs of a connection.
type wire interface {
	hello(ctx context.Context, h protocol.Hello) (protocol.HelloAnswer, error)
	pull(ctx context.Context, p protocol.Pull) ([]protocol.Entry, uint64, error)
	recall(ctx context.Context, r protocol.Recall) (protocol.RecallAnswer, error)
	rekey(ctx context.Context, key protocol.Key) error
	publish(frame []byte, epoch string, first, last uint64) (func(context.Context) error, error)
	bells() <-chan protocol.Bell
}

func (w *natsWire) bells() <-chan protocol.Bell { return w.bell }

// Times of a session.
const (
	askLimit   = 20 * time.Second // for the answer to a request
	ackLimit   = 60 * time.Second // for the acknowledgement of a frame
	stuckAfter = time.Minute      // entries that were sent and are not confirmed
	lookAgain  = time.Minute      // whether a person has done what it takes, about
)

// sessions keeps a session running while there is a connection.
func (u *Uplink) sessions(ctx context.Context, w *natsWire) {
	again := delay{least: 200 * time.Millisecond, most: 2 * time.Minute}
	for ctx.Err() == nil {
		if !w.isUp() {
			select {
			case <-w.ups:
			case <-ctx.Done():
			}
			continue
		}
		live, cancel := context.WithCancel(ctx)
		watch := make(chan struct{})
		drain(w.downs)
		go func() {
			defer close(watch)
			select {
			case <-w.downs:
				cancel()
			case <-live.Done():
			}
		}()
		began := time.Now()
		err := u.session(live, w)
		lost := live.Err() != nil
		cancel()
		<-watch
		if ctx.Err() != nil {
			return
		}
		if lost || time.Since(began) > again.most {
			again.reset()
		}
		if lost || errors.Is(err, errDown) {
			u.log.Info("uplink: line lost")
			if !pause.For(ctx, again.next()) {
				return
			}
			continue
		}
		if errors.Is(err, errRekeyed) {
			w.again()
			continue
		}
		rest := again.next()
		if errors.Is(err, errRewound) {
			if !pause.For(ctx, rest) {
				return
			}
			continue
		}
		if halting(err) {
			rest = lookAgain/2 + rand.N(lookAgain) // #nosec G404 -- jitter
		}
		u.log.Warn("uplink: starting over", "err", err, "pause", rest)
		u.line.failed(err)
		u.restUntil(ctx, w, rest)
	}
}

// restUntil waits, but no longer than until the connection changes or a bell
// rings: then things may be different.
func (u *Uplink) restUntil(ctx context.Context, w *natsWire, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-w.ups:
	case <-w.bell:
	case <-ctx.Done():
	}
}

func drain(c chan struct{}) {
	select {
	case <-c:
	default:
	}
}

var (
	errRewound  = errors.New("the hub needs entries again")
	errHubOlder = fault.New(fault.Conflict, "县级平台的数据比本机记下的还旧，可能被还原过而没有走还原步骤。已暂停接收，内容都在本机。请县级管理员用 hub backup 备份现在的平台，再用 hub restore 恢复一次。")
)

// halting reports whether an error lasts until a person has done something.
func halting(err error) bool {
	var f protocol.Fault
	if errors.As(err, &f) {
		return f.Code != protocol.CodeBusy && f.Code != protocol.CodeEpoch
	}
	return errors.Is(err, queue.ErrRolledBack) || errors.Is(err, queue.ErrCopied) || errors.Is(err, queue.ErrForged) || errors.Is(err, errHubOlder) ||
		errors.Is(err, errUnsigned) || errors.Is(err, queue.ErrFormerHub) || fault.Is(err, fault.Gone)
}

// session says hello and then carries both logs until something breaks. A hub
// that does not answer keeps nothing from going into the broker.
func (u *Uplink) session(ctx context.Context, w wire) error {
	if err := u.announceAgain(ctx, w); err != nil {
		return err
	}
	greeter := newGreeter(u, w)
	err := greeter.greet(ctx)
	if err != nil && !silent(err) {
		return err
	}
	if err == nil {
		if err := u.rekey(ctx, w); err != nil && !silent(err) {
			return err
		}
	}
	// Read before the first pull: a receipt may pass entries that only a copy of
	// this node has sent, and those of this one have to go out nevertheless.
	c, err := u.q.Cursors(ctx)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	pulls := make(chan struct{}, 1)
	signal(pulls)
	g.Go(func() error { return u.pumping(ctx, w, c, greeter) })
	g.Go(func() error { return u.pulling(ctx, w, pulls, greeter.again) })
	g.Go(func() error { return greeter.run(ctx, pulls) })
	g.Go(func() error { return u.rotating(ctx) })
	g.Go(func() error { return u.recalling(ctx, w, greeter.asked) })
	return g.Wait()
}

// silent reports whether an error only means that the hub does not answer now.
func silent(err error) bool {
	var f protocol.Fault
	return errors.Is(err, errNobody) || errors.Is(err, context.DeadlineExceeded) || errors.As(err, &f) && f.Code == protocol.CodeBusy
}

// greeter says hello: first thing, when the bell asks for it, while the hub has
// not caught up, and when what was sent is not confirmed for a while.
type greeter struct {
	u     *Uplink
	w     wire
	again chan struct{} // somebody needs a hello
	asked chan wanted   // the hub wants its words back
	heard chan struct{} // the hub has answered what somebody wanted to know
	next  delay         // until the next one
	due   bool          // one is due after next
	limit frameLimit
}

func newGreeter(u *Uplink, w wire) *greeter {
	return &greeter{u: u, w: w, again: make(chan struct{}, 1), asked: make(chan wanted, 1),
		heard: make(chan struct{}, 1), next: delay{least: time.Second, most: 2 * time.Minute}}
}

func (g *greeter) maxFrame() int { return g.limit.get() }

// greet says hello once and does what the answer asks for.
func (g *greeter) greet(ctx context.Context) error {
	u := g.u
	c, h, err := u.q.Hello(ctx, u.o.Program)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	u.words.begin()
	a, err := g.w.hello(limited, h)
	u.words.end()
	if err != nil {
		g.due = true
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if silent(err) {
			u.line.failed(err)
		}
		return fmt.Errorf("saying hello: %w", err)
	}
	u.line.contact(a.Now)
	g.limit.set(a.MaxFrame)
	if _, err := u.q.HubChanged(ctx, a.HubEpoch, a.Past...); err != nil {
		return err
	}
	if a.Epoch == c.Epoch {
		renewed, err := u.q.HubHad(ctx, a.Before)
		if err != nil {
			return err
		}
		if renewed {
			u.log.Warn("uplink: a new log begins with what the hub lacks of the former ones")
			return errRewound
		}
	}
	if a.Recall {
		select {
		case g.asked <- wanted{a.HubEpoch, a.Past, c.Epoch, c.Last}:
		default:
		}
	}
	if a.Epoch == c.Epoch && a.Cursor > c.Last {
		// Handed in and carried while the question was under way, perhaps.
		now, err := u.q.Cursors(ctx)
		if err != nil {
			return err
		}
		c.Last = now.Last
	}
	step := decide(c, a)
	if step.again {
		g.due = true
	} else {
		g.due = false
		g.next.reset()
	}
	switch {
	case step.err != nil:
		return step.err
	case step.rewind:
		u.log.Warn("uplink: sending again what the hub does not have", "from", a.Cursor+1, "sent", c.Sent)
		if err := u.q.Rewind(ctx, a.Cursor); err != nil {
			return err
		}
		return errRewound
	}
	return nil
}

// step is what follows from the hub's answer to hello.
type step struct {
	rewind bool // send again from the hub's cursor on
	again  bool // say hello again soon
	err    error
}

// decide compares where the hub stands with where this node stood when it asked.
func decide(c queue.Cursors, a protocol.HelloAnswer) step {
	switch {
	case a.Epoch != c.Epoch:
		// The hub has not read the end of this node's former log yet.
		return step{again: true}
	case a.Cursor > c.Last:
		return step{err: queue.RolledBack(a.Cursor, c.Last)}
	case a.Cursor >= c.Sent:
		// If the hub has more than was acknowledged here, that is sent again all
		// the same: comparing the two is how a copied node is found out.
		return step{}
	case a.Backlog > 0:
		return step{again: true} // what is missing may be in the stream
	}
	return step{rewind: true}
}

// run says hello whenever it is needed, until it changes what has to be sent.
func (g *greeter) run(ctx context.Context, pulls chan struct{}) error {
	confirmed, since := uint64(0), time.Now()
	for {
		wait := stuckAfter
		if g.due {
			wait = g.next.next()
		}
		timer := time.NewTimer(wait)
		asked := false
		select {
		case <-timer.C:
		case <-g.again:
			asked = true
		case b := <-g.w.bells():
			signal(pulls)
			asked = b.Hello
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
		timer.Stop()
		if !asked && !g.due {
			c, err := g.u.q.Cursors(ctx)
			if err != nil {
				return err
			}
			if c.Confirmed != confirmed || c.Sent == c.Confirmed {
				confirmed, since = c.Confirmed, time.Now()
			}
			if asked = time.Since(since) >= stuckAfter; asked {
				since = time.Now()
			}
		}
		if !asked && !g.due {
			continue
		}
		if err := g.greet(ctx); err != nil && !silent(err) {
			return err
		}
		signal(pulls)
		if asked {
			signal(g.heard)
		}
	}
}

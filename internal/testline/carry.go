package testline

import (
	"context"
	"net"
	"sync/atomic"
	"time"
)

const (
	aloft   = 256                    // pieces under way in one direction
	slice   = 64                     // bytes written at once on a slow line
	overdue = 300 * time.Millisecond // how long a frame is held back at most
)

// carrying is one connection through the line.
type carrying struct {
	l       *Line
	in, out net.Conn
	dead    atomic.Bool // something was swallowed: it never works again
	end     func()
}

// carry moves pieces from one end to the other until something ends it.
func (c *carrying) carry(ctx context.Context, from source, to net.Conn) {
	defer c.end()
	pieces := make(chan piece, aloft)
	c.l.work.Go(func() {
		defer close(pieces)
		for {
			p, err := from.next()
			if err != nil {
				return
			}
			w, _ := c.l.now()
			p.due = time.Now().Add(w.Delay + c.l.jitter(w.Jitter))
			select {
			case pieces <- p:
			case <-ctx.Done():
				return
			}
		}
	})
	var held *piece // a frame that waits for the next one
	for {
		var late <-chan time.Time
		if held != nil {
			late = time.After(overdue)
		}
		var batch []piece
		select {
		case p, ok := <-pieces:
			switch {
			case !ok:
				return
			case !p.frame:
				batch = []piece{p}
			case held != nil:
				batch, held = []piece{p, *held}, nil
			default:
				w, _ := c.l.now()
				if c.l.chance(w.Swap, "swapped") {
					held = &p
					continue
				}
				batch = c.repeat(p, w)
			}
		case <-late:
			batch, held = []piece{*held}, nil
		case <-ctx.Done():
			return
		}
		for _, p := range batch {
			if !c.deliver(ctx, p, to) {
				return
			}
		}
	}
}

// repeat adds an earlier frame, or this one, behind a frame.
func (c *carrying) repeat(p piece, w Weather) []piece {
	if c.l.chance(w.Double, "doubled") {
		return []piece{p, {data: c.l.again(), frame: true, due: p.due}}
	}
	return []piece{p}
}

// deliver hands a piece over as the weather lets it, and reports whether the
// connection goes on.
func (c *carrying) deliver(ctx context.Context, p piece, to net.Conn) bool {
	if !c.await(ctx, p.due) {
		return false
	}
	w, _ := c.l.now()
	switch {
	case w.Silent, w.Mute && to == c.in:
		c.dead.Store(true)
		c.l.count("swallowed")
		return true
	case !w.Mute && c.dead.Load(), c.l.chance(w.Tear, "torn"):
		reset(c.in)
		reset(c.out)
		return false
	}
	return c.write(ctx, p.data, to)
}

// await waits until a piece is due, or the weather has changed.
func (c *carrying) await(ctx context.Context, due time.Time) bool {
	d := time.Until(due)
	if d <= 0 {
		return true
	}
	_, changed := c.l.now()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-changed:
	case <-ctx.Done():
		return false
	}
	return true
}

// write writes as fast as the line is.
func (c *carrying) write(ctx context.Context, b []byte, to net.Conn) bool {
	for len(b) > 0 {
		w, _ := c.l.now()
		n := len(b)
		if w.Rate > 0 {
			n = min(n, slice)
		}
		if _, err := to.Write(b[:n]); err != nil {
			return false
		}
		b = b[n:]
		if w.Rate > 0 && !c.await(ctx, time.Now().Add(time.Duration(n)*time.Second/time.Duration(w.Rate))) {
			return false
		}
	}
	return true
}

package uplink

import (
	"context"
	"errors"
	"fmt"
	"time"

	"zhanqun/internal/pause"
	"zhanqun/protocol"
)

// wanted is what a restored hub has asked for: its own words, which it lost.
type wanted struct {
	hubEpoch string
	past     []protocol.Past
	epoch    string // of this node's up log at that hello
	last     uint64 // its end then: the hub needs these entries before words about them
}

// recalling gives the hub its words back whenever it has asked, until ctx ends.
// Whatever goes wrong with it, the line itself goes on; the hub asks again.
func (u *Uplink) recalling(ctx context.Context, w wire, asked <-chan wanted) error {
	done := ""
	for {
		select {
		case x := <-asked:
			if x.hubEpoch == done {
				continue // asked before the last of it had arrived
			}
			ok, err := u.recall(ctx, w, x)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				u.log.Warn("uplink: the hub's words not given back yet", "err", err)
			}
			if ok {
				done = x.hubEpoch
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// recall reports whether the hub has been given everything.
func (u *Uplink) recall(ctx context.Context, w wire, x wanted) (bool, error) {
	if ok, err := u.confirmed(ctx, x); !ok || err != nil {
		return false, err
	}
	pace := newPace(2<<10, protocol.MaxFrameBytes, 1)
	taken := 0
	for after := int64(0); ; {
		entries, next, err := u.q.Held(ctx, x.past, after, pace.size)
		if err != nil {
			return false, err
		}
		r := protocol.Recall{HubEpoch: x.hubEpoch, Done: len(entries) == 0}
		if r.Frame, err = framed(entries); err != nil {
			return false, err
		}
		if r.Done {
			if r.Gone, err = u.q.Gone(ctx); err != nil {
				return false, err
			}
		}
		a, err := u.give(ctx, w, r, pace)
		if err != nil {
			return false, err
		}
		taken += a.Taken
		if r.Done {
			u.log.Info("uplink: the hub's words given back", "taken", taken, "gone", r.Gone)
			return true, nil
		}
		after = next
	}
}

// confirmed waits until the hub has what was handed in before it asked.
func (u *Uplink) confirmed(ctx context.Context, x wanted) (bool, error) {
	changes := u.watch()
	for {
		c, err := u.q.Cursors(ctx)
		if err != nil {
			return false, err
		}
		if c.Epoch != x.epoch || c.HubEpoch != x.hubEpoch {
			return false, nil // things have moved on; it is asked for anew
		}
		if c.Confirmed >= x.last {
			return true, nil
		}
		if err := changes.wait(ctx, time.Minute); err != nil {
			return false, err
		}
	}
}

func framed(entries []protocol.Entry) ([]byte, error) {
	var f protocol.Frame
	for _, e := range entries {
		if !f.Add(e, protocol.MaxFrameBytes) {
			return nil, fmt.Errorf("down entry %d does not fit into a frame", e.Seq)
		}
	}
	return f.Bytes(), nil
}

// give sends one request, again and again while the hub does not answer.
func (u *Uplink) give(ctx context.Context, w wire, r protocol.Recall, pace *pace) (protocol.RecallAnswer, error) {
	again := delay{least: time.Second, most: 2 * time.Minute}
	for {
		limited, cancel := context.WithTimeout(ctx, pieceLimit)
		began := time.Now()
		a, err := w.recall(limited, r)
		cancel()
		if err == nil {
			pace.answered(len(r.Frame), time.Since(began))
			return a, nil
		}
		pace.failed()
		if ctx.Err() != nil || errors.Is(err, errDown) || !silent(err) {
			return a, fmt.Errorf("giving the hub its words back: %w", err)
		}
		if !pause.For(ctx, again.next()) {
			return a, ctx.Err()
		}
	}
}

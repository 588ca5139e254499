package uplink

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// pulling fetches the down log whenever it is woken, and every now and then by
// itself, until something breaks. A hub that does not answer is asked again
// later; again asks for a hello.
func (u *Uplink) pulling(ctx context.Context, w wire, wake <-chan struct{}, again chan struct{}) error {
	pace := newPace(16<<10, protocol.MaxFrameBytes, 1)
	retry := delay{least: time.Second, most: 2 * time.Minute}
	failed := false
	for {
		wait := u.o.Poll/2 + rand.N(u.o.Poll) // #nosec G404 -- jitter
		if failed {
			wait = retry.next()
		}
		timer := time.NewTimer(wait)
		select {
		case <-wake:
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
		timer.Stop()
		before := u.hub.now().Present
		err := u.pullAll(ctx, w, pace)
		if u.hub.now().Present.String() != before.String() {
			signal(again) // a hello tells the hub that it is known by another key
		}
		failed = err != nil
		var f protocol.Fault
		switch {
		case err == nil:
			retry.reset()
		case errors.As(err, &f) && f.Code == protocol.CodeEpoch:
			signal(again) // the hub was made anew or restored
		case errors.Is(err, queue.ErrCopied):
			// What is here still goes out: that is how the hub finds out as well.
			u.log.Error("uplink: another machine uses this identity", "err", err)
			u.line.failed(err)
		case silent(err) && ctx.Err() == nil, errors.Is(err, queue.ErrGap):
			u.log.Debug("uplink: nothing pulled", "err", err)
		default:
			return err
		}
	}
}

// pullAll asks until there is nothing more.
func (u *Uplink) pullAll(ctx context.Context, w wire, pace *pace) error {
	for {
		c, err := u.q.Cursors(ctx)
		if err != nil {
			return err
		}
		limited, cancel := context.WithTimeout(ctx, askLimit)
		began := time.Now()
		u.words.begin()
		entries, head, err := w.pull(limited, protocol.Pull{HubEpoch: c.HubEpoch, After: c.Down, MaxBytes: pace.size})
		u.words.end()
		cancel()
		if err != nil {
			pace.failed()
			return fmt.Errorf("pulling: %w", err)
		}
		pace.answered(pace.size, time.Since(began))
		u.line.contact(time.Time{})
		if head < c.Down {
			return errHubOlder
		}
		if len(entries) == 0 {
			return nil
		}
		err = u.q.ApplyDown(ctx, entries)
		if slices.ContainsFunc(entries, func(e protocol.Entry) bool { return e.Kind == protocol.KindHubKey }) {
			err = errors.Join(err, u.hub.refresh(ctx, u.q))
		}
		if err != nil {
			return err
		}
		if entries[len(entries)-1].Seq >= head {
			return nil
		}
	}
}

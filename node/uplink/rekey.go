package uplink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// keys are what the node signs with on the line: its key and, when it had another
// one before, that one. A hub restored from an older backup knows only the former.
type keys struct {
	mu      sync.Mutex
	present protocol.Key
	former  *protocol.Key
	back    bool // the former one speaks for the node now
}

// now is the key that speaks for the node.
func (k *keys) now() protocol.Key {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.back {
		return *k.former
	}
	return k.present
}

// other tries the other key, if there is one, after this one was turned away.
func (k *keys) other() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.back = !k.back && k.former != nil
}

// announced returns the key the hub has to be told of, if it knows only the former.
func (k *keys) announced() (protocol.Key, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.present, k.back
}

// take speaks with a key from now on.
func (k *keys) take(key protocol.Key) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if key.Public() != k.present.Public() {
		former := k.present
		k.present, k.former = key, &former
	}
	k.back = false
}

// errRekeyed ends a session that goes on with another key.
var errRekeyed = errors.New("the node has another key")

// quietFor is how long another key waits for a moment when nothing is under way:
// what is would be sent twice, which does no harm.
const quietFor = 30 * time.Second

// announceAgain tells a hub that knows only the former key of the present one. It
// comes before hello: the hub would take the present log for one that is signed
// with the key it knows.
func (u *Uplink) announceAgain(ctx context.Context, w wire) error {
	key, due := u.keys.announced()
	if !due {
		return nil
	}
	if err := u.announce(ctx, w, key); err != nil {
		return err
	}
	u.keys.take(key)
	return errRekeyed
}

// rekey gives the node another key, if it is to have one. It comes before anything
// is sent: what follows is signed with it. That a hub will not take it now keeps
// nothing else from going on.
func (u *Uplink) rekey(ctx context.Context, w wire) error {
	wanted, err := u.q.RotationWanted(ctx)
	if err != nil || !wanted {
		return err
	}
	err = u.change(ctx, w)
	var f protocol.Fault
	switch {
	case err == nil:
		return errRekeyed
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &f) && !f.Code.Passing():
		u.log.Error("uplink: the hub takes no other key of this node", "err", err)
		return u.q.NotRotated(ctx, f.Detail)
	}
	u.log.Warn("uplink: the key is not changed yet", "err", err)
	u.notBefore = time.Now().Add(rekeyAgain)
	return nil
}

// rekeyAgain is the pause after a hub could not be told of another key.
const rekeyAgain = 5 * time.Minute

// change makes another key, tells the hub and takes it.
func (u *Uplink) change(ctx context.Context, w wire) error {
	// What the hub has said so far is about the log that ends here.
	if err := u.pullAll(ctx, w, newPace(16<<10, protocol.MaxFrameBytes, 1)); err != nil {
		return err
	}
	key, err := u.q.NextKey(ctx)
	if err != nil {
		return err
	}
	if err := u.announce(ctx, w, key); err != nil {
		return err
	}
	if err := u.q.ChangeKey(ctx, key); err != nil {
		return err
	}
	u.log.Info("uplink: the node has another key", "fingerprint", protocol.KeyFingerprint(key.Public()))
	u.keys.take(key)
	return nil
}

func (u *Uplink) announce(ctx context.Context, w wire, key protocol.Key) error {
	limited, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	if err := w.rekey(limited, key); err != nil {
		return fmt.Errorf("announcing another key: %w", err)
	}
	return nil
}

// rotating ends the session when the node is to have another key and nothing, or
// not for ever, is under way.
func (u *Uplink) rotating(ctx context.Context) error {
	changes, since := u.watch(), time.Time{}
	for {
		wanted, err := u.q.RotationWanted(ctx)
		if err != nil {
			return err
		}
		switch {
		case !wanted:
			since = time.Time{}
		case since.IsZero():
			since = time.Now()
		}
		if wanted && time.Now().After(u.notBefore) {
			c, err := u.q.Cursors(ctx)
			if err != nil {
				return err
			}
			if c.Sent == c.Confirmed || time.Since(since) >= quietFor {
				return errRewound
			}
		}
		if err := changes.wait(ctx, quietFor); err != nil {
			return err
		}
	}
}

// rekey announces a key with the one that speaks for the node.
func (w *natsWire) rekey(ctx context.Context, key protocol.Key) error {
	by := w.keys.now().Public()
	m, err := w.ask(ctx, protocol.VerbRekey, protocol.Rekey{Key: key.Public(), Proof: key.Sign(protocol.RekeyText(w.node, by, key.Public()))})
	if err != nil {
		return err
	}
	var a protocol.RekeyAnswer
	if err := json.Unmarshal(m.Data, &a); err != nil || a.Key != key.Public() {
		return fmt.Errorf("reading answer to rekey: %w", errors.Join(err, errors.New("another key")))
	}
	return nil
}

// again makes the connection anew, with the key that speaks for the node now.
func (w *natsWire) again() {
	if nc := w.conn(); nc != nil {
		nc.Close()
	}
}

// speakers reads the keys of the node.
func speakers(q *queue.Queue, id queue.Identity) (*keys, error) {
	former, err := q.FormerKey()
	if err != nil {
		return nil, err
	}
	return &keys{present: id.Key, former: former}, nil
}

package queue_test

import (
	"errors"
	"testing"

	"github.com/google/uuid"

	"zhanqun/internal/fault"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

func newHubKey(t *testing.T) protocol.Key {
	t.Helper()
	key, err := protocol.NewHubKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (h *hub) notice(t *testing.T) protocol.Entry {
	t.Helper()
	return h.says(t, protocol.KindNotice, &protocol.Notice{ID: uuid.NewString(), Title: "通知", Text: "内容", At: start})
}

// link names the hub's next key and takes it.
func (h *hub) link(t *testing.T, key protocol.Key) protocol.Entry {
	t.Helper()
	e := h.says(t, protocol.KindHubKey, protocol.NewHubKeyMessage(h.key.Public(), key, start))
	h.key = key
	return e
}

// sign makes the next entry with a key, without taking its place in the log.
func (h *hub) sign(t *testing.T, m *protocol.HubKey, key protocol.Key) protocol.Entry {
	t.Helper()
	thief := &hub{key: key, epoch: h.epoch, seq: h.seq}
	return thief.says(t, protocol.KindHubKey, m)
}

// A node that was away reads link by link, in one go or in several, and believes
// what each key has signed.
func TestHubKeysAreFollowed(t *testing.T) {
	for name, step := range map[string]int{"at once": 100, "one by one": 1} {
		t.Run(name, func(t *testing.T) {
			q, h := open(t)
			var list []protocol.Entry
			say := func() { list = append(list, h.notice(t)) }
			say()
			first := h.key
			for range 3 {
				list = append(list, h.link(t, newHubKey(t)))
				say()
			}
			for i := 0; i < len(list); i += step {
				down(t, q, list[i:min(i+step, len(list))]...)
			}
			keys, err := q.HubKeys(t.Context())
			if err != nil || keys.Present.String() != h.key.Public() || len(keys.Former) != 3 || !keys.Was(first.Public()) {
				t.Fatalf("%+v, %v", keys, err)
			}
			if _, hello, err := q.Hello(t.Context(), ""); err != nil || hello.HubKey != h.key.Public() {
				t.Errorf("hello names %s, %v", hello.HubKey, err)
			}
			// After a restore of the hub the whole log may come again, as it was signed.
			if _, err := q.HubChanged(t.Context(), hubEpoch2); err != nil {
				t.Fatal(err)
			}
			down(t, q, list...)
			if again, err := q.HubKeys(t.Context()); err != nil || again.Present.String() != keys.Present.String() || len(again.Former) != 3 {
				t.Errorf("%+v, %v", again, err)
			}
			id := identity(t, q)
			if err := q.ChangeIdentity(t.Context(), protocol.EnrolAnswer{Node: "n8", Unit: id.Unit, HubKey: h.key.Public(), HubEpoch: hubEpoch2, NATS: id.NATS}, "", "", nextKey(t, q)); err != nil {
				t.Fatal(err)
			}
			if keys, err := q.HubKeys(t.Context()); err != nil || len(keys.Former) != 0 {
				t.Errorf("of another identity: %+v, %v", keys, err)
			}
		})
	}
}

func nextKey(t *testing.T, q *queue.Queue) protocol.Key {
	t.Helper()
	key, err := q.NextKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// What does not follow the last link is refused, and changes nothing.
func TestForgedLinks(t *testing.T) {
	evil := newHubKey(t)
	for name, forge := range map[string]func(t *testing.T, h *hub, first protocol.Key) protocol.Entry{
		"by nobody known": func(t *testing.T, h *hub, _ protocol.Key) protocol.Entry {
			thief := &hub{key: evil, epoch: h.epoch, seq: h.seq}
			return thief.link(t, newHubKey(t))
		},
		"by a former key": func(t *testing.T, h *hub, first protocol.Key) protocol.Entry {
			thief := &hub{key: first, epoch: h.epoch, seq: h.seq}
			return thief.link(t, evil)
		},
		"in the name of the present one": func(t *testing.T, h *hub, first protocol.Key) protocol.Entry {
			return h.sign(t, protocol.NewHubKeyMessage(h.key.Public(), evil, start), first)
		},
		"of a former one, signed by the present": func(t *testing.T, h *hub, first protocol.Key) protocol.Entry {
			return h.sign(t, protocol.NewHubKeyMessage(first.Public(), evil, start), h.key)
		},
		"of another node": func(t *testing.T, h *hub, _ protocol.Key) protocol.Entry {
			body, err := protocol.WriteBody(protocol.NewHubKeyMessage(h.key.Public(), evil, start))
			if err != nil {
				t.Fatal(err)
			}
			return protocol.New(protocol.Down, "n8", h.epoch, h.seq+1, protocol.KindHubKey, body, h.key)
		},
	} {
		t.Run(name, func(t *testing.T) {
			q, h := open(t)
			first := h.key
			down(t, q, h.notice(t), h.link(t, newHubKey(t)), h.notice(t))
			before, err := q.HubKeys(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			e := forge(t, h, first)
			if err := q.ApplyDown(t.Context(), []protocol.Entry{e}); !errors.Is(err, queue.ErrForged) || !fault.Is(err, fault.Invalid) {
				t.Errorf("%v", err)
			}
			if after, err := q.HubKeys(t.Context()); err != nil || after.Present.String() != before.Present.String() || len(after.Former) != 1 {
				t.Errorf("%+v, %v", after, err)
			}
			if c, err := q.Cursors(t.Context()); err != nil || c.Down != 3 {
				t.Errorf("cursor %d, %v", c.Down, err)
			}
		})
	}
	// One that proves nothing of the new key is no link at all.
	q, h := open(t)
	m := protocol.NewHubKeyMessage(h.key.Public(), evil, start)
	m.Proof[0]++
	body := []byte(`{"former":"` + m.Former + `","key":"` + m.Key + `","proof":"AAAA","at":"2026-11-03T00:00:00Z"}`)
	down(t, q, protocol.New(protocol.Down, nodeID, h.epoch, 1, protocol.KindHubKey, body, h.key))
	if keys, err := q.HubKeys(t.Context()); err != nil || len(keys.Former) != 0 {
		t.Errorf("%+v, %v", keys, err)
	}
}

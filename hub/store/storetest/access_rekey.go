package storetest

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"zhanqun/hub/access"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

func rekeySuite(t *testing.T, open Open) {
	t.Run("logs are signed with one key each", func(t *testing.T) { keyPerLog(t, open) })
	t.Run("both keys speak until the new one has", func(t *testing.T) { bothKeysSpeak(t, open) })
}

// rekey announces another key the way a node does.
func rekey(a *access.Service, t *testing.T, node string, by, key protocol.Key) error {
	t.Helper()
	return a.Rekey(t.Context(), node, by.Public(), protocol.Rekey{Key: key.Public(), Proof: key.Sign(protocol.RekeyText(node, by.Public(), key.Public()))})
}

// What was signed with a former key stays good where it stands, whenever it comes,
// and is worth nothing anywhere else; what the hub remembers of keys makes no
// difference.
func keyPerLog(t *testing.T, open Open) {
	o := NewOffice(t, open)
	a, s := Access(o.Store), o.Nodes[0]
	heard := 0
	told := func() []string { // since the last call
		list := news(t, o.Store, s)
		fresh := list[heard:]
		heard = len(list)
		return fresh
	}
	first := s.Submit(s.Text())
	o.Stream.Send(s, first)
	same(t, "told", told(), []string{"receipt 1"})
	former, key := s.Key, nodeKey(t)
	if err := rekey(a, t, s.Node.ID, former, key); err != nil {
		t.Fatal(err)
	}
	// Still the old log, whose last entries were on their way.
	second := s.Submit(s.Text())
	o.Stream.Send(s, second)
	same(t, "told of the old log", told(), []string{"receipt 2"})
	// Not with the new key.
	s.Key = key
	o.Stream.Send(s, s.Submit(s.Text()))
	same(t, "told of the new key in the old log", told(), []string{"refusal 3 signature ", "receipt 3"})

	// A node that was put back to a backup before it took the new key begins a new log
	// with the former one, and may have the new key later on.
	s.Epoch, s.Seq, s.Key = uuid.NewString(), 0, former
	o.Stream.Send(s, s.Submit(s.Text()))
	same(t, "told of a new log with the former key", told(), []string{"receipt 1"})
	if err := rekey(a, t, s.Node.ID, former, nodeKey(t)); err != nil {
		t.Fatal(err)
	}
	if err := rekey(a, t, s.Node.ID, former, key); err != nil {
		t.Fatal(err)
	}
	s.Epoch, s.Seq, s.Key = uuid.NewString(), 0, key
	o.Stream.Send(s, s.Submit(s.Text())) // before it has said hello with it
	same(t, "told of the new log", told(), []string{"receipt 1"})
	if ended, err := a.KeyUsed(t.Context(), s.Node.ID, key.Public()); err != nil || !ended {
		t.Errorf("the key was used: %v, %v", ended, err)
	}
	o.Stream.Intake = NewStream(t, o.Store).Intake
	forged := *s
	forged.Key = former
	o.Stream.Send(&forged, forged.Submit(s.Text()))
	same(t, "told of the former key in the new log", told(), []string{"refusal 2 signature ", "receipt 2"})
	before := kinds(t, o.Store, "item.received")
	o.Stream.Send(s, first, second) // again, as a broker may deliver them
	o.Stream.Intake = NewStream(t, o.Store).Intake
	o.Stream.Send(s, first, second) // to one that remembers no key
	if after := kinds(t, o.Store, "item.received"); after != before || len(told()) != 0 {
		t.Errorf("%d received, %d before; what came again was not known", after, before)
	}
	forgedOld := *s
	forgedOld.Key, forgedOld.Epoch, forgedOld.Seq = key, first.Epoch, 0
	// What is not on file and not signed with the log's key is kept for a person.
	o.Stream.Send(&forgedOld, forgedOld.Submit(s.Text()))
	if list := told(); len(list) != 0 {
		t.Errorf("told of a forgery in the old log: %v", list)
	}
}

func bothKeysSpeak(t *testing.T, open Open) {
	o := NewOffice(t, open)
	a, s := Access(o.Store), o.Nodes[0]
	id, old, lost, next := s.Node.ID, s.Key, nodeKey(t), nodeKey(t)
	speaks := func(what string, want map[string]string) {
		t.Helper()
		for name, key := range map[string]protocol.Key{"old": old, "lost": lost, "next": next} {
			got := ""
			if n, err := a.NodeByKey(t.Context(), key.Public()); err == nil {
				got = n.ID
			} else if !fault.Is(err, fault.NotFound) {
				t.Fatal(err)
			}
			if got != want[name] {
				t.Errorf("%s: the %s key speaks for %q, want %q", what, name, got, want[name])
			}
		}
	}
	speaks("first", map[string]string{"old": id})
	o.Clock.Advance(time.Hour)
	for range 2 { // the answer is lost once
		if err := rekey(a, t, id, old, lost); err != nil {
			t.Fatal(err)
		}
	}
	speaks("announced", map[string]string{"old": id, "lost": id})
	if ended, err := a.KeyUsed(t.Context(), id, old.Public()); err != nil || ended {
		t.Errorf("the old key was used: %v, %v", ended, err)
	}
	// The node has lost the one it announced, and announces another one.
	if err := rekey(a, t, id, old, next); err != nil {
		t.Fatal(err)
	}
	speaks("announced another one", map[string]string{"old": id, "next": id})
	if n := must[access.Node](t)(a.NodeByID(t.Context(), id)); n.FormerKey != old.Public() || n.PublicKey != next.Public() || !n.RekeyedAt.Equal(o.Clock.Now()) {
		t.Errorf("%+v", n)
	}
	if ended, err := a.KeyUsed(t.Context(), id, next.Public()); err != nil || !ended {
		t.Errorf("the next key was used: %v, %v", ended, err)
	}
	if ended, err := a.KeyUsed(t.Context(), id, next.Public()); err != nil || ended {
		t.Errorf("and again: %v, %v", ended, err)
	}
	speaks("used", map[string]string{"next": id})
	if err := rekey(a, t, id, old, lost); err == nil {
		t.Error("the old key has announced one after its end")
	}
	if n := kinds(t, o.Store, "node.rekeyed"); n != 2 {
		t.Errorf("%d times another key", n)
	}
}

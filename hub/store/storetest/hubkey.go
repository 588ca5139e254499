package storetest

import (
	"context"
	"strings"
	"testing"
	"time"

	"zhanqun/hub/catalog"
	"zhanqun/hub/intake"
	"zhanqun/hub/store"
	"zhanqun/hub/webhook"
	"zhanqun/protocol"
)

func hubKeySuite(t *testing.T, open Open) {
	t.Run("logs follow link by link", func(t *testing.T) { logsFollow(t, open) })
	t.Run("a stolen key", func(t *testing.T) { stolenKey(t, open) })
	t.Run("words of former keys are taken back", func(t *testing.T) { formerWords(t, open) })
}

// rotate takes another key of the hub, as the command does.
func (o *Office) rotate(stolen bool) {
	o.T.Helper()
	if err := o.Keys().Rotate(stolen); err != nil {
		o.T.Fatal(err)
	}
	for range 2 { // a second time it changes nothing
		if err := o.TakeKey(o.T.Context(), "test"); err != nil {
			o.T.Fatal(err)
		}
	}
}

// follow tells nodes of the key, a few at a time, and returns how many it told.
func (o *Office) follow() (all int) {
	o.T.Helper()
	for {
		told := must[int](o.T)(o.FollowKey(o.T.Context(), 1))
		if all += told; told == 0 {
			return all
		}
	}
}

// knows lets a node say hello, with or without knowing of such words.
func (o *Office) knows(node int, kinds []protocol.Kind, hub string) {
	o.T.Helper()
	n := o.Nodes[node]
	in := NewStream(o.T, o.Store).Intake
	must[protocol.HelloAnswer](o.T)(in.Hello(o.T.Context(), n.Node.ID, protocol.Hello{V: 1, Epoch: n.Epoch, Clock: o.Clock.Now(), Knows: kinds, HubKey: hub}, 0))
	done, stop := context.WithCancel(o.T.Context())
	stop()
	in.Run(done) // writes down what was said, and ends
}

// signers are the kinds of a node's down log after a position, each with the number
// of the key that has signed it, the first key of the hub being 1.
func signers(t *testing.T, s *store.Store, node string, after uint64) (list []string) {
	t.Helper()
	_, entries, err := s.PullDown(t.Context(), node, after, 10<<20)
	if err != nil {
		t.Fatal(err)
	}
	all := s.Keys().All()
	for _, e := range entries {
		by := "nobody"
		for i, key := range all {
			public := must[protocol.PublicKey](t)(protocol.ParsePublic(key.Public()))
			if e.Check(protocol.Down, node, public) == nil {
				by = string(rune('0' + len(all) - i))
			}
		}
		list = append(list, by+" "+string(e.Kind))
	}
	return list
}

// The key that signed a log names the next one in it, as its last word; a node that
// does not know such words goes on hearing the first. Who joins later begins with
// the present one.
func logsFollow(t *testing.T, open Open) {
	o := NewOffice(t, open)
	first := o.Key()
	hook := webhook.Hook{ID: "h", Name: "群", Kind: webhook.JSON, URL: "https://example.gov.cn/x", Secret: "钥匙", CreatedAt: o.Clock.Now()}
	if err := o.SaveHook(t.Context(), "test", hook); err != nil {
		t.Fatal(err)
	}
	o.knows(0, protocol.Later(), first)
	say := func(node int) { o.Decide(o.Reviewer, o.Submit(node, "township"), catalog.ActionReturn) }
	id, heads := o.Nodes[0].Node.ID, o.backup().heads
	o.rotate(false)
	say(0) // the log goes on with the former key until it has named the next
	if n := o.follow(); n != 1 {
		t.Errorf("%d nodes were told", n)
	}
	say(0)
	o.rotate(false)
	o.follow()
	say(0)
	say(1)
	same(t, "the log of one that knows", signers(t, o.Store, id, heads[0]), []string{"1 receipt", "1 item.status", "1 hubkey",
		"2 receipt", "2 item.status", "2 hubkey", "3 receipt", "3 item.status"})
	same(t, "the log of one that does not", signers(t, o.Store, o.Nodes[1].Node.ID, heads[1]), []string{"1 receipt", "1 item.status"})
	late, _ := Node(t, o.Store, Tangtou)
	same(t, "the log of a new one", signers(t, o.Store, late.ID, 0), []string{"3 settings"})
	ends := must[[]intake.KeyEnd](t)(o.KeyEnds(t.Context(), id))
	if len(ends) != 2 || ends[0].Former != first || ends[0].Seq != heads[0]+3 {
		t.Errorf("ends %+v", ends)
	}
	o.knows(1, protocol.Later(), first) // upgraded
	if n := o.follow(); n != 1 {
		t.Errorf("%d nodes were told", n)
	}
	same(t, "the log of one that learnt", signers(t, o.Store, o.Nodes[1].Node.ID, heads[1]+2), []string{"1 hubkey"})
	if got := must[webhook.Hook](t)(o.Hook(t.Context(), "h")); got.Secret != hook.Secret {
		t.Errorf("what a former key has sealed: %+v", got)
	}
	uses := map[string]int{}
	for _, u := range must[[]store.KeyUse](t)(o.KeyUses(t.Context())) {
		uses[u.Known] += u.Nodes
	}
	if uses[first] != 2 {
		t.Errorf("known by %v", uses)
	}
}

// A stolen key says nothing more, not even what follows it.
func stolenKey(t *testing.T, open Open) {
	o := NewOffice(t, open)
	o.knows(0, protocol.Later(), o.Key())
	heads := o.backup().heads
	o.rotate(true)
	o.follow()
	o.Decide(o.Reviewer, o.Submit(0, "township"), catalog.ActionReturn)
	same(t, "the log", signers(t, o.Store, o.Nodes[0].Node.ID, heads[0]), []string{"2 receipt", "2 item.status"})
}

// A hub restored from before it took another key takes back what both have signed;
// what a thief signs with the former one behind its end is worth nothing.
func formerWords(t *testing.T, open Open) {
	o := NewOffice(t, open)
	o.knows(0, protocol.Later(), o.Key())
	one, two, three := o.Submit(0, "township"), o.Submit(0, "township"), o.Submit(0, "township")
	before := o.backup()
	former := o.Keys().Present()
	o.Clock.Advance(time.Minute)
	o.Decide(o.Reviewer, one, catalog.ActionReturn)
	o.rotate(false)
	o.follow()
	after := o.backup()
	o.Decide(o.Reviewer, two, catalog.ActionReturn)
	list := pages(t, o, o.Nodes[0].Node.ID, before.heads[0])

	again := o.restore(t, before, store.Options{Dir: Folder(t)})
	again.recall(0, list...)
	again.sweep()
	want(t, again.Store, one, protocol.StateReturned, 1, 0)
	want(t, again.Store, two, protocol.StateReturned, 1, 0)
	again.knows(0, protocol.Later(), o.Key())
	if n := again.follow(); n != 1 {
		t.Errorf("%d nodes were told again", n)
	}

	again = o.restore(t, after, store.Options{Dir: Folder(t)})
	body := must[[]byte](t)(protocol.WriteBody(&protocol.Status{Item: three, Revision: 1, State: protocol.StateReturned, At: o.Clock.Now()}))
	forged := protocol.New(protocol.Down, o.Nodes[0].Node.ID, o.Epoch(), after.heads[0]+1, protocol.KindStatus, body, former)
	again.recall(0, protocol.Recall{Frame: Frame(t, forged), Done: true})
	again.sweep()
	want(t, again.Store, three, protocol.StateReceived, 1, 0)
	kept := must[[]intake.Kept](t)(again.Stream.Intake.Refusals(t.Context(), intake.KeptQuery{}))
	if len(kept) == 0 || !strings.Contains(kept[0].Message, "不是本平台签发的") {
		t.Errorf("kept %+v", kept)
	}
}

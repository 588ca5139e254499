package storetest

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"zhanqun/hub/catalog"
	"zhanqun/hub/review"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

func reviewFiles(t *testing.T, open Open) {
	o := NewOffice(t, open)
	photo := protocol.Attachment{SHA256: digest('b'), Name: "图.jpg", Size: 9, Type: "image/jpeg"}
	id := o.Submit(0, "photo", func(m *protocol.Submit) { m.Attachments = []protocol.Attachment{photo} })
	other := o.Submit(0, "photo", func(m *protocol.Submit) {
		m.Attachments = []protocol.Attachment{{SHA256: digest('c'), Name: "别.jpg", Size: 9, Type: "image/jpeg"}}
	})
	o.Decide(o.Reviewer, id, catalog.ActionApprove)
	o.Decide(o.Reviewer, other, catalog.ActionApprove)
	if d := o.Item(id); d.Item.State != protocol.StateApproved || d.Entry != nil || d.Arrived[photo.SHA256] {
		t.Fatalf("item: %+v", d.Item)
	}
	sweep(t, o)
	if d := o.Item(id); d.Item.State != protocol.StateApproved {
		t.Errorf("published without its file: %+v", d.Item)
	}
	o.Arrive(photo)
	sweep(t, o)
	if d := o.Item(id); d.Item.State != protocol.StateAdopted || d.Entry == nil || !d.Arrived[photo.SHA256] {
		t.Errorf("not published with its file: %+v", d.Item)
	}
	if d := o.Item(other); d.Item.State != protocol.StateApproved {
		t.Errorf("the other: %+v", d.Item)
	}
	o.Decide(o.Second, other, catalog.ActionReturn)
	if st, _ := o.Told(other); st.State != protocol.StateReturned {
		t.Errorf("told %+v", st)
	}
}

func sweep(t testing.TB, o *Office) time.Time {
	t.Helper()
	next, err := o.Desk.Sweep(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// A held decision changes nothing until it is due, and can be taken back.
func reviewHeld(t *testing.T, open Open) {
	o := NewOffice(t, open)
	id := o.Submit(0, "township")
	held, err := o.Desk.Hold(t.Context(), o.Reviewer, o.Decision(id, catalog.ActionApprove))
	if err != nil {
		t.Fatal(err)
	}
	quiet := func(what string) {
		t.Helper()
		sweep(t, o)
		d := o.Item(id)
		if _, n := o.Told(id); n != 0 || d.Item.State != protocol.StateReceived || d.Entry != nil || len(d.Decisions) != 0 {
			t.Errorf("%s: something left: %+v", what, d.Item)
		}
	}
	quiet("held")
	if d := o.Item(id); d.Held == nil || d.Held.ID != held.ID || !d.Held.DueAt.Equal(o.Clock.Now().Add(10*time.Second)) {
		t.Errorf("held: %+v", d.Held)
	}
	if next := sweep(t, o); !next.Equal(held.DueAt) {
		t.Errorf("next look at %v, want %v", next, held.DueAt)
	}
	refused(t, o.Desk.Decide(t.Context(), o.Second, o.Decision(id, catalog.ActionReject)), fault.Conflict, "几秒后生效")
	refused(t, o.Desk.Decide(t.Context(), o.Reviewer, o.Decision(id, catalog.ActionReject)), fault.Conflict, "撤销")
	refused(t, o.Desk.Claim(t.Context(), o.Second, id, "急"), fault.Conflict, "")
	_, err = o.Desk.Hold(t.Context(), o.Reviewer, o.Decision(id, catalog.ActionReject))
	refused(t, err, fault.Conflict, "")
	refused(t, o.Desk.Undo(t.Context(), o.Second, id), fault.Forbidden, "")
	if list, err := o.Desk.Next(t.Context(), o.Reviewer, review.Position{}, 10); err != nil || len(list) != 0 {
		t.Errorf("offered again: %v, %v", list, err)
	}
	if err := o.Desk.Undo(t.Context(), o.Reviewer, id); err != nil {
		t.Fatal(err)
	}
	o.Clock.Advance(time.Minute)
	quiet("undone")
	refused(t, o.Desk.Undo(t.Context(), o.Reviewer, id), fault.Conflict, "")

	if _, err := o.Desk.Hold(t.Context(), o.Reviewer, o.Decision(id, catalog.ActionApprove)); err != nil {
		t.Fatal(err)
	}
	o.Clock.Advance(9 * time.Second)
	quiet("one second left")
	o.Clock.Advance(time.Second)
	sweep(t, o)
	if d := o.Item(id); d.Item.State != protocol.StateAdopted || d.Held != nil || d.Item.ClaimedBy != "" || d.Decisions[0].Account != o.Reviewer.ID {
		t.Errorf("after its time: %+v", d.Item)
	}
	same(t, "events", o.EventsOf(id), []string{"item.received", "item.held", "item.undone", "item.held", "item.decided", "item.adopted"})
	_, err = o.Desk.Hold(t.Context(), o.Reviewer, o.Decision(id, catalog.ActionApprove))
	refused(t, err, fault.Conflict, "")
}

// A held decision that has become impossible lapses, and the item is due again.
func reviewLapsed(t *testing.T, open Open) {
	o := NewOffice(t, open)
	revised, withdrawn, taken := o.Submit(0, "township"), o.Submit(0, "township"), o.Submit(1, "township")
	for _, id := range []string{revised, withdrawn} {
		if _, err := o.Desk.Hold(t.Context(), o.Reviewer, o.Decision(id, catalog.ActionApprove)); err != nil {
			t.Fatal(err)
		}
	}
	o.Decide(o.Reviewer, taken, catalog.ActionApprove)
	if _, err := o.Desk.Hold(t.Context(), o.Chief, o.Decision(taken, catalog.ActionWithdraw)); err != nil {
		t.Fatal(err)
	}
	o.Revise(revised)
	o.Stream.Send(o.From[withdrawn], o.From[withdrawn].Withdraw(withdrawn, 1))
	o.Clock.Advance(time.Minute)
	sweep(t, o)
	if d := o.Item(revised); d.Item.State != protocol.StateReceived || d.Held != nil || d.Item.ClaimedBy != "" || d.Item.DueRole == "" {
		t.Errorf("revised: %+v", d.Item)
	}
	if d := o.Item(withdrawn); d.Item.State != protocol.StateWithdrawn || d.Held != nil || d.Entry != nil {
		t.Errorf("withdrawn: %+v", d.Item)
	}
	if d := o.Item(taken); d.Item.State != protocol.StateWithdrawn {
		t.Errorf("a held withdrawal: %+v", d.Item)
	}
	if kinds := o.EventsOf(revised); kinds[len(kinds)-1] != review.EventLapsed {
		t.Errorf("events: %v", kinds)
	}
	o.Decide(o.Second, revised, catalog.ActionApprove)
}

// Run carries out by itself what is due.
func reviewRun(t *testing.T, open Open) {
	o := NewOffice(t, open)
	desk := review.New(review.Options{Store: o.Store, UndoFor: 20 * time.Millisecond}) // on the real clock
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	adopted := make(chan struct{}, 1)
	id := o.Submit(0, "township")
	o.OnDown(func(heads map[string]uint64) {
		if heads[o.Nodes[0].Node.ID] > 0 {
			select {
			case adopted <- struct{}{}:
			default:
			}
		}
	})
	go func() {
		defer close(ended)
		desk.Run(ctx, slog.New(slog.DiscardHandler))
	}()
	// The store's clock is in the past, so the decision is due at once.
	if _, err := desk.Hold(t.Context(), o.Reviewer, o.Decision(id, catalog.ActionApprove)); err != nil {
		t.Fatal(err)
	}
	select {
	case <-adopted:
	case <-time.After(10 * time.Second):
		t.Error("the decision never left")
	}
	stop()
	<-ended
	if d := o.Item(id); d.Item.State != protocol.StateAdopted {
		t.Errorf("item: %+v", d.Item)
	}
}

package queue_test

import (
	"testing"

	"zhanqun/internal/fault"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

func TestWithdraw(t *testing.T) {
	adopted := hubSays(protocol.StateAdopted)
	for _, tt := range []struct {
		name string
		to   func(t *testing.T, q *queue.Queue, h *hub, s queue.Submitted)
		want fault.Kind // Internal for none
	}{
		{"queued", func(*testing.T, *queue.Queue, *hub, queue.Submitted) {}, 0},
		{"received", func(t *testing.T, q *queue.Queue, h *hub, s queue.Submitted) { down(t, q, h.receipt(t, q, s.Seq)) }, 0},
		{"returned", hubSays(protocol.StateReturned), 0},
		{"adopted", adopted, 0},
		{"rejected", hubSays(protocol.StateRejected), fault.Conflict},
		{"withdrawn", hubSays(protocol.StateWithdrawn), fault.Conflict},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q, h := open(t)
			s := post(t, q, "标题")
			tt.to(t, q, h, s)
			_, err := q.Withdraw(t.Context(), liaison, s.ID, "  ")
			if tt.want != 0 {
				wantKind(t, err, tt.want)
				return
			}
			wantKind(t, err, fault.Invalid) // a reason is needed
			w, err := q.Withdraw(t.Context(), liaison, s.ID, "内容有误")
			if err != nil || w.Seq != 2 {
				t.Fatalf("%+v, %v", w, err)
			}
			if again, err := q.Withdraw(t.Context(), liaison, s.ID, "内容有误"); err != nil || again.Seq != 2 {
				t.Errorf("twice: %+v, %v", again, err)
			}
			m, _ := protocol.ReadBody(protocol.Up, checkLog(t, q)[1])
			if got := m.(*protocol.Withdraw); got.Item != s.ID || got.Revision != 1 || got.By != liaison.Name {
				t.Errorf("on the wire: %+v", got)
			}
			if !item(t, q, s.ID).Withdrawing {
				t.Error("nothing shows that it is being withdrawn")
			}
			down(t, q, h.receipt(t, q, 2))
			if !item(t, q, s.ID).Withdrawing {
				t.Error("a receipt is no withdrawal")
			}
			down(t, q, h.status(t, s.ID, 1, protocol.StateWithdrawn))
			if got := item(t, q, s.ID); got.Withdrawing || got.State != queue.State(protocol.StateWithdrawn) || got.LiveRevision != 0 {
				t.Errorf("after the hub's word: %+v", got.Item)
			}
		})
	}
}

func TestWithdrawWhileEditingDropsTheText(t *testing.T) {
	q, h := open(t)
	s := post(t, q, "第一稿")
	hubSays(protocol.StateReturned)(t, q, h, s)
	d := draft("第二稿")
	d.ID, d.Version = s.ID, item(t, q, s.ID).Version
	if _, err := q.SaveDraft(t.Context(), liaison, d); err != nil {
		t.Fatal(err)
	}
	if w, err := q.Withdraw(t.Context(), liaison, s.ID, "不报了"); err != nil || w.Seq != 2 {
		t.Fatalf("%+v, %v", w, err)
	}
	if got := item(t, q, s.ID); got.Editing || got.Title != "第一稿" || !got.Withdrawing {
		t.Errorf("%+v", got.Item)
	}
}

func TestRefusedWithdrawalCanBeRepeated(t *testing.T) {
	q, h := open(t)
	s := settle(t, q, h, "标题")
	if _, err := q.Withdraw(t.Context(), liaison, s.ID, "内容有误"); err != nil {
		t.Fatal(err)
	}
	down(t, q, h.says(t, protocol.KindRefusal, &protocol.Refusal{Epoch: cursors(t, q).Epoch, Seq: 2, Kind: protocol.KindWithdraw,
		Item: s.ID, Revision: 1, Code: protocol.CodeUnknown, Message: "县里没有这条信息"}), h.receipt(t, q, 2))
	got := item(t, q, s.ID)
	if got.Withdrawing || got.State != queue.Received {
		t.Errorf("%+v", got.Item)
	}
	last := got.History[len(got.History)-1]
	if last.Act != queue.ActRefused || last.Refusal.Message != "县里没有这条信息" {
		t.Errorf("the history ends with %+v", last)
	}
	if w, err := q.Withdraw(t.Context(), liaison, s.ID, "内容有误"); err != nil || w.Seq != 3 {
		t.Errorf("%+v, %v", w, err)
	}
}

// An item the hub never took can be put away without asking the hub.
func TestShelvingARefusedItem(t *testing.T) {
	q, h := open(t)
	s := post(t, q, "标题")
	down(t, q, h.refusal(t, q, s, protocol.CodeColumn), h.receipt(t, q, s.Seq))
	if w, err := q.Withdraw(t.Context(), liaison, s.ID, "不报了"); err != nil || w.Seq != 0 {
		t.Fatalf("%+v, %v", w, err)
	}
	wantState(t, q, s.ID, queue.State(protocol.StateWithdrawn))
	if n := len(checkLog(t, q)); n != 1 {
		t.Errorf("%d entries", n)
	}
}

// The hub has revision 1, refused revision 2: the withdrawal names revision 1.
func TestWithdrawAfterARefusedRevision(t *testing.T) {
	q, h := open(t)
	s := post(t, q, "第一稿")
	hubSays(protocol.StateReturned)(t, q, h, s)
	d := draft("第二稿")
	d.ID, d.Version = s.ID, item(t, q, s.ID).Version
	second, err := q.Post(t.Context(), liaison, d)
	if err != nil {
		t.Fatal(err)
	}
	down(t, q, h.refusal(t, q, second, protocol.CodeColumn), h.receipt(t, q, second.Seq))
	wantState(t, q, s.ID, queue.Refused)
	w, err := q.Withdraw(t.Context(), liaison, s.ID, "不报了")
	if err != nil {
		t.Fatal(err)
	}
	m, _ := protocol.ReadBody(protocol.Up, checkLog(t, q)[w.Seq-1])
	if got := m.(*protocol.Withdraw); got.Revision != 1 {
		t.Errorf("withdraws revision %d", got.Revision)
	}
}

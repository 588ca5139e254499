package queue_test

import (
	"testing"

	"zhanqun/internal/fault"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// ask posts an item as the village liaison.
func ask(t *testing.T, q *queue.Queue, title string) queue.Submitted {
	t.Helper()
	s, err := q.Post(t.Context(), villager, draft(title))
	if err != nil {
		t.Fatal(err)
	}
	if !s.Awaiting || s.Seq != 0 || s.Revision != 0 {
		t.Fatalf("a village's item went out by itself: %+v", s)
	}
	return s
}

func TestVillageNeedsEndorsement(t *testing.T) {
	q, _ := open(t)
	s := ask(t, q, "村里的事")
	wantState(t, q, s.ID, queue.Awaiting)
	if again, err := q.Submit(t.Context(), villager, s.ID, queue.Handing{}); err != nil || !again.Awaiting || !again.Again {
		t.Errorf("asking twice: %+v, %v", again, err)
	}
	d := draft("村里的事（改）")
	d.ID, d.Version, d.Village = s.ID, item(t, q, s.ID).Version, villageA
	_, err := q.SaveDraft(t.Context(), villager, d)
	wantKind(t, err, fault.Conflict) // it is the township's now
	saved, err := q.SaveDraft(t.Context(), liaison, d)
	if err != nil {
		t.Fatal(err)
	}
	wantState(t, q, s.ID, queue.Awaiting)
	if _, err := q.Submit(t.Context(), liaison, s.ID, queue.Handing{Version: saved.Version - 1}); !fault.Is(err, fault.Conflict) {
		t.Errorf("endorsing a text that was not seen: %v", err)
	}
	done, err := q.Submit(t.Context(), liaison, s.ID, queue.Handing{Version: saved.Version})
	if err != nil {
		t.Fatal(err)
	}
	m, _ := protocol.ReadBody(protocol.Up, checkLog(t, q)[done.Seq-1])
	got := m.(*protocol.Submit)
	if got.Origin != villageA || got.EndorsedBy != liaison.Name || got.Title != "村里的事（改）" {
		t.Errorf("on the wire: %+v", got)
	}
}

func TestSendBackAndRecall(t *testing.T) {
	q, _ := open(t)
	s := ask(t, q, "村里的事")
	wantKind(t, q.SendBack(t.Context(), villager, s.ID, 0, "请补时间"), fault.Forbidden)
	wantKind(t, q.SendBack(t.Context(), liaison, s.ID, 0, " "), fault.Invalid)
	if err := q.SendBack(t.Context(), liaison, s.ID, 0, "请补时间"); err != nil {
		t.Fatal(err)
	}
	wantKind(t, q.SendBack(t.Context(), liaison, s.ID, 0, "请补时间"), fault.Conflict)
	if got := item(t, q, s.ID); got.State != queue.Drafting || got.Comment != "请补时间" {
		t.Errorf("%+v", got.Item)
	}
	due, _, err := q.List(t.Context(), villager, queue.Filter{Due: true}, "", 0)
	if err != nil || len(due) != 1 {
		t.Errorf("due for the village: %v, %v", due, err)
	}
	if due, _, err := q.List(t.Context(), liaison, queue.Filter{Due: true}, "", 0); err != nil || len(due) != 0 {
		t.Errorf("due for the township that sent it back: %v, %v", due, err)
	}
	if _, err := q.Submit(t.Context(), villager, s.ID, queue.Handing{}); err != nil {
		t.Fatal(err)
	}
	if got := item(t, q, s.ID); got.State != queue.Awaiting || got.Comment != "" {
		t.Errorf("%+v", got.Item)
	}
	if w, err := q.Withdraw(t.Context(), villager, s.ID, ""); err != nil || !w.Drafted {
		t.Errorf("recall: %+v, %v", w, err)
	}
	wantState(t, q, s.ID, queue.Drafting)
	if w, err := q.Withdraw(t.Context(), villager, s.ID, ""); err != nil || !w.Deleted {
		t.Errorf("delete: %+v, %v", w, err)
	}
	_, err = q.Item(t.Context(), liaison, s.ID)
	wantKind(t, err, fault.NotFound)
	if n, err := q.Count(t.Context(), `SELECT (SELECT count(*) FROM draft) + (SELECT count(*) FROM step)`); err != nil || n != 0 {
		t.Errorf("%d rows left (%v)", n, err)
	}
}

// A returned village item goes the same way again, and what the hub last said
// is not lost while it waits for the township.
func TestVillageRevision(t *testing.T) {
	q, h := open(t)
	s := ask(t, q, "第一稿")
	done, err := q.Submit(t.Context(), liaison, s.ID, queue.Handing{})
	if err != nil {
		t.Fatal(err)
	}
	hubSays(protocol.StateReturned)(t, q, h, done)
	d := draft("第二稿")
	d.ID, d.Version = s.ID, item(t, q, s.ID).Version
	if _, err := q.Post(t.Context(), villager, d); err != nil {
		t.Fatal(err)
	}
	wantState(t, q, s.ID, queue.Awaiting)
	if err := q.SendBack(t.Context(), liaison, s.ID, 0, "再改改"); err != nil {
		t.Fatal(err)
	}
	wantState(t, q, s.ID, queue.State(protocol.StateReturned))
	if _, err := q.Submit(t.Context(), villager, s.ID, queue.Handing{}); err != nil {
		t.Fatal(err)
	}
	done, err = q.Submit(t.Context(), liaison, s.ID, queue.Handing{})
	if err != nil || done.Revision != 2 {
		t.Fatalf("%+v, %v", done, err)
	}
	_, err = q.Withdraw(t.Context(), villager, s.ID, "村里不想要了")
	wantKind(t, err, fault.Forbidden)
}

func TestVillagesSeeOnlyTheirOwn(t *testing.T) {
	q, h := open(t)
	theirs := ask(t, q, "甲村的事")
	ours := settle(t, q, h, "镇里的事")
	for _, id := range []string{theirs.ID, ours.ID} {
		_, err := q.Item(t.Context(), stranger, id)
		wantKind(t, err, fault.NotFound)
		_, err = q.Submit(t.Context(), stranger, id, queue.Handing{})
		wantKind(t, err, fault.NotFound)
		_, err = q.Withdraw(t.Context(), stranger, id, "理由")
		wantKind(t, err, fault.NotFound)
		wantKind(t, q.Discard(t.Context(), stranger, id, 0), fault.NotFound)
		d := draft("改")
		d.ID, d.Version = id, 1
		_, err = q.SaveDraft(t.Context(), stranger, d)
		wantKind(t, err, fault.NotFound)
	}
	for who, want := range map[queue.Actor]int{liaison: 2, villager: 1, stranger: 0} {
		list, _, err := q.List(t.Context(), who, queue.Filter{}, "", 0)
		if err != nil || len(list) != want {
			t.Errorf("%s sees %d (%v), want %d", who.Name, len(list), err, want)
		}
	}
	list, _, err := q.List(t.Context(), stranger, queue.Filter{Village: villageA}, "", 0)
	if err != nil || len(list) != 0 {
		t.Errorf("asking for another village: %v, %v", list, err)
	}
	for _, who := range []queue.Actor{{}, {Login: "x", Name: "x", Role: "viewer"}, {Login: "x", Name: "x", Role: villager.Role}} {
		_, err := q.SaveDraft(t.Context(), who, draft("标题"))
		wantKind(t, err, fault.Forbidden)
	}
}

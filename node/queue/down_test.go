package queue_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhanqun/internal/fault"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// Each row gives the node some entries of a down log of five and says how far
// it is then and why it stopped.
func TestApplyDownOrder(t *testing.T) {
	enemy, err := protocol.NewHubKey()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		give   func(q *queue.Queue, h *hub, log []protocol.Entry) []protocol.Entry
		want   uint64
		reason error
	}{
		{"all", func(_ *queue.Queue, _ *hub, l []protocol.Entry) []protocol.Entry { return l }, 5, nil},
		{"nothing", func(*queue.Queue, *hub, []protocol.Entry) []protocol.Entry { return nil }, 0, nil},
		{"a gap at the start", func(_ *queue.Queue, _ *hub, l []protocol.Entry) []protocol.Entry { return l[1:] }, 0, queue.ErrGap},
		{"a gap inside", func(_ *queue.Queue, _ *hub, l []protocol.Entry) []protocol.Entry { return append(l[:2:2], l[3:]...) }, 2, queue.ErrGap},
		{"the same twice", func(_ *queue.Queue, _ *hub, l []protocol.Entry) []protocol.Entry { return append(l[:3:3], l...) }, 5, nil},
		{"out of order", func(_ *queue.Queue, _ *hub, l []protocol.Entry) []protocol.Entry {
			return []protocol.Entry{l[0], l[2], l[1]}
		}, 1, queue.ErrGap},
		{"signed by somebody else", func(_ *queue.Queue, h *hub, l []protocol.Entry) []protocol.Entry {
			l[2] = protocol.New(protocol.Down, nodeID, h.epoch, 3, l[2].Kind, l[2].Body, enemy)
			return l
		}, 2, queue.ErrForged},
		{"for another node", func(_ *queue.Queue, h *hub, l []protocol.Entry) []protocol.Entry {
			l[0] = protocol.New(protocol.Down, "n8", h.epoch, 1, l[0].Kind, l[0].Body, h.key)
			return l
		}, 0, queue.ErrForged},
		{"a body that was changed", func(_ *queue.Queue, _ *hub, l []protocol.Entry) []protocol.Entry {
			l[4].Body = []byte(`{"epoch":"x","through":9}`)
			return l
		}, 4, queue.ErrForged},
		{"an entry of the other direction", func(_ *queue.Queue, h *hub, l []protocol.Entry) []protocol.Entry {
			l[0] = protocol.New(protocol.Up, nodeID, h.epoch, 1, l[0].Kind, l[0].Body, h.key)
			return l
		}, 0, queue.ErrForged},
		{"two texts at one position", func(_ *queue.Queue, h *hub, l []protocol.Entry) []protocol.Entry {
			return append(l[:3:3], protocol.New(protocol.Down, nodeID, h.epoch, 2, l[3].Kind, l[3].Body, h.key))
		}, 3, queue.ErrForged},
		{"a kind from the future", func(_ *queue.Queue, h *hub, l []protocol.Entry) []protocol.Entry {
			l[1] = protocol.New(protocol.Down, nodeID, h.epoch, 2, "hub.sings", []byte(`{}`), h.key)
			return l
		}, 5, nil},
		{"a body from the future", func(_ *queue.Queue, h *hub, l []protocol.Entry) []protocol.Entry {
			l[1] = protocol.New(protocol.Down, nodeID, h.epoch, 2, protocol.KindStatus, []byte(`[]`), h.key)
			return l
		}, 5, nil},
		{"a receipt for what was never sent", func(q *queue.Queue, h *hub, l []protocol.Entry) []protocol.Entry {
			h.seq = 3
			return append(l[:3:3], h.receipt(t, q, 2))
		}, 3, queue.ErrRolledBack},
		{"a receipt for another machine's entry", func(q *queue.Queue, h *hub, l []protocol.Entry) []protocol.Entry {
			h.seq = 0
			l[0] = h.says(t, protocol.KindReceipt, &protocol.Receipt{Epoch: cursors(t, q).Epoch, Through: 1, Hash: protocol.HashOf([]byte("another"))})
			return l
		}, 0, queue.ErrCopied},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q, h := open(t)
			s := post(t, q, "标题")
			all := []protocol.Entry{h.receipt(t, q, 1), h.status(t, s.ID, 1, protocol.StateInReview),
				h.status(t, s.ID, 1, protocol.StateReturned), h.status(t, s.ID, 1, protocol.StateApproved), h.status(t, s.ID, 1, protocol.StateAdopted)}
			err := q.ApplyDown(t.Context(), tt.give(q, h, all))
			if !errors.Is(err, tt.reason) || tt.reason != nil && fault.Message(err) == fault.Message(errors.New("")) {
				t.Errorf("err = %v", err)
			}
			if got := cursors(t, q).Down; got != tt.want {
				t.Errorf("cursor = %d, want %d", got, tt.want)
			}
			if n, err := q.Count(t.Context(), `SELECT count(*) FROM down_entry`); err != nil || uint64(n) != tt.want {
				t.Errorf("%d entries kept (%v)", n, err)
			}
		})
	}
}

// The last word wins, whatever revision it is about, except that a word on an
// older revision does not judge a newer one.
func TestStatusBecomesState(t *testing.T) {
	q, h := open(t)
	s := post(t, q, "第一稿")
	hubSays(protocol.StateReturned)(t, q, h, s)
	d := draft("第二稿")
	d.ID, d.Version = s.ID, item(t, q, s.ID).Version
	second, err := q.Post(t.Context(), liaison, d)
	if err != nil {
		t.Fatal(err)
	}
	adopted := &protocol.Status{Item: s.ID, Revision: 1, State: protocol.StateAdopted, URL: "http://portal/1", At: start}
	for _, step := range []struct {
		name  string
		entry func() protocol.Entry
		want  queue.State
		live  int
		url   string
	}{
		{"a word on the first while the second is queued", func() protocol.Entry { return h.says(t, protocol.KindStatus, adopted) }, queue.Queued, 1, "http://portal/1"},
		{"receipt", func() protocol.Entry { return h.receipt(t, q, second.Seq) }, queue.Received, 1, "http://portal/1"},
		{"another on the first", func() protocol.Entry { return h.status(t, s.ID, 1, protocol.StateAdopted) }, queue.Received, 1, "http://portal/1"},
		{"review of the second", func() protocol.Entry { return h.status(t, s.ID, 2, protocol.StateInReview) }, queue.State(protocol.StateInReview), 1, "http://portal/1"},
		{"the second replaces the first", func() protocol.Entry { return h.status(t, s.ID, 2, protocol.StateCorrected) }, queue.State(protocol.StateCorrected), 2, "http://portal/1"},
		{"a withdrawal naming the first", func() protocol.Entry { return h.status(t, s.ID, 1, protocol.StateWithdrawn) }, queue.State(protocol.StateWithdrawn), 0, ""},
	} {
		down(t, q, step.entry())
		got := item(t, q, s.ID)
		if got.State != step.want || got.LiveRevision != step.live || got.URL != step.url {
			t.Errorf("%s: %s, live %d, %q", step.name, got.State, got.LiveRevision, got.URL)
		}
	}
	var acts []string
	for _, h := range item(t, q, s.ID).History {
		acts = append(acts, h.Act)
	}
	want := []string{queue.ActSubmitted, queue.ActReceived, queue.ActStatus, queue.ActSubmitted, queue.ActReceived,
		queue.ActStatus, queue.ActStatus, queue.ActStatus, queue.ActStatus, queue.ActStatus}
	if diff := cmp.Diff(want, acts); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
}

// An item whose entry was taken down is no longer on the portal, whatever
// becomes of it next.
func TestStatusOffThePortal(t *testing.T) {
	q, h := open(t)
	s := post(t, q, "标题")
	down(t, q, h.receipt(t, q, s.Seq))
	adopted := &protocol.Status{Item: s.ID, Revision: 1, State: protocol.StateAdopted, URL: "http://portal/1", At: start}
	down(t, q, h.says(t, protocol.KindStatus, adopted))
	down(t, q, h.says(t, protocol.KindStatus, &protocol.Status{Item: s.ID, Revision: 1, State: protocol.StateInReview, Off: true, At: start}))
	if got := item(t, q, s.ID); got.State != queue.State(protocol.StateInReview) || got.LiveRevision != 0 || got.URL != "" {
		t.Errorf("taken down: %s, live %d, %q", got.State, got.LiveRevision, got.URL)
	}
	adopted.URL = "http://portal/2"
	down(t, q, h.says(t, protocol.KindStatus, adopted))
	if got := item(t, q, s.ID); got.LiveRevision != 1 || got.URL != "http://portal/2" {
		t.Errorf("published again: live %d, %q", got.LiveRevision, got.URL)
	}
}

func TestStatusOfAnUnknownItemIsKept(t *testing.T) {
	q, h := open(t)
	down(t, q, h.status(t, "0193a5f0-0000-7000-8000-000000000001", 1, protocol.StateAdopted))
	if n, err := q.Count(t.Context(), `SELECT count(*) FROM step WHERE act = 'status'`); err != nil || n != 1 {
		t.Errorf("%d kept (%v)", n, err)
	}
}

func TestRefusalSaysWhatToDo(t *testing.T) {
	q, h := open(t)
	s := post(t, q, "标题")
	mustSend(t, q, s.Seq)
	down(t, q, h.refusal(t, q, s, protocol.CodeColumn))
	wantState(t, q, s.ID, queue.Sent) // not before the receipt has passed
	down(t, q, h.receipt(t, q, s.Seq))
	got := item(t, q, s.ID)
	if got.State != queue.Refused || got.Refusal == nil || got.Refusal.Message != "这个栏目已停用" || got.Refusal.Field != "column" {
		t.Errorf("%+v %+v", got.Item, got.Refusal)
	}
	counts, err := q.Counts(t.Context(), liaison)
	if err != nil || counts.Due != 1 {
		t.Errorf("%+v, %v", counts, err)
	}
}

// Receipts and refusals for the log of a store that was since restored say
// nothing about this one.
func TestAnotherEpochOfThisNode(t *testing.T) {
	q, h := open(t)
	s := post(t, q, "标题")
	down(t, q, h.says(t, protocol.KindReceipt, &protocol.Receipt{Epoch: "before", Through: 700}),
		h.says(t, protocol.KindRefusal, &protocol.Refusal{Epoch: "before", Seq: 1, Kind: protocol.KindSubmit, Code: protocol.CodeUnit}))
	if c := cursors(t, q); c.Confirmed != 0 {
		t.Errorf("%+v", c)
	}
	wantState(t, q, s.ID, queue.Queued)
}

// A hub restored from a backup: its log is read again from the start, nothing is
// told twice, and what it now says differently counts.
func TestHubRestored(t *testing.T) {
	q, h := open(t)
	s := post(t, q, "标题")
	first := []protocol.Entry{h.receipt(t, q, 1), h.status(t, s.ID, 1, protocol.StateInReview)}
	lost := h.status(t, s.ID, 1, protocol.StateAdopted)
	down(t, q, append(first, lost)...)
	if changed, err := q.HubChanged(t.Context(), hubEpoch); err != nil || changed {
		t.Errorf("the same epoch: %v, %v", changed, err)
	}
	if changed, err := q.HubChanged(t.Context(), hubEpoch2); err != nil || !changed {
		t.Errorf("a new epoch: %v, %v", changed, err)
	}
	h.epoch, h.seq = hubEpoch2, 2
	down(t, q, append(first, h.status(t, s.ID, 1, protocol.StateReturned))...)
	got := item(t, q, s.ID)
	if got.State != queue.State(protocol.StateReturned) || got.Status.State != protocol.StateReturned {
		t.Errorf("%+v", got.Item)
	}
	var states []protocol.State
	for _, h := range got.History {
		if h.Status != nil {
			states = append(states, h.Status.State)
		}
	}
	if diff := cmp.Diff([]protocol.State{protocol.StateInReview, protocol.StateAdopted, protocol.StateReturned}, states); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
	if c := cursors(t, q); c.Down != 3 || c.HubEpoch != hubEpoch2 {
		t.Errorf("%+v", c)
	}
}

// A restored hub may hold only the end of its log; after that order counts again.
func TestHubRestoredWithoutItsOldLog(t *testing.T) {
	q, h := open(t)
	post(t, q, "标题")
	if _, err := q.HubChanged(t.Context(), hubEpoch2); err != nil {
		t.Fatal(err)
	}
	h.epoch, h.seq = hubEpoch2, 40
	down(t, q, h.receipt(t, q, 1))
	h.seq++
	if err := q.ApplyDown(t.Context(), []protocol.Entry{h.receipt(t, q, 1)}); !errors.Is(err, queue.ErrGap) {
		t.Errorf("err = %v", err)
	}
}

func TestSettingsNoticesAndFindings(t *testing.T) {
	q, h := open(t)
	before, err := q.Settings(t.Context())
	if err != nil || before.Known || len(before.Columns) != 7 || before.Unit.Code != unit {
		t.Errorf("before: %+v, %v", before, err)
	}
	const id = "0193a5f0-0000-7000-8000-000000000002"
	down(t, q, h.says(t, protocol.KindSettings, &protocol.Settings{Unit: protocol.Unit{Code: unit, Name: "许家坝镇"}, County: "思南县",
		Villages: []protocol.Unit{{Code: villageA, Name: "甲村"}}, Columns: []protocol.Column{{Slug: "township", Name: "乡镇传真"}}}),
		h.says(t, protocol.KindNotice, &protocol.Notice{ID: id, Title: "通报", Text: "本月……", At: start}))
	after, err := q.Settings(t.Context())
	if v, ok := after.Village(villageA); err != nil || !after.Known || after.County != "思南县" || !ok || v.Name != "甲村" {
		t.Errorf("after: %+v, %v", after, err)
	}
	notices, err := q.Notices(t.Context(), 10)
	if err != nil || len(notices) != 1 || notices[0].Read || notices[0].Title != "通报" {
		t.Errorf("notices: %+v, %v", notices, err)
	}
	if err := q.ReadNotice(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if notices, err = q.Notices(t.Context(), 10); err != nil || !notices[0].Read {
		t.Errorf("notices: %+v, %v", notices, err)
	}
}

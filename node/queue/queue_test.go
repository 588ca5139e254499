package queue_test

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/png"
	"slices"
	"testing"
	"time"

	"zhanqun/internal/account"
	"zhanqun/internal/fault"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

const (
	nodeID    = "n7"
	unit      = "520623103"
	villageA  = "520623103201"
	villageB  = "520623103202"
	hubEpoch  = "hub-epoch-1"
	hubEpoch2 = "hub-epoch-2"
)

var (
	liaison  = queue.Actor{Login: "wang", Name: "王芳", Role: account.RoleLiaison}
	villager = queue.Actor{Login: "li", Name: "李强", Role: account.RoleVillage, Village: villageA}
	stranger = queue.Actor{Login: "zhao", Name: "赵敏", Role: account.RoleVillage, Village: villageB}
	start    = time.Date(2026, 11, 3, 6, 0, 0, 0, time.UTC)
)

// hub signs what comes down in tests.
type hub struct {
	key   protocol.Key
	epoch string
	seq   uint64
}

// says signs the next entry of the down log.
func (h *hub) says(t testing.TB, kind protocol.Kind, m protocol.Message) protocol.Entry {
	t.Helper()
	body, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	h.seq++
	return protocol.New(protocol.Down, nodeID, h.epoch, h.seq, kind, body, h.key)
}

func (h *hub) receipt(t testing.TB, q *queue.Queue, through uint64) protocol.Entry {
	t.Helper()
	r := &protocol.Receipt{Epoch: cursors(t, q).Epoch, Through: through}
	if list, err := q.Entries(t.Context(), through-1, 0); err == nil && len(list) > 0 {
		r.Hash = list[0].Hash
	}
	return h.says(t, protocol.KindReceipt, r)
}

func (h *hub) status(t testing.TB, item string, revision int, state protocol.State) protocol.Entry {
	t.Helper()
	return h.says(t, protocol.KindStatus, &protocol.Status{Item: item, Revision: revision, State: state, At: start.Add(time.Duration(h.seq) * time.Second)})
}

// open opens a data folder that has joined a made-up hub.
func open(t testing.TB) (*queue.Queue, *hub) {
	t.Helper()
	q := openAt(t, t.TempDir(), func() time.Time { return start })
	return q, join(t, q)
}

func openAt(t testing.TB, dir string, now func() time.Time) *queue.Queue {
	t.Helper()
	q, err := queue.Open(context.Background(), queue.Options{Dir: dir, Now: now, Reserve: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := q.Close(); err != nil {
			t.Errorf("closing queue: %v", err)
		}
	})
	return q
}

func join(t testing.TB, q *queue.Queue) *hub {
	t.Helper()
	key, err := protocol.NewHubKey()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := q.Key(context.Background()); err != nil {
		t.Fatal(err)
	}
	err = q.SaveIdentity(context.Background(), protocol.EnrolAnswer{Node: nodeID, Unit: protocol.Unit{Code: unit, Name: "许家坝镇"},
		HubKey: key.Public(), HubEpoch: hubEpoch, NATS: []string{"nats://127.0.0.1:4222"}}, "http://127.0.0.1:8080", "党政办电脑")
	if err != nil {
		t.Fatal(err)
	}
	return &hub{key: key, epoch: hubEpoch}
}

func draft(title string) queue.Draft {
	return queue.Draft{Text: queue.Text{Column: "township", Title: title,
		Body: "十一月三日，许家坝镇召开安全生产工作会议。\n会议要求抓好落实。", Author: "王芳", Source: "许家坝镇党政办"}}
}

// post hands in a new item.
func post(t testing.TB, q *queue.Queue, title string) queue.Submitted {
	t.Helper()
	s, err := q.Post(t.Context(), liaison, draft(title))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// down applies entries or fails the test.
func down(t testing.TB, q *queue.Queue, entries ...protocol.Entry) {
	t.Helper()
	if err := q.ApplyDown(t.Context(), entries); err != nil {
		t.Fatal(err)
	}
}

// settle posts an item and lets the hub receive it.
func settle(t testing.TB, q *queue.Queue, h *hub, title string) queue.Submitted {
	t.Helper()
	s := post(t, q, title)
	down(t, q, h.receipt(t, q, s.Seq))
	return s
}

func item(t testing.TB, q *queue.Queue, id string) queue.Detail {
	t.Helper()
	d, err := q.Item(t.Context(), liaison, id)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func cursors(t testing.TB, q *queue.Queue) queue.Cursors {
	t.Helper()
	c, err := q.Cursors(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func wantState(t testing.TB, q *queue.Queue, id string, want queue.State) {
	t.Helper()
	if got := item(t, q, id).State; got != want {
		t.Errorf("state = %q, want %q", got, want)
	}
}

func wantKind(t testing.TB, err error, want fault.Kind) {
	t.Helper()
	if !fault.Is(err, want) {
		t.Errorf("err = %v (kind %d), want kind %d", err, fault.KindOf(err), want)
	}
}

// log returns the whole up log.
func log(t testing.TB, q *queue.Queue) []protocol.Entry {
	t.Helper()
	var all []protocol.Entry
	for {
		list, err := q.Entries(context.Background(), uint64(len(all)), protocol.MaxFrameBytes)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			return all
		}
		all = append(all, list...)
	}
}

// checkLog holds that the log is dense, signed, and its bodies are valid.
func checkLog(t testing.TB, q *queue.Queue) []protocol.Entry {
	t.Helper()
	id, err := q.Identity(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	key, err := protocol.ParsePublic(id.Key.Public())
	if err != nil {
		t.Fatal(err)
	}
	all := log(t, q)
	for n, e := range all {
		if e.Seq != uint64(n+1) || e.Epoch != id.Epoch {
			t.Fatalf("entry %d has seq %d in epoch %s", n, e.Seq, e.Epoch)
		}
		if f := e.Check(protocol.Up, nodeID, key); f != nil {
			t.Fatalf("entry %d: %v", e.Seq, f)
		}
		if _, faults := protocol.ReadBody(protocol.Up, e); len(faults) > 0 {
			t.Fatalf("entry %d: %v", e.Seq, faults)
		}
	}
	if last := cursors(t, q).Last; last != uint64(len(all)) {
		t.Fatalf("the log has %d entries, the cursor says %d", len(all), last)
	}
	return all
}

func mustSend(t testing.TB, q *queue.Queue, through uint64) {
	t.Helper()
	if err := q.MarkSent(t.Context(), through); err != nil {
		t.Fatal(err)
	}
}

// hubSays returns a step that lets the hub receive an item and judge it.
func hubSays(state protocol.State) func(t *testing.T, q *queue.Queue, h *hub, s queue.Submitted) {
	return func(t *testing.T, q *queue.Queue, h *hub, s queue.Submitted) {
		t.Helper()
		down(t, q, h.receipt(t, q, s.Seq), h.status(t, s.ID, s.Revision, state))
		wantState(t, q, s.ID, queue.State(state))
	}
}

func (h *hub) refusal(t testing.TB, q *queue.Queue, s queue.Submitted, code protocol.Code) protocol.Entry {
	t.Helper()
	return h.says(t, protocol.KindRefusal, &protocol.Refusal{Epoch: cursors(t, q).Epoch, Seq: s.Seq, Kind: protocol.KindSubmit,
		Item: s.ID, Revision: s.Revision, Code: code, Field: "column", Message: "这个栏目已停用"})
}

// pngBytes returns a small image; n makes it one of many.
func pngBytes(t testing.TB, n int) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 8, 8+n))
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A node that does not want to be asked for second opinions says so by not knowing
// the word.
func TestNoLooks(t *testing.T) {
	for _, no := range []bool{false, true} {
		q, err := queue.Open(t.Context(), queue.Options{Dir: t.TempDir(), Reserve: -1, NoLooks: no})
		if err != nil {
			t.Fatal(err)
		}
		_, hello, err := q.Hello(t.Context(), "test")
		if err != nil || slices.Contains(hello.Knows, protocol.KindLook) == no || !slices.Contains(hello.Knows, protocol.KindFindings) {
			t.Errorf("switched off %v: knows %v, %v", no, hello.Knows, err)
		}
		if err := q.Close(); err != nil {
			t.Error(err)
		}
	}
}

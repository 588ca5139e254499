package queue_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"zhanqun/internal/account"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

var (
	liaison = queue.Actor{Login: "wang", Name: "王芳", Role: account.RoleLiaison}
	village = queue.Actor{Login: "li", Name: "李强", Role: account.RoleVillage, Village: "520623103201"}
	other   = queue.Actor{Login: "zhao", Name: "赵敏", Role: account.RoleVillage, Village: "520623103202"}
)

const (
	nodeID   = "n7"
	unit     = "520623103"
	hubEpoch = "hub-epoch-1"
)

// clock is a time that tests move by hand.
type clock struct{ t time.Time }

func newClock() *clock { return &clock{time.Date(2026, 11, 3, 6, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time          { return c.t }
func (c *clock) add(d time.Duration)     { c.t = c.t.Add(d) }
func at(t *testing.T) *clock             { t.Helper(); return newClock() }
func ctxOf(t testing.TB) context.Context { return t.Context() }

// hub signs what comes down in tests.
type hub struct {
	key   protocol.Key
	epoch string
	seq   uint64
}

func (h *hub) entry(t testing.TB, kind protocol.Kind, m protocol.Message) protocol.Entry {
	t.Helper()
	body, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	h.seq++
	return protocol.New(protocol.Down, nodeID, h.epoch, h.seq, kind, body, h.key)
}

// open opens a data folder that has joined a made-up hub.
func open(t testing.TB) (*queue.Queue, *hub) {
	t.Helper()
	q := openAt(t, t.TempDir(), newClock().now)
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
	return queue.Draft{Text: queue.Text{Column: "township", Title: title, Body: "十一月三日，许家坝镇召开安全生产工作会议。\n会议要求抓好落实。",
		Author: "王芳", Source: "许家坝镇党政办"}}
}

func TestPostThenRead(t *testing.T) {
	q, _ := open(t)
	for n := range 3 {
		s, err := q.Post(t.Context(), liaison, draft(fmt.Sprintf("标题 %d", n+1)))
		if err != nil {
			t.Fatal(err)
		}
		if s.Seq != uint64(n+1) || s.Revision != 1 {
			t.Errorf("submitted %+v", s)
		}
		d, err := q.Item(t.Context(), liaison, s.ID)
		if err != nil {
			t.Fatal(err)
		}
		if d.State != queue.Queued || len(d.Revisions) != 1 || d.Text.Title != d.Title {
			t.Errorf("item %+v", d)
		}
	}
	if _, err := filepath.Glob(q.Dir()); err != nil {
		t.Fatal(err)
	}
}

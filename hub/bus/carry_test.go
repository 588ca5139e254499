package bus_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"zhanqun/hub/catalog"
	"zhanqun/hub/review"
	"zhanqun/hub/store"
	"zhanqun/hub/store/storetest"
	"zhanqun/internal/account"
	"zhanqun/internal/testenv"
	"zhanqun/node/queue"
	"zhanqun/node/uplink"
	"zhanqun/protocol"
)

// clerk works at every town.
var clerk = queue.Actor{Login: "li", Name: "李四", Role: account.RoleLiaison}

// town is a whole node without its pages: queue and uplink.
type town struct {
	c    *county
	q    *queue.Queue
	id   queue.Identity
	halt context.CancelFunc
	done chan error
}

// newTown enrols a node that connects to addr, host:port or addresses parted by
// commas.
func (c *county) newTown(unit, addr string) *town {
	c.t.Helper()
	return c.openTown(c.t.TempDir(), unit, addr)
}

func (c *county) openTown(dir, unit, addr string) *town {
	c.t.Helper()
	if unit == "" {
		return c.joinedBy(dir, nil)
	}
	return c.joinedBy(dir, func(key protocol.Key) protocol.EnrolAnswer {
		a := storetest.Access(c.store)
		code, _, err := a.Invite(c.t.Context(), storetest.Admin(), unit, "http://127.0.0.1:8080", 0)
		if err != nil {
			c.t.Fatal(err)
		}
		answer, err := a.Enrol(c.t.Context(), storetest.EnrolRequest(code.Secret, key))
		if err != nil {
			c.t.Fatal(err)
		}
		answer.NATS, answer.HubKey = strings.Split(addr, ","), c.key.Public()
		if !strings.Contains(addr, "://") {
			answer.NATS = []string{"nats://" + addr}
		}
		return answer
	})
}

// joinedBy opens a node with the identity it is given, or the one it has.
func (c *county) joinedBy(dir string, enrol func(protocol.Key) protocol.EnrolAnswer) *town {
	c.t.Helper()
	ctx := c.t.Context()
	q, err := queue.Open(ctx, queue.Options{Dir: dir, Log: quiet(), Reserve: -1})
	if err != nil {
		c.t.Fatal(err)
	}
	if err := q.Lock(ctx); err != nil { // as the service does
		c.t.Fatal(err)
	}
	tn := &town{c: c, q: q}
	c.t.Cleanup(func() {
		tn.stop()
		if err := q.Close(); err != nil {
			c.t.Error(err)
		}
	})
	if enrol != nil {
		key, err := q.Key(ctx)
		if err != nil {
			c.t.Fatal(err)
		}
		if err := q.SaveIdentity(ctx, enrol(key), "http://127.0.0.1:8080", "值班室电脑"); err != nil {
			c.t.Fatal(err)
		}
	}
	if tn.id, err = q.Identity(ctx); err != nil {
		c.t.Fatal(err)
	}
	return tn
}

// start starts the uplink.
func (tn *town) start() {
	tn.c.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	up := uplink.New(uplink.Options{Queue: tn.q, Program: "node test", Back: 200 * time.Millisecond, Log: quiet()})
	tn.halt, tn.done = cancel, make(chan error, 1)
	go func() { tn.done <- up.Run(ctx) }()
}

// stop stops the uplink, which has to be quick.
func (tn *town) stop() {
	if tn.halt == nil {
		return
	}
	tn.halt()
	tn.halt = nil
	select {
	case err := <-tn.done:
		if err != nil {
			tn.c.t.Errorf("uplink: %v", err)
		}
	case <-time.After(5 * time.Second):
		tn.c.t.Error("the uplink does not stop")
		<-tn.done
	}
}

// settled waits until the node has heard from its hub.
func (tn *town) settled() {
	tn.c.t.Helper()
	tn.c.await("settings arrive", func() bool { return tn.cursors().Down > 0 })
}

// post hands in n items, from several hands at once, and returns their ids.
func (tn *town) post(n int) []string {
	tn.c.t.Helper()
	ids := make([]string, n)
	var hands sync.WaitGroup
	for hand := range 8 {
		hands.Go(func() {
			for i := hand; i < n; i += 8 {
				out, err := tn.q.Post(context.Background(), clerk, queue.Draft{Text: queue.Text{Column: "township",
					Title: fmt.Sprintf("第%d条", i), Body: "田间地头一派繁忙景象。", Author: "张三", Source: "党政办"}})
				if err != nil {
					tn.c.t.Error(err)
					return
				}
				ids[i] = out.ID
			}
		})
	}
	hands.Wait()
	return ids
}

func (tn *town) cursors() queue.Cursors {
	tn.c.t.Helper()
	cur, err := tn.q.Cursors(tn.c.t.Context())
	if err != nil {
		tn.c.t.Fatal(err)
	}
	return cur
}

// confirmed waits until everything handed in has its receipt.
func (tn *town) confirmed() {
	tn.c.t.Helper()
	tn.c.await("everything is confirmed", func() bool {
		cur := tn.cursors()
		return cur.Confirmed == cur.Last
	})
}

// line waits until the line says what f looks for, and returns it.
func (tn *town) line(what string, f func(queue.Line) bool) queue.Line {
	tn.c.t.Helper()
	var l queue.Line
	tn.c.await(what, func() bool {
		var err error
		if l, err = tn.q.Line(tn.c.t.Context()); err != nil {
			tn.c.t.Fatal(err)
		}
		return f(l)
	})
	return l
}

// received is every item the hub has, in the order it was received, once per time.
func (c *county) received() []string {
	c.t.Helper()
	var ids []string
	for after := uint64(0); ; {
		events, err := c.store.Events(c.t.Context(), after, 1000)
		if err != nil {
			c.t.Fatal(err)
		}
		for _, e := range events {
			after = e.Seq
			if e.Kind == "item.received" {
				ids = append(ids, e.Ref)
			}
		}
		if len(events) == 0 {
			return ids
		}
	}
}

// once fails unless the hub received exactly these items, once each, and those
// of each town in the order of its log.
func (c *county) once(towns map[*town][]string) {
	c.t.Helper()
	at := map[string]int{}
	for i, id := range c.received() {
		if _, twice := at[id]; twice {
			c.t.Errorf("item %s was received twice", id)
		}
		at[id] = i
	}
	total := 0
	for tn, ids := range towns {
		total += len(ids)
		before, seq := -1, uint64(0)
		for seq < tn.cursors().Last {
			entries, err := tn.q.Entries(c.t.Context(), seq, 1<<20)
			if err != nil {
				c.t.Fatal(err)
			}
			for _, e := range entries {
				seq = e.Seq
				m, _ := protocol.ReadBody(protocol.Up, e)
				s, ok := m.(*protocol.Submit)
				if !ok {
					continue
				}
				i, there := at[s.Item]
				if !there {
					c.t.Fatalf("entry %d was not received", seq)
				}
				if i < before {
					c.t.Errorf("entry %d was received out of order", seq)
				}
				before = i
			}
		}
	}
	if len(at) != total {
		c.t.Errorf("%d items received, want %d", len(at), total)
	}
}

// Hundreds of items go up and their fate comes down, in order and once, on either
// database. (Years' worth: TestYearsAway.)
func TestHundredsBothWays(t *testing.T) {
	for name, tt := range map[string]struct {
		options func(t *testing.T) store.Options
		each    int // of two towns
	}{
		"SQLite":   {func(t *testing.T) store.Options { return store.Options{Dir: storetest.Folder(t)} }, 300},
		"Postgres": {func(t *testing.T) store.Options { return store.Options{URL: testenv.Postgres(t)} }, 150},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCountyOn(t, tt.options(t))
			towns := map[*town][]string{}
			for _, unit := range []string{storetest.Sitang, storetest.Tangtou} {
				tn := c.newTown(unit, c.addr)
				tn.start()
				tn.settled()
				towns[tn] = nil
			}
			for tn := range towns {
				towns[tn] = tn.post(tt.each)
			}
			for tn := range towns {
				tn.confirmed()
			}
			c.once(towns)

			desk := review.New(review.Options{Store: c.store})
			reviewer := storetest.User(t, c.store, "reviewer", account.RoleReviewer, "")
			for _, ids := range towns {
				for _, id := range ids[:100] {
					q := review.Request{Item: id, Revision: 1, Action: catalog.ActionReject, Reason: "quality"}
					if err := desk.Decide(t.Context(), reviewer, q); err != nil {
						t.Fatal(err)
					}
				}
			}
			for tn, ids := range towns {
				head := func() uint64 {
					n, err := c.store.NodeState(t.Context(), tn.id.Node)
					if err != nil {
						t.Fatal(err)
					}
					return n.Down
				}()
				c.await("the fate of each comes down", func() bool { return tn.cursors().Down == head })
				for i, id := range ids {
					d, err := tn.q.Item(t.Context(), clerk, id)
					if err != nil {
						t.Fatal(err)
					}
					if want := map[bool]queue.State{true: "rejected", false: queue.Received}[i < 100]; d.State != want {
						t.Fatalf("item %d is %s at the node, want %s", i, d.State, want)
					}
				}
			}
		})
	}
}

// Starting needs no hub, and stopping is quick wherever things stand.
func TestStartsWithoutAHub(t *testing.T) {
	c := newCounty(t)
	c.stop()
	tn := c.newTown(storetest.Sitang, c.addr)
	tn.start()
	l := tn.line("it says why", func(l queue.Line) bool { return l.Error != "" && !l.NextTry.IsZero() })
	if l.Connected {
		t.Errorf("line %+v", l)
	}
	tn.stop()
	tn.start()
	c.start()
	tn.settled()
	tn.line("the line is up", func(l queue.Line) bool { return l.Connected && l.Error == "" && !l.LastContact.IsZero() })
	ids := tn.post(3)
	tn.confirmed()
	c.once(map[*town][]string{tn: ids})
}

// The command line hands items in beside the running service.
func TestItemsOfAnotherProcessGoOut(t *testing.T) {
	c := newCounty(t)
	tn := c.newTown(storetest.Sitang, c.addr)
	tn.start()
	tn.settled()
	beside, err := queue.Open(t.Context(), queue.Options{Dir: tn.q.Dir(), Log: quiet(), Reserve: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := beside.Close(); err != nil {
			t.Error(err)
		}
	}()
	other := &town{c: c, q: beside}
	ids := other.post(5)
	tn.confirmed()
	c.once(map[*town][]string{tn: ids})
}

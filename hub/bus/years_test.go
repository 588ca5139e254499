package bus_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"zhanqun/hub/store"
	"zhanqun/hub/store/storetest"
	"zhanqun/internal/sqlite"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// What a node has written and what it was told in 400 days without a line.
const (
	yearsUp   = 2000 // items of 64 KiB
	yearsDown = 16_000
	yearsWord = 5 << 10 // bytes of each
)

// A node that was silent for 400 days catches up both ways page by page: the
// memory of hub, broker and node together stays far below what is carried.
func TestYearsAway(t *testing.T) {
	dir := t.TempDir()
	c := newCountyOn(t, store.Options{Dir: dir})
	// The broker remembers what it has just written or read, at most its stream.
	c.stop()
	c.mailbox = 16 << 20
	c.start()
	now := new(atomic.Int64)
	now.Store(time.Now().AddDate(0, 0, -400).UnixMilli())
	tn := c.newTownAt(storetest.Sitang, func() time.Time { return time.UnixMilli(now.Load()) })
	tn.start()
	tn.settled()
	tn.stop()
	body := strings.Repeat("田间地头一派繁忙景象。", 64<<10/33)
	for i := range yearsUp {
		if i%(yearsUp/400+1) == 0 {
			now.Add(24 * time.Hour.Milliseconds())
		}
		if _, err := tn.q.Post(t.Context(), clerk, queue.Draft{Text: queue.Text{Column: "township", Title: fmt.Sprintf("第%d条", i), Body: body, Author: "张三", Source: "党政办"}}); err != nil {
			t.Fatal(err)
		}
	}
	c.tell(t, filepath.Join(dir, "hub.db"), tn.id.Node, yearsDown)
	now.Store(time.Now().UnixMilli())

	memory := watchMemory(t)
	tn.start()
	c.awaitFor(4*time.Minute, "everything is confirmed", func() bool {
		cur := tn.cursors()
		return cur.Confirmed == yearsUp && cur.Down >= yearsDown
	})
	peak := memory()
	carried := uint64(yearsUp*len(body) + yearsDown*yearsWord)
	t.Logf("carried %d MiB, memory grew by %d MiB", carried>>20, peak>>20)
	if peak > carried*3/4 {
		t.Errorf("memory grew by %d MiB while %d MiB were carried", peak>>20, carried>>20)
	}
	if got := c.received(); len(got) != yearsUp {
		t.Errorf("%d items received", len(got))
	}
	if list, err := tn.q.Notices(t.Context(), 1); err != nil || len(list) != 1 || list[0].Title != fmt.Sprintf("第 %d 号", yearsDown) {
		t.Errorf("last notice %+v, %v", list, err)
	}
}

// newTownAt is newTown with a clock.
func (c *county) newTownAt(unit string, clock func() time.Time) *town {
	c.t.Helper()
	dir := c.t.TempDir()
	first := c.openTown(dir, unit, c.addr)
	if err := first.q.Close(); err != nil {
		c.t.Fatal(err)
	}
	q, err := queue.Open(c.t.Context(), queue.Options{Dir: dir, Log: quiet(), Reserve: -1, Now: clock})
	if err != nil {
		c.t.Fatal(err)
	}
	tn := &town{c: c, q: q, id: first.id}
	c.t.Cleanup(func() {
		tn.stop()
		if err := q.Close(); err != nil {
			c.t.Error(err)
		}
	})
	return tn
}

// tell writes n notices into a node's log at once, as years of them would lie
// there.
func (c *county) tell(t *testing.T, path, node string, n int) {
	t.Helper()
	db, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	tx, err := db.Write.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var head uint64
	if err := tx.QueryRowContext(t.Context(), `SELECT down_seq FROM node WHERE id = $1`, node).Scan(&head); err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("通知", yearsWord/6)
	for i := range n {
		body, err := protocol.WriteBody(&protocol.Notice{ID: uuid.Must(uuid.NewV7()).String(), Title: fmt.Sprintf("第 %d 号", i+1), Text: text, At: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		head++
		e := protocol.New(protocol.Down, node, c.store.Epoch(), head, protocol.KindNotice, body, c.key)
		if _, err := tx.ExecContext(t.Context(), `INSERT INTO down_entry (node, seq, epoch, kind, body, hash, sig, at) VALUES ($1, $2, $3, $4, $5, $6, $7, 0)`,
			node, head, e.Epoch, string(e.Kind), string(e.Body), e.Hash, e.Sig); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := tx.ExecContext(t.Context(), `UPDATE node SET down_seq = $2 WHERE id = $1`, node, head); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

// watchMemory returns what tells by how much the memory in use has grown at most
// since: garbage that is not yet collected says nothing.
func watchMemory(t *testing.T) (grown func() uint64) {
	t.Helper()
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	before, peak := m.HeapAlloc, uint64(0)
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(500 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapAlloc)
			case <-done:
				return
			}
		}
	}()
	return func() uint64 {
		close(done)
		<-ended
		return peak - min(before, peak)
	}
}

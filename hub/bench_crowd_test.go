package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"zhanqun/config"
	"zhanqun/hub/store"
	"zhanqun/hub/store/storetest"
	"zhanqun/protocol"
)

// What waits for each node of a crowd that returns.
const crowdAnswers = 25

// BenchmarkCrowd lets many nodes come back to one hub at the same moment: real
// connections with keys and permissions over loopback, from a process that acts
// as they do (a growing, jittered pause after each failure) and keeps nothing
// else. The hub is the program itself, with SQLite.
//
//   - node_KB is what a connected, idle node costs the hub's memory, bare_KB what
//     a connection with key and permissions costs a bare NATS server in the same
//     run, x_bare the one divided by the other;
//   - herd: all return at once and 25 answers wait for each. all_s is when the
//     last has everything, hello_p50_ms and hello_p99_ms how long a hello that was
//     answered took, asks/s the requests answered, cpu_ms/node the hub's processor
//     time, peak_MiB its memory at most; the log shows the curve;
//   - queued_B is what one answer that waits costs on the hub's disk, queued_KB
//     what all 25 of a node cost its memory at rest.
func BenchmarkCrowd(b *testing.B) {
	if runtime.GOOS != "linux" {
		b.Skip("memory is read from /proc")
	}
	for _, n := range []int{5_000, 20_000} {
		if testing.Short() {
			n /= 50
		}
		b.Run(fmt.Sprintf("nodes=%d", n), func(b *testing.B) {
			if most := openFiles(b) - 300; n > most {
				b.Logf("this machine lets a process have %d connections, not %d", most, n)
				n = most
			}
			for b.Loop() {
				bare := bareCrowd(b, n)
				c := newCrowd(b, n)
				c.run(b, bare)
			}
			b.ReportMetric(float64(n), "nodes")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func openFiles(b *testing.B) int {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		b.Fatal(err)
	}
	return int(min(l.Cur, 1<<20)) // #nosec G115 -- bounded
}

// crowd is a hub with n nodes.
type crowd struct {
	n    int
	dir  string
	key  protocol.Key
	keys string // file with a line for each node
	hub  *child
	list []member
}

type member struct {
	Node string `json:"node"`
	Seed string `json:"seed"`
}

func members(b *testing.B, n int) (list []member, keys []protocol.Key, file string) {
	b.Helper()
	for i := range n {
		key, err := protocol.NewNodeKey()
		if err != nil {
			b.Fatal(err)
		}
		list, keys = append(list, member{fmt.Sprintf("n%06d", i), string(key.Seed())}), append(keys, key)
	}
	data, err := json.Marshal(list)
	file = filepath.Join(b.TempDir(), "members.json")
	if err := errors.Join(err, os.WriteFile(file, data, 0o600)); err != nil {
		b.Fatal(err)
	}
	return list, keys, file
}

func newCrowd(b *testing.B, n int) *crowd {
	b.Helper()
	c := &crowd{n: n, dir: freshDir(b, "hub")}
	var keys []protocol.Key
	c.list, keys, c.keys = members(b, n)
	s, err := openStore(b.Context(), config.Hub{Dir: c.dir}, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	c.key = s.Keys().Present()
	storetest.Units(b, s)
	storetest.Columns(b, s)
	var hands sync.WaitGroup
	for hand := range 8 {
		hands.Go(func() {
			for i := hand; i < n; i += 8 {
				if err := enrolled(b, s, c.list[i].Node, keys[i]); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	hands.Wait()
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	c.hub = hubChild(b, c.dir, fmt.Sprint("ZHANQUN_GUARD_STRANGERS=", n)) // all come from one address here
	return c
}

func (c *crowd) run(b *testing.B, bare float64) {
	b.Helper()
	c.hub.start()
	rest(b)
	empty := c.hub.memory()
	people := &child{b: b, name: benchCrowd, args: []string{c.hub.addr, c.keys}}
	people.start()
	c.back(b, people) // the first time each is told the county's settings
	rest(b)
	idle := (c.hub.memory() - empty) * 1024 / float64(c.n)
	people.end()
	b.Logf("a connected node costs the hub %.1f KB, a bare server %.1f KB", idle, bare)
	b.ReportMetric(idle, "node_KB")
	b.ReportMetric(bare, "bare_KB")
	b.ReportMetric(idle/bare, "x_bare")

	rest(b)
	before, disk := c.hub.memory(), c.disk(b)
	c.answer(b)
	rest(b)
	b.ReportMetric((c.disk(b)-disk)/float64(c.n*crowdAnswers), "queued_B")
	b.ReportMetric(max(0, c.hub.memory()-before)*1024/float64(c.n), "queued_KB")

	people.start()
	cpu := c.hub.processor()
	h := c.back(b, people)
	b.ReportMetric((c.hub.processor()-cpu).Seconds()*1000/float64(c.n), "cpu_ms/node")
	b.ReportMetric(c.hub.peak(), "peak_MiB")
	b.ReportMetric(h.AllS, "all_s")
	b.ReportMetric(h.HelloP50, "hello_p50_ms")
	b.ReportMetric(h.HelloP99, "hello_p99_ms")
	b.ReportMetric(float64(h.Asks)/h.AllS, "asks/s")
	b.Logf("second: greeted / has everything, of %d: %s; %d failed tries", c.n, strings.Join(h.Curve, ", "), h.Failed)
	people.end()
	c.hub.end()
}

// back lets all return at once and tells how it went.
func (c *crowd) back(b *testing.B, people *child) herd {
	b.Helper()
	people.say("go")
	line, err := people.says.ReadString('\n')
	var h herd
	if err := errors.Join(err, json.Unmarshal([]byte(line), &h)); err != nil {
		b.Fatalf("%q: %v", line, err)
	}
	return h
}

// answer puts 25 notices of about 300 bytes into every node's log.
func (c *crowd) answer(b *testing.B) {
	b.Helper()
	db := rawDatabase(b, store.Options{Dir: c.dir})
	tx, err := db.BeginTx(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	var epoch string
	err = tx.QueryRowContext(b.Context(), "SELECT epoch FROM down_entry LIMIT 1").Scan(&epoch)
	text := strings.Repeat("通知", 50)
	for _, m := range c.list {
		var head uint64
		err = errors.Join(err, tx.QueryRowContext(b.Context(), "SELECT down_seq FROM node WHERE id = $1", m.Node).Scan(&head))
		for i := range crowdAnswers {
			body, err2 := protocol.WriteBody(&protocol.Notice{ID: uuid.Must(uuid.NewV7()).String(), Title: fmt.Sprintf("第 %d 号", i), Text: text, At: time.Now()})
			head++
			e := protocol.New(protocol.Down, m.Node, epoch, head, protocol.KindNotice, body, c.key)
			_, err3 := tx.ExecContext(b.Context(), "INSERT INTO down_entry (node, seq, epoch, kind, body, hash, sig, at) VALUES ($1, $2, $3, $4, $5, $6, $7, 0)",
				m.Node, head, e.Epoch, string(e.Kind), string(e.Body), e.Hash, e.Sig)
			err = errors.Join(err, err2, err3)
		}
		_, err4 := tx.ExecContext(b.Context(), "UPDATE node SET down_seq = $2 WHERE id = $1", m.Node, head)
		if err = errors.Join(err, err4); err != nil {
			b.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
	if _, err := db.ExecContext(context.WithoutCancel(b.Context()), "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		b.Fatal(err)
	}
}

// disk returns the bytes of the hub's database.
func (c *crowd) disk(b *testing.B) float64 {
	b.Helper()
	var pages, size float64
	db := rawDatabase(b, store.Options{Dir: c.dir})
	err := db.QueryRowContext(b.Context(), "PRAGMA page_count").Scan(&pages)
	if err := errors.Join(err, db.QueryRowContext(b.Context(), "PRAGMA page_size").Scan(&size)); err != nil {
		b.Fatal(err)
	}
	return pages * size
}

package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"zhanqun/hub/signer"

	"github.com/nats-io/nats.go/jetstream"

	"zhanqun/hub/access"
	"zhanqun/hub/bus"
	"zhanqun/hub/intake"
	"zhanqun/hub/review"
	"zhanqun/hub/store"
	"zhanqun/hub/store/storetest"
	"zhanqun/internal/account"
	"zhanqun/internal/testenv"
	"zhanqun/node/queue"
	"zhanqun/node/uplink"
	"zhanqun/protocol"
)

// databases are those the hub can keep its data in.
var databases = []struct {
	name    string
	options func(b *testing.B) store.Options
}{
	{"sqlite", func(b *testing.B) store.Options { return store.Options{Dir: b.TempDir()} }},
	{"postgres", func(b *testing.B) store.Options { return store.Options{URL: testenv.PostgresDurable(b)} }},
}

// BenchmarkBacklog measures how fast a node's backlog of 4 KiB items becomes
// receipts: from the queue on the node's disk, through the broker, verified,
// judged and committed at the hub, answered and the answer stored at the node.
// It is held against the same frames merely published, and after that the same
// rows merely inserted in batches, by the fastest INSERT the database has;
// everything durable, on the same disk, in the same run. (COPY is faster than
// any INSERT; the hub itself uses it.) x_bare is the time of the one divided by
// the time of the other, the median of three rounds. On two processors it is
// bound by them: checking a signature alone costs as much as inserting the rows.
func BenchmarkBacklog(b *testing.B) {
	key, err := protocol.NewHubKey()
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{1_000, 20_000} {
		var town *backlog
		for _, d := range databases {
			b.Run(fmt.Sprintf("%s/items=%d", d.name, n), func(b *testing.B) {
				if town == nil {
					town = newBacklog(b, n, key)
				}
				var ratios, line, bare []float64
				for b.Loop() {
					for range 3 {
						o, empty := d.options(b), d.options(b)
						o.Keys, empty.Keys = signer.Of(key), signer.Of(key)
						took := town.carry(b, o)
						publish := town.publish(b)
						insert := insertSame(b, o, empty, n)
						b.Logf("line %v, publish %v, insert %v", took, publish, insert)
						line = append(line, took.Seconds())
						bare = append(bare, (publish + insert).Seconds())
						ratios = append(ratios, took.Seconds()/(publish+insert).Seconds())
					}
				}
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(float64(n)/median(line), "items/s")
				b.ReportMetric(float64(n)/median(bare), "bare/s")
				b.ReportMetric(median(ratios), "x_bare")
			})
		}
	}
}

// backlog is a node that has handed in n items and never seen its hub.
type backlog struct {
	dir    string
	n      int
	node   string
	key    protocol.Key
	frames [][]byte
}

func newBacklog(b *testing.B, n int, hub protocol.Key) *backlog {
	b.Helper()
	dir, err := os.MkdirTemp("", "zqbench")
	if err != nil {
		b.Fatal(err)
	}
	t := &backlog{dir: dir, n: n, node: "nbench"}
	q := t.open(b, dir)
	if t.key, err = q.Key(b.Context()); err != nil {
		b.Fatal(err)
	}
	answer := protocol.EnrolAnswer{Node: t.node, Unit: protocol.Unit{Code: storetest.Sitang, Name: "思唐街道"}, HubKey: hub.Public(), NATS: []string{"nats://x"}}
	if err := q.SaveIdentity(b.Context(), answer, "http://hub", "电脑"); err != nil {
		b.Fatal(err)
	}
	post(b, q, n)
	for next := uint64(0); next < uint64(n); {
		entries, err := q.Entries(b.Context(), next, protocol.MaxFrameBytes)
		if err != nil {
			b.Fatal(err)
		}
		var f protocol.Frame
		for _, e := range entries {
			if !f.Add(e, protocol.MaxFrameBytes) {
				break
			}
			next = e.Seq
		}
		t.frames = append(t.frames, f.Bytes())
	}
	if err := q.Close(); err != nil {
		b.Fatal(err)
	}
	return t
}

// post hands in n items of 4 KiB.
func post(b *testing.B, q *queue.Queue, n int) {
	b.Helper()
	var hands sync.WaitGroup
	for hand := range 32 {
		hands.Go(func() {
			for i := hand; i < n; i += 32 {
				w := words(i)
				_, err := q.Post(context.Background(), queue.Actor{Login: "li", Name: "李四", Role: account.RoleLiaison}, queue.Draft{Text: queue.Text{
					Column: w["column"], Title: w["title"], Body: w["body"], Author: w["author"], Source: w["source"]}})
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	hands.Wait()
}

// enrolled lets a node into a county.
func enrolled(b *testing.B, s *store.Store, node string, key protocol.Key) error {
	err := s.AddInvites(b.Context(), "bench", []access.Invite{{Hash: node, Unit: storetest.Sitang, ExpiresAt: time.Now().Add(time.Hour)}})
	if err == nil {
		_, err = s.Enrol(b.Context(), node, access.Node{ID: node, PublicKey: key.Public(), State: access.NodeActive})
	}
	return err
}

func (t *backlog) open(b *testing.B, dir string) *queue.Queue {
	b.Helper()
	q, err := queue.Open(b.Context(), queue.Options{Dir: dir, Log: slog.New(slog.DiscardHandler), Reserve: -1})
	if err != nil {
		b.Fatal(err)
	}
	return q
}

// carry lets the backlog out to a fresh hub and returns how long it took until
// the node had the last receipt.
func (t *backlog) carry(b *testing.B, o store.Options) time.Duration {
	b.Helper()
	dir := filepath.Join(b.TempDir(), "node")
	if err := os.CopyFS(dir, os.DirFS(t.dir)); err != nil {
		b.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	s, err := store.Open(b.Context(), o)
	if err != nil {
		b.Fatal(err)
	}
	storetest.Units(b, s)
	storetest.Columns(b, s)
	if err := enrolled(b, s, t.node, t.key); err != nil {
		b.Fatal(err)
	}
	in := intake.New(intake.Options{Store: s, Scan: scan, Log: log})
	hub, err := bus.Start(bus.Options{Listen: "127.0.0.1:0", Dir: b.TempDir(), Keys: o.Keys, Log: log,
		Hub: line{in, review.New(review.Options{Store: s})}, Registry: registry{newAccess(s, func() []string { return nil }, account.Rules{})}})
	if err != nil {
		b.Fatal(err)
	}
	s.OnDown(hub.Ring)
	if err := hub.WaitReady(b.Context()); err != nil {
		b.Fatal(err)
	}
	took := t.empty(b, dir, hub.Address())
	if err := errors.Join(hub.Close(), s.Close()); err != nil {
		b.Fatal(err)
	}
	return took
}

// empty runs the node as a process of its own, as nodes are in life, until its
// backlog is confirmed.
func (t *backlog) empty(b *testing.B, dir, url string) time.Duration {
	b.Helper()
	node := &child{b: b, name: benchNode, args: []string{dir, url, strconv.Itoa(t.n)}}
	node.start()
	began := time.Now()
	node.say("go")
	node.progress(t.n, nil)
	took := time.Since(began)
	node.end()
	return took
}

// benchNode is the name under which this program is a node that empties its
// backlog: it says when it is ready, begins when told to, and says when all is
// confirmed.
const benchNode = "zhanqun-bench-node"

func emptyBacklog() {
	dir, url, all := os.Args[1], os.Args[2], os.Args[3]
	ctx, stop := context.WithCancel(context.Background())
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	q, err := queue.Open(ctx, queue.Options{Dir: dir, Log: log, Reserve: -1})
	must(err)
	n, err := strconv.ParseUint(all, 10, 64)
	must(err)
	untilTold()
	done := make(chan error, 1)
	up := uplink.New(uplink.Options{Queue: q, URL: url, Log: log})
	go func() { done <- up.Run(ctx) }()
	for last := uint64(0); last < n; {
		changed := q.Changed()
		c, err := q.Cursors(ctx)
		must(err)
		if c.Confirmed > last {
			last = c.Confirmed
			tellDone(int(last)) // #nosec G115 -- thousands
		} else {
			<-changed
		}
	}
	untilEnd()
	stop()
	must(errors.Join(<-done, q.Close()))
}

// publish hands the backlog's frames to a bare broker.
func (t *backlog) publish(b *testing.B) time.Duration {
	b.Helper()
	_, js := bareBroker(b, jetstream.WithPublishAsyncMaxPending(64))
	began := time.Now()
	for _, f := range t.frames {
		if _, err := js.PublishAsync("bare", f, jetstream.WithStallWait(time.Minute)); err != nil {
			b.Fatal(err)
		}
	}
	<-js.PublishAsyncComplete()
	return time.Since(began)
}

// insertSame inserts the rows that the line made in one database into an empty
// one and returns how long the inserting took.
func insertSame(b *testing.B, from, into store.Options, n int) time.Duration {
	b.Helper()
	s, err := store.Open(b.Context(), into) // makes the tables
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	src, dst := rawDatabase(b, from), rawDatabase(b, into)
	tables := []*table{
		{name: "item", order: "id"}, {name: "revision", order: "item"},
		{name: "up_entry", order: "seq"}, {name: "event", order: "seq", where: "kind = 'item.received'"},
	}
	for _, t := range tables {
		t.read(b, src)
		if len(t.rows) != n {
			b.Fatalf("%d rows of %s, want %d", len(t.rows), t.name, n)
		}
	}
	const batch = 2000
	began := time.Now()
	for at := 0; at < n; at += batch {
		tx, err := dst.BeginTx(b.Context(), nil)
		if err != nil {
			b.Fatal(err)
		}
		for _, t := range tables {
			if err := t.write(b.Context(), tx, t.rows[at:min(at+batch, n)], into.URL != ""); err != nil {
				b.Fatal(err)
			}
		}
		if err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(began)
}

type table struct {
	name, order, where string
	columns            []string
	rows               [][]any
}

func (t *table) read(b *testing.B, db *sql.DB) {
	b.Helper()
	query := "SELECT * FROM " + t.name
	if t.where != "" {
		query += " WHERE " + t.where
	}
	rows, err := db.QueryContext(b.Context(), query+" ORDER BY "+t.order)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	if t.columns, err = rows.Columns(); err != nil {
		b.Fatal(err)
	}
	for rows.Next() {
		row, into := make([]any, len(t.columns)), make([]any, len(t.columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			b.Fatal(err)
		}
		t.rows = append(t.rows, row)
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
}

// write inserts rows by the fastest means the database has: COPY, or a prepared
// statement run again and again.
func (t *table) write(ctx context.Context, tx *sql.Tx, rows [][]any, postgres bool) error {
	marks := make([]string, len(t.columns))
	for i := range marks {
		marks[i] = fmt.Sprintf("$%d", i+1)
	}
	columns := strings.Join(t.columns, ", ")
	text := "INSERT INTO " + t.name + " (" + columns + ") VALUES (" + strings.Join(marks, ", ") + ")"
	if postgres {
		text = "COPY " + t.name + " (" + columns + ") FROM STDIN"
	}
	stmt, err := tx.PrepareContext(ctx, text)
	if err != nil {
		return err
	}
	defer stmt.Close()
	for _, r := range rows {
		if _, err := stmt.ExecContext(ctx, r...); err != nil {
			return err
		}
	}
	if postgres {
		_, err = stmt.ExecContext(ctx)
	}
	return err
}

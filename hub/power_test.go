package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-resty/resty/v2"
	"golang.org/x/sync/errgroup"

	"zhanqun/hub/catalog"
	"zhanqun/internal/pause"
	"zhanqun/internal/testenv"
)

var powerCuts = flag.Int("power.cuts", 3, "how often TestPowerCut cuts the power")

// TestPowerCut cuts the power of a county at work, hub, broker, database and node
// at once, again and again: a copy is made of what had been synced to disk at
// that moment, and the real programs are started on the copy. What was
// acknowledged before the cut is there: each submit and its files at the node,
// each decision and each receipt at the hub, and in the broker's stream each
// frame the node has marked as sent. In every second cut the database had been
// taking nothing for a while, so that frames were in the stream alone, and some of
// what nobody had synced got to the disk first.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		s := newSupply(t, false)
		defer s.work()()
		s.cuts(*powerCuts)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		s := newSupply(t, true)
		if out, err := s.hub.run(t.Context(), "", "doctor"); err != nil || !strings.Contains(out, "PostgreSQL，可以打开") || strings.Contains(out, "关着") {
			t.Errorf("doctor: %v\n%s", err, out)
		}
		defer s.work()()
		s.cuts((*powerCuts + 1) / 2)
		s.careless()
	})
}

// supply is a county on one power line.
type supply struct {
	t         *testing.T
	disk      *testenv.PowerDisk
	db        *testenv.PostgresServer // nil with SQLite
	hub, node binary
	p         *pair
	rng       *rand.Rand
	acked     chan struct{}
	ended     chan struct{} // closed when nobody works any more
	why       error         // of that

	mu      sync.Mutex
	submits map[string]string // acknowledged: item and its file's SHA-256
	ruled   []string          // items whose decisions were acknowledged

	held [4]int // submits, files, decisions and entries that were looked for
}

func newSupply(t *testing.T, postgres bool) *supply {
	t.Helper()
	s := &supply{t: t, disk: testenv.NewPowerDisk(t, 384<<20), acked: make(chan struct{}, 1<<16), submits: map[string]string{},
		rng: rand.New(rand.NewPCG(1, 2))} // #nosec G404 -- repeatable
	hub, node := programs(t)
	s.hub, s.node = hub.with("ZHANQUN_DIR="+filepath.Join(s.disk.Dir, "hub")), node.with("ZHANQUN_DIR="+filepath.Join(s.disk.Dir, "node"))
	if postgres {
		s.db = testenv.NewPostgresServerIn(t, filepath.Join(s.disk.Dir, clusterDir))
		s.hub = s.hub.with("ZHANQUN_DATABASE_URL=" + s.db.URL)
	}
	s.p = newPair(t, s.hub, s.node)
	return s
}

// clusterDir is where PostgreSQL has its data on the disk.
const clusterDir = "postgres"

// work lets people hand in and decide until end is called.
func (s *supply) work() (end func()) {
	ctx, stop := context.WithCancel(s.t.Context())
	g, ctx := errgroup.WithContext(ctx)
	for hand := range 3 {
		g.Go(func() error { return s.handIn(ctx, hand) })
	}
	g.Go(func() error { return s.decide(ctx) })
	s.ended = make(chan struct{})
	go func() {
		defer close(s.ended)
		s.why = g.Wait()
	}()
	return func() {
		stop()
		if <-s.ended; !errors.Is(s.why, context.Canceled) {
			s.t.Error(s.why)
		}
	}
}

// busily waits until people have been told a few things more.
func (s *supply) busily() {
	s.t.Helper()
	for range 25 {
		select {
		case <-s.acked:
		case <-s.ended:
			s.t.Fatal("nobody works any more")
		}
	}
}

// cuts cuts the power so many times, and holds what is left against what people
// were told.
func (s *supply) cuts(times int) {
	s.t.Helper()
	for n := range times {
		s.busily()
		after, p := s.cut(n%2 == 1)
		s.holdNode(filepath.Join(after, "node"), p)
		db := s.revive(after)
		s.held[2] += len(p.ruled)
		if lost := s.lost(db, p); lost != nil {
			s.t.Errorf("the decisions on items %v were made and are gone", lost)
		}
		if up := s.upSeq(db.DB); up < p.confirmed {
			s.t.Errorf("the hub had confirmed %d entries and has %d", p.confirmed, up)
		}
		s.comeBack(after, db, p)
		db.end()
	}
	s.t.Logf("%d cuts: %d submits, %d files, %d decisions and %d frames' entries were acknowledged before them and are there",
		times, s.held[0], s.held[1], s.held[2], s.held[3])
}

func (s *supply) handIn(ctx context.Context, hand int) error {
	for n := 0; ctx.Err() == nil; n++ {
		title := fmt.Sprintf("第%d人第%d条", hand, n)
		form := map[string]any{"title": title, "body": strings.Repeat("会议要求抓好安全生产。\n", 20), "column": "township", "author": "田野", "source": "党政办"}
		sha := ""
		if n%3 == 0 {
			text := []byte(strings.Repeat(title, 2000))
			sha = fmt.Sprintf("%x", sha256.Sum256(text))
			var file map[string]any
			if err := ask(s.p.node.R().SetContext(ctx).SetQueryParam("name", "附件.txt"), http.MethodPost, "/api/v1/attachments", bytes.Clone(text), &file); err != nil {
				return err
			}
			form["attachments"] = []any{file}
		}
		var made item
		if err := ask(s.p.node.R().SetContext(ctx), http.MethodPost, "/api/v1/items", form, &made); err != nil {
			return err
		}
		if err := ask(s.p.node.R().SetContext(ctx), http.MethodPost, "/api/v1/items/"+made.ID+"/submit", nil, nil); err != nil {
			return err
		}
		s.mu.Lock()
		s.submits[made.ID] = sha
		s.mu.Unlock()
		s.acked <- struct{}{}
		pause.For(ctx, 20*time.Millisecond)
	}
	return ctx.Err()
}

func (s *supply) decide(ctx context.Context) error {
	for pause.For(ctx, 20*time.Millisecond) {
		var list struct{ Items []catalog.Item }
		if err := s.busy(ask(s.p.hub.R().SetContext(ctx), http.MethodGet, "/api/v1/items?order=oldest&limit=20&state=received", nil, &list)); err != nil {
			return err
		}
		for _, i := range list.Items {
			r := ruling{Revision: 1, Action: catalog.ActionReject, Reason: "stale"}
			err := ask(s.p.hub.R().SetContext(ctx), http.MethodPost, "/api/v1/items/"+i.ID+"/decisions", r, nil)
			if s.busy(err) != nil {
				return err
			}
			if err != nil {
				break
			}
			s.mu.Lock()
			s.ruled = append(s.ruled, i.ID)
			s.mu.Unlock()
			s.acked <- struct{}{}
		}
	}
	return ctx.Err()
}

// busy forgets that the hub could not write just now.
func (s *supply) busy(err error) error {
	var said *problem
	if errors.As(err, &said) && said.Status == http.StatusServiceUnavailable {
		return nil
	}
	return err
}

// promises are what had been acknowledged before a cut.
type promises struct {
	submits         map[string]string
	ruled           []string
	sent, confirmed uint64 // entries the node has marked so
}

// cut cuts the power and returns where the disk is then, and what people had been
// told.
func (s *supply) cut(some bool) (after string, p promises) {
	s.t.Helper()
	var q struct{ Sent, Confirmed uint64 }
	look := func() (bool, error) {
		err := ask(s.p.node.R(), http.MethodGet, "/api/v1/queue", nil, &q)
		return !some || q.Sent >= 5, err
	}
	if some {
		defer s.holdDatabase()()
	}
	eventually(s.t, "frames wait in the stream", look, s.p.hubRuns.errs)
	p = promises{submits: map[string]string{}, sent: q.Sent + q.Confirmed, confirmed: q.Confirmed}
	s.mu.Lock()
	maps.Copy(p.submits, s.submits)
	p.ruled = slices.Clone(s.ruled)
	s.mu.Unlock()
	goOn := s.holdStill()
	defer goOn()
	if some {
		s.syncSome()
	}
	return s.disk.Cut(s.t), p
}

// syncSome gets a few files to the disk that nobody has asked for.
func (s *supply) syncSome() {
	err := filepath.WalkDir(s.disk.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || s.rng.IntN(3) > 0 {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		return errors.Join(f.Sync(), f.Close())
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// database opens a copied database; what lies in its log is put in order then.
func (s *supply) database(path string) *sql.DB {
	s.t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := (&checker{ctx: s.t.Context()}).sound(db); err != nil {
		s.t.Errorf("%s after the cut: %v", filepath.Base(path), err)
	}
	return db
}

// names reads one column into a set.
func (s *supply) names(db *sql.DB, query string) map[string]bool {
	s.t.Helper()
	list, err := rows(s.t.Context(), db, query)
	if err != nil {
		s.t.Fatal(err)
	}
	set := map[string]bool{}
	for _, r := range list {
		set[r[0]] = true
	}
	return set
}

func (s *supply) holdNode(dir string, p promises) {
	s.t.Helper()
	db := s.database(filepath.Join(dir, "node.db"))
	defer db.Close()
	there := s.names(db, `SELECT ref FROM up_entry WHERE kind = 'item.submit'`)
	for id, sha := range p.submits {
		if s.held[0]++; !there[id] {
			s.t.Errorf("item %s was handed in and is gone", id)
		}
		if sha == "" {
			continue
		}
		s.held[1]++
		if text, err := os.ReadFile(filepath.Join(dir, "blobs", sha[:2], sha[2:])); err != nil || fmt.Sprintf("%x", sha256.Sum256(text)) != sha {
			s.t.Errorf("file %s of item %s was taken and is %d bytes now: %v", sha, id, len(text), err)
		}
	}
}

// lost returns the items whose decisions are gone.
func (s *supply) lost(db *revived, p promises) (gone []string) {
	s.t.Helper()
	there := s.names(db.DB, `SELECT item FROM decision`)
	for _, id := range p.ruled {
		if !there[id] {
			gone = append(gone, id)
		}
	}
	return gone
}

func (s *supply) upSeq(db *sql.DB) (up uint64) {
	s.t.Helper()
	if err := db.QueryRowContext(s.t.Context(), `SELECT up_seq FROM node`).Scan(&up); err != nil {
		s.t.Fatal(err)
	}
	return up
}

// comeBack starts the hub on what is left, which finds in its broker's stream
// what the node was told is there, and then the node, which has nothing to ask
// a person.
func (s *supply) comeBack(after string, db *revived, p promises) {
	s.t.Helper()
	hub := s.hub.with("ZHANQUN_DIR="+filepath.Join(after, "hub"), "ZHANQUN_DATABASE_URL="+db.url)
	var at addresses
	hubRuns, err := hub.start(s.t.Context(), &at, "serve", "--json")
	if err != nil {
		s.t.Fatal(err)
	}
	eventually(s.t, fmt.Sprintf("%d entries are out of the stream", p.sent), func() (bool, error) { return s.upSeq(db.DB) >= p.sent, nil }, hubRuns.errs)
	s.held[3] += int(p.sent) // #nosec G115 -- a few hundred

	node := s.node.with("ZHANQUN_DIR="+filepath.Join(after, "node"), "ZHANQUN_LINE_HUB_URL="+at.NATS[0])
	var url struct{ URL string }
	nodeRuns, err := node.start(s.t.Context(), &url, "serve", "--json")
	if err != nil {
		s.t.Fatal(err)
	}
	client := resty.New().SetBaseURL(url.URL).SetAuthToken(s.p.node.Token)
	eventually(s.t, "the node has everything confirmed", func() (bool, error) {
		var q struct {
			Queued, Sent, Confirmed int
			Blobs                   struct{ Waiting int }
		}
		err := ask(client.R(), http.MethodGet, "/api/v1/queue", nil, &q)
		return q.Queued+q.Sent+q.Blobs.Waiting == 0 && q.Confirmed >= len(p.submits), err
	}, hubRuns.errs, nodeRuns.errs)
	if err := errors.Join(nodeRuns.stop(), hubRuns.stop()); err != nil {
		s.t.Error(err)
	}
	if _, err := hub.run(s.t.Context(), "", "audit", "verify"); err != nil {
		s.t.Error(err)
	}
}

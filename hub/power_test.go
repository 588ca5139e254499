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
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
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
	disk := testenv.NewPowerDisk(t, 256<<20)
	hub, node := programs(t)
	hub, node = hub.with("ZHANQUN_DIR="+filepath.Join(disk.Dir, "hub")), node.with("ZHANQUN_DIR="+filepath.Join(disk.Dir, "node"))
	s := &supply{t: t, disk: disk, hub: hub, node: node, p: newPair(t, hub, node), acked: make(chan struct{}, 1<<16),
		rng: rand.New(rand.NewPCG(1, 2))} // #nosec G404 -- repeatable
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	g, ctx := errgroup.WithContext(ctx)
	for hand := range 3 {
		g.Go(func() error { return s.handIn(ctx, hand) })
	}
	g.Go(func() error { return s.decide(ctx) })
	for n := range *powerCuts {
		for range 25 { // acknowledgements from cut to cut
			select {
			case <-s.acked:
			case <-ctx.Done():
				t.Fatal(g.Wait())
			}
		}
		s.cut(n%2 == 1)
	}
	stop()
	if err := g.Wait(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	t.Logf("%d cuts: %d submits, %d files, %d decisions and %d frames' entries were acknowledged before them and are there",
		*powerCuts, s.held[0], s.held[1], s.held[2], s.held[3])
}

// supply is a county on one power line.
type supply struct {
	t         *testing.T
	disk      *testenv.PowerDisk
	hub, node binary
	p         *pair
	rng       *rand.Rand
	acked     chan struct{}

	mu      sync.Mutex
	submits map[string]string // acknowledged: item and its file's SHA-256
	ruled   []string          // items whose decisions were acknowledged

	held [4]int // submits, files, decisions and entries that were looked for
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
		if s.submits == nil {
			s.submits = map[string]string{}
		}
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

func (s *supply) cut(some bool) {
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
	p := promises{submits: map[string]string{}, sent: q.Sent + q.Confirmed, confirmed: q.Confirmed}
	s.mu.Lock()
	for id, sha := range s.submits {
		p.submits[id] = sha
	}
	p.ruled = append(p.ruled, s.ruled...)
	s.mu.Unlock()
	goOn := s.holdStill()
	if some {
		s.syncSome()
	}
	after := s.disk.Cut(s.t)
	goOn()
	s.holdNode(filepath.Join(after, "node"), p)
	s.holdHub(filepath.Join(after, "hub"), p)
	s.comeBack(after, p)
}

// holdDatabase keeps the hub from writing into its database.
func (s *supply) holdDatabase() (letGo func()) {
	s.t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.disk.Dir, "hub", "hub.db")+"?_txlock=immediate&_pragma=busy_timeout(30000)")
	if err != nil {
		s.t.Fatal(err)
	}
	tx, err := db.BeginTx(s.t.Context(), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return func() {
		if err := errors.Join(tx.Rollback(), db.Close()); err != nil {
			s.t.Error(err)
		}
	}
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

func (s *supply) holdHub(dir string, p promises) {
	s.t.Helper()
	db := s.database(filepath.Join(dir, "hub.db"))
	defer db.Close()
	there := s.names(db, `SELECT item FROM decision`)
	for _, id := range p.ruled {
		if s.held[2]++; !there[id] {
			s.t.Errorf("the decision on item %s was made and is gone", id)
		}
	}
	if up := s.upSeq(db); up < p.confirmed {
		s.t.Errorf("the hub had confirmed %d entries and has %d", p.confirmed, up)
	}
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
func (s *supply) comeBack(after string, p promises) {
	s.t.Helper()
	hub := s.hub.with("ZHANQUN_DIR=" + filepath.Join(after, "hub"))
	var at addresses
	hubRuns, err := hub.start(s.t.Context(), &at, "serve", "--json")
	if err != nil {
		s.t.Fatal(err)
	}
	db, err := readFile(filepath.Join(after, "hub", "hub.db"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	eventually(s.t, fmt.Sprintf("%d entries are out of the stream", p.sent), func() (bool, error) { return s.upSeq(db) >= p.sent, nil }, hubRuns.errs)
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

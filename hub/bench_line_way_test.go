package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"zhanqun/config"
	"zhanqun/hub/store"
	"zhanqun/hub/store/storetest"
	"zhanqun/internal/testenv"
)

// lineWay is what this project does: the hub itself as a process, and a node.
type lineWay struct {
	postgres bool
	seed     string // folder with nothing but the hub's key
	town     *backlog
	n        int
	cfg      config.Hub // of the receiver made last
}

func (w *lineWay) prepare(b *testing.B, n int) {
	b.Helper()
	w.seed, w.n = freshDir(b, "seed"), n
	s, err := openStore(b.Context(), config.Hub{Dir: w.seed}, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	w.town = newBacklog(b, n, s.Keys().Present())
}

func (w *lineWay) receiver(b *testing.B) *child {
	b.Helper()
	dir := freshDir(b, "hub")
	key, err := os.ReadFile(filepath.Join(w.seed, seedName))
	if err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, seedName), key, 0o600); err != nil {
		b.Fatal(err)
	}
	w.cfg = config.Hub{Dir: dir}
	if w.postgres {
		w.cfg.Database.URL = config.NewSecret(testenv.PostgresDurable(b))
	}
	s, err := openStore(b.Context(), w.cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	storetest.Units(b, s)
	storetest.Columns(b, s)
	if err := enrolled(b, s, w.town.node, w.town.key); err != nil {
		b.Fatal(err)
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	return hubChild(b, dir, "ZHANQUN_DATABASE_URL="+w.cfg.Database.URL.Reveal())
}

func (w *lineWay) sender(b *testing.B, addr string, _ time.Duration) *child {
	b.Helper()
	dir := filepath.Join(b.TempDir(), "node")
	if err := os.CopyFS(dir, os.DirFS(w.town.dir)); err != nil {
		b.Fatal(err)
	}
	return &child{b: b, name: benchNode, args: []string{dir, "nats://" + addr, strconv.Itoa(w.n)}}
}

func (w *lineWay) stored(b *testing.B) (rows, different int) {
	b.Helper()
	db := rawDatabase(b, store.Options{URL: w.cfg.Database.URL.Reveal(), Dir: w.cfg.Dir})
	if err := db.QueryRowContext(b.Context(), "SELECT count(*), count(DISTINCT item) FROM revision").Scan(&rows, &different); err != nil {
		b.Fatal(err)
	}
	return rows, different
}

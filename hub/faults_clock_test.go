package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"zhanqun/node/station"
)

// clockedNode is the name under which this program is a node whose clock is as
// wrong as a file says.
const clockedNode = "zhanqun-clocked-node"

const clockFile = "CLOCK_FILE"

// clocked is a node that is this test's program: a clock cannot be lied to from
// outside of a static one.
func clocked(t *testing.T, node binary, file string) binary {
	t.Helper()
	path, err := exec.LookPath(clockedNode)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, file, "0s")
	return binary{t, path, node.env}.with(clockFile + "=" + file)
}

// clockEvery is how soon the node's clock follows the file.
const clockEvery = 20 * time.Millisecond

func serveWithClock() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	must := func(err error) {
		if err != nil {
			log.Error("node failed", "err", err)
			os.Exit(1)
		}
	}
	var wrong atomic.Int64
	read := func() {
		text, err := os.ReadFile(os.Getenv(clockFile))
		must(err)
		if d, err := time.ParseDuration(strings.TrimSpace(string(text))); err == nil {
			wrong.Store(int64(d))
		}
	}
	read()
	go func() {
		for range time.Tick(clockEvery) {
			read()
		}
	}()
	s, err := station.Open(ctx, station.Options{
		Dir: os.Getenv("ZHANQUN_DIR"), Addr: os.Getenv("ZHANQUN_HTTP_ADDR"), Reserve: -1, Log: log, Version: "clocked",
		Line: station.Line{URL: os.Getenv("ZHANQUN_LINE_HUB_URL")},
		Now:  func() time.Time { return time.Now().Add(time.Duration(wrong.Load())) },
	})
	must(err)
	_, err = s.Prepare(ctx) // the first account
	must(err)
	must(json.NewEncoder(os.Stdout).Encode(map[string]string{"url": s.URL()}))
	must(s.Run(ctx))
}

// setClock makes the node's clock wrong by d.
func (o *outpost) setClock(d time.Duration) error {
	next := o.clock + ".next"
	if err := os.WriteFile(next, []byte(d.String()), 0o600); err != nil {
		return err
	}
	return os.Rename(next, filepath.Clean(o.clock))
}

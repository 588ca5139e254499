package main

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"zhanqun/internal/account"

	"zhanqun/config"
	"zhanqun/hub/store/storetest"
	"zhanqun/node/queue"
)

// settling is how long a program that is at rest is left alone before its memory
// is read, and restItems how many items it has then.
const (
	settling  = 15 * time.Second
	restItems = 3_000
)

// BenchmarkRest measures what the two programs, built as for a release, keep in
// memory (resident set, MiB) when they have nothing to do: after their first
// start, which makes the first account (empty); after they have sent and taken
// in 3,000 items of 4 KiB and shown their pages (worked); and started anew with
// those items there (items). Beside it stands the size of each binary. Limits
// are fixed here, so there is no ratio.
func BenchmarkRest(b *testing.B) {
	if runtime.GOOS != "linux" {
		b.Skip("memory is read from /proc")
	}
	for b.Loop() {
		bin := filepath.Join(b.TempDir(), "bin")
		build := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", bin+"/", "zhanqun/hub", "zhanqun/node")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			b.Fatalf("building: %v\n%s", err, out)
		}
		dir := b.TempDir()
		hub := &resting{b: b, path: filepath.Join(bin, "hub"), env: []string{"ZHANQUN_DIR=" + filepath.Join(dir, "hub"), "ZHANQUN_HTTP_ADDR=127.0.0.1:0",
			"ZHANQUN_NATS_LISTEN=127.0.0.1:0", "ZHANQUN_LOG_LEVEL=warn", "ZHANQUN_LIMITS_DISK_RESERVE_BYTES=0"}}
		node := &resting{b: b, path: filepath.Join(bin, "node"), env: []string{"ZHANQUN_DIR=" + filepath.Join(dir, "node"), "ZHANQUN_HTTP_ADDR=127.0.0.1:0", "ZHANQUN_LOG_LEVEL=warn"}}
		for _, p := range []*resting{hub, node} {
			info, err := os.Stat(p.path)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(info.Size())/1e6, filepath.Base(p.path)+"_binary_MB")
		}
		report := func(when string) {
			rest(b)
			for _, p := range []*resting{hub, node} {
				b.ReportMetric(p.resident(), filepath.Base(p.path)+"_"+when+"_MiB")
			}
		}
		hub.serve()
		node.serve()
		report("empty")
		stock(b, hub, node, dir)
		report("worked")
		node.stop()
		hub.stop()
		hub.env = append(hub.env, "ZHANQUN_NATS_LISTEN="+hub.nats)
		hub.serve()
		node.serve()
		report("items")
		node.stop()
		hub.stop()
	}
	b.ReportMetric(0, "ns/op")
}

// rest leaves the programs alone for a while.
func rest(b *testing.B) {
	select {
	case <-time.After(settling):
	case <-b.Context().Done():
	}
}

// stock brings the node into the county, hands in items, waits until the hub has
// them and reads the pages of both.
func stock(b *testing.B, hub, node *resting, dir string) {
	b.Helper()
	file := filepath.Join(b.TempDir(), "units.csv")
	if err := os.WriteFile(file, []byte(units), 0o600); err != nil {
		b.Fatal(err)
	}
	hub.must("unit", "import", file)
	node.must("join", hub.must("node", "invite", storetest.Sitang))
	s, err := openStore(b.Context(), config.Hub{Dir: filepath.Join(dir, "hub")}, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	hub.caller.token = reviewerToken(b, newAccess(s, func() []string { return nil }, account.Rules{}))
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	q, err := queue.Open(b.Context(), queue.Options{Dir: filepath.Join(dir, "node"), Reserve: -1})
	if err != nil {
		b.Fatal(err)
	}
	post(b, q, restItems)
	node.caller.token = liaisonToken(b, q)
	if err := q.Close(); err != nil {
		b.Fatal(err)
	}
	for {
		var line struct{ Queued, Sent, Confirmed int }
		if node.caller.read(http.MethodGet, "/api/v1/queue", nil, &line); line.Confirmed == restItems {
			break
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-b.Context().Done():
			b.Fatal("the items were never confirmed")
		}
	}
	for range 20 {
		for _, p := range []*resting{hub, node} {
			for _, path := range []string{"/", "/items", "/api/v1/items?limit=200"} {
				p.caller.call(http.MethodGet, path, nil)
			}
		}
	}
}

// resting is one of the programs, as a process.
type resting struct {
	b      *testing.B
	path   string
	env    []string
	cmd    *exec.Cmd
	caller *caller
	nats   string // address of the broker
}

// serve starts the program and waits until it answers.
func (p *resting) serve() {
	p.b.Helper()
	p.cmd = exec.CommandContext(p.b.Context(), p.path, "serve", "--json")
	p.cmd.Env = append(os.Environ(), p.env...)
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		p.b.Fatal(err)
	}
	var started struct {
		Hub, URL string
		NATS     []string
	}
	if err := json.NewDecoder(out).Decode(&started); err != nil {
		p.b.Fatal(err)
	}
	token := ""
	if p.caller != nil {
		token = p.caller.token
	}
	p.caller = &caller{b: p.b, base: started.Hub + started.URL, token: token, client: new(http.Client)}
	if len(started.NATS) > 0 {
		p.nats = strings.TrimPrefix(started.NATS[0], "nats://")
	}
}

func (p *resting) stop() {
	p.b.Helper()
	err := p.cmd.Process.Signal(os.Interrupt)
	if err := errors.Join(err, p.cmd.Wait()); err != nil {
		p.b.Fatal(err)
	}
}

// must runs a command beside the running program and returns what it printed.
func (p *resting) must(args ...string) string {
	p.b.Helper()
	c := exec.CommandContext(p.b.Context(), p.path, args...)
	c.Env = append(os.Environ(), p.env...)
	var errs strings.Builder
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		p.b.Fatalf("%s %v: %v: %s", filepath.Base(p.path), args, err, &errs)
	}
	return strings.TrimSpace(string(out))
}

// resident returns the program's resident set in MiB.
func (p *resting) resident() float64 {
	p.b.Helper()
	mib, err := status(p.cmd.Process.Pid, residentLine)
	if err != nil {
		p.b.Fatal(err)
	}
	return mib
}

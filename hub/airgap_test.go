package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-resty/resty/v2"

	"zhanqun/internal/testenv"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// gap is a county and a township without a line between them, as programs.
type gap struct {
	t         *testing.T
	ctx       context.Context //nolint:containedctx // of the test
	hub, node binary
	dir       string // where the memory stick is
	token     string // of the reviewer
}

// eachDatabase runs a test with a hub on SQLite and one on PostgreSQL.
func eachDatabase(t *testing.T, f func(*testing.T, *gap)) {
	for name, env := range map[string]func() []string{
		"SQLite":     func() []string { return nil },
		"PostgreSQL": func() []string { return []string{"ZHANQUN_DATABASE_URL=" + testenv.Postgres(t)} },
	} {
		t.Run(name, func(t *testing.T) {
			g := newGap(t, env()...)
			f(t, g)
		})
	}
}

func newGap(t *testing.T, env ...string) *gap {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	g := &gap{t: t, ctx: ctx, dir: t.TempDir()}
	g.hub, g.node = programs(t)
	g.node = g.node.with("ZHANQUN_DIR=" + t.TempDir())
	g.hub = g.hub.with("ZHANQUN_HTTP_PUBLIC_URL=http://10.0.0.1:8080", "ZHANQUN_REVIEW_UNDO_SECONDS=0").with(env...)
	writeFile(t, filepath.Join(g.dir, "units.csv"), units)
	g.must(g.hub, "unit", "import", filepath.Join(g.dir, "units.csv"))
	if _, err := g.hub.run(ctx, "shen-he-yuan-20\n", "user", "add", "shen", "--role", "reviewer", "--password-stdin"); err != nil {
		t.Fatal(err)
	}
	g.token = g.must(g.hub, "token", "create", "shen")
	return g
}

// must runs a command that has to succeed and returns what it printed.
func (g *gap) must(b binary, args ...string) string {
	g.t.Helper()
	out, err := b.run(g.ctx, "", args...)
	if err != nil {
		g.t.Fatal(err)
	}
	return out
}

// fails runs a command that has to end with a code and returns its one line.
func (g *gap) fails(b binary, code int, args ...string) string {
	g.t.Helper()
	_, err := b.run(g.ctx, "", args...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != code {
		g.t.Errorf("%s: %v, want exit %d", strings.Join(args, " "), err, code)
		return ""
	}
	return err.Error()
}

func (g *gap) file(name string) string { return filepath.Join(g.dir, name) }

// there carries a bundle of the township to the county and the answer back.
func (g *gap) there(name string) imported {
	g.t.Helper()
	g.must(g.node, "bundle", "export", g.file(name))
	return g.take(name)
}

func (g *gap) take(name string) imported {
	g.t.Helper()
	var list []struct{ Report imported }
	if err := json.Unmarshal([]byte(g.must(g.hub, "bundle", "import", g.file(name), "--json")), &list); err != nil || len(list) != 1 {
		g.t.Fatalf("%v: %+v", err, list)
	}
	return list[0].Report
}

// join brings the township in without a line.
func (g *gap) join() {
	g.t.Helper()
	g.must(g.node, "join", g.must(g.hub, "node", "invite", "520624001"), "--offline")
	r := g.there("join.zqb")
	if out := g.must(g.node, "bundle", "import", r.Answer); !strings.Contains(out, "已入网：思唐街道") {
		g.t.Fatalf("joining: %s", out)
	}
}

// submit hands an item in on the command line and returns its id.
func (g *gap) submit(title string, attach ...string) string {
	g.t.Helper()
	body := g.file("body.txt")
	writeFile(g.t, body, "连日来，思唐街道抢抓农时。")
	args := []string{"submit", "--column", "township", "--title", title, "--body-file", body, "--author", "张秀英", "--source", "思唐街道", "--json"}
	for _, a := range attach {
		args = append(args, "--attach", a)
	}
	var got queue.Submitted
	if err := json.Unmarshal([]byte(g.must(g.node, args...)), &got); err != nil {
		g.t.Fatal(err)
	}
	return got.ID
}

// state is what the township's program says of an item.
func (g *gap) state(item string) string {
	g.t.Helper()
	var d struct{ State string }
	if err := json.Unmarshal([]byte(g.must(g.node, "show", item, "--json")), &d); err != nil {
		g.t.Fatal(err)
	}
	return d.State
}

// approve starts the hub, approves an item and stops the hub.
func (g *gap) approve(item string) {
	g.t.Helper()
	var at addresses
	p, err := g.hub.with("ZHANQUN_HTTP_PUBLIC_URL=").start(g.ctx, &at, "serve", "--json")
	if err != nil {
		g.t.Fatal(err)
	}
	g.decide(at.Hub, item)
	if err := p.stop(); err != nil {
		g.t.Fatal(err)
	}
}

func (g *gap) decide(base, item string) {
	g.t.Helper()
	client := resty.New().SetBaseURL(base).SetAuthToken(g.token)
	err := ask(client.R().SetContext(g.ctx), http.MethodPost, "/api/v1/items/"+item+"/decisions", map[string]any{"revision": 1, "action": "approve"}, nil)
	if err != nil {
		g.t.Fatal(err)
	}
}

// received is how many entries of the township the county has.
func (g *gap) received() int {
	g.t.Helper()
	var list []struct{ UpSeq int }
	if err := json.Unmarshal([]byte(g.must(g.hub, "node", "list", "--json")), &list); err != nil || len(list) != 1 {
		g.t.Fatalf("%v: %v", list, err)
	}
	return list[0].UpSeq
}

// until waits until the township's program tells a state of an item.
func (g *gap) until(item string, want protocol.State) {
	g.t.Helper()
	again := time.NewTicker(200 * time.Millisecond)
	defer again.Stop()
	for {
		got := g.state(item)
		if got == string(want) {
			return
		}
		select {
		case <-again.C:
		case <-g.ctx.Done():
			g.t.Fatalf("the item is %s, not %s", got, want)
		}
	}
}

// joined waits until the township has its identity.
func (g *gap) joined() {
	g.t.Helper()
	again := time.NewTicker(200 * time.Millisecond)
	defer again.Stop()
	for !strings.Contains(g.must(g.node, "queue", "--json"), `"joined":true`) {
		select {
		case <-again.C:
		case <-g.ctx.Done():
			g.t.Fatal("the township has not joined")
		}
	}
}

// killOnce kills a command as soon as the county has more than it had, and
// reports whether it was still at work.
func (g *gap) killOnce(cmd *exec.Cmd, ended <-chan error, had int) bool {
	g.t.Helper()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		select {
		case <-ended:
			return false
		case <-again.C:
			if g.received() > had {
				err := cmd.Process.Kill()
				<-ended
				return err == nil
			}
		}
	}
}

// fill hands in many items.
func (g *gap) fill(n int, body string) {
	g.t.Helper()
	q, err := queue.Open(g.ctx, queue.Options{Dir: g.node.dir(), Reserve: -1})
	if err != nil {
		g.t.Fatal(err)
	}
	defer q.Close()
	for i := range n {
		_, err := q.Post(g.ctx, queue.Actor{Login: "wang", Name: "王芳", Role: "liaison"}, queue.Draft{Text: queue.Text{
			Column: "township", Title: fmt.Sprintf("第 %d 条信息", i), Body: body, Author: "王芳", Source: "思唐街道"}})
		if err != nil {
			g.t.Fatal(err)
		}
	}
}

// dir is the data folder of a program.
func (b binary) dir() string {
	dir := ""
	for _, v := range b.env {
		if d, ok := strings.CutPrefix(v, "ZHANQUN_DIR="); ok {
			dir = d
		}
	}
	return dir
}

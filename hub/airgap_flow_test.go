package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-resty/resty/v2"

	"zhanqun/internal/cli"
	"zhanqun/internal/dropbox"
	"zhanqun/protocol"
)

// A township joins, hands in, is judged and hears of it, all by files.
func TestAirGapByHand(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, g *gap) {
		if out := g.fails(g.node, cli.Failed, "bundle", "export", g.file("x.zqb")); !strings.Contains(out, "--offline") {
			t.Errorf("before it has a code: %s", out)
		}
		g.join()
		if out := g.must(g.node, "doctor"); !strings.Contains(out, "没有线路，用摆渡包与县里交换") {
			t.Errorf("doctor: %s", out)
		}
		writeFile(t, g.file("附件.txt"), "播种面积 3000 亩。")
		item := g.submit("春耕备耕正当时", g.file("附件.txt"))
		if r := g.there("a.zqb"); r.Applied != 1 || r.Files != 1 || r.UnitName != "思唐街道" {
			t.Errorf("report %+v", r)
		} else if out := g.must(g.node, "bundle", "import", r.Answer); !strings.Contains(out, "县里已收到本机第 1 条为止的内容") {
			t.Errorf("answer: %s", out)
		}
		if got := g.state(item); got != string(protocol.StateReceived) {
			t.Errorf("the item is %s", got)
		}
		if out := g.must(g.node, "queue"); !strings.Contains(out, "没有线路，用摆渡包与县里交换") || !strings.Contains(out, "县里已收到") || !strings.Contains(out, "最近的回包") {
			t.Errorf("queue: %s", out)
		}
		g.approve(item)
		var n struct{ ID string }
		var nodes []json.RawMessage
		if err := json.Unmarshal([]byte(g.must(g.hub, "node", "list", "--json")), &nodes); err != nil || json.Unmarshal(nodes[0], &n) != nil {
			t.Fatal(err)
		}
		g.must(g.hub, "bundle", "export", "--node", n.ID, g.file("news.zqb"))
		g.must(g.node, "bundle", "import", g.file("news.zqb"))
		if got := g.state(item); got != string(protocol.StateAdopted) {
			t.Errorf("decided, and the item is %s", got)
		}
		if out := g.must(g.hub, "bundle", "show", g.file("news.zqb")); !strings.Contains(out, "县里给乡镇") || !strings.Contains(out, "完整，没有被改动") {
			t.Errorf("show: %s", out)
		}

		// Once more each: no harm, and it is said.
		if out := g.fails(g.hub, dropbox.ExitRepeated, "bundle", "import", g.file("a.zqb")); !strings.Contains(out, "以前导入过") || !strings.Contains(out, "回包 ") {
			t.Errorf("again at the county: %s", out)
		}
		if out := g.fails(g.node, dropbox.ExitRepeated, "bundle", "import", g.file("news.zqb")); !strings.Contains(out, "以前导入过") {
			t.Errorf("again at the township: %s", out)
		}
		if n := g.received(); n != 1 {
			t.Errorf("the county has %d entries", n)
		}
		// Among others, one that was taken before is no failure.
		g.submit("夏收夏种")
		g.must(g.node, "bundle", "export", g.file("b.zqb"))
		out := g.must(g.hub, "bundle", "import", g.file("a.zqb"), g.file("b.zqb"), "--answers", t.TempDir())
		if !strings.Contains(out, "a.zqb：这个摆渡包以前导入过") || !strings.Contains(out, "b.zqb：思唐街道（节点 "+n.ID+"）") || strings.Count(out, "\n") != 1 {
			t.Errorf("two files: %s", out)
		}
	})
}

// Each kind of bad bundle has its own words and exit code, and no effect.
func TestAirGapBadBundles(t *testing.T) {
	t.Parallel()
	g := newGap(t)
	g.join()
	g.submit("春耕备耕正当时")
	g.must(g.node, "bundle", "export", g.file("good.zqb"))
	good, err := os.ReadFile(g.file("good.zqb"))
	if err != nil {
		t.Fatal(err)
	}
	altered := bytes.Clone(good)
	altered[len(altered)/2] ^= 1
	writeFile(t, g.file("cut.zqb"), string(good[:len(good)-10]))
	writeFile(t, g.file("altered.zqb"), string(altered))
	writeFile(t, g.file("other.zqb"), "PK\x03\x04 something else")
	// Another county, with a township of its own.
	other := newGap(t)
	other.join()
	other.submit("别县的稿件")
	foreign := other.there("foreign.zqb")
	for _, c := range []struct {
		b    binary
		code int
		file string
		says string
	}{
		{g.hub, dropbox.ExitCut, g.file("cut.zqb"), "摆渡包不完整"},
		{g.hub, dropbox.ExitAltered, g.file("altered.zqb"), "被改动"},
		{g.hub, dropbox.ExitAltered, g.file("other.zqb"), "不是摆渡包"},
		{g.hub, dropbox.ExitForeign, other.file("foreign.zqb"), "给另一个县级平台"},
		{g.hub, dropbox.ExitForeign, foreign.Answer, "另一个县级平台发给它的乡镇"},
		{g.hub, cli.Failed, g.file("none.zqb"), "读不了文件"},
		{g.hub, cli.Failed, g.dir, "不是一个文件"},
		{g.node, dropbox.ExitCut, g.file("cut.zqb"), "摆渡包不完整"},
		{g.node, dropbox.ExitForeign, g.file("good.zqb"), "这是本机导出给县里的"},
		{g.node, dropbox.ExitForeign, foreign.Answer, "给另一个节点"},
	} {
		if out := g.fails(c.b, c.code, "bundle", "import", c.file); !strings.Contains(out, c.says) || strings.Count(out, "\n") > 1 {
			t.Errorf("%s: %q, want %q", c.file, out, c.says)
		}
	}
	if n := g.received(); n != 0 {
		t.Errorf("%d entries came of bad bundles", n)
	}
	// Several at once: every good one is taken, and the code is that of the first bad one.
	out := g.fails(g.hub, dropbox.ExitCut, "bundle", "import", g.file("cut.zqb"), g.file("good.zqb"))
	if !strings.Contains(out, "2 个文件里有 1 个没有导入") || g.received() != 1 {
		t.Errorf("two at once: %s", out)
	}
	if out := g.fails(g.hub, cli.Failed, "bundle", "export", "--node", "nobody"); !strings.Contains(out, "没有这个节点") {
		t.Errorf("an answer to nobody: %s", out)
	}
	if out := g.fails(g.node, cli.Failed, "bundle", "export", g.file("good.zqb")); !strings.Contains(out, "没有覆盖") {
		t.Errorf("over another file: %s", out)
	}
}

// The node that joined by a file gets a line, and uses both.
func TestAirGapBesideALine(t *testing.T) {
	t.Parallel()
	g := newGap(t)
	g.join()
	first := g.submit("春耕备耕正当时")
	g.must(g.node, "bundle", "export", g.file("a.zqb"))
	second := g.submit("夏收夏种")
	var at addresses
	hub, err := g.hub.with("ZHANQUN_HTTP_PUBLIC_URL=").start(g.ctx, &at, "serve", "--json")
	if err != nil {
		t.Fatal(err)
	}
	var page struct{ URL string }
	node, err := g.node.with("ZHANQUN_LINE_HUB_URL="+at.NATS[0]).start(g.ctx, &page, "serve", "--json")
	if err != nil {
		t.Fatal(err)
	}
	g.until(second, protocol.StateReceived)
	if got := g.state(first); got != string(protocol.StateReceived) { // it was in a bundle that nobody took
		t.Errorf("the first is %s", got)
	}
	// Now somebody takes the bundle after all, beside the running hub.
	if r := g.take("a.zqb"); r.Applied != 0 || r.Duplicates != 1 {
		t.Errorf("report %+v", r)
	}
	g.decide(at.Hub, first)
	g.until(first, protocol.StateAdopted)
	third := g.submit("秋收冬种")
	g.until(third, protocol.StateReceived)
	for _, p := range []*process{node, hub} {
		if err := p.stop(); err != nil {
			t.Error(err)
		}
	}
	if r := g.there("b.zqb"); r.Applied != 0 {
		t.Errorf("after the line: %+v", r)
	}
	if n := g.received(); n != 3 {
		t.Errorf("the county has %d entries", n)
	}
}

// The two programs put bundles into folders that something carries: everything
// goes its way without a person, joining included.
func TestAirGapDropBox(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, g *gap) {
		g.hub = g.hub.with("ZHANQUN_HTTP_PUBLIC_URL=")
		var at addresses
		up, down := t.TempDir(), t.TempDir()
		hub, err := g.hub.with("ZHANQUN_BUNDLE_IN_DIR="+up, "ZHANQUN_BUNDLE_OUT_DIR="+down, "ZHANQUN_BUNDLE_EVERY_SECONDS=1").start(g.ctx, &at, "serve", "--json")
		if err != nil {
			t.Fatal(err)
		}
		g.node = g.node.with("ZHANQUN_BUNDLE_IN_DIR="+down, "ZHANQUN_BUNDLE_OUT_DIR="+up, "ZHANQUN_BUNDLE_EVERY_SECONDS=1")
		if out := g.must(g.node, "join", g.must(g.hub, "node", "invite", "520624001"), "--offline"); !strings.Contains(out, up) {
			t.Errorf("join says %s", out)
		}
		var page struct{ URL string }
		node, err := g.node.start(g.ctx, &page, "serve", "--json")
		if err != nil {
			t.Fatal(err)
		}
		g.joined()
		writeFile(t, g.file("附件.txt"), "播种面积 3000 亩。")
		item := g.submit("春耕备耕正当时", g.file("附件.txt"))
		g.until(item, protocol.StateReceived)
		g.decide(at.Hub, item)
		g.until(item, protocol.StateAdopted)
		// A file that is none, and one that is cut off.
		writeFile(t, filepath.Join(up, "zzz.zqb"), "rubbish")
		second := g.submit("夏收夏种")
		g.until(second, protocol.StateReceived)
		for _, p := range []*process{node, hub} {
			if err := p.stop(); err != nil {
				t.Error(err)
			}
		}
		if out := g.must(g.node, "doctor"); !strings.Contains(out, "不会自动收发摆渡包") {
			t.Errorf("doctor: %s", out)
		}
		if _, err := os.Stat(filepath.Join(up, "zzz.zqb")); err != nil { // its minute has not passed
			t.Error(err)
		}
		if n := g.received(); n != 2 {
			t.Errorf("the county has %d entries", n)
		}
		if left, err := filepath.Glob(filepath.Join(down, "*.zqb")); err != nil || len(left) > 1 {
			t.Errorf("answers left: %v, %v", left, err)
		}
	})
}

// Killed at any moment while it takes a bundle, the county's command takes the
// rest at the next call, and nothing twice.
func TestAirGapKilledWhileTaking(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, g *gap) {
		g.join()
		const items = 150
		body := strings.Repeat("田间地头一派繁忙景象。", 4_000)
		g.fill(items, body)
		g.must(g.node, "bundle", "export", g.file("big.zqb"))
		kills := 0
		for range 20 {
			taken := g.received()
			cmd := g.hub.command(g.ctx, []string{"bundle", "import", g.file("big.zqb"), "--answers", t.TempDir()})
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- cmd.Wait() }()
			if g.killOnce(cmd, ended, taken) {
				kills++
			}
			if g.received() == items {
				break
			}
		}
		if kills == 0 {
			t.Error("it was never killed in the middle")
		}
		t.Logf("killed %d times", kills)
		// The last call may have got to its end, and then this one has nothing to do.
		_, err := g.hub.run(g.ctx, "", "bundle", "import", g.file("big.zqb"))
		var exit *exec.ExitError
		if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != dropbox.ExitRepeated) {
			t.Fatal(err)
		}
		if n := g.received(); n != items {
			t.Errorf("the county has %d of %d entries", n, items)
		}
		var at addresses
		p, err := g.hub.with("ZHANQUN_HTTP_PUBLIC_URL=").start(g.ctx, &at, "serve", "--json")
		if err != nil {
			t.Fatal(err)
		}
		client := resty.New().SetBaseURL(at.Hub).SetAuthToken(g.token)
		seen := map[string]bool{}
		for cursor := ""; ; {
			var list struct {
				Items []struct{ ID string }
				Next  string
			}
			if err := ask(client.R().SetContext(g.ctx), http.MethodGet, "/api/v1/items?limit=200&cursor="+cursor, nil, &list); err != nil {
				t.Fatal(err)
			}
			for _, i := range list.Items {
				if seen[i.ID] {
					t.Errorf("%s is there twice", i.ID)
				}
				seen[i.ID] = true
			}
			if cursor = list.Next; cursor == "" {
				break
			}
		}
		if err := p.stop(); err != nil || len(seen) != items {
			t.Errorf("%d of %d items, %v", len(seen), items, err)
		}
	})
}

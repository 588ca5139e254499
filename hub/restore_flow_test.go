package main

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"zhanqun/hub/catalog"
	"zhanqun/internal/testenv"
	"zhanqun/node/queue"
)

// disaster is a county with one township, as programs, of which machines get lost.
type disaster struct {
	*pair
	t         *testing.T
	hub, node binary
	dir       string // where the backups are
}

func newDisaster(t *testing.T, env ...string) *disaster {
	t.Helper()
	d := &disaster{t: t, dir: t.TempDir()}
	hub, node := programs(t)
	// Where the township looks for the county stays the same.
	d.hub, d.node = hub.with("ZHANQUN_HTTP_ADDR="+testenv.Port(t), "ZHANQUN_NATS_LISTEN="+testenv.Port(t), "ZHANQUN_REVIEW_UNDO_SECONDS=0").with(env...), node
	d.pair = newPair(t, d.hub, d.node)
	return d
}

func (d *disaster) must(b binary, args ...string) string {
	d.t.Helper()
	out, err := b.run(d.t.Context(), "", args...)
	if err != nil {
		d.t.Fatal(err)
	}
	return out
}

func (d *disaster) file(name string) string { return filepath.Join(d.dir, name) }

// submit hands an item in on the township's command line, with an attached file.
func (d *disaster) submit(title, attached string) string {
	d.t.Helper()
	body, file := d.file("body.txt"), d.file("附件.txt")
	writeFile(d.t, body, "连日来，思唐街道抢抓农时。")
	writeFile(d.t, file, attached)
	var got queue.Submitted
	out := d.must(d.node, "submit", "--column", "township", "--title", title, "--body-file", body, "--author", "张秀英", "--source", "思唐街道", "--attach", file, "--json")
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		d.t.Fatal(err)
	}
	return got.ID
}

func (d *disaster) serveHub() {
	d.t.Helper()
	var at addresses
	var err error
	if d.hubRuns, err = d.hub.start(d.t.Context(), &at, "serve", "--json"); err != nil {
		d.t.Fatal(err)
	}
}

func (d *disaster) serveNode() {
	d.t.Helper()
	var at struct{ URL string }
	var err error
	if d.nodeRuns, err = d.node.start(d.t.Context(), &at, "serve", "--json"); err != nil {
		d.t.Fatal(err)
	}
	d.pair.node.SetBaseURL(at.URL)
}

// items is what the county has.
func (d *disaster) items() map[string]catalog.Item {
	d.t.Helper()
	var got struct{ Items []catalog.Item }
	if err := ask(d.pair.hub.R().SetQueryParam("limit", "200"), http.MethodGet, "/api/v1/items", nil, &got); err != nil {
		d.t.Fatal(err)
	}
	list := map[string]catalog.Item{}
	for _, i := range got.Items {
		list[i.ID] = i
	}
	if len(list) != len(got.Items) {
		d.t.Error("an item is there twice")
	}
	return list
}

// address is where an adopted item stands on the portal, as the township knows it.
func (d *disaster) address(id string) string {
	d.t.Helper()
	var i item
	if err := ask(d.pair.node.R(), http.MethodGet, "/api/v1/items/"+id, nil, &i); err != nil || i.Status == nil || i.Status.URL == "" {
		d.t.Fatalf("%+v, %v", i, err)
	}
	return i.Status.URL
}

// atHub looks whether the county shows items in these states and no others.
func (d *disaster) atHub(want map[string]string) func() (bool, error) {
	return func() (bool, error) {
		got := d.items()
		for id, state := range want {
			if string(got[id].State) != state {
				return false, nil
			}
		}
		return len(got) == len(want), nil
	}
}

// adopted waits until a decision is known on both sides.
func (d *disaster) adopted(id string) {
	d.t.Helper()
	if err := d.decide(id); err != nil {
		d.t.Fatal(err)
	}
	d.until(d.t, "it is adopted", d.itemIs(d.t, id, "adopted"))
}

// The county's disk dies, and a backup of an earlier day and the townships' own
// machines make it whole again: what came since, what was decided since, files.
func TestRestoreTheCounty(t *testing.T) {
	t.Parallel()
	for name, fresh := range map[string]func(t testing.TB) string{
		"SQLite":     func(testing.TB) string { return "" },
		"PostgreSQL": testenv.Postgres,
	} {
		t.Run(name, func(t *testing.T) {
			d := newDisaster(t, "ZHANQUN_DATABASE_URL="+fresh(t))
			first, second := d.handIn(t, "第一条"), d.submit("第二条", "备份里有的附件")
			for _, id := range []string{first, second} {
				d.until(t, "it is received", d.itemIs(t, id, "received"))
			}
			if out := d.must(d.hub, "backup", d.file("hub.tar.zst")); !strings.Contains(out, "已重新读出核对") {
				t.Errorf("backup: %s", out)
			}
			third := d.submit("第三条", "备份里没有的附件")
			d.until(t, "it is received", d.itemIs(t, third, "received"))
			fourth := d.handIn(t, "第四条")
			for _, id := range []string{first, third} {
				d.adopted(id)
			}
			address := d.address(third)
			if err := d.hubRuns.kill(); err != nil {
				t.Fatal(err)
			}
			late := d.handIn(t, "平台坏了以后报的")

			d.hub = d.hub.with("ZHANQUN_DIR="+t.TempDir(), "ZHANQUN_DATABASE_URL="+fresh(t))
			if out := d.must(d.hub, "restore", d.file("hub.tar.zst")); !strings.Contains(out, "已恢复到") || !strings.Contains(out, "hub doctor") {
				t.Errorf("restore: %s", out)
			}
			d.serveHub()
			want := map[string]string{first: "adopted", second: "received", third: "adopted", fourth: "received", late: "received"}
			d.until(t, "everything is back", d.atHub(want))
			for id, state := range want {
				d.until(t, "the township knows", d.itemIs(t, id, state))
			}
			d.until(t, "the doctor says so", func() (bool, error) {
				out, err := d.hub.run(t.Context(), "", "doctor")
				return strings.Contains(out, "备份之后的内容已全部交回"), err
			})
			if answer, err := d.pair.hub.R().Get(address); err != nil || answer.StatusCode() != http.StatusOK || !strings.Contains(answer.String(), "第三条") {
				t.Errorf("%s: %v, %s", address, err, answer.Status())
			}
			d.adopted(late)
			d.adopted(second)
		})
	}
}

// A township's machine is stolen, and another one goes on from its backup: what
// was on its way arrives once, and the stolen one is turned away.
func TestReplaceTheMachine(t *testing.T) {
	t.Parallel()
	d := newDisaster(t)
	first := d.handIn(t, "第一条")
	d.until(t, "it is received", d.itemIs(t, first, "received"))
	if err := d.hubRuns.stop(); err != nil {
		t.Fatal(err)
	}
	second := d.submit("平台停机时报的", "附件")
	if out := d.must(d.node, "backup", d.file("node.tar.zst")); !strings.Contains(out, "已重新读出核对") {
		t.Errorf("backup: %s", out)
	}
	if err := d.nodeRuns.kill(); err != nil {
		t.Fatal(err)
	}
	d.serveHub()
	var nodes []struct{ ID, State string }
	if err := json.Unmarshal([]byte(d.must(d.hub, "node", "list", "--json")), &nodes); err != nil || len(nodes) != 1 {
		t.Fatalf("%+v, %v", nodes, err)
	}
	if err := d.decide(first); err != nil {
		t.Fatal(err)
	}
	code := strings.Fields(d.must(d.hub, "node", "invite", "520624001", "--replace", nodes[0].ID))[0]

	stolen := d.node
	d.node = d.node.with("ZHANQUN_DIR=" + t.TempDir())
	d.must(d.node, "restore", d.file("node.tar.zst"))
	if out := d.must(d.node, "join", code, "--again"); !strings.Contains(out, "已入网：思唐街道") || strings.Contains(out, nodes[0].ID) {
		t.Errorf("join: %s", out)
	}
	d.serveNode()
	d.until(t, "what was on its way is received", d.atHub(map[string]string{first: "adopted", second: "received"}))
	d.until(t, "the new machine hears of what was decided", d.itemIs(t, first, "adopted"))
	d.adopted(second)
	third := d.handIn(t, "新电脑报的")
	d.until(t, "it is received", d.itemIs(t, third, "received"))

	var at struct{ URL string }
	if _, err := stolen.start(t.Context(), &at, "serve", "--json"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the stolen machine is told", func() (bool, error) {
		out, err := stolen.run(t.Context(), "", "queue")
		return strings.Contains(out, "停用"), err
	})
	if err := json.Unmarshal([]byte(d.must(d.hub, "node", "list", "--json")), &nodes); err != nil || len(nodes) != 2 {
		t.Fatalf("%+v, %v", nodes, err)
	}
	if got := len(d.items()); got != 3 {
		t.Errorf("%d items", got)
	}
}

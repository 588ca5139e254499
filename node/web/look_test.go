package web

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"zhanqun/internal/browsertest"
	"zhanqun/internal/testenv"
	"zhanqun/node/queue"
)

// With -pictures DIR every page below is also written to DIR, in all four looks
// and as printed.
var pictureDir = flag.String("pictures", "", "folder to write pictures of the pages to")

// look is one page in one state.
type look struct {
	name, path string
	act        func(b *browsertest.Tab) // what leads to the state, from the page on
}

// looks are every page in its states, for one person.
func (f *sample) looks() []look {
	list := []look{
		{"home", "/", nil}, {"items", "/items", nil}, {"items-due", "/items?due=1", nil}, {"items-none", "/items?q=没有", nil}, {"new", "/items/new", nil},
		{"findings", "/findings", nil}, {"findings-closed", "/findings?state=closed", nil}, {"queue", "/queue", nil}, {"notices", "/notices", nil},
		{"people", "/people", nil}, {"password", "/account/password", nil}, {"missing", "/nowhere", nil},
		{"withdraw", "/items/" + f.items["adopted"] + "/withdraw", nil},
		{"edit-returned", "/items/" + f.items["returned"] + "/edit", nil}, {"edit-refused", "/items/" + f.items["refused"] + "/edit", nil},
		{"edit-privacy", "/items/" + f.items["draft"] + "/edit", func(b *browsertest.Tab) {
			b.Fill("#f-author", "")
			b.Eval(`document.querySelector("form[data-guard]").noValidate = true; ""`) // as browsers of old
			b.Leads(func() { b.Press("提交到县里") })
		}},
		{"edit-bad-file", "/items/new", func(b *browsertest.Tab) {
			b.Fill("#f-title", "带坏附件的信息")
			b.Attach("#f-files", onDisk(f.t, "空.jpg", nil), onDisk(f.t, "页面.jpg", []byte("<!doctype html><p>x")), onDisk(f.t, "现场.jpg", photo(f.t, 140)))
			b.Leads(func() { b.Press("上传选中的文件") })
		}},
		{"edit-stale", "/items/" + f.items["draft"] + "/edit", func(b *browsertest.Tab) {
			f.draft(township, queue.Draft{ID: f.items["draft"], Version: f.item(f.items["draft"]).Version, Text: text("许家坝镇卫生院家庭医生签约服务进村")})
			b.Fill("#f-body", "10月28日，许家坝镇卫生院组织家庭医生进村签约，当日签约86户。")
			b.Leads(func() { b.Click(`form > .buttons [value="draft"]`) })
		}},
		{"item-diff", "/items/" + f.items["corrected"], func(b *browsertest.Tab) { b.Press("第 1 稿") }},
		{"keys", "/items/" + f.items["returned"], func(b *browsertest.Tab) { b.Keys("?"); b.Until(`document.getElementById("keys").open`) }},
		{"discard", "/items/" + f.items["draft"], func(b *browsertest.Tab) { b.Leads(func() { b.Press("删除草稿") }) }},
		{"people-new", "/people", func(b *browsertest.Tab) {
			b.Fill("#f-name", "孙丽")
			b.Fill("#f-login", fmt.Sprintf("sun%d", time.Now().UnixNano()))
			b.Choose("#f-village", villageB)
			b.Leads(func() { b.Click("main .panel button") })
		}},
		{"people-wrong", "/people", func(b *browsertest.Tab) {
			b.Fill("#f-name", "孙丽")
			b.Fill("#f-login", "wang")
			b.Leads(func() { b.Click("main .panel button") })
		}},
		{"people-reset", "/people", func(b *browsertest.Tab) { b.Leads(func() { b.Press("重置密码") }) }},
	}
	for _, state := range []string{"draft", "sent_back", "awaiting", "queued", "sent", "received", "withdrawing", "returned", "refused", "approved", "adopted", "corrected", "again", "endorsed", "rejected", "withdrawn"} {
		list = append(list, look{"item-" + state, "/items/" + f.items[state], nil})
	}
	for _, state := range []string{"open", "recheck", "disputed", "closed"} {
		list = append(list, look{"finding-" + state, "/findings/" + f.findings[state], nil})
	}
	return list
}

// villageLooks are the pages a village sees otherwise than the township.
func (f *sample) villageLooks() []look {
	return []look{{"village-home", "/", nil}, {"village-items", "/items", nil}, {"village-new", "/items/new", nil}, {"village-findings", "/findings", nil},
		{"village-item-awaiting", "/items/" + f.items["awaiting"], nil}, {"village-item-sent_back", "/items/" + f.items["sent_back"], nil},
		{"village-edit-sent_back", "/items/" + f.items["sent_back"] + "/edit", nil}, {"village-takeback", "/items/" + f.items["awaiting"] + "/withdraw", nil}}
}

// see holds one look: nothing to find for the accessibility checker, nothing
// wider than the window, nothing too small for a finger, nothing the browser
// complains of.
func (p *visitor) see(axe string, l look) {
	p.t.Helper()
	for _, kind := range []struct {
		name  string
		width int64
		dark  bool
	}{{"desktop", 1280, false}, {"phone", 390, false}, {"desktop-dark", 1280, true}, {"phone-dark", 390, true}} {
		p.Look(kind.width, kind.dark)
		if kind.name == "desktop" {
			p.Visit(p.url + l.path)
			if l.act != nil {
				l.act(p.Tab)
			}
		}
		if found := p.Accessible(axe); found != "" {
			p.t.Errorf("%s, %s: %s", l.name, kind.name, found)
		}
		if small := p.Small(); kind.width < 720 && small != "" {
			p.t.Errorf("%s, %s: too small to touch: %s", l.name, kind.name, small)
		}
		p.picture(l.name + "-" + kind.name)
	}
	for _, c := range p.Complaints("401", "404", "422", "409") {
		p.t.Errorf("%s: the browser complains: %s", l.name, c)
	}
	p.Look(1280, false)
	p.OnPaper()
	p.picture(l.name + "-paper")
}

func (p *visitor) picture(name string) {
	if *pictureDir == "" {
		return
	}
	if err := os.MkdirAll(*pictureDir, 0o750); err != nil {
		p.t.Fatal(err)
	}
	p.Picture(filepath.Join(*pictureDir, name+".png"))
}

func TestEveryPageIsWellMade(t *testing.T) {
	axe := testenv.Axe(t)
	f := newSite(t).furnish()
	f.serve()
	first := browsertest.Open(t)
	stranger := &visitor{first.Other(), t, f.url}
	stranger.see(axe, look{"signin", "/signin", nil})
	stranger.see(axe, look{"signin-wrong", "/signin", func(b *browsertest.Tab) {
		b.Fill("#f-login", "wang")
		b.Fill("#f-password", "wrong-wrong")
		b.Leads(func() { b.Press("登录") })
	}})
	wang, li := f.visitor(first, "wang"), f.visitor(first, "li")
	for _, l := range f.looks() {
		wang.see(axe, l)
	}
	for _, l := range f.villageLooks() {
		li.see(axe, l)
	}
	f.line(queue.Line{Since: noon.Add(-26 * time.Hour), LastContact: noon.Add(-26 * time.Hour), NextTry: noon.Add(90 * time.Second), Skew: -time.Hour,
		Error: "暂时连不上县级平台，内容都在本机，会自动重试。"})
	for _, l := range []look{{"queue-down", "/queue", nil}, {"home-down", "/", nil}} {
		wang.see(axe, l)
	}
	wang.Visit(f.url + "/lang/en?back=/")
	for _, l := range []look{{"english-home", "/", nil}, {"english-item", "/items/" + f.items["returned"], nil}, {"english-edit", "/items/" + f.items["refused"] + "/edit", nil},
		{"english-finding", "/findings/" + f.findings["recheck"], nil}, {"english-queue", "/queue", nil}, {"english-people", "/people", nil}} {
		wang.see(axe, l)
	}
	bare := newSite(t)
	bare.serve()
	nobody := &visitor{first.Other(), t, bare.url}
	nobody.signIn("wang", password)
	for _, l := range []look{{"empty-home", "/", nil}, {"empty-items", "/items", nil}, {"empty-findings", "/findings", nil}, {"empty-notices", "/notices", nil}, {"empty-queue", "/queue", nil}} {
		nobody.see(axe, l)
	}
}

package web

import (
	"flag"
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
		{name: "home", path: "/"}, {name: "items", path: "/items"}, {name: "items-due", path: "/items?due=1"}, {name: "items-none", path: "/items?q=没有"}, {name: "new", path: "/items/new"},
		{name: "findings", path: "/findings"}, {name: "findings-closed", path: "/findings?state=closed"}, {name: "queue", path: "/queue"}, {name: "notices", path: "/notices"},
		{name: "people", path: "/people"}, {name: "password", path: "/account/password"}, {name: "missing", path: "/nowhere"},
		{name: "withdraw", path: "/items/" + f.items["adopted"] + "/withdraw"},
		{name: "edit-returned", path: "/items/" + f.items["returned"] + "/edit"}, {name: "edit-refused", path: "/items/" + f.items["refused"] + "/edit"},
		{name: "edit-privacy", path: "/items/" + f.items["draft"] + "/edit", act: func(b *browsertest.Tab) {
			b.Fill("#f-author", "")
			b.Eval(`document.querySelector("form[data-guard]").noValidate = true; ""`) // as browsers of old
			b.Leads(func() { b.Press("提交到县里") })
		}},
		{name: "edit-bad-file", path: "/items/new", act: func(b *browsertest.Tab) {
			b.Fill("#f-title", "带坏附件的信息")
			b.Attach("#f-files", onDisk(f.t, "空.jpg", nil), onDisk(f.t, "页面.jpg", []byte("<!doctype html><p>x")), onDisk(f.t, "现场.jpg", photo(f.t, 140)))
			b.Leads(func() { b.Press("上传选中的文件") })
		}},
		{name: "edit-stale", path: "/items/" + f.items["draft"] + "/edit", act: func(b *browsertest.Tab) {
			f.draft(township, queue.Draft{ID: f.items["draft"], Version: f.item(f.items["draft"]).Version, Text: text("许家坝镇卫生院家庭医生签约服务进村")})
			b.Fill("#f-body", "10月28日，许家坝镇卫生院组织家庭医生进村签约，当日签约86户。")
			b.Leads(func() { b.Click(`form > .buttons [value="draft"]`) })
		}},
		{name: "item-diff", path: "/items/" + f.items["corrected"], act: func(b *browsertest.Tab) { b.Press("第 1 稿") }},
		{name: "keys", path: "/items/" + f.items["returned"], act: func(b *browsertest.Tab) { b.Keys("?"); b.Until(`document.getElementById("keys").open`) }},
		{name: "discard", path: "/items/" + f.items["draft"], act: func(b *browsertest.Tab) { b.Leads(func() { b.Press("删除草稿") }) }},
		{name: "people-new", path: "/people", act: func(b *browsertest.Tab) {
			b.Fill("#f-name", "孙丽")
			b.Fill("#f-login", "sunli")
			b.Choose("#f-village", villageB)
			b.Leads(func() { b.Click("main .panel button") })
		}},
		{name: "people-wrong", path: "/people", act: func(b *browsertest.Tab) {
			b.Fill("#f-name", "孙丽")
			b.Fill("#f-login", "wang")
			b.Leads(func() { b.Click("main .panel button") })
		}},
		{name: "person", path: "/people/li"},
		{name: "people-reset", path: "/people", act: func(b *browsertest.Tab) { b.Leads(func() { b.Press("重置密码") }) }},
	}
	for _, state := range []string{"draft", "sent_back", "awaiting", "queued", "sent", "received", "withdrawing", "returned", "refused", "approved", "adopted", "corrected", "again", "endorsed", "rejected", "withdrawn"} {
		list = append(list, look{name: "item-" + state, path: "/items/" + f.items[state]})
	}
	for _, state := range []string{"open", "recheck", "disputed", "closed"} {
		list = append(list, look{name: "finding-" + state, path: "/findings/" + f.findings[state]})
	}
	return list
}

// villageLooks are the pages a village sees otherwise than the township.
func (f *sample) villageLooks() []look {
	return []look{{name: "village-home", path: "/"}, {name: "village-items", path: "/items"}, {name: "village-new", path: "/items/new"}, {name: "village-findings", path: "/findings"},
		{name: "village-item-awaiting", path: "/items/" + f.items["awaiting"]}, {name: "village-item-sent_back", path: "/items/" + f.items["sent_back"]},
		{name: "village-edit-sent_back", path: "/items/" + f.items["sent_back"] + "/edit"}, {name: "village-takeback", path: "/items/" + f.items["awaiting"] + "/withdraw"}}
}

// kinds are the ways a page is looked at.
var kinds = []struct {
	name  string
	width int64
	dark  bool
}{{"desktop", 1280, false}, {"phone", 390, false}, {"desktop-dark", 1280, true}, {"phone-dark", 390, true}}

// see holds one look: nothing to find for the accessibility checker, nothing
// wider than the window, nothing too small for a finger, nothing the browser
// complains of.
func (p *visitor) see(axe string, l look) {
	p.t.Helper()
	p.Look(1280, false)
	p.Visit(p.url + l.path)
	if l.act != nil {
		l.act(p.Tab)
	}
	for _, kind := range kinds {
		if *pictureDir == "" && (kind.width < 720) == kind.dark {
			continue // each width and each theme once; all four for the pictures
		}
		p.Look(kind.width, kind.dark)
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
	stranger.see(axe, look{name: "signin", path: "/signin"})
	stranger.see(axe, look{name: "signin-wrong", path: "/signin", act: func(b *browsertest.Tab) {
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
	for _, l := range []look{{name: "queue-down", path: "/queue"}, {name: "home-down", path: "/"}} {
		wang.see(axe, l)
	}
	wang.Visit(f.url + "/lang/en?back=/")
	for _, l := range []look{{name: "english-home", path: "/"}, {name: "english-item", path: "/items/" + f.items["returned"]}, {name: "english-edit", path: "/items/" + f.items["refused"] + "/edit"},
		{name: "english-finding", path: "/findings/" + f.findings["recheck"]}, {name: "english-queue", path: "/queue"}, {name: "english-people", path: "/people"}} {
		wang.see(axe, l)
	}
	bare := newSite(t)
	bare.serve()
	nobody := &visitor{first.Other(), t, bare.url}
	nobody.signIn("wang", password)
	for _, l := range []look{{name: "empty-home", path: "/"}, {name: "empty-items", path: "/items"}, {name: "empty-findings", path: "/findings"}, {name: "empty-notices", path: "/notices"}, {name: "empty-queue", path: "/queue"}} {
		nobody.see(axe, l)
	}
}

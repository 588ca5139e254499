package web

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zhanqun/hub/store/storetest"
	"zhanqun/internal/account"
	"zhanqun/internal/browsertest"
	"zhanqun/internal/testenv"
)

// With -pictures DIR every page below is also written to DIR, in each way it is
// looked at and as printed.
var pictureDir = flag.String("pictures", "", "folder to write pictures of the pages to")

// look is one page in one state.
type look struct {
	name, path string
	act        func(b *browsertest.Tab) // what leads to the state, from the page on
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
func (p *guest) see(axe string, l look) {
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
	for _, c := range p.Complaints("401", "403", "404", "409", "410", "422") {
		p.t.Errorf("%s: the browser complains: %s", l.name, c)
	}
	if *pictureDir != "" {
		p.Look(1280, false)
		p.OnPaper()
		p.picture(l.name + "-paper")
		p.Look(1280, false) // paper shows less of a page
	}
}

func (p *guest) picture(name string) {
	if *pictureDir == "" {
		return
	}
	if err := os.MkdirAll(*pictureDir, 0o750); err != nil {
		p.t.Fatal(err)
	}
	p.Picture(filepath.Join(*pictureDir, name+".png"))
}

// pressing follows buttons and links from page to page.
func pressing(words ...string) func(b *browsertest.Tab) {
	return func(b *browsertest.Tab) {
		for _, w := range words {
			b.Leads(func() { b.Press(w) })
		}
	}
}

// acts are states only a hand leads to, by who has it.
func (f *furnished) acts() map[account.Role][]look {
	return map[account.Role][]look{
		account.RoleReviewer: {
			{name: "item-keys", path: "/items/" + f.due, act: func(b *browsertest.Tab) { b.Keys("?"); b.Until(`document.getElementById("keys").open`) }},
			{name: "item-return", path: "/items/" + f.due, act: func(b *browsertest.Tab) {
				b.Keys("r")
				b.Choose("#f-return-reason", "fact")
				b.Eval(`document.querySelector("details[open] form").noValidate = true; ""`)
				b.Leads(func() { b.Click("details[open] button.primary") })
			}},
			{name: "item-columns", path: "/items/" + f.due, act: func(b *browsertest.Tab) { b.Press("发布到"); b.Press("定时发布"); b.Press("不采用…") }},
			{name: "item-stale", path: "/items/" + f.revised, act: func(b *browsertest.Tab) {
				b.Eval(`document.querySelector("[name=revision]").value = "1"; ""`)
				b.Leads(func() { b.Press("初审通过") })
			}},
			{name: "item-undo", path: "/items/" + f.missing, act: pressing("初审通过")},
			{name: "item-held", path: "/items/" + f.missing},
			{name: "combine-wrong", path: "/combine?item=" + f.private, act: pressing("综合发布")},
			{name: "account-token", path: "/account", act: func(b *browsertest.Tab) {
				b.Fill("#f-name", "数据大屏")
				b.Leads(func() { b.Press("建立令牌") })
			}},
		},
		account.RoleChief: {
			{name: "item-withdraw", path: "/items/" + f.live, act: func(b *browsertest.Tab) {
				b.Press("从门户撤回…")
				b.Press("换栏目…")
				b.Press("置顶…")
				b.Press("登记上级采用…")
			}},
			{name: "item-emergency", path: "/items/" + f.private, act: func(b *browsertest.Tab) { b.Press("紧急发布…") }},
		},
		account.RoleAdmin: {
			{name: "nodes-code", path: "/nodes", act: func(b *browsertest.Tab) {
				b.Choose("#f-unit", storetest.Xujiaba)
				b.Leads(func() { b.Press("生成入网码") })
			}},
			{name: "nodes-codes", path: "/nodes/invite", act: func(b *browsertest.Tab) {
				b.Click("#u-0")
				b.Click("#u-1")
				b.Leads(func() { b.Press("生成入网单") })
			}},
			{name: "node-replace", path: "/nodes/" + f.lost, act: pressing("换机入网码")},
			{name: "node-revoke", path: "/nodes/" + f.lost, act: pressing("吊销…")},
			{name: "user-password", path: "/users/" + f.Second.ID, act: pressing("重置密码…", "重置密码")},
			{name: "users-wrong", path: "/users", act: func(b *browsertest.Tab) {
				b.Fill("#f-name", "李敏")
				b.Fill("#f-login", "x")
				b.Leads(func() { b.Press("新建账号") })
			}},
		},
	}
}

// An accessibility checker finds nothing on any page in any state, on wide and
// narrow screens, light and dark.
func TestEveryPageIsWellMade(t *testing.T) {
	axe := testenv.Axe(t)
	f := furnish(t, newCounty(t))
	url := f.serve()
	first := browsertest.Open(t)
	guests := map[account.Role]*guest{"": {first, t, url}}
	by := func(role account.Role) *guest {
		if guests[role] == nil {
			guests[role] = someone(first, url, t, f.people[role].Login)
		}
		return guests[role]
	}
	seen := map[string]int{}
	for _, s := range f.sights() {
		if s.form != nil {
			continue
		}
		seen[s.page]++
		by(s.role).see(axe, look{name: fmt.Sprintf("%s-%d", s.page, seen[s.page]), path: s.path})
	}
	for role, looks := range f.acts() {
		for _, l := range looks {
			by(role).see(axe, l)
		}
	}
	live, gone := f.Item(f.live).Item.Entry, f.Item(f.withdrew).Item.Entry
	for _, l := range []look{{name: "public-list", path: "/entries"}, {name: "public-column", path: "/entries?column=township"}, {name: "public-none", path: "/entries?column=photo"},
		{name: "public-entry", path: "/entries/" + live}, {name: "public-gone", path: "/entries/" + gone}, {name: "public-missing", path: "/entries/" + strings.Repeat("0", 8) + live[8:]}} {
		guests[""].see(axe, l)
	}
	by(account.RoleChief).Visit(url + "/lang/en?back=/")
	for name, path := range map[string]string{"desk": "/", "item": "/items/" + f.private, "items": "/items", "finding": "/findings/" + f.disputed, "node": "/nodes/" + f.lost, "audit": "/audit"} {
		by(account.RoleChief).see(axe, look{name: "english-" + name, path: path})
	}
}

// An empty county says on each page what will be there and how to begin.
func TestEmptyPagesAreWellMade(t *testing.T) {
	axe := testenv.Axe(t)
	c := newCounty(t)
	url := c.serve()
	p := someone(browsertest.Open(t), url, t, "chen")
	for _, tt := range []struct{ path, says string }{
		{"/", "乡镇报来新的信息会自动出现在这里。"}, {"/items", "乡镇报来的信息会列在这里。"}, {"/items?q=a", "清空筛选"}, {"/combine", "这里会列出待审的信息"},
		{"/sites", "登记乡镇站点后"}, {"/findings", "隔一段时间再查仍有问题的链接"}, {"/rankings", "得分"}, {"/units?parent=" + storetest.Xujiaba, "没有下级单位"},
		{"/refusals", "没有拒收的报文"}, {"/board", "离单项否决还有多远"}, {"/status", "这里列出每个站点能不能打开"}, {"/account", "还没有令牌"}, {"/entries", "县里采用的信息会列在这里。"},
	} {
		p.see(axe, look{name: "empty" + strings.ReplaceAll(strings.SplitN(tt.path, "?", 2)[0], "/", "-"), path: tt.path})
		p.says(tt.says)
	}
}

package web

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zhanqun/internal/account"
	"zhanqun/internal/browsertest"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// onDisk puts a file where a browser can choose it.
func onDisk(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// says holds that the page says each of the words.
func (p *visitor) says(words ...string) {
	p.t.Helper()
	text := p.Text()
	for _, w := range words {
		if !strings.Contains(text, w) {
			p.t.Errorf("%s does not say %q:\n%s", p.Path(), w, text)
		}
	}
}

// goes presses a button or link and waits for the page behind it.
func (p *visitor) goes(words string) {
	p.t.Helper()
	p.Leads(func() { p.Press(words) })
}

// quiet holds that the browser had nothing to complain of but what was expected.
func (p *visitor) quiet(expected ...string) {
	p.t.Helper()
	for _, c := range p.Complaints(expected...) {
		p.t.Errorf("the browser complains: %s", c)
	}
}

// id is the item the visitor looks at.
func (p *visitor) id() string {
	p.t.Helper()
	parts := strings.Split(p.Path(), "/")
	if len(parts) < 3 {
		p.t.Fatalf("not at an item: %s", p.Path())
	}
	return parts[2]
}

// newcomer is an account whose password somebody else has set.
func (s *site) newcomer(a queue.Account) {
	s.t.Helper()
	if _, err := s.q.AddAccount(context.Background(), a, "once-only-word-77", true); err != nil {
		s.t.Fatal(err)
	}
}

// firstSignIn signs a newcomer in and sets a password of his own.
func (p *visitor) firstSignIn(login string) {
	p.t.Helper()
	p.signIn(login, "once-only-word-77")
	p.says("请先设置自己的密码")
	p.Fill("#f-old", "once-only-word-77")
	p.Fill("#f-password", password)
	p.Fill("#f-again", password)
	p.goes("修改密码")
	p.says("密码已修改")
}

// The liaison's day: from a one-time password to an item that was returned,
// corrected, adopted and withdrawn, seen by a real browser.
func TestTownshipsDay(t *testing.T) {
	s := newSite(t)
	s.newcomer(queue.Account{Login: "chen", Name: "陈静", Role: account.RoleLiaison})
	s.serve()
	p := &visitor{browsertest.Open(t), t, s.url}
	p.firstSignIn("chen")

	p.goes("写信息")
	p.Fill("#f-title", "许家坝镇召开冬季森林防火工作会")
	p.Fill("#f-body", "10月28日，许家坝镇召开会议。报名电话13985412345。")
	p.Attach("#f-files", onDisk(t, "会议现场.jpg", photo(t, 90)), onDisk(t, "名单.csv", []byte("姓名,人数\n护林员,62\n")))
	p.goes("上传选中的文件")
	p.says("草稿已存在本机", "会议现场.jpg", "名单.csv", "发现手机号")
	p.Fill("#f-alt-0", "许家坝镇森林防火工作会会场")
	p.goes("提交到县里")
	p.says("有几处需要修改", "发现手机号（139****2345）")
	if strings.Contains(p.Text(), "上次填写的内容") {
		t.Error("what the form holds is offered to be restored")
	}
	p.Fill("#f-override", "便民报名电话，本人同意公开")
	p.goes("提交到县里")
	p.says("已存盘并排队发往县里", "已存在本机，正在等待发往县里", "许家坝镇森林防火工作会会场", "便民报名电话")
	id := p.id()
	if d := s.item(id); d.State != queue.Queued || len(d.Text.Attachments) != 2 {
		t.Fatalf("item = %+v", d)
	}

	// The page tells by itself what became of it.
	s.confirm()
	s.answers(id, protocol.Status{State: protocol.StateInReview, Step: 1, Steps: 2, StepName: "初审"})
	p.Until(`document.querySelector("main").innerText.includes("正在第 1 步，共 2 步")`)
	s.answers(id, protocol.Status{State: protocol.StateReturned, Reason: "element", Fields: []string{"body"}, Comment: "请写明参会人数。", By: "周敏"})
	p.Until(`document.querySelector("main").innerText.includes("县里退回修改")`)

	p.Visit(s.url + "/items")
	p.Choose("select[name=state]", "returned")
	p.Fill("input[name=q]", "森林")
	p.goes("筛选")
	p.says("许家坝镇召开冬季森林防火工作会", "请写明参会人数。")
	p.Fill("input[name=q]", "没有这样的标题")
	p.goes("筛选")
	p.says("没有符合条件的信息")
	p.goes("清空筛选")
	p.Leads(func() { p.Click("a.row-title") })
	p.Leads(func() { p.Keys("e") }) // the key of "edit"
	if got := p.Eval(`document.querySelector("#f-body").getAttribute("aria-describedby")`); !strings.Contains(got, "f-body-returned") {
		t.Errorf("the body is described by %q", got)
	}
	p.says("县里意见：请写明参会人数。")
	p.Fill("#f-body", "10月28日，许家坝镇召开会议，62人参加。报名电话13985412345。")
	p.goes("提交到县里")
	p.says("提交第 2 稿", "以前的稿子")
	p.Press("第 1 稿")
	p.says("下面标出后来的一稿改了什么")

	s.confirm()
	s.answers(id, protocol.Status{State: protocol.StateAdopted, Outlet: "county", URL: "http://127.0.0.1:8080/entries/1"})
	p.Until(`document.querySelector("main").innerText.includes("已在县门户发布")`)
	p.goes("撤回…")
	p.says("撤回这条信息？", "许家坝镇召开冬季森林防火工作会", "门户网站和各订阅端会撤下")
	p.goes("不了，返回")
	p.goes("撤回…")
	p.Fill("#f-reason", "人数有误")
	p.goes("撤回")
	p.says("撤回申请已存盘并发往县里", "正在撤回")
	s.confirm()
	s.answers(id, protocol.Status{State: protocol.StateWithdrawn})
	p.Until(`document.querySelector("main").innerText.includes("门户上也不再显示")`)
	p.quiet("409", "422")
	p.goes("退出登录")
	p.Visit(s.url + "/items")
	if p.Path() != "/signin" {
		t.Errorf("signed out, at %s", p.Path())
	}
}

// A village writes, the township sends back and then endorses, and the village
// keeps the credit.
func TestVillageAndTownship(t *testing.T) {
	s := newSite(t)
	s.newcomer(queue.Account{Login: "sun", Name: "孙丽", Role: account.RoleVillage, Village: villageA})
	s.serve()
	v := &visitor{browsertest.Open(t), t, s.url}
	v.Look(390, false) // a phone
	v.firstSignIn("sun")
	v.goes("写信息")
	v.Fill("#f-title", "杏花村合作社辣椒装车外运")
	v.Fill("#f-body", "11月2日，杏花村合作社辣椒装车外运。")
	v.Attach("#f-files", onDisk(t, "装车.jpg", photo(t, 60)))
	v.goes("提交给镇里")
	v.says("已存盘并交给镇里", "等镇里签发")
	id := v.id()

	w := &visitor{v.Other(), t, s.url}
	w.signIn("wang", password)
	w.says("有 1 件事等您办", "杏花村合作社辣椒装车外运")
	w.Leads(func() { w.Click("a.row-title") })
	w.says("等您签发", "供稿村")
	w.Fill("#f-comment", "请补上产量和销路。")
	w.goes("退回村里")
	w.says("已退回村里")
	v.Until(`document.querySelector("main").innerText.includes("请补上产量和销路。")`)
	v.goes("修改")
	v.says("镇里退回修改")
	v.Fill("#f-body", "11月2日，杏花村合作社辣椒12吨装车外运，销往贵阳。")
	v.goes("提交给镇里")

	w.Visit(s.url + "/items?state=awaiting")
	w.Leads(func() { w.Click("a.row-title") })
	w.says("12吨")
	w.goes("签发并报送")
	w.says("已存盘并排队发往县里", "镇里签发第 1 稿")
	d := s.item(id)
	if d.State != queue.Queued || d.Village != villageA || d.Text.Source != "杏花村" || d.Text.Author != "孙丽" {
		t.Errorf("item = %+v", d)
	}
	v.Until(`document.querySelector("main").innerText.includes("正在等待发往县里")`)
	v.quiet("422")
	w.quiet("422")
}

// Findings are answered, the state of the line is read, a notice taken note of,
// an account made and shut.
func TestTownshipsChores(t *testing.T) {
	s := newSite(t)
	f := s.furnish()
	s.serve()
	p := &visitor{browsertest.Open(t), t, s.url}
	p.signIn("wang", password)
	p.goes("预警")
	p.goes("http://xujiaba.example.gov.cn/bszn/2019/hukou.html")
	p.says("等您处理", "户口迁移办理流程")
	p.Fill("#f-note", "已换成新的办事指南。")
	p.goes("已整改")
	p.says("答复已存在本机")
	s.confirm()
	p.Until(`document.querySelector("main").innerText.includes("会自动复查")`)
	p.Visit(s.url + "/findings/" + f.findings["recheck"])
	p.goes("有异议")
	p.says("说明不能为空")
	p.Fill("#f-note", "用手机流量能打开。")
	p.goes("有异议")
	p.says("已答复“有异议”")

	p.goes("队列")
	p.says("线路正常")
	s.line(queue.Line{Since: noon, Error: "暂时连不上县级平台，内容都在本机，会自动重试。"})
	p.Until(`document.querySelector("main").innerText.includes("线路中断")`)
	pushed := s.pushed.Load()
	p.goes("现在重试")
	p.says("正在重试")
	if s.pushed.Load() != pushed+1 {
		t.Error("nobody was told to try")
	}
	p.goes("通知")
	p.says("每周不少于三条")
	p.goes("知道了")
	p.says("已标为已读")

	p.goes("人员")
	p.Fill("#f-name", "孙丽")
	p.Fill("#f-login", "sunli")
	p.Choose("#f-village", villageB)
	p.goes("新建账号")
	once := p.Eval(`document.querySelector("main .strip code").innerText`)
	v := &visitor{p.Other(), t, s.url}
	v.signIn("sunli", once)
	v.says("请先设置自己的密码")
	p.Visit(s.url + "/people")
	p.Leads(func() { p.Click(`form[action="/people/sunli/disable"] button`) })
	p.says("停用这个账号？", "孙丽")
	p.goes("停用")
	p.says("账号已停用")
	v.Visit(s.url + "/")
	if v.Path() != "/signin" {
		t.Errorf("a disabled account is at %s", v.Path())
	}
	p.quiet("422")
}

// Scripts are a comfort: everything essential works without them.
func TestWithoutScript(t *testing.T) {
	s := newSite(t)
	s.newcomer(queue.Account{Login: "chen", Name: "陈静", Role: account.RoleLiaison})
	f := s.furnish()
	s.serve()
	p := &visitor{browsertest.Open(t), t, s.url}
	p.WithoutScript()
	p.firstSignIn("chen")
	p.goes("写信息")
	p.Fill("#f-title", "没有脚本也能写")
	p.Fill("#f-body", "正文。")
	p.Attach("#f-files", onDisk(t, "现场.jpg", photo(t, 30)))
	p.goes("提交到县里")
	p.says("已存盘并排队发往县里", "现场.jpg")
	id := p.id()
	s.confirm()
	s.answers(id, protocol.Status{State: protocol.StateReturned, Reason: "fact", Fields: []string{"title"}, Comment: "标题太短。"})
	p.Visit(s.url + "/items/" + id)
	p.says("县里退回修改", "标题太短。")
	p.goes("修改")
	p.says("县里意见：标题太短。")
	p.Fill("#f-title", "没有脚本也能把标题改好")
	p.goes("提交到县里")
	p.says("提交第 2 稿")
	s.confirm()
	p.Visit(s.url + "/items/" + id)
	p.goes("撤回…")
	p.Fill("#f-reason", "试写")
	p.goes("撤回")
	p.says("正在撤回")

	p.Visit(s.url + "/items/" + f.items["awaiting"])
	p.goes("签发并报送")
	p.says("镇里签发第 1 稿")
	p.Visit(s.url + "/findings/" + f.findings["open"])
	p.goes("已整改")
	p.says("答复已存在本机")
	p.Visit(s.url + "/notices")
	p.goes("知道了")
	p.says("已标为已读")
	p.goes("English")
	p.says("Notices")
	p.goes("Sign out")
	if p.Path() != "/signin" {
		t.Errorf("signed out, at %s", p.Path())
	}
	p.quiet()
}

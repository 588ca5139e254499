package web

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zhanqun/hub/store/storetest"
	"zhanqun/internal/account"
	"zhanqun/internal/browsertest"
	"zhanqun/protocol"
)

// onDisk puts a file where a browser can choose it.
func onDisk(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// shown is the secret that a page shows once.
func (p *guest) shown() string {
	p.t.Helper()
	return p.Eval(`document.querySelector("main .strip code").innerText`)
}

// The administrator sets the county up: units from a file, people, columns and
// their steps, a node's code.
func TestAdministratorSetsUp(t *testing.T) {
	c := newCounty(t)
	url := c.serve()
	p := someone(browsertest.Open(t), url, t, "admin")
	p.at("/nodes")
	p.goes("单位")
	p.Attach("#f-file", onDisk(t, "单位.csv", "code,name,level,parent\n520624104,大坝场镇,township,520699\n"))
	p.goes("导入")
	p.says("文件第 2 行：上级单位 520699 不在文件里，也没有登记过")
	p.Attach("#f-file", onDisk(t, "单位.csv", "code,name,level,parent\n520624104,大坝场镇,township,520624\n520624104201,水塘村,village,520624104\n"))
	p.goes("导入")
	p.says("清单已导入：2 个单位，2 个有变化。", "大坝场镇", "水塘村")

	p.goes("人员")
	p.Fill("#f-name", "李敏")
	p.Fill("#f-login", "Li Min")
	p.goes("新建账号")
	p.says("用户名要 2 到 40 个字")
	p.Fill("#f-login", "limin")
	p.goes("新建账号")
	once := p.shown()
	p.says("账号 limin 已建立", "李敏")
	r := &guest{p.Other(), t, url}
	r.signIn("limin", once)
	r.ownPassword(once)
	r.says("审稿台")
	p.Visit(url + "/users")
	if strings.Contains(p.Text(), once) {
		t.Error("the password is shown again")
	}
	p.goes("李敏")
	p.Choose("#f-role", "viewer")
	p.goes("保存")
	p.says("账号已保存。")
	r.Visit(url + "/")
	r.at("/items") // a viewer has no desk
	p.goes("重置密码…")
	p.says("重置密码", "李敏（limin）", "原来的密码和令牌立即失效")
	c.Clock.Advance(time.Minute) // sessions begun in the same instant would count
	p.goes("重置密码")
	again := p.shown()
	r.Visit(url + "/items")
	r.at("/signin")
	r.signIn("limin", again)
	r.ownPassword(again)
	p.goes("停用…")
	p.says("停用后立即退出登录")
	p.goes("不了，返回")
	p.goes("停用…")
	c.Clock.Advance(time.Minute)
	p.goes("停用")
	p.says("账号已停用。", "停用")
	r.Visit(url + "/items")
	r.at("/signin")
	r.signIn("limin", storetest.Password)
	r.says("登录", "这个账号已经停用，请联系管理员。")
	p.goes("启用")
	p.says("账号已启用。")

	p.goes("栏目")
	p.goes("要闻")
	p.Fill("#f-step2", "签发")
	p.Choose("#f-role2", "chief")
	p.goes("保存")
	p.says("栏目已保存，并通知各节点。", "初审（审核员） → 终审（分管领导） → 签发（分管领导）")
	p.goes("新栏目")
	p.Fill("#f-slug", "township")
	p.Fill("#f-name", "专题")
	p.Fill("#f-step0", "初审")
	p.goes("保存")
	p.says("这个代号已经用了，请换一个。")
	p.Fill("#f-slug", "topic")
	p.goes("保存")
	p.says("专题")
	p.quiet("422")
}

// Nodes are invited and shut out, what was refused and what people did is there
// to read.
func TestAdministratorWatches(t *testing.T) {
	f := furnish(t, newCounty(t))
	url := f.serve()
	p := someone(browsertest.Open(t), url, t, "admin")
	p.Choose("#f-unit", storetest.Xujiaba)
	p.goes("生成入网码")
	code := p.Eval(`document.querySelector(".sheet code").innerText`)
	p.says("入网码只显示这一次", "许家坝镇", "只能用一次，只给本单位用")
	if !strings.HasPrefix(code, "zq1-") {
		t.Errorf("the code is %q", code)
	}
	p.Visit(url + "/nodes")
	if strings.Contains(p.Text(), code) {
		t.Error("the code is shown again")
	}
	p.says("1 台机器等您批准入网", "2 个节点离线或被冻结", "未使用")
	p.Visit(url + "/nodes/" + f.lost)
	p.says("离线", "12 项", "时钟不准")
	p.goes("吊销…")
	p.says("吊销后这台机器立即断开，不能再报送，也不能恢复", "许家坝镇")
	p.Fill("#f-reason", "电脑被盗")
	p.goes("吊销")
	p.says("节点已吊销，连接已断开。", "已吊销", "电脑被盗")
	if n, err := f.access.NodeByID(t.Context(), f.lost); err != nil || n.State != "revoked" {
		t.Errorf("the node is %s: %v", n.State, err)
	}
	p.goes("拒收")
	p.says("不认识的报文种类")
	p.Leads(func() { p.Click("tbody th a") })
	p.says("收到的原文", `{"item":"…"}`, "item.vote")
	p.goes("操作记录")
	p.says("吊销节点", "发入网码", "冻结节点", "本机 test")
	p.quiet()
}

// A machine that has joined is looked at before it is let in; another is turned
// away.
func TestAdministratorLetsIn(t *testing.T) {
	f := furnish(t, newCounty(t))
	url := f.serve()
	p := someone(browsertest.Open(t), url, t, "admin")
	p.Visit(url + "/nodes/" + f.waiting)
	n, err := f.access.NodeByID(t.Context(), f.waiting)
	if err != nil {
		t.Fatal(err)
	}
	p.says("待批准", "这台机器等着入网", "10.24.8.17", protocol.KeyFingerprint(n.PublicKey), n.Name)
	p.lacks("冻结…", "吊销…")
	p.goes("批准入网")
	p.says("已批准，这台机器马上开始收发。", "还没有联系", "冻结…")
	p.lacks("这台机器等着入网")
	p.goes("换密钥…")
	p.says("换密钥", "自己换一把新密钥，收发不停", "请提醒乡镇重新备份")
	p.goes("换密钥")
	p.says("已请它换密钥")

	p.Visit(url + "/nodes")
	p.Choose("#f-unit", storetest.Tangtou)
	p.Click("#f-approval")
	p.goes("生成入网码")
	p.says("等县里批准，批准后自动开始收发")
	code, err := protocol.ParseJoinCode(p.Eval(`document.querySelector(".sheet code").innerText`))
	if err != nil {
		t.Fatal(err)
	}
	key, err := protocol.NewNodeKey()
	if err != nil {
		t.Fatal(err)
	}
	joined, err := f.access.Enrol(t.Context(), storetest.EnrolRequest(code.Secret, key))
	if err != nil || !joined.Pending {
		t.Fatalf("%+v, %v", joined, err)
	}
	p.Visit(url + "/nodes/" + joined.Node)
	p.goes("不批准…")
	p.says("这台机器不能入网")
	p.Fill("#f-reason", "不是本单位的电脑")
	p.goes("不批准")
	p.says("没有批准，这台机器已断开。", "已吊销", "不是本单位的电脑")
	p.goes("操作记录")
	p.says("批准入网", "不批准入网", "请节点换密钥")
	p.quiet()
}

// Sites are registered and checked, a dispute is decided.
func TestAdministratorSettles(t *testing.T) {
	f := furnish(t, newCounty(t))
	url := f.serve()
	p := someone(browsertest.Open(t), url, t, "admin")
	p.goes("站点")
	p.says("1 个站点打不开", "思唐街道办事处网")
	p.Fill("#f-name", "许家坝镇网")
	p.Fill("#f-url", "http://xujiaba.example.org")
	p.Press("登记") // without a unit: the browser says so, and nothing is lost
	p.Choose("#f-unit", storetest.Xujiaba)
	p.Fill("#f-code", "520624")
	p.goes("登记")
	p.says("网站标识码是 10 位数字。")
	p.Fill("#f-code", "5206240099")
	p.goes("登记")
	p.says("站点已登记，马上开始检查。", "许家坝镇网", "待检查")
	p.Attach("#f-file", onDisk(t, "站点.csv", "unit,name,url\n"+storetest.Bureau+",县教育局网,https://jy.example.org/\n"))
	p.Leads(func() { p.Click(`form[action="/sites/import"] button`) })
	p.says("清单已导入：1 个站点，1 个是新的。")
	p.Visit(url + "/sites/" + f.site)
	p.goes("现在检查")
	p.says("已开始检查")
	p.goes("预警")
	p.goes("有异议")
	p.goes("http://sitang.example.org/files/2021-yusuan.pdf")
	p.says("我们这里可以打开", "属实，退回处理")
	p.Fill("#f-note", "换了三台电脑都打不开。")
	p.goes("属实，退回处理")
	p.says("已退回责任单位继续处理。", "换了三台电脑都打不开。")
	p.Fill("#f-note", "已核实，是误报。")
	p.goes("误报，核减")
	p.says("已核减，目标不变就不再预警。")
	p.Visit(url + "/findings?state=struckoff")
	p.says("2021-yusuan.pdf")
	p.quiet("422")
}

// A token stands in for its owner at the interface, until it is revoked.
func TestTokenOfOnesOwn(t *testing.T) {
	c := newCounty(t)
	c.Submit(0, "township", titled("柑橘进入采摘期", "预计总产量230吨。"))
	p := someone(browsertest.Open(t), c.serve(), t, "shen")
	p.goes("测试shen")
	p.says("还没有令牌")
	p.Fill("#f-name", "门户网站同步")
	p.goes("建立令牌")
	v := c.visit(t)
	v.header.Set("Authorization", "Bearer "+p.shown())
	v.get("/api/v1/items").is(http.StatusOK).says("柑橘进入采摘期")
	p.goes("作废")
	p.says("令牌已作废。", "已作废")
	v.get("/api/v1/items").is(http.StatusUnauthorized)
	p.quiet()
}

// Without scripts everything essential works.
func TestWithoutScript(t *testing.T) {
	c := newCounty(t)
	given := c.newcomer("xin", account.RoleReviewer)
	one := c.Submit(0, "township", titled("第一条", "一。"))
	two := c.Submit(0, "township", titled("第二条", "二。"))
	three := c.Submit(1, "township", titled("第三条", "三，电话13900001234。"))
	url := c.serve()
	first := browsertest.Open(t)
	p := &guest{first, t, url}
	p.WithoutScript()
	p.signIn("xin", given)
	p.ownPassword(given)
	p.goes("开始审")
	p.at("/items/" + one)
	p.goes("初审通过")
	p.at("/items/" + two)
	p.goes("撤销")
	p.at("/items/" + one)
	p.goes("初审通过")
	p.at("/items/" + two)
	p.Press("退回修改…")
	p.Choose("#f-return-reason", "fact")
	p.Fill("#f-return-comment", "请核实。")
	p.Leads(func() { p.Click(`form:has(#f-return-reason) button`) })
	p.at("/items/" + three)
	p.Fill("#f-override", "便民电话")
	p.goes("初审通过")
	p.says("都审完了")
	c.later()
	p.Visit(url + "/entries")
	p.says("第一条", "第三条")
	p.goes("English")
	p.says("Subscribe", "All")
	p.Visit(url + "/lang/zh?back=/items")
	p.goes("退出登录")
	p.at("/signin")

	chief := &guest{first.Other(), t, url}
	chief.WithoutScript()
	chief.signIn("chen", storetest.Password)
	chief.Visit(url + "/items/" + one)
	chief.Press("从门户撤回…")
	chief.Choose("#f-withdraw-reason", "error")
	chief.Leads(func() { chief.Click("form button.danger") })
	c.later()
	chief.Visit(url + "/entries")
	chief.lacks("第一条")

	admin := &guest{first.Other(), t, url}
	admin.WithoutScript()
	admin.signIn("admin", storetest.Password)
	admin.Choose("#f-unit", storetest.Xujiaba)
	admin.goes("生成入网码")
	admin.says("只显示这一次")
	admin.goes("人员")
	admin.Fill("#f-name", "李敏")
	admin.Fill("#f-login", "limin")
	admin.goes("新建账号")
	admin.says("账号 limin 已建立")
}

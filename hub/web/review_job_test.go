package web

import (
	"strings"
	"testing"

	"zhanqun/hub/catalog"
	"zhanqun/internal/account"
	"zhanqun/internal/browsertest"
	"zhanqun/protocol"
)

// enter is the key that presses what has the focus.
const enter = "\r"

// titled gives an item a title and a text.
func titled(title, body string) func(*protocol.Submit) {
	return func(m *protocol.Submit) { m.Title, m.Body = title, "<p>"+body+"</p>" }
}

// The reviewer's day by keyboard: from a password that was given to an empty
// desk, with a decision taken back, a private number, a secrecy mark.
func TestReviewersDay(t *testing.T) {
	c := newCounty(t)
	given := c.newcomer("xin", account.RoleReviewer)
	plain := c.Submit(0, "township", titled("柑橘进入采摘期", "预计总产量230吨。"))
	headline := c.Submit(1, "headline", titled("召开现场推进会", "会议要求年底前完成整治。"))
	private := c.Submit(0, "township", titled("家庭医生签约", "联系人：李医生，电话13900001234。"))
	secret := c.Submit(1, "township", titled("应急预案", "秘密★5年 内部掌握。"))
	p := &guest{browsertest.Open(t), t, c.serve()}
	p.signIn("xin", given)
	p.ownPassword(given)
	p.at("/")
	p.says("4 条\n等您审", "柑橘进入采摘期", "含手机号", "含密级标记")

	p.Keys("j")
	p.Keys("j")
	if got := p.focused(); !strings.HasPrefix(got, "召开现场推进会") {
		t.Errorf("the second title of the list is %q", got)
	}
	p.keys("n")
	p.at("/items/" + plain)
	p.says("初审", "预计总产量230吨。")
	if by := c.Item(plain).Item.ClaimedName; by != "新来的xin" {
		t.Errorf("the item that came up is claimed by %q", by)
	}
	p.Keys("a")
	p.keys(enter)
	p.at("/items/" + headline)
	p.says("“柑橘进入采摘期”已通过，几秒后生效。", "还剩 10 秒")
	p.keys("u")
	p.at("/items/" + plain)
	p.says("已撤销，刚才的决定没有发出。")
	c.later()
	if d := c.Item(plain); len(d.Decisions) != 0 || d.Item.State != protocol.StateReceived {
		t.Fatalf("what was taken back is %s", d.Item.State)
	}
	p.Keys("a")
	p.keys(enter)
	p.at("/items/" + headline)
	p.says("第 1 步，共 2 步")
	p.Keys("a")
	p.keys(enter)

	p.at("/items/" + private)
	p.says("有手机号码，公开须写明理由。", "139****1234")
	if got := p.Eval(`document.querySelector("main mark").innerText`); got != "13900001234" {
		t.Errorf("marked in the text: %q", got)
	}
	p.Keys("a" + enter) // the browser asks for the reason before anything is sent
	p.at("/items/" + private)
	p.Fill("#f-override", "便民电话，本人同意公开")
	p.sends()

	p.at("/items/" + secret)
	p.says("有密级或不予公开的标记，不能通过。")
	p.lacks("初审通过")
	p.Keys("d")
	if got := p.focused(); got != "f-reject-reason" {
		t.Errorf("d leads to %q", got)
	}
	p.Choose("#f-reject-reason", "secrecy")
	p.sends()
	p.at("/")
	p.says("都审完了", "“应急预案”不采用")
	c.later()
	p.Until(`document.querySelector(".tiles").innerText.includes("1 条\n等分管领导审")`) // the page tells by itself

	for id, want := range map[string]protocol.State{plain: protocol.StateAdopted, headline: protocol.StateInReview, private: protocol.StateAdopted, secret: protocol.StateRejected} {
		if st, _ := c.Told(id); st.State != want {
			t.Errorf("the node of %q was told %s, want %s", c.Texts[id].Title, st.State, want)
		}
	}
	if o := c.Item(private).Decisions[0].Override; o != "便民电话，本人同意公开" {
		t.Errorf("the reason on file: %q", o)
	}
	p.Visit(p.url + "/entries")
	p.says("柑橘进入采摘期", "家庭医生签约")
	p.lacks("召开现场推进会", "应急预案")
	p.goes("柑橘进入采摘期")
	p.says("预计总产量230吨。", "思唐街道")
	if feed := p.Eval(`fetch("/feed.atom").then((r) => r.text())`); !strings.Contains(feed, "柑橘进入采摘期") || strings.Contains(feed, "召开现场推进会") {
		t.Errorf("the feed: %s", feed)
	}
	p.quiet()
}

// Two steps are decided by two people: the chief who took the first is refused
// the second, another takes it.
func TestTwoStepsTwoPeople(t *testing.T) {
	c := newCounty(t)
	id := c.Submit(0, "headline", titled("全县教育工作会议召开", "会议部署明年工作。"))
	url := c.serve()
	first := browsertest.Open(t)
	deputy, chief, reviewer := someone(first, url, t, "ding"), someone(first, url, t, "chen"), someone(first, url, t, "shen")
	deputy.Visit(url + "/items/" + id)
	deputy.goes("初审通过")
	c.later()
	deputy.Visit(url + "/items/" + id)
	deputy.says("您已经审过这一稿的“初审”，下一步要由另一个人审。")
	deputy.lacks("终审通过")
	reviewer.Visit(url + "/items/" + id)
	reviewer.says("这条信息正在等“终审”，这一步由分管领导审核。")
	reviewer.lacks("终审通过")
	deputy.Visit(url + "/")
	deputy.says("都审完了")
	chief.at("/")
	chief.Until(`document.querySelector(".page-actions").innerText.includes("开始审")`) // it was open all the time
	chief.says("1 条\n等您审", "待终审")
	chief.goes("开始审")
	chief.says("第 2 步，共 2 步", "初审已通过")
	chief.goes("终审通过")
	chief.says("都审完了")
	c.later()
	if d := c.Item(id); d.Item.State != protocol.StateAdopted || d.Decisions[0].Name == d.Decisions[1].Name {
		t.Errorf("%s after %v", d.Item.State, d.Decisions)
	}
	deputy.quiet()
	chief.quiet()
}

// A text is returned with a field and a comment, comes back, is compared; whoever
// still has the old one before him is shown both instead of deciding.
func TestReturnAndComeBack(t *testing.T) {
	c := newCounty(t)
	id := c.Submit(0, "township", titled("冬季趣味运动会", "全校师生参加。"))
	url := c.serve()
	first := browsertest.Open(t)
	p, late := someone(first, url, t, "shen"), someone(first, url, t, "song")
	p.Visit(url + "/items/" + id)
	p.Keys("r")
	p.Choose("#f-return-reason", "photo")
	p.sends() // neither a field nor a comment: it says what is missing, and keeps the reason
	p.says("退回时请写明意见，或指出要改哪一栏。")
	if got := p.Eval(`document.querySelector("#f-reason").value`); got != "photo" {
		t.Errorf("the reason is %q now", got)
	}
	p.Click(`label[for="f-fields-6"]`)
	p.Fill("#f-comment", "建议配一张照片，并补充参加人数。")
	p.sends()
	p.says("“冬季趣味运动会”已退回")
	c.later()
	if st, _ := c.Told(id); st.State != protocol.StateReturned || st.Reason != "photo" || st.Comment != "建议配一张照片，并补充参加人数。" || len(st.Fields) != 1 || st.Fields[0] != "attachments" {
		t.Errorf("the node was told %+v", st)
	}
	c.Revise(id, titled("冬季趣味运动会", "全校师生312人参加。"))
	late.Visit(url + "/items/" + id)
	late.says("上次审的是第 1 稿", "图片不合格 · 附件：建议配一张照片", "与第 1 稿相比", "增加 4 字")
	c.Revise(id, titled("冬季趣味运动会", "全校师生321人参加。"))
	late.goes("初审通过")
	late.says("您看的是第 2 稿，现在是第 3 稿", "下面标出了变化", "与第 2 稿相比")
	if ins, del := late.Eval(`document.querySelector(".diff ins").innerText`), late.Eval(`document.querySelector(".diff del").innerText`); ins != "321" || del != "312" {
		t.Errorf("the page shows %q taken out and %q put in", del, ins)
	}
	late.goes("初审通过")
	c.later()
	if d := c.Item(id); d.Item.State != protocol.StateAdopted || d.Item.LiveRevision != 3 {
		t.Errorf("%s, revision %d on the portal", d.Item.State, d.Item.LiveRevision)
	}
	late.Visit(url + "/items/" + id + "/revisions/1")
	late.says("最新的是第 3 稿", "最新一稿与这一稿相比")
	p.quiet("422")
	late.quiet("409")
}

// Two reviewers do not read the same text; what one has claimed another takes
// over only with a word why.
func TestClaims(t *testing.T) {
	c := newCounty(t)
	one := c.Submit(0, "township", titled("第一条", "一。"))
	two := c.Submit(0, "township", titled("第二条", "二。"))
	url := c.serve()
	first := browsertest.Open(t)
	p, o := someone(first, url, t, "shen"), someone(first, url, t, "song")
	p.keys("n")
	o.keys("n")
	p.at("/items/" + one)
	o.at("/items/" + two)
	o.Visit(url + "/items/" + one)
	o.says("测试shen正在审这条信息")
	o.lacks("初审通过")
	o.Press("测试shen 正在审")
	o.Fill("#f-claim-note", "她请假了")
	o.goes("接手")
	o.says("已领取", "初审通过")
	p.goes("初审通过")
	p.says("测试song正在审这条信息")
	o.goes("放回，让别人审")
	o.says("已放回")
	p.Visit(url + "/items/" + one)
	p.goes("领取，由我来审")
	p.keys("n") // skipping gives it back
	if by := c.Item(one).Item.ClaimedBy; by != "" {
		t.Errorf("what was skipped is still claimed by %q", by)
	}
	p.quiet("409")
}

// Items of several units become one entry, written in plain lines, and each unit
// is credited and told.
func TestCombineItems(t *testing.T) {
	c := newCounty(t)
	ids := []string{c.Submit(0, "township", titled("招聘会送岗到村口", "18家企业提供岗位460个。")), c.Submit(1, "township", titled("线上线下同招聘", "达成意向86人。"))}
	other := c.Submit(0, "photo", titled("银杏小道", "满地金黄。"))
	p := someone(browsertest.Open(t), c.serve(), t, "shen")
	p.goes("综合成一篇")
	p.goes("用选中的写一篇") // nothing is picked: the list again
	p.says("招聘会送岗到村口", "线上线下同招聘", "银杏小道")
	for _, id := range ids {
		p.Click(`input[value="` + id + `"]`)
	}
	p.goes("用选中的写一篇")
	p.says("来源（2 条）")
	if text := p.Eval(`document.querySelector("#f-body").value`); !strings.Contains(text, "思唐街道\n18家企业") || strings.Contains(text, "<p>") {
		t.Errorf("the text begins as %q", text)
	}
	p.Fill("#f-title", "招聘会开到家门口")
	p.Fill("#f-body", "两地同步招聘，电话13900001234。\n共达成意向199人。")
	p.goes("综合发布")
	p.says("文字里有手机号")
	p.Fill("#f-body", "两地同步招聘。\n共达成意向199人。")
	p.goes("综合发布")
	p.says("已综合发布", "综合稿件")
	p.goes("在门户上查看")
	p.says("招聘会开到家门口", "两地同步招聘。", "共达成意向199人。", "思唐街道", "塘头镇")
	for _, id := range ids {
		if st, _ := c.Told(id); st.State != protocol.StateAdopted || !st.Combined {
			t.Errorf("the node was told %+v", st)
		}
	}
	if s := c.Item(other).Item.State; s != protocol.StateReceived {
		t.Errorf("what was not picked is %s", s)
	}
	p.quiet("422")
}

// What is on the portal is corrected with a note readers see, and withdrawn
// everywhere by the chief, with a tombstone left.
func TestCorrectAndWithdraw(t *testing.T) {
	c := newCounty(t)
	id := c.Submit(0, "township", titled("柑橘进入采摘期", "预计总产量320吨。"))
	c.Decide(c.Reviewer, id, catalog.ActionApprove)
	c.Revise(id, titled("柑橘进入采摘期", "预计总产量230吨。"))
	url := c.serve()
	first := browsertest.Open(t)
	p, chief := someone(first, url, t, "shen"), someone(first, url, t, "chen")
	p.Visit(url + "/items/" + id)
	p.says("与门户上的第 1 稿相比")
	p.Fill("#f-note", "产量应为230吨。")
	p.goes("初审通过")
	c.later()
	p.Visit(url + "/items/" + id)
	p.lacks("从门户撤回")
	p.goes("在门户上查看")
	p.says("预计总产量230吨。", "更正：产量应为230吨。")
	entry := p.Path()

	chief.Visit(url + "/items/" + id)
	chief.Press("从门户撤回…")
	chief.says("“柑橘进入采摘期”将从门户网站和各订阅端撤下")
	chief.Choose("#f-withdraw-reason", "error")
	chief.Fill("#f-withdraw-comment", "数据需重新核实。")
	chief.Leads(func() { chief.Click("form button.danger") })
	chief.says("“柑橘进入采摘期”已撤回，几秒后从门户撤下。")
	c.later()
	chief.Visit(url + "/items/" + id)
	chief.says("已撤回", "已从门户撤下。", "发布有误：数据需重新核实。")
	p.Visit(url + entry)
	p.says("内容已撤回", "内容有误，已撤下")
	p.lacks("230吨")
	if feed := p.Eval(`fetch("/feed.atom").then((r) => r.text())`); !strings.Contains(feed, "deleted-entry") || strings.Contains(feed, "柑橘") {
		t.Errorf("the feed: %s", feed)
	}
	if st, _ := c.Told(id); st.State != protocol.StateWithdrawn {
		t.Errorf("the node was told %s", st.State)
	}
	p.quiet("410")
	chief.quiet()
}

// A viewer reads everything and is offered nothing to decide; a liaison reads
// what her unit handed in.
func TestLookersAreOfferedNothing(t *testing.T) {
	c := newCounty(t)
	id := c.Submit(0, "township", titled("思唐街道的信息", "一。"))
	other := c.Submit(1, "township", titled("塘头镇的信息", "二。"))
	url := c.serve()
	first := browsertest.Open(t)
	viewer, liaison := someone(first, url, t, "viewer"), someone(first, url, t, "liaison")
	viewer.at("/items")
	viewer.says("思唐街道的信息", "塘头镇的信息")
	viewer.Visit(url + "/items/" + id)
	if forms := viewer.Eval(`String(document.querySelectorAll("main form").length)`); forms != "0" {
		t.Errorf("a viewer is offered %s forms", forms)
	}
	viewer.Visit(url + "/combine")
	viewer.says("没有权限", "只有审核员和分管领导可以做这件事。")
	liaison.at("/items")
	liaison.says("思唐街道的信息")
	liaison.lacks("塘头镇的信息")
	liaison.Visit(url + "/items/" + other)
	liaison.says("没有找到")
	if names := liaison.Eval(`document.querySelector(".main-nav").innerText`); strings.Contains(names, "节点") {
		t.Errorf("a liaison is shown %s", names)
	}
	viewer.quiet("403")
	liaison.quiet("404")
}

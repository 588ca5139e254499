package web

import (
	"context"
	"strings"
	"time"

	"zhanqun/internal/account"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

var (
	township = queue.Actor{Login: "wang", Name: "王芳", Role: account.RoleLiaison}
	village  = queue.Actor{Login: "li", Name: "李强", Role: account.RoleVillage, Village: villageA}
)

const day = 24 * time.Hour

// text is an item of the sample township.
func text(title string, paragraphs ...string) queue.Text {
	if len(paragraphs) == 0 {
		paragraphs = []string{"10月28日，许家坝镇召开今冬明春森林防火工作会，各村支部书记、护林员共62人参加。", "会议明确包片责任到人，进山路口设卡19处，每日巡查两次。"}
	}
	return queue.Text{Column: "township", Title: title, Body: strings.Join(paragraphs, "\n"), Author: "王芳", Source: "许家坝镇", Reviewer: "陈国强"}
}

// post hands in an item and returns its id.
func (s *site) post(a queue.Actor, t queue.Text) string {
	s.t.Helper()
	out, err := s.q.Post(context.Background(), a, queue.Draft{Text: t})
	if err != nil {
		s.t.Fatal(err)
	}
	return out.ID
}

// draft keeps a text that is not handed in.
func (s *site) draft(a queue.Actor, d queue.Draft) string {
	s.t.Helper()
	saved, err := s.q.SaveDraft(context.Background(), a, d)
	if err != nil {
		s.t.Fatal(err)
	}
	return saved.ID
}

// answers lets the hub say something of the newest revision of an item.
func (s *site) answers(id string, st protocol.Status) {
	s.t.Helper()
	st.Item, st.At = id, s.now()
	if st.Revision == 0 {
		st.Revision = s.item(id).Revision
	}
	s.says(protocol.KindStatus, &st)
}

// edit hands in another revision of an item.
func (s *site) edit(id string, t queue.Text) {
	s.t.Helper()
	s.draft(township, queue.Draft{ID: id, Version: s.item(id).Version, Text: t})
	if _, err := s.q.Submit(context.Background(), township, id, queue.Handing{}); err != nil {
		s.t.Fatal(err)
	}
}

// file keeps a photo and returns how a text names it.
func (s *site) file(name, alt string, shade uint8) protocol.Attachment {
	s.t.Helper()
	a, err := s.q.AddFile(context.Background(), name, strings.NewReader(string(photo(s.t, shade))))
	if err != nil {
		s.t.Fatal(err)
	}
	a.Alt = alt
	return a
}

// sample is a township with items in every state, by name of the state, and
// findings of every kind.
type sample struct {
	*site
	items    map[string]string
	findings map[string]string
}

// furnish fills the site with a fortnight of work. Its line is up.
func (s *site) furnish() *sample {
	s.t.Helper()
	f := &sample{site: s, items: map[string]string{}, findings: map[string]string{}}
	s.clockAt(-13 * day)
	f.settled()
	s.clockAt(-5 * day)
	f.findingsCome()
	s.clockAt(-day)
	f.returned()
	s.clockAt(-3 * time.Hour)
	f.underWay()
	s.clockAt(0)
	s.line(queue.Line{Connected: true, Since: noon.Add(-4 * time.Hour), LastContact: noon.Add(-time.Minute)})
	return f
}

func (s *site) line(l queue.Line) {
	s.t.Helper()
	if err := s.q.SetLine(context.Background(), l); err != nil {
		s.t.Fatal(err)
	}
}

// settled are the items the county is done with.
func (f *sample) settled() {
	for _, i := range []struct{ name, title string }{{"adopted", "许家坝镇柑橘进入采摘期，预计产量230吨"}, {"corrected", "许家坝镇农村公路养护“路长制”覆盖全部19个村"},
		{"rejected", "许家坝镇10月份工作简讯"}, {"withdrawn", "许家坝镇一工程车侧翻事故情况通报"}, {"again", "许家坝镇集镇污水管网二期工程开工"}} {
		f.items[i.name] = f.post(township, text(i.title))
	}
	t := text("杏花村三季度财务收支公开")
	t.Column, t.Author, t.Source, t.Attachments = "village", "李强", "杏花村", []protocol.Attachment{f.file("收支公开栏.jpg", "村务公开栏前，村民查看三季度收支", 80)}
	f.items["endorsed"] = f.post(village, t)
	if _, err := f.q.Submit(context.Background(), township, f.items["endorsed"], queue.Handing{}); err != nil {
		f.t.Fatal(err)
	}
	f.confirm()
	f.clockAt(-12 * day)
	const portal = "http://127.0.0.1:8080/entries/"
	live := func(id string) protocol.Status {
		return protocol.Status{State: protocol.StateAdopted, Outlet: "county", Columns: []string{"township"}, Entry: id, URL: portal + id}
	}
	for _, name := range []string{"adopted", "corrected", "again", "endorsed"} {
		f.answers(f.items[name], live(f.items[name]))
	}
	f.answers(f.items["rejected"], protocol.Status{State: protocol.StateRejected, Reason: "quality", Comment: "都是会议名称，没有做法和成效。", By: "周敏"})
	f.answers(f.items["withdrawn"], live(f.items["withdrawn"]))
	f.answers(f.items["withdrawn"], protocol.Status{State: protocol.StateWithdrawn, Reason: "error", Comment: "伤情数字有误，已撤下。", By: "周敏"})
	f.clockAt(-9 * day)
	f.edit(f.items["corrected"], text("许家坝镇农村公路养护“路长制”覆盖全部19个村", "10月28日，许家坝镇召开会议，县道、乡道、村道共计163公里，全部落实路长。", "更正：里程数据经复核为163公里。"))
	f.edit(f.items["again"], text("许家坝镇集镇污水管网二期工程开工", "二期工程全长6.4公里，工期五个月，完工后集镇污水收集率提高到九成。"))
	f.confirm()
	st := live(f.items["corrected"])
	st.State = protocol.StateCorrected
	f.answers(f.items["corrected"], st)
	f.answers(f.items["again"], protocol.Status{State: protocol.StateInReview, Step: 2, Steps: 2, StepName: "终审"})
}

// findingsCome are dead links the county has found.
func (f *sample) findingsCome() {
	one := protocol.Finding{State: protocol.FindingOpen, Class: "死链", Target: "http://xujiaba.example.gov.cn/bszn/2019/hukou.html", Site: "许家坝镇人民政府网站",
		Places: []protocol.Place{{Page: "http://xujiaba.example.gov.cn/bszn/", Element: "a", Label: "户口迁移办理流程"}, {Page: "http://xujiaba.example.gov.cn/", Element: "img"}},
		Total:  14, Status: 404, Reason: "10月27日 09:12 至 10月29日 09:15 共检查 3 次，均失败；最近一次：网页不存在或已被删除（状态码 404），请更正或删除链接。",
		Looks: 3, FirstBad: noon.Add(-7 * day), LastBad: noon.Add(-5 * day), Due: noon.Add(9*day + 12*time.Hour - time.Second),
		Advice: "请按下面列出的位置更换或删除这个链接，或恢复被链接的页面。处理后点“已整改”；如果您能正常打开，请点“有异议”并写明情况。"}
	say := func(name, id string, change func(*protocol.Finding)) {
		f.findings[name] = id
		c := one
		c.ID, c.At = id, f.now()
		if change != nil {
			change(&c)
		}
		f.says(protocol.KindFinding, &c)
	}
	say("open", "0190b6a4-0000-7000-8000-0000000000f1", nil)
	say("overdue", "0190b6a4-0000-7000-8000-0000000000f5", func(c *protocol.Finding) {
		c.Target, c.Due, c.Stage = "http://xujiaba.example.gov.cn/zwgk/2018/jihua.doc", noon.Add(-2*day), protocol.StageExposed
		c.Note = "逾期未整改，列入每周曝光。"
	})
	say("closed", "0190b6a4-0000-7000-8000-0000000000f2", func(c *protocol.Finding) {
		c.State, c.Target, c.Note, c.Advice = protocol.FindingClosed, "http://xujiaba.example.gov.cn/files/2021-yusuan.pdf", "目标已恢复访问，销号。", ""
		c.Ending = protocol.EndingRecovered
	})
	say("recheck", "0190b6a4-0000-7000-8000-0000000000f3", func(c *protocol.Finding) {
		c.State, c.Target, c.Note = protocol.FindingRecheck, "https://www.example.gov.cn/zwgk/zfxxgk/fdzdgknr/2020/0715/very-long-name-of-a-page-that-does-not-wrap.html", "11月1日 09:10 复查仍打不开：域名不存在，解析不到地址，请核对域名。"
		c.Advice = "复查时仍打不开。请确认修改已经发布，再次处理后重新答复。"
	})
	say("disputed", "0190b6a4-0000-7000-8000-0000000000f4", func(c *protocol.Finding) {
		c.Target = "http://intranet.example.gov.cn:8080/oa/"
	})
	if err := f.q.AnswerFinding(context.Background(), township, f.findings["disputed"], protocol.AnswerDisputed, "这是内网办公系统的入口，只在政务网内打开。"); err != nil {
		f.t.Fatal(err)
	}
	f.confirm()
	say("disputed", f.findings["disputed"], func(c *protocol.Finding) {
		c.State, c.Target = protocol.FindingDisputed, "http://intranet.example.gov.cn:8080/oa/"
	})
	f.says(protocol.KindVetoes, &protocol.Vetoes{At: f.now(), Vetoes: []protocol.Veto{
		{Site: "思南县人民政府", Title: "空白栏目", English: "Blank columns", State: protocol.VetoFallen, Says: "5 个空白栏目，达到 5 个即单项否决。", Count: 5, Limit: 5, Own: 1, Names: []string{"许家坝镇·规划计划"}, Official: true},
		{Site: "思南县人民政府", Title: "栏目不更新", English: "Columns are not updated", State: protocol.VetoNear, Says: "3 个栏目不更新，达到 5 个即单项否决。", Count: 3, Limit: 5, Own: 2,
			Names: []string{"许家坝镇·工作动态", "许家坝镇·通知公告"}, Falls: noon.AddDate(0, 0, 9), Official: true}}})
	f.says(protocol.KindNotice, &protocol.Notice{ID: "0190b6a4-0000-7000-8000-0000000000e1", Title: "关于做好冬季信息报送工作的通知",
		Text: "各乡镇（街道）：\n\n进入冬季，请围绕森林防火、安全生产、民生保障报送信息，每周不少于三条，照片随文报送并写明说明。\n\n县政府办公室", At: f.now()})
}

// returned is what waits for the township.
func (f *sample) returned() {
	t := text("许家坝镇开展冬季森林防火宣传", "近日，许家坝镇组织护林员走村入户发放防火宣传单，提醒群众不携带火种进山。")
	t.Attachments = []protocol.Attachment{f.file("护林员入户宣传.jpg", "", 120)}
	f.items["returned"] = f.post(township, t)
	t = text("许家坝镇便民服务中心延时服务获好评")
	t.Column = "notice"
	f.items["refused"] = f.post(township, t)
	f.items["in_review"] = f.post(township, text("许家坝镇召开农村人居环境整治现场推进会"))
	f.items["approved"] = f.post(township, text("许家坝镇冬修水利忙，清淤护渠保春灌"))
	f.confirm()
	f.answers(f.items["returned"], protocol.Status{State: protocol.StateReturned, Reason: "element", Fields: []string{"body", "attachments"}, Comment: "请写明时间、检查点数量和宣传覆盖面，照片请补写说明。", By: "周敏"})
	seq := f.item(f.items["refused"]).Seq
	c, err := f.q.Cursors(context.Background())
	if err != nil {
		f.t.Fatal(err)
	}
	f.says(protocol.KindRefusal, &protocol.Refusal{Epoch: c.Epoch, Seq: seq, Kind: protocol.KindSubmit, Item: f.items["refused"], Revision: 1, Code: protocol.CodeColumn, Field: "column", Message: "这个栏目不存在或已停用，请改选其他栏目"})
	f.answers(f.items["in_review"], protocol.Status{State: protocol.StateInReview, Step: 1, Steps: 2, StepName: "初审"})
	f.answers(f.items["approved"], protocol.Status{State: protocol.StateApproved, Step: 2, Steps: 2, Comment: "审核已通过，还有 1 个附件没有传完，收齐后自动发布。"})
}

// underWay is what was written this morning.
func (f *sample) underWay() {
	ctx := context.Background()
	t := text("杏花村冬季义务植树活动纪实", "11月2日，杏花村党员群众60余人到村后山补植柏树苗800株。")
	t.Column, t.Author, t.Source = "village", "李强", "杏花村"
	t.Attachments = []protocol.Attachment{f.file("村民在后山植树.jpg", "村民在后山补植柏树苗", 60)}
	f.items["awaiting"] = f.post(village, t)
	t.Title, t.Attachments = "杏花村合作社辣椒装车外运", nil
	f.items["sent_back"] = f.post(village, t)
	if err := f.q.SendBack(ctx, township, f.items["sent_back"], 0, "请补上产量和销路，写明是哪一家合作社。"); err != nil {
		f.t.Fatal(err)
	}
	f.items["received"] = f.post(township, text("石门村老支书的“民情账本”"))
	f.confirm()
	f.answers(f.items["received"], protocol.Status{State: protocol.StateReceived})
	f.items["sent"] = f.post(township, text("许家坝镇中心校举办冬季趣味运动会"))
	f.items["withdrawing"] = f.items["in_review"]
	if _, err := f.q.Withdraw(ctx, township, f.items["withdrawing"], "会议改期，内容作废。"); err != nil {
		f.t.Fatal(err)
	}
	c, err := f.q.Cursors(ctx)
	if err == nil {
		err = f.q.MarkSent(ctx, c.Last)
	}
	if err != nil {
		f.t.Fatal(err)
	}
	t = text("许家坝镇召开今冬明春安全生产工作部署会")
	t.Attachments = []protocol.Attachment{f.file("会议现场.jpg", "11月3日，许家坝镇安全生产会会场", 90)}
	f.items["queued"] = f.post(township, t)
	t.Title, t.Body = "许家坝镇卫生院家庭医生签约服务进村", "联系人李医生，电话13985412345。"
	f.items["draft"] = f.draft(township, queue.Draft{Text: t})
	f.items["editing"] = f.items["again"]
}

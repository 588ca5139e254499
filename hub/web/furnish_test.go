package web

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/uuid"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/hub/health"
	"zhanqun/hub/health/fresh"
	"zhanqun/hub/health/linkcheck"
	"zhanqun/hub/health/prober"
	"zhanqun/hub/health/rules"
	"zhanqun/hub/health/uptime"
	"zhanqun/hub/health/verdict"
	"zhanqun/hub/intake"
	"zhanqun/hub/review"
	"zhanqun/hub/sample"
	"zhanqun/hub/store/storetest"
	"zhanqun/hub/webhook"
	"zhanqun/internal/content"
	"zhanqun/protocol"
)

// furnished are the things of a county with a week's work in it, by what they
// show.
type furnished struct {
	*county
	due      string // waits for the reviewer, with a photo
	private  string // waits, with a person's numbers in it
	secret   string // waits, with a secrecy mark
	missing  string // waits, its photo is under way
	revised  string // returned once, waits again
	second   string // waits for the chief
	live     string
	withdrew string
	returned string
	site     string
	column   string // of the site, with a doubtful date
	proposal string
	finding  string
	disputed string
	hook     string // where messages are sent to
	down     string // finding about a site that does not open
	late     string // finding about a column
	suspect  string // waits for somebody to look whether it is a fault at all
	refusal  string
	lost     string // node that has been silent for days
	waiting  string // node that waits to be let in
}

// furnish fills a county with items in every state, sites, findings, a refusal.
func furnish(t testing.TB, c *county) *furnished {
	t.Helper()
	f := &furnished{county: c}
	texts, err := sample.Items()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	submit := func(node int, column string, edit ...func(*protocol.Submit)) string {
		text := texts[n%len(texts)]
		n++
		c.Clock.Advance(37 * time.Minute)
		edit = append([]func(*protocol.Submit){func(m *protocol.Submit) {
			m.Title, m.Author, m.Source, m.Body = text.Title, text.Author, "党政办", ""
			for _, p := range text.Body {
				m.Body += content.FromText(p)
			}
		}}, edit...)
		return c.Submit(node, column, edit...)
	}
	f.live = submit(0, "township")
	c.Decide(c.Reviewer, f.live, catalog.ActionApprove)
	if err := c.Desk.Adopt(t.Context(), c.Reviewer, f.live, review.Outlet{Outlet: review.OutletCity, URL: "https://www.example.org/city/1.html"}); err != nil {
		t.Fatal(err)
	}
	f.withdrew = submit(1, "notice")
	c.Decide(c.Reviewer, f.withdrew, catalog.ActionApprove)
	c.Decide(c.Chief, f.withdrew, catalog.ActionApprove)
	c.Decide(c.Chief, f.withdrew, catalog.ActionWithdraw)
	c.Decide(c.Second, submit(1, "township"), catalog.ActionReject)
	f.returned = submit(0, "township")
	c.Decide(c.Reviewer, f.returned, catalog.ActionReturn)
	f.second = submit(0, "headline")
	c.Decide(c.Reviewer, f.second, catalog.ActionApprove)
	f.revised = submit(1, "township")
	c.Decide(c.Reviewer, f.revised, catalog.ActionReturn)
	c.Revise(f.revised, func(m *protocol.Submit) {
		m.Body, m.Note = m.Body+"<p>据镇农业服务中心统计，覆盖农户1280户。</p>", "已按意见补充数据来源。"
	})
	f.due = submit(0, "photo", f.photo(t, true))
	f.private = submit(1, "notice", func(m *protocol.Submit) {
		m.Body += "<p>联系人：王建国，电话 13800138000，身份证号 11010519491231002X。</p>"
		m.Override = "公示期间的联系电话"
	})
	f.secret = submit(0, "policy", func(m *protocol.Submit) { m.Body = "<p>秘密★5年</p>" + m.Body })
	f.missing = submit(0, "photo", f.photo(t, false))
	submit(1, "village", func(m *protocol.Submit) { m.Origin = storetest.TangtouA })
	f.sites(t)
	f.office(t)
	c.Clock.Advance(9 * time.Minute)
	seen := []intake.Sighting{{Node: c.Nodes[0].Node.ID, At: c.Now(), Hello: true, Program: "node 1.0.0 linux/amd64", DiskFree: 41 << 30, Beat: &protocol.Beat{}},
		{Node: f.lost, At: c.Now().Add(-76 * time.Hour), Hello: true, Program: "node 1.0.0 windows/amd64", Skew: -11 * time.Minute, DiskFree: 900 << 20, Beat: &protocol.Beat{Queued: 12}}}
	if err := c.Store.NoteSeen(t.Context(), seen); err != nil {
		t.Fatal(err)
	}
	return f
}

// photo gives an item a photo, which has arrived or is still under way.
func (f *furnished) photo(t testing.TB, arrived bool) func(*protocol.Submit) {
	seed := 1
	if arrived {
		seed = 2
	}
	raw, err := sample.Photo(seed)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := f.files.Put(t.Context(), bytes.NewReader(raw), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	a := protocol.Attachment{SHA256: ref.SHA256, Name: "现场照片 1.jpg", Size: ref.Size, Type: "image/jpeg", Alt: "村民在田间查看长势"}
	if arrived {
		f.Arrive(a)
	}
	return func(m *protocol.Submit) {
		m.Attachments = []protocol.Attachment{a}
		m.Body += `<p><img src="att:` + a.SHA256 + `" alt="村民在田间查看长势"></p>`
	}
}

// sites registers two sites, one of which cannot be opened, and finds dead links.
func (f *furnished) sites(t testing.TB) {
	t.Helper()
	list := []health.Site{{Unit: storetest.Sitang, Name: "思唐街道办事处网", URL: "http://sitang.example.org/", Code: "5206240012"},
		{Unit: storetest.Tangtou, Name: "塘头镇人民政府网", URL: "http://tangtou.example.org/"}}
	if _, err := f.SaveSites(t.Context(), "admin", list); err != nil {
		t.Fatal(err)
	}
	saved, err := f.Sites(t.Context(), "", 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range saved {
		s.State, s.Pages, s.ReadAt, s.NextAt = health.SiteOpen, 23, f.Now().Add(-2*time.Hour), f.Now().Add(22*time.Hour)
		if s.Unit == storetest.Tangtou {
			s.State, s.Problem = health.SiteShut, "连接超时，10 秒没有应答"
		} else {
			f.site = s.ID
		}
		if err := f.SiteRead(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	f.visits(t)
	f.columns(t)
	f.abouts(t, saved)
	f.finding = f.dead(t, "http://sitang.example.org/bszn/2019/hukou.html")
	f.disputed = f.dead(t, "http://sitang.example.org/files/2021-yusuan.pdf")
	f.suspect = f.dead(t, "http://sitang.example.org/old/404.html", func(x *health.Finding) {
		x.State, x.Class, x.Status, x.Reason, x.DueAt = health.FindingFound, "内容死链", 200, "两次打开，页面上都写着“找不到”。", time.Time{}
	})
	f.dead(t, "http://sitang.example.org/lianjie/2018.html", func(x *health.Finding) { // nobody has mended it for weeks
		x.OpenedAt, x.DueAt, x.Stage = f.Now().AddDate(0, 0, -30), f.Now().AddDate(0, 0, -16), protocol.StageExposed
	})
	node := f.Nodes[0]
	f.Stream.Send(node, node.Next(protocol.KindAnswer, &protocol.Answer{Finding: f.disputed, Answer: protocol.AnswerDisputed, Note: "我们这里可以打开", By: "周文静", At: f.Now()}))
}

// visits puts down three weeks of visits to the first site: a bad afternoon with
// an incident, a day on which the hub did not run, and a time off line to come.
func (f *furnished) visits(t testing.TB) {
	t.Helper()
	ctx, today := t.Context(), uptime.Day0(f.Now())
	for n := range 20 {
		day := today.AddDate(0, 0, -n)
		for h, slot := range uptime.Slots(f.site, day) {
			if n == 6 && h < 9 || !slot.Before(f.Now()) {
				continue
			}
			p := uptime.Probe{Site: f.site, Slot: slot, At: slot, Outcome: uptime.OK, Status: 200, Elapsed: time.Duration(800+(n*37+h*53)%900) * time.Millisecond}
			if n == 3 && h >= 14 && h < 20 {
				p.Outcome, p.Cause, p.Status, p.Detail, p.Elapsed = uptime.Failed, uptime.CauseStatus, 502, "对方服务器出错（状态码 502），稍后会再次检查。", time.Second
			}
			follow := func(prober.Case) []uptime.Incident { return nil }
			if n == 3 && h == 19 {
				follow = func(prober.Case) []uptime.Incident {
					return []uptime.Incident{{ID: uuid.NewString(), Site: f.site, Since: day.Add(14 * time.Hour), OpenedAt: day.Add(15 * time.Hour), Until: day.Add(20 * time.Hour),
						EndedAt: day.Add(21 * time.Hour), Failures: 8, Cause: p.Cause, Status: 502, Detail: p.Detail}}
				}
			}
			if _, err := f.RecordProbe(ctx, p, nil, follow); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := f.SaveOffline(ctx, uptime.Offline{ID: uuid.NewString(), Site: f.site, From: today.AddDate(0, 0, 5), To: today.AddDate(0, 0, 7), Why: "机房搬迁，已报市政府办", Who: "admin"}); err != nil {
		t.Fatal(err)
	}
}

// columns gives the site columns in every state.
func (f *furnished) columns(t testing.TB) {
	t.Helper()
	ctx := t.Context()
	at := func(name string, class fresh.Class) health.Column {
		return health.Column{Site: f.site, URL: "http://sitang.example.org/" + uuid.NewString()[:8] + "/", Name: name, Class: class, Status: health.ColumnWatched}
	}
	list := []health.Column{at("工作动态", fresh.News), at("通知公告", fresh.Notice), at("政策文件", fresh.Policy), at("机构职能", fresh.Other), at("办事指南", fresh.Other), at("人事任免", fresh.Personnel)}
	list[len(list)-1].Days = 180
	if _, err := f.SaveColumns(ctx, "admin", list); err != nil {
		t.Fatal(err)
	}
	if _, err := f.ProposeColumns(ctx, []health.Column{at("互动交流", fresh.Other)}); err != nil {
		t.Fatal(err)
	}
	saved, err := f.SiteColumns(ctx, f.site, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range saved {
		c.ReadAt, c.NextAt, c.Reading.Evidence = f.Now(), f.Now().Add(time.Hour), []string{"主列表有 15 条，其中 15 条在列表页读到日期。"}
		switch c.Name {
		case "工作动态":
			f.column = c.ID
			c.State, c.LastUpdate, c.Reading.Last = fresh.Stale, "2026-09-30", "2026-10-14"
			c.Reading.Facts = []fresh.Fact{{Kind: "主列表有 %d 条，其中 %d 条在列表页读到日期。", Of: []any{15, 15}},
				{Kind: "最近更新 %s：《%s》，读自%s“%s”。", Of: []any{"2026-09-30", "街道召开安全生产会议", fresh.Word("列表"), "09-30"}},
				{Kind: "%s的期限是 %s：%s 以后没有更新，超期。", Of: []any{fresh.Word("动态要闻类"), fresh.Word("14 天"), "2026-10-20"}}}
			c.Reading.Doubtful = []fresh.Item{{Title: "补发的工作动态", URL: c.URL + "1.html", Day: "2026-10-20", Text: "2026-10-20", Flags: []fresh.Flag{fresh.FlagBackDated}}}
		case "通知公告":
			c.State, c.LastUpdate, c.Reading.Last = fresh.Fresh, "2026-10-30", "2027-04-30"
		case "政策文件":
			c.State = fresh.Blank
		case "机构职能":
			if _, err := f.MarkColumn(ctx, "admin", c.ID, health.MarkStatic, "机构职能，不更新"); err != nil {
				t.Fatal(err)
			}
			c.State = fresh.Unknown
		case "互动交流":
			f.proposal = c.ID
			continue
		default:
			continue
		}
		if err := f.ColumnRead(ctx, c, fresh.History{}); err != nil {
			t.Fatal(err)
		}
	}
}

// abouts finds a site that is down and a column that is late, and tells of vetoes
// that came near and fell.
func (f *furnished) abouts(t testing.TB, sites []health.Site) {
	t.Helper()
	ctx := t.Context()
	about := func(x health.Finding) string {
		t.Helper()
		x.ID, x.State, x.OpenedAt, x.FirstBad, x.LastBad = uuid.Must(uuid.NewV7()).String(), protocol.FindingOpen, f.Now(), f.Now().Add(-time.Hour), f.Now()
		x.DueAt = f.Now().AddDate(0, 0, 14)
		err := f.Follow(ctx, health.About{Kind: x.Kind, Subject: x.Subject, Site: x.Site, Unit: x.Unit}, func(*health.Finding) []health.Finding { return []health.Finding{x} })
		if err != nil {
			t.Fatal(err)
		}
		return x.ID
	}
	c, err := f.SiteColumn(ctx, f.column)
	if err != nil {
		t.Fatal(err)
	}
	f.late = about(health.Finding{Kind: health.AboutColumn, Subject: c.ID, URL: c.URL, Unit: c.Unit, Site: c.Site, Class: health.ClassStale, Looks: 2,
		Reason: "栏目“工作动态”的更新期限是 14 天，最近更新 2026-09-30，从 2026-10-15 起超期。"})
	for _, site := range sites {
		if site.ID != f.site {
			f.down = about(health.Finding{Kind: health.AboutSite, Subject: "i1", URL: site.URL, Unit: site.Unit, Site: site.ID, Class: health.ClassDown, Looks: 3,
				Reason: "首页从 11月3日 08:20 起打不开，连续 3 次访问失败；最近一次：15 秒内没有打开"})
		}
	}
	near := verdict.Alarm{ID: uuid.NewString(), At: f.Now().Add(-time.Hour), Site: f.site, SiteName: "思唐街道办事处网", UnitName: "思唐街道", From: rules.Clear, State: rules.Near, Clause: "V3a",
		Title: "栏目不更新", Kind: rules.KindStale, Official: true, Count: 3, Limit: 5, Says: "3 个栏目不更新，达到 5 个即单项否决。",
		Owners: []rules.Owner{{Unit: storetest.Tangtou, UnitName: "塘头镇", Count: 2}, {Unit: storetest.Sitang, UnitName: "思唐街道", Count: 1}}, Falls: f.Now().AddDate(0, 0, 9)}
	fallen := near
	fallen.ID, fallen.At, fallen.State, fallen.Clause, fallen.Title, fallen.Kind, fallen.Count, fallen.Limit = uuid.NewString(), f.Now(), rules.Fallen, "V2", "首页不更新", rules.KindHome, 15, 15
	fallen.Says, fallen.Owners, fallen.Falls, fallen.Official = "首页 14 天内没有更新。", nil, time.Time{}, false
	if err := f.SaveStandings(ctx, nil, []verdict.Alarm{near, fallen}, time.Time{}); err != nil {
		t.Fatal(err)
	}
}

// dead makes a link of the site dead and returns its finding.
func (f *furnished) dead(t testing.TB, url string, edit ...func(*health.Finding)) string {
	t.Helper()
	ctx := t.Context()
	place := []health.NewPlace{{URL: url, Element: "a", Label: "户口迁移办理流程", Unit: storetest.Sitang}}
	if _, err := f.ReplacePlaces(ctx, health.SiteOwner(f.site), "http://sitang.example.org/"+uuid.NewString()[:4], place); err != nil {
		t.Fatal(err)
	}
	due, err := f.DueTargets(ctx, f.Now(), 100)
	if err != nil {
		t.Fatal(err)
	}
	id := uuid.Must(uuid.NewV7()).String()
	for _, target := range due {
		if target.URL != url {
			continue
		}
		err := f.Judge(ctx, target.ID, func(k health.Case) health.Effect {
			e := health.Effect{Target: k.Target, Who: health.System}
			e.Target.State, e.Target.NextAt, e.Target.CheckedAt = linkcheck.StateDead, f.Now().Add(time.Hour), f.Now()
			for unit, places := range k.Places {
				x := health.Finding{ID: id, Target: k.Target.ID, URL: url, Unit: unit, State: protocol.FindingOpen, Class: "死链",
					Status: 404, Reason: "两次检查都是 404，相隔 65 分钟。", Looks: 2, FirstBad: f.Now().Add(-65 * time.Minute), LastBad: f.Now(), OpenedAt: f.Now(),
					DueAt: f.Now().AddDate(0, 0, 14), Site: f.site, Places: places}
				for _, change := range edit {
					change(&x)
				}
				e.Findings = append(e.Findings, x)
			}
			return e
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return id
}

// office adds what administrators look at: join codes, nodes, a refusal, a token.
func (f *furnished) office(t testing.TB) {
	t.Helper()
	ctx, admin := t.Context(), storetest.Admin()
	if _, _, err := f.access.Invite(ctx, admin, storetest.Xujiaba, storetest.Portal, 0); err != nil {
		t.Fatal(err)
	}
	n, _ := storetest.Node(t, f.Store, storetest.Xujiaba)
	f.lost = n.ID
	list, err := f.access.InviteAll(ctx, admin, []string{storetest.Xujiaba}, access.Terms{Base: storetest.Portal, Approval: true})
	if err != nil {
		t.Fatal(err)
	}
	key, err := protocol.NewNodeKey()
	if err != nil {
		t.Fatal(err)
	}
	joined, err := f.access.EnrolFrom(ctx, "10.24.8.17", storetest.EnrolRequest(list[0].Code.Secret, key))
	if err != nil {
		t.Fatal(err)
	}
	f.waiting = joined.Node
	frozen, _ := storetest.Node(t, f.Store, storetest.Bureau)
	if _, err := f.access.FreezeNode(ctx, admin, frozen.ID, "同一身份在两台机器上使用"); err != nil {
		t.Fatal(err)
	}
	h, err := f.srv.Hooks.Add(ctx, admin, webhook.Hook{Name: "网管工作群", Kind: webhook.DingTalk, URL: "https://oapi.dingtalk.com/robot/send?access_token=0f", Secret: "SEC0f",
		Topics: []webhook.Topic{webhook.Veto, webhook.Daily}})
	if err != nil {
		t.Fatal(err)
	}
	f.hook = h.ID
	if _, err := f.srv.Hooks.Try(ctx, admin, h.ID); err == nil {
		t.Fatal("a message was sent without a line")
	}
	node := f.Nodes[1]
	f.Stream.Send(node, node.Raw("item.vote", []byte(`{"item":"…"}`)))
	kept, err := f.Stream.Intake.Refusals(ctx, intake.KeptQuery{Limit: 1})
	if err != nil || len(kept) == 0 {
		t.Fatalf("no refusal: %v", err)
	}
	f.refusal = kept[0].ID
	if _, _, err := f.access.NewToken(ctx, f.Reviewer, f.Reviewer.Login, "门户网站同步", 0); err != nil {
		t.Fatal(err)
	}
}

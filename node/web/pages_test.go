package web

import (
	"crypto/x509"
	"testing"
	"time"

	"zhanqun/internal/account"
	"zhanqun/internal/content"
	"zhanqun/internal/ui"
	"zhanqun/internal/ui/uitest"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

const (
	sampleSHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	sampleID  = "0190b6a4-0000-7000-8000-000000000001"
	longTitle = "许家坝镇党委政府组织召开今冬明春森林防火、道路交通和安全生产重点工作安排部署会议并签订责任书"
)

// sampleItems are items in every state, as lists show them.
func sampleItems() []queue.Item {
	var list []queue.Item
	for _, st := range listedStates {
		i := queue.Item{ID: sampleID, Column: "township", Title: longTitle, Author: "王芳", State: st, Revision: 2, Seq: 9, LiveRevision: 1,
			CreatedAt: noon, UpdatedAt: noon.Add(-30 * time.Hour), Version: 3}
		switch st {
		case queue.Drafting:
			i.Revision, i.Editing, i.Comment = 0, true, "请补上时间和地点。"
		case queue.Awaiting:
			i.Village, i.Editing = villageA, true
		case queue.Refused:
			i.Refusal = &protocol.Refusal{Code: protocol.CodeColumn, Field: "column", Message: "没有这个栏目"}
		}
		i.Status = &protocol.Status{Item: sampleID, Revision: 2, State: protocol.State(st), Step: 1, Steps: 2, StepName: "初审", Reason: "fact",
			Fields: []string{"title", "body", "attachments"}, Comment: "人数前后不一致。", By: "周敏", At: noon}
		list = append(list, i)
	}
	return list
}

var sampleSettings = queue.Settings{Known: true, Settings: protocol.Settings{Unit: protocol.Unit{Code: unitCode, Name: "许家坝镇"},
	Villages: []protocol.Unit{{Code: villageA, Name: "杏花村"}}, Columns: []protocol.Column{{Slug: "township", Name: "乡镇传真"}}}}

var sampleFinding = queue.Finding{ReceivedAt: noon, Finding: protocol.Finding{ID: sampleID, State: protocol.FindingOpen, Class: "死链",
	Target: "http://xujiaba.example.gov.cn/zwgk/2024/t20240311_1234.html", Site: "许家坝镇人民政府网站", Total: 80, Status: 404, Reason: "三次都是 404",
	Places: []protocol.Place{{Page: "http://xujiaba.example.gov.cn/", Element: "a", Label: "公告"}, {Page: "http://xujiaba.example.gov.cn/2"}},
	Looks:  3, FirstBad: noon, LastBad: noon, Advice: "请改正链接。", Note: "仍是 404", At: noon}}

var sampleCertificate = Certificate{URLs: []string{"https://10.1.2.3:8081"}, CA: &x509.Certificate{Raw: []byte("certificate")}}

func samples(t *testing.T, s *Server) []uitest.Sample {
	t.Helper()
	township := queue.Actor{Login: "wang", Name: "王芳", Role: account.RoleLiaison}
	rows := s.rows(sampleItems(), sampleSettings, township, ui.Lang{})
	answered := sampleFinding
	answered.Answer, answered.Line = &protocol.Answer{Answer: protocol.AnswerDisputed, Note: "是内网地址", By: "王芳", At: noon}, queue.Sent
	notice := queue.Notice{Notice: protocol.Notice{ID: sampleID, Title: "通知", Text: "第一段\n\n第二段", At: noon}}
	st := queue.QueueState{Queued: 2, Sent: 1, Confirmed: 1284, OldestUnsettled: &noon, LastContactAt: &noon, Joined: true, Serving: true,
		Blobs: queue.BlobState{Waiting: 2, BytesLeft: 3 << 20}, DiskFree: 3 << 30, DiskNearlyFull: true}
	line := queue.Line{Since: noon, Error: "暂时连不上县级平台，内容都在本机，会自动重试。", NextTry: noon.Add(time.Minute), Skew: time.Hour}
	uploads := []ui.Upload{{Name: "现场.jpg", Type: "JPEG", Size: 3 << 20, Sent: 1 << 20, Sending: true, URL: fileURL(sampleSHA, "现场.jpg"), Note: longTitle},
		{Name: "名单.docx", Size: 4000, Error: "县里没有收下"}}
	signIns := ui.SignInList([]account.SignIn{{ID: "a", At: noon, SeenAt: noon, From: "127.0.0.1", Browser: "Edge · Windows"}, {ID: "b", At: noon, SeenAt: noon, From: "192.0.2.1"}}, "a")
	list := []uitest.Sample{
		{Page: "signin", Data: &signinPage{Login: "wang", Next: "/items?due=1"}},
		{Page: "signin", Name: "own certificate", Data: &signinPage{Own: true}},
		{Page: "trust", Name: "elsewhere", Data: &trustPage{Certificate: sampleCertificate}},
		{Page: "trust", Name: "here", Data: &trustPage{Plain: true, Certificate: Certificate{CA: sampleCertificate.CA}}},
		{Page: "password", Name: "given", Data: &passwordPage{Given: true}},
		{Page: "password", Name: "own", Data: &passwordPage{SignIns: signIns}},
		{Page: "person", Name: "in", Data: &personPage{Account: queue.Account{Login: "li", Name: "李强", Role: account.RoleVillage, SeenAt: noon}, SignIns: signIns}},
		{Page: "person", Name: "out", Data: &personPage{Account: queue.Account{Login: "wang", Name: "王芳", Role: account.RoleLiaison, Disabled: true}, Self: true}},
		{Page: "home", Name: "busy", Data: &homePage{Township: true, State: st, Out: 3, Needs: 12, Due: rows, Latest: rows, MoreDue: true, Findings: []queue.Finding{sampleFinding}, Notices: []queue.Notice{notice}}},
		{Page: "home", Name: "new", Data: &homePage{New: true}},
		{Page: "items", Name: "all", Data: &itemsPage{Items: rows, States: []ui.Option{{Label: "全部状态"}}, Villages: []ui.Option{{Value: villageA, Label: "杏花村"}}, Newer: "/items", Older: "/items?cursor=a"}},
		{Page: "items", Name: "none", Data: &itemsPage{Filtered: true, Tab: "due", Filter: queue.Filter{Due: true, Query: "安全"}}},
		{Page: "items", Name: "new", Data: &itemsPage{}},
		{Page: "findings", Name: "open", Data: &findingsPage{Findings: []queue.Finding{sampleFinding, answered}, Older: "/findings?cursor=a"}},
		{Page: "findings", Name: "none", Data: &findingsPage{}},
		{Page: "findings", Name: "closed", Data: &findingsPage{Closed: true}},
		{Page: "finding", Name: "open", Data: &findingPage{F: sampleFinding, Says: findingSays(&sampleFinding, ui.Lang{}, noon), CanDo: true}},
		{Page: "finding", Name: "answered", Data: &findingPage{F: answered, Says: findingSays(&answered, ui.Lang{}, noon), CanDo: true, Another: true, Own: true, ItemTitle: longTitle}},
		{Page: "finding", Name: "village", Data: &findingPage{F: queue.Finding{Finding: protocol.Finding{ID: sampleID, State: protocol.FindingStruck, Target: "http://a.example/"}}}},
		{Page: "queue", Name: "down", Data: &queuePage{State: st, Line: wordsOf(st, line, noon, ui.Lang{}), Files: uploads, More: 4, Remaining: time.Minute, Machine: "党政办电脑", Hub: "http://127.0.0.1:8080"}},
		{Page: "queue", Name: "idle", Data: &queuePage{Line: lineWords{Tone: ui.Good}}},
		{Page: "notices", Name: "some", Data: &noticesPage{Notices: []queue.Notice{notice}}},
		{Page: "notices", Name: "none", Data: &noticesPage{}},
		{Page: "people", Name: "new", Data: &peoplePage{Me: "wang", Login: "li", Password: password, Form: queue.Account{Role: account.RoleVillage},
			People:   []colleague{{Account: queue.Account{Login: "wang", Name: "王芳", Role: account.RoleLiaison, SeenAt: noon}}, {Account: queue.Account{Login: "li", Name: "李强", Role: account.RoleVillage, Village: villageA, Disabled: true}, VillageName: "杏花村"}},
			Villages: []ui.Option{{Value: villageA, Label: "杏花村"}}}},
		{Page: "people", Name: "no villages known", Data: &peoplePage{Others: sampleCertificate}},
	}
	for _, page := range list {
		shell := page.Data.(interface{ Shell() *ui.Page }).Shell()
		shell.Title = page.Page
	}
	return append(list, itemSamples(township, uploads)...)
}

// itemSamples are the pages of one item in every state, and its form.
func itemSamples(a queue.Actor, uploads []ui.Upload) []uitest.Sample {
	var list []uitest.Sample
	text := queue.Text{Column: "township", Title: longTitle, Body: "第一段。\n第二段。", Author: "王芳", Source: "许家坝镇", Reviewer: "陈国强", Note: "急用", Override: "便民电话"}
	revisions := []queue.Revision{{Revision: 2, By: "王芳", At: noon, Text: text}, {Revision: 1, By: "王芳", At: noon, Text: queue.Text{Title: "旧题", Body: "第一段。"}}}
	for _, i := range sampleItems() {
		d := queue.Detail{Item: i, Text: text, Revisions: revisions, History: []queue.Step{{At: noon, Act: queue.ActCreated, By: "王芳"}, {At: noon, Act: queue.ActSubmitted, Revision: 1},
			{At: noon, Act: queue.ActReceived, Revision: 1}, {At: noon, Act: queue.ActStatus, Status: i.Status}, {At: noon, Act: queue.ActRefused, Refusal: &protocol.Refusal{Message: "没有这个栏目"}}, {Act: "new"}}}
		p := &itemPage{D: d, Says: sayOf(&d.Item, a, ui.Lang{}), Chip: chipOf(&d.Item), Body: bodyOf(&d.Text), Files: uploads, History: history(&d, ui.Lang{}),
			Older: olderTexts(&d), ColumnName: "乡镇传真", VillageName: "杏花村", Township: true,
			CanEdit: true, CanSubmit: true, CanRecall: true, CanDelete: true, CanDiscard: true}
		p.Title, p.Says.URL = longTitle, "http://127.0.0.1:8080/entries/1"
		list = append(list, uitest.Sample{Page: "item", Name: string(i.State), Data: p, URL: "/items/" + sampleID})
		e := &editPage{F: form{ID: sampleID, Version: 2, Key: "k", Village: villageA, Text: text}, Item: &i, Township: true, Endorse: true, Action: "/items/" + sampleID + "/edit", MaxFile: 1 << 20}
		e.Title = "修改"
		e.cameBack(a, ui.Lang{})
		list = append(list, uitest.Sample{Page: "edit", Name: string(i.State), Data: e, URL: "/items/" + sampleID + "/edit"})
	}
	wrong := &editPage{F: form{Text: text}, Action: "/items/new", Override: true, Stale: &[2]string{"旧的", "新的"}, Accept: content.FileAccept(),
		Villages: []ui.Option{{Value: villageA, Label: "杏花村"}}, Columns: []ui.Option{{Value: "township", Label: "乡镇传真"}},
		Hits:  []queue.Problem{{Field: "body", Message: "发现手机号", Needs: true, Hit: &content.Hit{Kind: content.KindPhone}}, {Field: "body", Message: "发现密级", Hit: &content.Hit{Kind: content.KindSecrecy}}},
		Files: []formFile{{Upload: uploads[0], SHA256: sampleSHA, Alt: "会场", Picture: true}, {Upload: uploads[1], SHA256: sampleSHA}}}
	wrong.Title = "写信息"
	wrong.Errors = map[string]string{"title": "标题不能为空", "body": "太长", "files": "文件太大。", "alt-0": "图片说明太长", "override": "请填写", "column": "请选择栏目", "village": "x",
		"author": "x", "source": "x", "reviewer": "x", "note": "x"}
	return append(list, uitest.Sample{Page: "edit", Name: "wrong", Data: wrong}, uitest.Sample{Page: "edit", Name: "village", Data: func() *editPage {
		p := &editPage{Action: "/items/new"}
		p.Title = "写信息"
		return p
	}()})
}

func TestPages(t *testing.T) {
	s := newSite(t)
	server, err := New(Options{Queue: s.q, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	uitest.Pages(t, server.pages, samples(t, server))
}

func TestEveryStateIsSaid(t *testing.T) {
	for _, i := range sampleItems() {
		for _, a := range []queue.Actor{{Role: account.RoleLiaison}, {Role: account.RoleVillage, Village: villageA}} {
			said := sayOf(&i, a, ui.Lang{})
			if !uitest.HasHan(said.Title) || said.Tone == "" || said.Means == "" && said.Why == "" {
				t.Errorf("%s for %s: %+v", i.State, a.Role, said)
			}
			if !uitest.HasHan(stateName(i.State)) {
				t.Errorf("%s has no name", i.State)
			}
		}
	}
}

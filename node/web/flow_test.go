package web

import (
	"net/http"
	"strings"
	"testing"

	"zhanqun/internal/ui/uitest"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// words is what the tests type into a new item.
func words(title string) map[string]string {
	return map[string]string{"title": title, "body": "十一月三日，许家坝镇召开会议。\n会议要求抓好落实。"}
}

// hand writes and submits an item from the township and returns its id.
func (b *browser) hand(title string) string {
	b.t.Helper()
	return b.get("/items/new").send(actSubmit, words(title)).want(http.StatusOK).id()
}

func TestWriteWithPhotoAndSubmit(t *testing.T) {
	s := newSite(t)
	b := s.as("wang")
	b.get("/items/new").want(http.StatusOK)
	if b.value("source") != "许家坝镇" || b.value("author") != "王芳" {
		t.Errorf("defaults: source %q, author %q", b.value("source"), b.value("author"))
	}
	b.send(actDraft, words("许家坝镇召开安全生产会"), upload{"现场.jpg", photo(t, 90)}).want(http.StatusOK).reads("草稿已存在本机")
	if d := s.item(b.id()); len(d.Text.Attachments) != 1 || d.State != queue.Drafting {
		t.Fatalf("draft = %+v", d)
	}
	b.send(actSubmit, map[string]string{"alt": "会议现场"}).want(http.StatusOK).reads("已存盘并排队发往县里", "已存在本机")
	d := s.item(b.id())
	if d.State != queue.Queued || d.Revision != 1 || d.Text.Attachments[0].Alt != "会议现场" {
		t.Errorf("item = %+v", d)
	}
	if s.pushed.Load() == 0 {
		t.Error("the line was not told")
	}
}

func TestSendingTwiceMakesOneItem(t *testing.T) {
	s := newSite(t)
	b := s.as("wang")
	form := uitest.Find(b.get("/items/new").page, "form[enctype=multipart/form-data]")
	submit := func(change map[string]string) {
		b.do(http.MethodPost, "/items/new", b.filled(form, actSubmit, change, nil), "Content-Type", "multipart/form-data; boundary="+boundary)
	}
	submit(words("只交一次"))
	b.want(http.StatusOK)
	submit(words("只交一次"))
	b.want(http.StatusOK).reads("已存盘并排队发往县里")
	if list := s.items(); len(list) != 1 || list[0].Revision != 1 {
		t.Fatalf("items = %+v", list)
	}
	// The same page with other words meets what became of it, and loses nothing.
	submit(words("后来改了主意"))
	b.want(http.StatusConflict).reads("两份改动的不同")
	if b.value("title") != "后来改了主意" || len(s.items()) != 1 {
		t.Errorf("title %q, items %+v", b.value("title"), s.items())
	}
}

func TestGoingBackAfterAFaultKeepsOneItem(t *testing.T) {
	s := newSite(t)
	b := s.as("wang")
	form := uitest.Find(b.get("/items/new").page, "form[enctype=multipart/form-data]")
	first := words("没有作者")
	first["author"] = ""
	b.do(http.MethodPost, "/items/new", b.filled(form, actSubmit, first, nil), "Content-Type", "multipart/form-data; boundary="+boundary)
	b.want(http.StatusUnprocessableEntity)
	if b.errorAt("author") == "" {
		t.Error("no fault at the author")
	}
	if list := s.items(); len(list) != 1 || list[0].State != queue.Drafting {
		t.Fatalf("the words are not on disk: %+v", list)
	}
	b.do(http.MethodPost, "/items/new", b.filled(form, actSubmit, words("有作者了"), nil), "Content-Type", "multipart/form-data; boundary="+boundary)
	b.want(http.StatusOK)
	if list := s.items(); len(list) != 1 || list[0].Title != "有作者了" || list[0].State != queue.Queued {
		t.Errorf("items = %+v", list)
	}
}

func TestReturnedFieldsAndNewRevision(t *testing.T) {
	s := newSite(t)
	b := s.as("wang")
	id := b.hand("退回来的信息")
	s.confirm()
	s.says(protocol.KindStatus, &protocol.Status{Item: id, Revision: 1, State: protocol.StateReturned, Reason: "fact",
		Fields: []string{"body"}, Comment: "人数对不上。", By: "周敏", At: noon})
	b.get("/").reads("有 1 件事等您办", "人数对不上。")
	b.get("/items/"+id).want(http.StatusOK).reads("县里退回修改", "事实待核实", "人数对不上。", "请核对事实")
	b.get("/items/" + id + "/edit").want(http.StatusOK).reads("县里退回修改")
	if got := uitest.Words(uitest.Find(b.page, "#f-body-returned")); !strings.Contains(got, "人数对不上。") {
		t.Errorf("at the body stands %q", got)
	}
	if uitest.Find(b.page, "#f-title-returned") != nil {
		t.Error("the title is marked as well")
	}
	b.send(actSubmit, map[string]string{"body": "十一月三日，许家坝镇 120 人参加会议。"}).want(http.StatusOK)
	if d := s.item(id); d.State != queue.Queued || d.Revision != 2 {
		t.Errorf("item = %+v", d.Item)
	}
	b.reads("提交第 2 稿", "以前的稿子")
	b.get("/items/" + id + "/edit").want(http.StatusOK).reads("现在不能修改")
	if b.at != "/items/"+id {
		t.Errorf("editing what is on its way: at %s", b.at)
	}
}

func TestStaleTextShowsBoth(t *testing.T) {
	s := newSite(t)
	one, two := s.as("wang"), s.as("wang")
	id := one.get("/items/new").send(actDraft, words("两人同改")).id()
	two.get("/items/" + id + "/edit")
	one.send(actDraft, map[string]string{"body": "先存的这一份。"}).want(http.StatusOK)
	two.send(actDraft, map[string]string{"body": "后写的那一份。"}).want(http.StatusConflict).reads("另一份改动", "两份改动的不同")
	if two.value("body") != "后写的那一份。" {
		t.Errorf("body = %q", two.value("body"))
	}
	if got := s.item(id).Text.Body; got != "先存的这一份。" {
		t.Errorf("on disk: %q", got)
	}
	two.send(actDraft, nil).want(http.StatusOK)
	if got := s.item(id).Text.Body; got != "后写的那一份。" {
		t.Errorf("after seeing both: %q", got)
	}
}

func TestWithdrawAsksOnceWithReason(t *testing.T) {
	s := newSite(t)
	b := s.as("wang")
	id := b.hand("要撤回的信息")
	s.confirm()
	b.get("/items/"+id+"/withdraw").want(http.StatusOK).reads("要撤回的信息", "县里会停止审核")
	b.post("/items/"+id+"/withdraw", "reason", " ").want(http.StatusUnprocessableEntity)
	if b.errorAt("reason") == "" {
		t.Error("no fault at the reason")
	}
	b.post("/items/"+id+"/withdraw", "reason", "数字有误").want(http.StatusOK).reads("正在撤回")
	if !s.item(id).Withdrawing {
		t.Error("not on its way")
	}
	s.confirm()
	s.says(protocol.KindStatus, &protocol.Status{Item: id, Revision: 1, State: protocol.StateWithdrawn, At: noon})
	b.get("/items/"+id).reads("已撤回", "县里收到撤回申请", "数字有误")
	b.get("/items/" + id + "/withdraw").want(http.StatusConflict)
}

func TestDiscardAsksOnce(t *testing.T) {
	s := newSite(t)
	b := s.as("wang")
	id := b.get("/items/new").send(actDraft, words("不要的草稿")).id()
	b.get("/items/"+id).post("/items/"+id+"/discard").want(http.StatusOK).reads("删除这份草稿", "不要的草稿")
	if len(s.items()) != 1 {
		t.Fatal("deleted without asking")
	}
	b.post("/items/"+id+"/discard", "sure", "1", "version", "1").want(http.StatusOK).reads("草稿已删除")
	if len(s.items()) != 0 {
		t.Error("still there")
	}
}

func TestFindingIsAnswered(t *testing.T) {
	s := newSite(t)
	b := s.as("wang")
	const id = "0190b6a4-0000-7000-8000-0000000000f1"
	f := &protocol.Finding{ID: id, State: protocol.FindingOpen, Class: "死链", Target: "http://a.example/x", Site: "镇网站",
		Places: []protocol.Place{{Page: "http://a.example/", Element: "a", Label: "公告"}}, Total: 1, Status: 404,
		Reason: "三次都是 404", Looks: 3, FirstBad: noon, LastBad: noon, Advice: "请改正链接。", At: noon}
	s.says(protocol.KindFinding, f)
	b.get("/findings").reads("http://a.example/x", "三次都是 404")
	b.get("/findings/"+id).reads("等您处理", "http://a.example/", "公告", "请改正链接。")
	b.post("/findings/"+id+"/answer", "answer", "disputed").want(http.StatusUnprocessableEntity)
	if b.errorAt("note") == "" {
		t.Error("a dispute without a reason was taken")
	}
	b.post("/findings/"+id+"/answer", "answer", "fixed", "note", "已改").want(http.StatusOK).reads("答复已存在本机")
	s.confirm()
	f.State = protocol.FindingFixing
	s.says(protocol.KindFinding, f)
	b.get("/findings/"+id).reads("会自动复查", "已改")
	f.State, f.Note = protocol.FindingRecheck, "仍是 404"
	s.says(protocol.KindFinding, f)
	b.get("/findings/"+id).reads("复查没有通过", "仍是 404")
	f.State = protocol.FindingClosed
	s.says(protocol.KindFinding, f)
	b.get("/findings/" + id).reads("已销号")
	b.get("/findings?state=closed").reads("http://a.example/x")
	s.as("li").get("/findings/" + id).want(http.StatusNotFound)
}

// A township sees in which vetoes it has a part, first on its first page; a village
// does not; and it is gone when the county says so.
func TestVetoesAreSeen(t *testing.T) {
	s := newSite(t)
	b, village := s.as("wang"), s.as("li")
	b.get("/").lacks("单项否决")
	v := protocol.Veto{Site: "县门户", Title: "栏目不更新", English: "Columns are not updated", State: protocol.VetoNear, Says: "2 个栏目不更新，达到 5 个即单项否决。", Count: 2, Limit: 5, Own: 1, Names: []string{"镇·通知公告"}}
	s.says(protocol.KindVetoes, &protocol.Vetoes{Vetoes: []protocol.Veto{v}, At: noon})
	b.get("/").reads("网站接近单项否决", "看是哪些（1 项）")
	b.get("/findings").reads("栏目不更新", "县内参考值", "2 个栏目不更新，达到 5 个即单项否决。", "其中本单位 1 个：镇·通知公告", "接近")
	b.get("/findings?state=closed").lacks("单项否决")
	village.get("/").lacks("单项否决")
	village.get("/findings").lacks("单项否决")
	v.State, v.Official = protocol.VetoFallen, true
	s.says(protocol.KindVetoes, &protocol.Vetoes{Vetoes: []protocol.Veto{v}, At: noon})
	b.get("/").reads("网站已触发单项否决")
	b.get("/findings").reads("已触发").lacks("县内参考值")
	s.says(protocol.KindVetoes, &protocol.Vetoes{Vetoes: []protocol.Veto{}, At: noon})
	b.get("/findings").lacks("单项否决")
}

package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"zhanqun/internal/account"
	"zhanqun/internal/ui/uitest"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

func TestVillageItemIsEndorsed(t *testing.T) {
	s := newSite(t)
	li, wang := s.as("li"), s.as("wang")
	li.get("/items/new").reads("提交给镇里")
	if li.value("source") != "杏花村" || li.value("village") != villageA && li.value("village") != "" {
		t.Errorf("source %q, village %q", li.value("source"), li.value("village"))
	}
	li.send(actSubmit, words("杏花村植树")).want(http.StatusOK).reads("已存盘并交给镇里", "等镇里签发")
	id := li.id()
	if d := s.item(id); d.State != queue.Awaiting || d.Village != villageA {
		t.Fatalf("item = %+v", d.Item)
	}
	s.as("zhao").get("/items/" + id).want(http.StatusNotFound)
	li.get("/items/" + id + "/edit").reads("现在不能修改")

	wang.get("/").reads("有 1 件事等您办", "杏花村植树")
	wang.get("/items/"+id).reads("等您签发", "杏花村")
	version := uitest.Attr(uitest.Find(wang.page, "section form input[name=version]"), "value")
	wang.post("/items/"+id+"/sendback", "version", version, "comment", "").want(http.StatusUnprocessableEntity)
	if wang.errorAt("comment") == "" {
		t.Error("sent back without a word")
	}
	wang.post("/items/"+id+"/sendback", "version", version, "comment", "请补上人数。").want(http.StatusOK).reads("已退回村里")
	wang.get("/").reads("没有等您办的事")

	li.get("/").reads("有 1 件事等您办", "请补上人数。")
	li.get("/items/"+id+"/edit").reads("镇里退回修改", "请补上人数。")
	li.send(actSubmit, map[string]string{"body": "杏花村 60 人植树。"}).want(http.StatusOK).reads("等镇里签发")
	li.post("/items/" + id + "/sendback").want(http.StatusForbidden)

	wang.get("/items/" + id)
	version = uitest.Attr(uitest.Find(wang.page, "section form input[name=version]"), "value")
	wang.post("/items/"+id+"/submit", "version", version).want(http.StatusOK).reads("已存盘并排队发往县里", "镇里签发第 1 稿")
	if d := s.item(id); d.State != queue.Queued || d.Village != villageA {
		t.Errorf("item = %+v", d.Item)
	}
	li.get("/items/"+id).reads("已存在本机", "镇里签发")
}

func TestEndorsingAStaleTextIsRefused(t *testing.T) {
	s := newSite(t)
	li, wang, chen := s.as("li"), s.as("wang"), s.as("wang")
	id := li.get("/items/new").send(actSubmit, words("签发前被改")).id()
	wang.get("/items/" + id)
	version := uitest.Attr(uitest.Find(wang.page, "section form input[name=version]"), "value")
	chen.get("/items/"+id+"/edit").send(actDraft, map[string]string{"title": "签发前被改了"}).want(http.StatusOK)
	wang.post("/items/"+id+"/submit", "version", version).want(http.StatusConflict).reads("签发前被改了")
	if s.item(id).Revision != 0 {
		t.Error("signed a text nobody had seen")
	}
}

func TestVillageSeesItsOwnOnly(t *testing.T) {
	s := newSite(t)
	wang, li := s.as("wang"), s.as("li")
	id := wang.get("/items/new").send(actSubmit, words("镇里的信息"), upload{"镇.jpg", photo(t, 40)}).id()
	sha := s.item(id).Text.Attachments[0].SHA256
	li.get("/items/" + id).want(http.StatusNotFound)
	li.get("/files/" + sha + "/a.jpg").want(http.StatusNotFound)
	li.get("/people").want(http.StatusForbidden)
	li.get("/items").want(http.StatusOK).reads("还没有信息")
	for _, n := range uitest.All(li.page, ".main-nav a") {
		if uitest.Words(n) == "人员" {
			t.Error("a village is offered the page of people")
		}
	}
	// What the township writes for a village belongs to the village.
	other := words("代村里写的")
	other["village"] = villageA
	id = wang.get("/items/new").send(actSubmit, other).want(http.StatusOK).id()
	li.get("/items").reads("代村里写的")
	li.get("/items/" + id).want(http.StatusOK)
	li.post("/items/"+id+"/withdraw", "reason", "不报了").want(http.StatusConflict)
}

func TestVillageTakesBack(t *testing.T) {
	s := newSite(t)
	li := s.as("li")
	id := li.get("/items/new").send(actSubmit, words("还要改")).id()
	li.get("/items/" + id + "/withdraw").reads("从镇里收回")
	li.post("/items/" + id + "/withdraw").want(http.StatusOK).reads("已收回，现在是草稿")
	if s.item(id).State != queue.Drafting {
		t.Error("not a draft")
	}
}

func TestPeople(t *testing.T) {
	s := newSite(t)
	wang := s.as("wang")
	wang.get("/people").want(http.StatusOK).reads("李强", "杏花村")
	wang.post("/people", "login", "sun", "name", "孙丽", "role", "village").want(http.StatusUnprocessableEntity)
	if wang.errorAt("village") == "" || wang.value("name") != "孙丽" {
		t.Errorf("fault %q, name %q", wang.errorAt("village"), wang.value("name"))
	}
	wang.post("/people", "login", "sun", "name", "孙丽", "role", "village", "village", villageB).want(http.StatusOK).reads("孙丽")
	once := uitest.Words(uitest.Find(wang.page, "main .strip code"))
	sun := s.anonymous()
	sun.get("/signin").post("/signin", "login", "sun", "password", once)
	if sun.at != "/account/password" {
		t.Fatalf("with a password of somebody else at %s", sun.at)
	}
	sun.get("/items")
	if sun.at != "/account/password" {
		t.Error("the password need not be changed")
	}
	sun.post("/account/password", "old", once, "password", "xila-woda-kumi-tepo", "again", "xila-woda-kumi").want(http.StatusUnprocessableEntity)
	sun.post("/account/password", "old", "wrong", "password", "xila-woda-kumi-tepo", "again", "xila-woda-kumi-tepo").want(http.StatusUnprocessableEntity)
	sun.post("/account/password", "old", once, "password", "xila-woda-kumi-tepo", "again", "xila-woda-kumi-tepo").want(http.StatusOK).reads("密码已修改")
	sun.get("/items").want(http.StatusOK)

	wang.get("/people/sun").want(http.StatusOK).reads("退出这一处")
	wang.post(uitest.Attr(uitest.Find(wang.page, "table form"), "action")).want(http.StatusOK).reads("这一处登录已退出", "现在没有在任何地方登录")
	if sun.get("/items"); !strings.HasPrefix(sun.at, "/signin") {
		t.Errorf("signed out by the township, at %s", sun.at)
	}
	sun.post("/signin", "login", "sun", "password", "xila-woda-kumi-tepo")
	wang.get("/people/sun").post("/people/sun/signout").want(http.StatusOK).reads("这个账号的登录都已退出")
	if sun.get("/items"); !strings.HasPrefix(sun.at, "/signin") {
		t.Errorf("signed out everywhere, at %s", sun.at)
	}
	sun.post("/signin", "login", "sun", "password", "xila-woda-kumi-tepo")
	sun.get("/items").want(http.StatusOK)

	wang.get("/people").post("/people/sun/disable").want(http.StatusOK).reads("停用这个账号？", "sun")
	sun.get("/items").want(http.StatusOK)
	wang.post("/people/sun/disable", "sure", "1").want(http.StatusOK).reads("账号已停用")
	sun.get("/items")
	if sun.at != "/signin?next=%2Fitems" {
		t.Errorf("a disabled account is at %s", sun.at)
	}
	wang.post("/people/sun/enable").want(http.StatusOK)
	wang.post("/people/sun/reset").want(http.StatusOK).reads("重置这个账号的密码？")
	s.clockAt(time.Minute)
	wang.post("/people/sun/reset", "sure", "1").want(http.StatusOK).reads("的一次性密码")
	once = uitest.Words(uitest.Find(wang.page, "main .strip code"))
	s.clockAt(account.OneTimeLife - time.Second)
	sun.get("/signin").post("/signin", "login", "sun", "password", once).reads("上次登录：", "此后密码由wang重置：")
	s.clockAt(account.OneTimeLife + time.Minute)
	late := s.anonymous()
	late.get("/signin").post("/signin", "login", "sun", "password", once).want(http.StatusUnauthorized).reads("一次性密码已超过 7 天")
	s.clockAt(0)
	wang = s.as("wang")
	wang.post("/people/wang/disable").want(http.StatusConflict)
	wang.get("/people").post("/people/sun/promote").want(http.StatusNotFound)
}

func TestNoticesAreRead(t *testing.T) {
	s := newSite(t)
	b := s.as("wang")
	const id = "0190b6a4-0000-7000-8000-0000000000e1"
	s.says(protocol.KindNotice, &protocol.Notice{ID: id, Title: "报送通知", Text: "每周三条。\n\n县政府办", At: noon})
	b.get("/").reads("报送通知", "有 1 件事等您办")
	b.get("/notices").reads("每周三条。", "未读")
	b.post("/notices/" + id + "/read").want(http.StatusOK)
	b.get("/").reads("没有等您办的事")
}

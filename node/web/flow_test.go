package web

import (
	"net/http"
	"testing"

	"zhanqun/node/queue"
)

func TestWriteWithPhotoAndSubmit(t *testing.T) {
	s := newSite(t)
	b := s.as("wang")
	b.get("/items/new").want(http.StatusOK)
	if b.value("source") != "许家坝镇" || b.value("author") != "王芳" {
		t.Errorf("defaults: source %q, author %q", b.value("source"), b.value("author"))
	}
	text := map[string]string{"title": "许家坝镇召开安全生产会", "body": "十一月三日，许家坝镇召开会议。\n会议要求抓好落实。"}
	b.send(actDraft, text, upload{"现场.jpg", photo(t, 90)}).want(http.StatusOK).reads("草稿已存在本机")
	if len(s.item(b.id()).Text.Attachments) != 1 || s.item(b.id()).State != queue.Drafting {
		t.Fatalf("draft = %+v", s.item(b.id()))
	}
	b.send(actSubmit, map[string]string{"alt": "会议现场"}).want(http.StatusOK).reads("已存盘并排队发往县里", "已存在本机")
	d := s.item(b.id())
	if d.State != queue.Queued || d.Revision != 1 || d.Text.Attachments[0].Alt != "会议现场" {
		t.Errorf("item = %+v", d)
	}
	if s.pushed == 0 {
		t.Error("the line was not told")
	}
}

package web

import (
	"net/http"
	"strings"
	"testing"

	"zhanqun/internal/ui/uitest"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// inEnglish is somebody who chose English.
func (s *site) inEnglish(login string) *browser {
	b := s.as(login)
	b.get("/lang/en?back=/items").want(http.StatusOK)
	if b.at != "/items" || uitest.Attr(uitest.Find(b.page, "html"), "lang") != "en" || uitest.Words(uitest.Find(b.page, "h1")) != "Items" {
		s.t.Fatalf("at %s in %q: %s", b.at, uitest.Attr(uitest.Find(b.page, "html"), "lang"), uitest.Words(uitest.Find(b.page, "h1")))
	}
	return b
}

// english holds that what stands at a field is said, and in English.
func (b *browser) english(field, says string) {
	b.t.Helper()
	got := b.errorAt(field)
	if !strings.Contains(got, says) || uitest.HasHan(got) {
		b.t.Errorf("%s: at %s stands %q, want English with %q", b.at, field, got, says)
	}
}

// Faults come from the queue, from files, from accounts and from the county, put
// together in Chinese; whoever chose English reads English.
func TestFaultsInEnglish(t *testing.T) {
	s := newSite(t)
	b := s.inEnglish("wang")
	text := map[string]string{"title": strings.Repeat("long", 60), "body": "Call 13985412345.", "author": "Wang", "source": "Xujiaba"}
	b.get("/items/new").send(actSubmit, text).want(http.StatusUnprocessableEntity)
	b.english("title", "at most 200")
	b.english("body", "mobile number (139****2345)")
	b.send(actSubmit, map[string]string{"title": "Short"}, upload{"setup.exe", []byte("MZ\x90\x00")}, upload{"empty.jpg", nil}).want(http.StatusUnprocessableEntity)
	b.english("files", "would run a program")
	b.english("files", "“empty.jpg”")

	b.post("/people", "login", "wang", "name", "Wang", "role", "village").want(http.StatusUnprocessableEntity)
	b.english("village", "needs the code")
	b.post("/people", "login", "wang", "name", "Wang", "role", "liaison").want(http.StatusUnprocessableEntity)
	b.english("login", "“wang” is taken")

	id := b.hand("Returned")
	s.confirm()
	s.answers(id, protocol.Status{State: protocol.StateReturned, Reason: "fact", Fields: []string{"body"}, Comment: "Check it."})
	b.get("/items/"+id).reads("Returned by the county", "Facts to be verified · Text: Check it.", "Check facts, figures")

	s.line(queue.Line{Error: "县级平台没有接受本机的请求：附件 31 个，最多 30 个", Connected: true, Since: noon})
	if b.get("/queue").reads("did not accept the request: 31 files; at most 30"); uitest.HasHan(uitest.Words(uitest.Find(b.page, "main .strip"))) {
		t.Errorf("the line is said in Chinese: %s", uitest.Words(uitest.Find(b.page, "main .strip")))
	}
}

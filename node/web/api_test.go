package web

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/simplifiedchinese"

	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// program returns a browser that is a program with a token of login.
func (s *site) program(login string) *browser {
	s.t.Helper()
	token, err := s.q.CreateToken(context.Background(), login, "测试", 0)
	if err != nil {
		s.t.Fatal(err)
	}
	b := s.anonymous()
	b.token = token
	return b
}

// call sends JSON and reads the answer.
func (b *browser) call(method, to, body string, header ...string) map[string]any {
	b.t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
		header = append(header, "Content-Type", "application/json")
	}
	b.do(method, to, r, header...)
	var v map[string]any
	if err := json.Unmarshal(b.body, &v); err != nil {
		b.t.Fatalf("%s %s: %d %s: %v", method, to, b.status, b.body, err)
	}
	return v
}

func TestQueueAPIKeys(t *testing.T) {
	s := newSite(t)
	got := s.program("wang").call(http.MethodGet, "/api/v1/queue", "")
	for name, want := range map[string]any{"queued": 0.0, "sent": 0.0, "confirmed": 0.0, "oldestQueuedAt": nil, "connected": false, "lastContactAt": nil} {
		if v, ok := got[name]; !ok || v != want {
			t.Errorf("%s = %v (there: %v), want %v", name, v, ok, want)
		}
	}
	if blobs, _ := got["blobs"].(map[string]any); !cmp.Equal(slices.Sorted(maps.Keys(blobs)), []string{"bytesLeft", "sent", "waiting"}) {
		t.Errorf("blobs = %v", got["blobs"])
	}
}

func TestItemsAPI(t *testing.T) {
	s := newSite(t)
	b := s.program("wang")
	b.do(http.MethodPost, "/api/v1/attachments?name=a.jpg", strings.NewReader(string(photo(t, 33))))
	b.want(http.StatusCreated)
	var file protocol.Attachment
	if err := json.Unmarshal(b.body, &file); err != nil || !protocol.ValidSHA256(file.SHA256) || file.Type != "image/jpeg" {
		t.Fatalf("attachment = %s", b.body)
	}
	body := `{"column":"township","title":"程序写的","body":"正文。","author":"王芳","source":"许家坝镇","attachments":[{"sha256":"` + file.SHA256 + `","name":"a.jpg"}]}`
	got := b.call(http.MethodPost, "/api/v1/items", body, "Idempotency-Key", "k1")
	id, _ := got["id"].(string)
	if b.status != http.StatusCreated || got["state"] != "draft" || b.header.Get("Location") != "/api/v1/items/"+id {
		t.Fatalf("%d %v", b.status, got)
	}
	if again := b.call(http.MethodPost, "/api/v1/items", body, "Idempotency-Key", "k1"); again["id"] != id {
		t.Errorf("the same key made %v", again["id"])
	}
	got = b.call(http.MethodPut, "/api/v1/items/"+id, strings.Replace(body, "程序写的", "程序改的", 1))
	if text, _ := got["text"].(map[string]any); b.status != http.StatusOK || text["title"] != "程序改的" {
		t.Errorf("%d %v", b.status, got)
	}
	b.call(http.MethodPut, "/api/v1/items/"+id, `{"version":1,"title":"旧的"}`)
	if b.status != http.StatusConflict {
		t.Errorf("an old version: %d", b.status)
	}
	if got = b.call(http.MethodPost, "/api/v1/items/"+id+"/submit", ""); b.status != http.StatusOK || got["state"] != "queued" || got["revision"] != 1.0 {
		t.Errorf("%d %v", b.status, got)
	}
	got = b.call(http.MethodGet, "/api/v1/items?state=queued", "")
	if list, _ := got["items"].([]any); len(list) != 1 {
		t.Errorf("list = %v", got)
	}
	if _, ok := got["next"]; !ok {
		t.Errorf("no cursor in %v", got)
	}
	if got = b.call(http.MethodGet, "/api/v1/queue", ""); got["queued"] != 1.0 || got["oldestQueuedAt"] == nil {
		t.Errorf("queue = %v", got)
	}
	if b.call(http.MethodPost, "/api/v1/items/"+id+"/withdraw", `{}`); b.status != http.StatusUnprocessableEntity {
		t.Errorf("withdrawn without a reason: %d", b.status)
	}
	if b.call(http.MethodPost, "/api/v1/items/"+id+"/withdraw", `{"reason":"有误"}`); b.status != http.StatusOK || !s.item(id).Withdrawing {
		t.Errorf("withdraw: %d %s", b.status, b.body)
	}
}

func TestAPIRefusesInItsOwnWords(t *testing.T) {
	s := newSite(t, func(o *Options) { o.Max = 64 << 10 })
	b := s.program("wang")
	for _, c := range []struct {
		name, method, to, body string
		status                 int
		field                  string
	}{
		{"missing item", http.MethodGet, "/api/v1/items/0190b6a4-0000-7000-8000-000000000001", "", 404, ""},
		{"no item", http.MethodGet, "/api/v1/items/x", "", 404, ""},
		{"no JSON", http.MethodPost, "/api/v1/items", "title=x", 422, ""},
		{"bad limit", http.MethodGet, "/api/v1/items?limit=x", "", 422, "limit"},
		{"bad cursor", http.MethodGet, "/api/v1/items?cursor=!", "", 422, ""},
		{"no such page", http.MethodGet, "/api/v1/nothing", "", 404, ""},
		{"no such finding", http.MethodPost, "/api/v1/findings/0190b6a4-0000-7000-8000-000000000001/answer", `{"answer":"fixed"}`, 404, ""},
		{"wrong answer", http.MethodPost, "/api/v1/findings/0190b6a4-0000-7000-8000-000000000001/answer", `{"answer":"maybe"}`, 422, "answer"},
		{"file without name", http.MethodPost, "/api/v1/attachments", "", 422, "name"},
		{"empty file", http.MethodPost, "/api/v1/attachments?name=a.jpg", "", 422, "file"},
	} {
		got := b.call(c.method, c.to, c.body)
		if b.status != c.status || got["detail"] == "" || !strings.HasPrefix(b.header.Get("Content-Type"), "application/problem+json") {
			t.Errorf("%s: %d %v", c.name, b.status, got)
		}
		if fields, _ := got["errors"].(map[string]any); c.field != "" && fields[c.field] == nil {
			t.Errorf("%s: fields %v", c.name, got["errors"])
		}
	}
	b.do(http.MethodPost, "/api/v1/attachments?name=a.jpg", strings.NewReader(strings.Repeat("x", 65<<10)))
	if b.status != http.StatusRequestEntityTooLarge && b.status != http.StatusUnprocessableEntity {
		t.Errorf("oversize: %d", b.status)
	}
	bad := s.anonymous()
	bad.token = "zqn_nonsense"
	if bad.call(http.MethodGet, "/api/v1/queue", ""); bad.status != http.StatusUnauthorized {
		t.Errorf("a made-up token: %d", bad.status)
	}
	if v := s.program("li").call(http.MethodGet, "/api/v1/items", ""); v["items"] == nil {
		t.Errorf("an empty list is %v", v["items"])
	}
}

func TestAPITakesGBK(t *testing.T) {
	s := newSite(t)
	body, err := simplifiedchinese.GBK.NewEncoder().String(`{"column":"township","title":"国标码写的誠","body":"正文。","author":"王芳","source":"许家坝镇"}`)
	if err != nil {
		t.Fatal(err)
	}
	b := s.program("wang")
	got := b.call(http.MethodPost, "/api/v1/items", body)
	if text, _ := got["text"].(map[string]any); b.status != http.StatusCreated || text["title"] != "国标码写的誠" {
		t.Errorf("%d %v", b.status, got)
	}
}

func TestFindingsAPI(t *testing.T) {
	s := newSite(t)
	const id = "0190b6a4-0000-7000-8000-0000000000f1"
	s.says(protocol.KindFinding, &protocol.Finding{ID: id, State: protocol.FindingOpen, Class: "死链", Target: "http://a.example/x", Total: 1, At: noon})
	b := s.program("wang")
	got := b.call(http.MethodGet, "/api/v1/findings", "")
	if list, _ := got["findings"].([]any); len(list) != 1 {
		t.Fatalf("findings = %v", got)
	}
	got = b.call(http.MethodPost, "/api/v1/findings/"+id+"/answer", `{"answer":"fixed","note":"已改"}`)
	if b.status != http.StatusOK || got["answerState"] != string(queue.Queued) {
		t.Errorf("%d %v", b.status, got)
	}
	if v := s.program("li"); v.call(http.MethodPost, "/api/v1/findings/"+id+"/answer", `{"answer":"fixed"}`)["detail"] == "" || v.status != http.StatusForbidden {
		t.Errorf("a village answers: %d", v.status)
	}
}

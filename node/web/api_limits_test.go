package web

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhanqun/internal/account"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// keys are the names of a JSON object, sorted.
func keys(v any) []string {
	m, _ := v.(map[string]any)
	return slices.Sorted(maps.Keys(m))
}

const apiItem = `{"column":"township","title":"程序写的","body":"正文。","author":"王芳","source":"许家坝镇"%s}`

// What programs rely on: paths, and the names in what they answer.
func TestShapesOfTheInterface(t *testing.T) {
	s := newSite(t)
	f := s.furnish()
	b := s.program("wang")
	got := b.call(http.MethodGet, "/api/v1/items?limit=1", "")
	if want := []string{"items", "next"}; !cmp.Equal(keys(got), want) || got["next"] == "" {
		t.Errorf("a page of items has %v and next %q", keys(got), got["next"])
	}
	second := b.call(http.MethodGet, fmt.Sprintf("/api/v1/items?limit=1&cursor=%s", got["next"]), "")
	if first, next := got["items"].([]any)[0], second["items"].([]any)[0]; cmp.Equal(first, next) {
		t.Error("the cursor leads to the same item")
	}
	got = b.call(http.MethodGet, "/api/v1/items/"+f.items["returned"], "")
	for _, name := range []string{"id", "state", "revision", "version", "column", "title", "author", "createdAt", "updatedAt", "status", "text", "revisions", "history"} {
		if _, ok := got[name]; !ok {
			t.Errorf("an item has no %s: %v", name, keys(got))
		}
	}
	if st, _ := got["status"].(map[string]any); st["reason"] != "element" || st["comment"] == "" {
		t.Errorf("status = %v", got["status"])
	}
	got = b.call(http.MethodGet, "/api/v1/findings", "")
	if want := []string{"findings", "next"}; !cmp.Equal(keys(got), want) {
		t.Errorf("findings have %v", keys(got))
	}
	one := got["findings"].([]any)[0].(map[string]any)
	for _, name := range []string{"id", "state", "class", "target", "places", "total", "reason", "looks", "firstBad", "lastBad", "advice"} {
		if _, ok := one[name]; !ok {
			t.Errorf("a finding has no %s: %v", name, keys(one))
		}
	}
	if got = b.call(http.MethodGet, "/api/v1/findings?state=closed", ""); len(got["findings"].([]any)) != 1 {
		t.Errorf("closed findings = %v", got)
	}
	got = b.call(http.MethodGet, "/api/v1/queue", "")
	if got["queued"] != 1.0 || got["sent"] != 2.0 || got["connected"] != true || got["lastContactAt"] == nil {
		t.Errorf("queue = %v", got)
	}
}

// Errors are problem details (RFC 9457) that name the field.
func TestProblemDetails(t *testing.T) {
	s := newSite(t)
	b := s.program("wang")
	got := b.call(http.MethodPost, "/api/v1/items", fmt.Sprintf(apiItem, `,"override":""`))
	id, _ := got["id"].(string)
	b.call(http.MethodPut, "/api/v1/items/"+id, `{"column":"","title":"","body":"","author":"","source":""}`)
	got = b.call(http.MethodPost, "/api/v1/items/"+id+"/submit", "")
	if b.status != http.StatusUnprocessableEntity || got["type"] != "about:blank" || got["title"] == "" || got["status"] != 422.0 || got["instance"] != "/api/v1/items/"+id+"/submit" {
		t.Errorf("%d %v", b.status, got)
	}
	if want := []string{"author", "body", "column", "source", "title"}; !cmp.Equal(keys(got["errors"]), want) {
		t.Errorf("fields %v, want %v", keys(got["errors"]), want)
	}
	if b.header.Get("Content-Type") != "application/problem+json; charset=utf-8" || b.header.Get("Content-Language") != "zh-CN" || got["requestId"] != b.header.Get("X-Request-Id") {
		t.Errorf("headers %v", b.header)
	}
	for _, to := range []string{"/api/v1/items", "/api/v1/items/" + id, "/api/v1/queue"} {
		if b.call(http.MethodDelete, to, ""); b.status != http.StatusNotFound && b.status != http.StatusMethodNotAllowed {
			t.Errorf("DELETE %s: %d", to, b.status)
		}
	}
}

// An answer may get lost: what a program repeats is done once.
func TestRepeatedRequestsAreDoneOnce(t *testing.T) {
	s := newSite(t)
	b := s.program("wang")
	body := fmt.Sprintf(apiItem, "")
	got := b.call(http.MethodPost, "/api/v1/items", body, "Idempotency-Key", "k")
	id, _ := got["id"].(string)
	if b.call(http.MethodPost, "/api/v1/items", body, "Idempotency-Key", "k")["id"] != id {
		t.Error("made twice")
	}
	if got = b.call(http.MethodPost, "/api/v1/items", strings.Replace(body, "程序写的", "别的", 1), "Idempotency-Key", "k"); b.status != http.StatusConflict {
		t.Errorf("another text under the same key: %d %v", b.status, got)
	}
	if s.program("li").call(http.MethodPost, "/api/v1/items", body, "Idempotency-Key", "k")["id"] == id {
		t.Error("the key of somebody else is not one's own")
	}
	if b.call(http.MethodPost, "/api/v1/items", body, "Idempotency-Key", strings.Repeat("k", 201)); b.status != http.StatusUnprocessableEntity {
		t.Errorf("an endless key: %d", b.status)
	}
	changed := strings.Replace(body, "程序写的", "程序改的", 1)
	for range 2 { // the same key as above: another request all the same
		got = b.call(http.MethodPut, "/api/v1/items/"+id, changed, "Idempotency-Key", "k")
		if text, _ := got["text"].(map[string]any); b.status != http.StatusOK || text["title"] != "程序改的" || got["version"] != 2.0 {
			t.Errorf("changed: %d, version %v, title %v", b.status, got["version"], text["title"])
		}
	}
	for range 2 {
		got = b.call(http.MethodPost, "/api/v1/items/"+id+"/submit", `{"version":2}`)
		if b.status != http.StatusOK || got["revision"] != 1.0 {
			t.Errorf("submitted: %d %v", b.status, got["revision"])
		}
	}
	for range 2 {
		if b.call(http.MethodPost, "/api/v1/items/"+id+"/withdraw", `{"reason":"有误"}`); b.status != http.StatusOK {
			t.Errorf("withdrawn: %d %s", b.status, b.body)
		}
	}
	for _, name := range []string{"a.jpg", "b.jpg"} { // the bytes are the key
		var a protocol.Attachment
		b.do(http.MethodPost, "/api/v1/attachments?name="+name, bytes.NewReader(photo(t, 9)))
		if b.json(&a); b.status != http.StatusCreated || a.Name != name {
			t.Errorf("%s: %d %+v", name, b.status, a)
		}
	}
	if got = b.call(http.MethodGet, "/api/v1/queue", ""); got["queued"] != 2.0 {
		t.Errorf("queue = %v", got)
	}
}

// json reads the last answer.
func (b *browser) json(v any) {
	b.t.Helper()
	if err := json.Unmarshal(b.body, v); err != nil {
		b.t.Fatalf("%d %s: %v", b.status, b.body, err)
	}
}

func TestLimitsOfTheInterface(t *testing.T) {
	s := newSite(t, func(o *Options) { o.Max = 64 << 10 })
	b := s.program("wang")
	sha := strings.Repeat("0", 64)
	many := strings.TrimSuffix(strings.Repeat(`{"sha256":"`+sha+`","name":"a.jpg"},`, protocol.MaxAttachments+1), ",")
	for _, c := range []struct {
		name, more string
		status     int
		field      string
	}{
		{"text of 2 MiB", `,"note":"` + strings.Repeat("x", 2<<20) + `"`, http.StatusRequestEntityTooLarge, ""},
		{"note over its limit", `,"note":"` + strings.Repeat("长", protocol.MaxTextRunes+1) + `"`, http.StatusUnprocessableEntity, "note"},
		{"31 files", `,"attachments":[` + many + `]`, http.StatusUnprocessableEntity, "attachments"},
		{"a file nobody sent", `,"attachments":[{"sha256":"` + sha + `","name":"a.jpg"}]`, http.StatusUnprocessableEntity, "attachments[0]"},
		{"a format nobody knows", `,"format":"markdown"`, http.StatusUnprocessableEntity, "format"},
	} {
		got := b.call(http.MethodPost, "/api/v1/items", fmt.Sprintf(apiItem, c.more))
		if b.status != c.status || c.field != "" && got["errors"].(map[string]any)[c.field] == nil {
			t.Errorf("%s: %d %.300v", c.name, b.status, got)
		}
	}
	// A draft may be unfinished or too long; handing it in says what is wrong.
	long := strings.Replace(fmt.Sprintf(apiItem, ""), "程序写的", strings.Repeat("长", protocol.MaxTitleRunes+1), 1)
	id, _ := b.call(http.MethodPost, "/api/v1/items", long)["id"].(string)
	got := b.call(http.MethodPost, "/api/v1/items/"+id+"/submit", "")
	if b.status != http.StatusUnprocessableEntity || !strings.Contains(fmt.Sprint(got["errors"]), "最多 200 个字") {
		t.Errorf("a long title: %d %v", b.status, got)
	}
	b.do(http.MethodPost, "/api/v1/attachments?name=a.jpg", strings.NewReader(strings.Repeat("x", 65<<10)))
	if b.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a file over the limit: %d %s", b.status, b.body)
	}
	if len(s.items()) != 1 {
		t.Errorf("refused items were kept: %d", len(s.items()))
	}
}

// bomb is a small picture file that would be enormous in memory.
func bomb(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		t.Fatal(err)
	}
	data := b.Bytes()
	binary.BigEndian.PutUint32(data[16:], 60_000) // width and height of IHDR
	binary.BigEndian.PutUint32(data[20:], 60_000)
	binary.BigEndian.PutUint32(data[29:], crc32.ChecksumIEEE(data[12:29]))
	return data
}

// Files that lie, blow up or hold nothing are refused with the reason at the
// field, by the interface and by the page alike.
func TestBadFilesAreRefused(t *testing.T) {
	s := newSite(t)
	program, clerk := s.program("wang"), s.as("wang")
	for _, c := range []struct {
		name, file string
		data       []byte
		says       string
	}{
		{"bomb", "全景.png", bomb(t), "60000×60000"},
		{"lie", "照片.jpg", []byte("<!doctype html><script>alert(1)</script>"), "两者不符"},
		{"empty", "空.jpg", nil, "0 字节"},
		{"program", "setup.exe", []byte("MZ\x90\x00"), "运行程序"},
	} {
		got := map[string]any{}
		program.do(http.MethodPost, "/api/v1/attachments?name="+url.QueryEscape(c.file), bytes.NewReader(c.data))
		program.json(&got)
		if program.status != http.StatusUnprocessableEntity || !strings.Contains(fmt.Sprint(got["errors"]), c.says) {
			t.Errorf("%s: %d %v", c.name, program.status, got)
		}
		clerk.get("/items/new").send(actSubmit, words("坏附件："+c.name), upload{c.file, c.data}).want(http.StatusUnprocessableEntity)
		if at := clerk.errorAt("files"); !strings.Contains(at, c.says) {
			t.Errorf("%s: at the files stands %q", c.name, at)
		}
	}
	for _, name := range []string{"../../etc/passwd.csv", `C:\Users\li\名单.csv`, "..%2f..%2fx.csv"} {
		var got protocol.Attachment
		program.do(http.MethodPost, "/api/v1/attachments?name="+url.QueryEscape(name), strings.NewReader("姓名,人数\n张三,1\n"))
		program.json(&got)
		if program.status != http.StatusCreated || strings.ContainsAny(got.Name, `/\`) || !protocol.ValidFileName(got.Name) {
			t.Errorf("%s: %d, kept as %q", name, program.status, got.Name)
		}
	}
}

// Personal data needs a reason, a secrecy mark blocks whatever reason is given.
func TestPrivacyAndSecrecy(t *testing.T) {
	s := newSite(t)
	b := s.program("wang")
	for _, c := range []struct {
		name, body, says string
		blocks           bool
	}{
		{"identity number", "身份证号11010519491231002X。", "身份证号（11", false},
		{"mobile number", "电话13985412345。", "手机号（139****2345）", false},
		{"bank card", "卡号6222021234567890128。", "银行卡号（622202", false},
		{"secrecy mark", "机密★10年\\n通知。", "涉密", true},
		{"not for publication", "（此件不公开）", "不宜公开", true},
	} {
		body := strings.Replace(fmt.Sprintf(apiItem, ""), "正文。", c.body, 1)
		id, _ := b.call(http.MethodPost, "/api/v1/items", body)["id"].(string)
		got := b.call(http.MethodPost, "/api/v1/items/"+id+"/submit", "")
		if b.status != http.StatusUnprocessableEntity || !strings.Contains(fmt.Sprint(got["errors"]), c.says) {
			t.Errorf("%s: %d %v", c.name, b.status, got)
		}
		b.call(http.MethodPut, "/api/v1/items/"+id, strings.Replace(body, `"column"`, `"override":"本人同意公开","column"`, 1))
		b.call(http.MethodPost, "/api/v1/items/"+id+"/submit", "")
		if taken := b.status == http.StatusOK; taken == c.blocks {
			t.Errorf("%s with a reason: %d %s", c.name, b.status, b.body)
		}
		// The page warns when it is opened, before anything is pressed.
		if c.blocks {
			s.as("wang").get("/items/" + id + "/edit").reads(c.says)
		}
	}
}

// A session may use the interface only as its pages may be used.
func TestInterfaceBySession(t *testing.T) {
	s := newSite(t)
	s.newcomer(queue.Account{Login: "chen", Name: "陈静", Role: account.RoleLiaison})
	b := s.anonymous()
	b.get("/signin").post("/signin", "login", "chen", "password", "once-only-word-77")
	if b.call(http.MethodGet, "/api/v1/items", ""); b.status != http.StatusForbidden {
		t.Errorf("before the first password is changed: %d", b.status)
	}
	w := s.as("wang")
	if w.call(http.MethodPost, "/api/v1/items", fmt.Sprintf(apiItem, "")); w.status != http.StatusForbidden {
		t.Errorf("without the token of a form: %d", w.status)
	}
	if w.call(http.MethodPost, "/api/v1/items", fmt.Sprintf(apiItem, ""), "Sec-Fetch-Site", "same-origin"); w.status != http.StatusCreated {
		t.Errorf("from our own page: %d %s", w.status, w.body)
	}
}

// A disk nearly full takes nothing new, says so, and loses nothing.
func TestFullDiskRefusesLoudly(t *testing.T) {
	s := openSite(t, queue.Options{Reserve: 1 << 60})
	b := s.program("wang")
	got := b.call(http.MethodPost, "/api/v1/items", fmt.Sprintf(apiItem, ""))
	if b.status != http.StatusInsufficientStorage || !strings.Contains(fmt.Sprint(got["detail"]), "磁盘快满了") {
		t.Errorf("%d %v", b.status, got)
	}
	if got = b.call(http.MethodGet, "/api/v1/queue", ""); got["diskNearlyFull"] != true {
		t.Errorf("queue = %v", got)
	}
	c := s.as("wang")
	c.get("/").reads("磁盘快满了")
	c.get("/items/new").send(actSubmit, words("没有地方存")).want(http.StatusInsufficientStorage).reads("磁盘快满了")
	if c.value("title") != "没有地方存" {
		t.Error("the words are lost")
	}
}

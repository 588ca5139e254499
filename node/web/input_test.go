package web

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"zhanqun/internal/ui/uitest"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

func TestRefusedFilesStandAtTheirFieldAndNothingIsLost(t *testing.T) {
	const most = 64 << 10
	s := newSite(t, func(o *Options) { o.Max = most })
	for _, c := range []struct {
		name string
		file upload
		says string
	}{
		{"empty", upload{"空.jpg", nil}, "空.jpg"},
		{"lying", upload{"照片.jpg", []byte("<!doctype html><script>alert(1)</script>")}, "照片.jpg"},
		{"program", upload{"setup.exe", []byte("MZ\x90\x00")}, "setup.exe"},
		{"oversize", upload{"长片.jpg", bytes.Repeat([]byte{0xff, 0xd8}, most)}, "上限"},
		{"path", upload{"../../etc/passwd", []byte("root:x:0:0")}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := s.as("wang")
			b.get("/items/new").send(actSubmit, words("带坏附件 "+c.name), upload{"好.jpg", photo(t, 60)}, c.file)
			if c.says == "" { // neutralised, or refused; never a path
				for _, a := range s.item(s.items()[0].ID).Text.Attachments {
					if strings.ContainsAny(a.Name, `/\`) {
						t.Errorf("kept under %q", a.Name)
					}
				}
				return
			}
			b.want(http.StatusUnprocessableEntity)
			if got := b.errorAt("files"); !strings.Contains(got, c.says) {
				t.Errorf("at the files stands %q", got)
			}
			if b.value("title") != "带坏附件 "+c.name || !strings.Contains(b.value("body"), "抓好落实") {
				t.Error("the words are lost")
			}
			if uitest.Find(b.page, "input[name=sha]") == nil {
				t.Error("the good photo is lost")
			}
			// Sending the page again needs no file chosen anew.
			b.send(actSubmit, nil).want(http.StatusOK)
			if d := s.item(b.id()); d.State != queue.Queued || len(d.Text.Attachments) != 1 || d.Text.Attachments[0].Name != "好.jpg" {
				t.Errorf("item = %+v", d)
			}
		})
	}
}

func TestFileIsRemoved(t *testing.T) {
	s := newSite(t)
	b := s.as("wang")
	b.get("/items/new").send(actDraft, words("两张照片"), upload{"一.jpg", photo(t, 10)}, upload{"二.jpg", photo(t, 20)}).want(http.StatusOK)
	first := uitest.Attr(uitest.Find(b.page, "input[name=sha]"), "value")
	b.send("remove="+first, map[string]string{"title": "只留一张"}).want(http.StatusOK)
	if n := len(uitest.All(b.page, "input[name=sha]")); n != 1 || b.value("title") != "只留一张" {
		t.Errorf("%d files, title %q", n, b.value("title"))
	}
	b.send(actDraft, nil).want(http.StatusOK)
	if a := s.item(b.id()).Text.Attachments; len(a) != 1 || a[0].Name != "二.jpg" {
		t.Errorf("attachments = %+v", a)
	}
}

func TestPersonalDataAsksForAReason(t *testing.T) {
	s := newSite(t)
	b := s.as("wang")
	text := words("便民服务公告")
	text["body"] = "联系电话 13985412345。"
	b.get("/items/new").send(actSubmit, text).want(http.StatusUnprocessableEntity).reads("公开个人信息的理由")
	if got := b.errorAt("body"); !strings.Contains(got, "手机号") || strings.Contains(got, "13985412345") {
		t.Errorf("at the body stands %q", got)
	}
	if s.items()[0].State != queue.Drafting {
		t.Fatal("handed in all the same")
	}
	b.send(actSubmit, map[string]string{"override": "便民服务电话，本人同意公开"}).want(http.StatusOK)
	if s.items()[0].State != queue.Queued {
		t.Errorf("items = %+v", s.items())
	}
}

func TestSecrecyMarkBlocks(t *testing.T) {
	s := newSite(t)
	b := s.as("wang")
	text := words("转发文件")
	text["body"] = "机密★10年\n关于某项工作的通知。"
	text["override"] = "领导同意"
	b.get("/items/new").send(actSubmit, text).want(http.StatusUnprocessableEntity)
	b.send(actSubmit, map[string]string{"override": "领导同意"}).want(http.StatusUnprocessableEntity)
	if got := b.errorAt("body"); !strings.Contains(got, "涉密") {
		t.Errorf("at the body stands %q", got)
	}
	if s.items()[0].State != queue.Drafting {
		t.Error("a secrecy mark was overridden")
	}
}

func TestGBKFormBecomesUTF8(t *testing.T) {
	s := newSite(t)
	b := s.as("wang")
	gbk := func(text string) string {
		out, err := simplifiedchinese.GBK.NewEncoder().String(text)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	b.get("/items/new").send(actSubmit, map[string]string{"title": gbk("老浏览器写的标题"), "body": gbk("正文也是国标码的字节。"),
		"author": gbk("王芳"), "source": gbk("许家坝镇")}).want(http.StatusOK)
	if d := s.item(b.id()); d.Title != "老浏览器写的标题" || d.Text.Body != "正文也是国标码的字节。" {
		t.Errorf("text = %+v", d.Text)
	}
}

func TestPastedMarkupIsCleaned(t *testing.T) {
	s := newSite(t)
	b := s.as("wang")
	text := words("粘贴的网页")
	text["body"] = `<p class="MsoNormal" style="color:red" onclick="x()">段落<script>alert(1)</script></p><img src="http://track.example/1.gif">`
	b.get("/items/new").send(actSubmit, text).want(http.StatusOK)
	body := string(b.body)
	for _, bad := range []string{"MsoNormal", "onclick", "alert(1)", "track.example"} {
		if strings.Contains(body, bad) {
			t.Errorf("the page shows %q", bad)
		}
	}
	b.reads("段落")
}

func TestEmptyFormIsNotKept(t *testing.T) {
	s := newSite(t)
	b := s.as("wang")
	b.get("/items/new").send(actDraft, nil).want(http.StatusUnprocessableEntity)
	if b.errorAt("title") == "" || len(s.items()) != 0 {
		t.Errorf("fault %q, items %+v", b.errorAt("title"), s.items())
	}
}

// A county may take less than the wire does. The form says so before, and the
// reason stands at the field afterwards.
func TestLimitsOfTheCounty(t *testing.T) {
	s := newSite(t)
	county := s.settings()
	county.Limits = &protocol.Limits{Attachments: 1, AttachmentBytes: 32 << 10, ItemBytes: 48 << 10}
	s.says(protocol.KindSettings, county)
	b := s.as("wang")
	b.get("/items/new").reads("每个不超过 32 KB")
	big := append(photo(t, 7), bytes.Repeat([]byte{0}, 32<<10)...)
	b.send(actSubmit, words("照片太大"), upload{"大.jpg", big}).want(http.StatusUnprocessableEntity)
	if got := b.errorAt("files"); !strings.Contains(got, "大.jpg") || !strings.Contains(got, "32") {
		t.Errorf("at the files stands %q", got)
	}
	b.send(actDraft, nil, upload{"一.jpg", photo(t, 10)}).want(http.StatusOK)
	b.send(actSubmit, nil, upload{"二.jpg", photo(t, 20)}).want(http.StatusUnprocessableEntity)
	if got := b.errorAt("files"); !strings.Contains(got, "附件 2 个，最多 1 个") {
		t.Errorf("at the files stands %q", got)
	}
	p := s.program("wang")
	p.do(http.MethodPost, "/api/v1/attachments?name=a.jpg", bytes.NewReader(big))
	if p.status != http.StatusRequestEntityTooLarge {
		t.Errorf("interface: %d %s", p.status, p.body)
	}
}

package crawl

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/simplifiedchinese"

	"zhanqun/hub/health/linkcheck"
)

// hostile is one address of the hostile site: what is written in the page, the
// truth about it, and how the site answers.
type hostile struct {
	raw    string
	truth  string // verdict and reason
	answer http.HandlerFunc
}

func status(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(code)
		io.WriteString(w, body)
	}
}

func file(kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		io.WriteString(w, body)
	}
}

func to(location string, code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", location)
		w.WriteHeader(code)
	}
}

// raw writes bytes on the connection in place of an answer.
func bare(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		io.WriteString(conn, text)
		conn.Close()
	}
}

func hang(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// times answers by turns; the last answer stays.
func times(list ...http.HandlerFunc) http.HandlerFunc {
	var n atomic.Int32
	return func(w http.ResponseWriter, r *http.Request) {
		list[min(int(n.Add(1)), len(list))-1](w, r)
	}
}

func good(seed int) http.HandlerFunc {
	return status(200, "<title>文章</title><h1>文章</h1>"+prose(seed))
}

func hostiles() []hostile {
	var endless atomic.Int32
	gbk, _ := simplifiedchinese.GBK.NewEncoder().String("<meta charset=gb2312><title>找不到网页</title><p>抱歉，您访问的页面不存在</p>")
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	io.WriteString(z, "<title>大</title>")
	zeros := bytes.Repeat([]byte("<p>x</p>"), 128<<10)
	for range 4 {
		z.Write(zeros)
	}
	z.Close()
	notFound := "<title>页面不存在 - 门户</title><h1>404</h1><p>您访问的页面不存在</p>"
	return []hostile{
		// Answers.
		{"/gone404", "dead gone", status(404, "<title>404</title>")},
		{"/gone410", "dead gone", status(410, "")},
		{"/gone-odd", "dead gone", bare("HTTP/1.1 404 \xd5\xd2\xb2\xbb\xb5\xbd\r\nContent-Length: 0\r\n\r\n")},
		{"/500", "dead server_error", status(500, "")},
		{"/503", "dead server_error", status(503, "busy")},
		{"/500-once", "ok ", times(status(500, ""), good(20))},
		{"/502-twice", "ok ", times(status(502, ""), status(502, ""), good(21))},
		{"/reset-once", "ok ", times(bare(""), bare(""), good(22))},
		{"/nohead", "ok ", func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet {
				w.WriteHeader(http.StatusMethodNotAllowed)
				return
			}
			good(23)(w, r)
		}},
		{"/kindhead", "dead gone", func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				w.WriteHeader(http.StatusNotFound)
			}
		}},
		{"/403", "inconclusive forbidden", status(403, "")},
		{"/999", "inconclusive bot_wall", status(999, "")},
		{"/wall", "inconclusive bot_wall", status(200, "<title>Just a moment...</title><script src=/cdn-cgi/challenge-platform/x.js></script>")},
		{"/401", "inconclusive login", status(401, "")},
		{"/member.html", "inconclusive login", to("/login.html", 302)},
		{"/429-once", "ok ", times(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
		}, good(24))},
		{"/good404", "suspect good_content", status(404, "<title>正常文章</title><h1>正常文章</h1>"+prose(25)+prose(26)+prose(27)+prose(28)+prose(29)+prose(30))},

		// Redirects.
		{"/r1", "ok ", to("/r2", 301)}, {"/r2", "ok ", to("/r3", 302)}, {"/r3", "ok ", to("/article.html", 307)},
		{"/loop", "dead network", to("/loop2", 302)}, {"/loop2", "dead network", to("/loop", 302)},
		{"/togone", "dead gone", to("/gone410", 302)},
		{"/old/news/12.html", "suspect home_redirect", to("/", 302)},
		{"/nowhere", "suspect no_target", status(302, "")},
		{"/endless", "dead network", func(w http.ResponseWriter, r *http.Request) {
			to(fmt.Sprintf("/endless?n=%d", endless.Add(1)), 302)(w, r)
		}},

		// Pages that say "not found" with 200, and those that only mention it.
		{"/soft.html", "suspect soft_404", status(200, notFound)},
		{"/soft-gbk.html", "suspect soft_404", file("text/html", gbk)},
		{"/soft-en.html", "suspect soft_404", status(200, "<title>Page not found</title><p>Sorry</p>")},
		{"/news404.html", "ok ", status(200, "<title>乡镇网站频现404 群众办事难</title><h1>乡镇网站频现404</h1>"+prose(31))},
		{"/any/real.html", "suspect catch_all", nil}, {"/any/other.html", "suspect catch_all", nil},
		{"/empty.html", "suspect empty", status(200, "")},
		{"/dump.php", "suspect error_page", status(200, "<b>Fatal error</b>: Uncaught Error in /www/a.php on line 3")},

		// Network.
		{"http://127.0.0.1:2/", "dead network", nil},
		{"http://name.invalid/", "dead network", nil},
		{"/hang", "inconclusive timeout", hang},
		{"/slow.html", "ok ", func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-time.After(150 * time.Millisecond):
				good(32)(w, r)
			case <-r.Context().Done():
			}
		}},
		{"/garbage", "dead network", bare("SSH-2.0-OpenSSH\r\n")},
		{"/http09", "ok ", bare("<html><title>旧</title><body>" + prose(33) + "</body></html>")},
		{"/cut.html", "suspect damaged", bare("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5000\r\n\r\n<title>x</title>" + prose(34))},
		{"/bomb.html", "ok ", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(bomb.Bytes())
		}},
		{"/liar.html", "suspect damaged", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set("Content-Encoding", "gzip")
			io.WriteString(w, "<title>not gzip</title>")
		}},

		// Attachments.
		{"/a.pdf", "ok ", file("application/octet-stream", "%PDF-1.4 x %%EOF")},
		{"/lie.pdf", "suspect wrong_type", status(200, "<title>出错了</title>"+prose(35))},
		{"/zero.doc", "suspect empty", file("application/msword", "")},
		{"/half.zip", "suspect damaged", file("application/zip", "PK\x03\x04aaaaaaaaaaaaaaaaaaaaaa")},

		// What an editor may write.
		{"http://http://www.example.cn/", "dead bad_address", nil},
		{"file:///C:/a.doc", "dead bad_address", nil},
		{"htp://www.example.cn", "dead bad_address", nil},
		{"{{url}}", "dead gone", nil},
		{"mailto:a@b.cn", "excluded mail", nil}, {"tel:110", "excluded telephone", nil}, {"javascript:void(0)", "excluded script", nil},
		{"weixin://x", "excluded other_scheme", nil},
		{" /article.html\n", "ok ", good(36)},
		{`\article.html?x=1`, "ok ", good(37)},
		{"/中文.html", "ok ", good(39)},
		{"//127.0.0.1:2/y", "dead network", nil},
		{"a/../article.html", "ok ", nil},
		{"?page=2", "ok ", good(40)},
	}
}

// The verdict on each address of a hostile site is the true one.
func TestHostileSite(t *testing.T) {
	list := hostiles()
	answers := map[string]http.HandlerFunc{}
	home := "<!doctype html><title>门户</title><h1>门户</h1>" + prose(0)
	truth := map[string]string{}
	for i, h := range list {
		if h.answer != nil {
			answers[path(h.raw)] = h.answer
		}
		home += fmt.Sprintf("\n<a href=\"%s\">链接%d</a>", h.raw, i)
		truth[h.raw] = h.truth
	}
	answers["/login.html"] = status(200, "<title>用户登录</title><form><input type=password></form>")
	home += "<!-- <a href=/comment>x</a> --><script>'<a href=/script>'</script><template><a href=/template></a></template>"
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch h := answers[r.URL.Path]; {
		case r.URL.Path == "/" && r.URL.RawQuery == "":
			html(w, home)
		case r.URL.Path == "/":
			answers["/?page=2"](w, r)
		case strings.HasPrefix(r.URL.Path, "/any/"):
			html(w, "<title>任意</title>"+prose(50))
		case h != nil:
			h(w, r)
		default:
			gone(w)
		}
	})
	f := check(t, s.url+"/", func(o *Options) {
		o.Check.Timeout, o.Check.MaxBytes = 800*time.Millisecond, 1<<20
		o.Check.Resolver = nobody{}
	})
	got := map[string]string{}
	for _, l := range f.lines {
		if l.Page == s.url+"/" {
			got[l.Raw] = string(l.Verdict) + " " + string(l.Reason)
			if l.Verdict != linkcheck.OK && l.Detail == "" && l.Reason != "mail" && l.Verdict != linkcheck.Excluded {
				t.Errorf("no sentence for %+v", l)
			}
		}
	}
	if diff := cmp.Diff(truth, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	for _, path := range []string{"/comment", "/script", "/template"} {
		if s.times(path) > 0 {
			t.Errorf("%s is no link", path)
		}
	}
	if !f.totals.Complete {
		t.Errorf("%+v", f.totals)
	}
}

// path is where a link of the home page leads on the server.
func path(raw string) string {
	raw = strings.ReplaceAll(strings.TrimSpace(raw), `\`, "/")
	if strings.HasPrefix(raw, "?") {
		return "/" + raw
	}
	raw, _, _ = strings.Cut(raw, "?")
	return raw
}

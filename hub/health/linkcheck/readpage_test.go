package linkcheck

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/simplifiedchinese"
)

func TestReadPage(t *testing.T) {
	body := encode(t, simplifiedchinese.GBK, `<html><head><title>思南县人民政府</title></head><body><a href="zw/">政务</a><a href="mailto:a@b.cn">信</a><p id=目录>`)
	site := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			http.Redirect(w, r, "/new/index.html", http.StatusFound)
		case "/new/index.html":
			w.Header().Set("Content-Type", "text/html")
			w.Write(body)
		case "/s.css":
			w.Header().Set("Content-Type", "text/css")
			w.Write([]byte("a{background:url(b.png)}"))
		case "/a.pdf":
			w.Header().Set("Content-Type", "application/pdf")
			w.Write([]byte("%PDF-1.4 <a href=x> %%EOF"))
		case "/long.html":
			writeHTML(w, 200, "<title>长</title><a href=x>1</a>"+strings.Repeat("长", 100_000)+"<a href=y>2</a>")
		case "/away.html":
			writeHTML(w, 200, "<meta http-equiv=refresh content='0;url=http://127.0.0.2/'><a href=x>1</a>")
		default:
			writeHTML(w, 404, "<title>404</title><a href=/>home</a>")
		}
	})
	c := newChecker(t, func(o *Options) { o.MaxBytes, o.PeekBytes = 100_000, 1000 })

	p, r := c.ReadPage(t.Context(), site+"/")
	expect(t, r, OK, "", "")
	want := []string{"a.href " + site + "/new/zw/ [政务]", "a.href  [信] -mail"}
	if diff := cmp.Diff(want, brief(p.Links)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if p.URL != site+"/new/index.html" || p.Title != "思南县人民政府" || p.Charset != "gb18030" || string(p.Body) != string(body) || p.Partial {
		t.Errorf("page %+v", p)
	}
	for fragment, want := range map[string]bool{
		"": true, "top": true, "TOP": true, "%E7%9B%AE%E5%BD%95": true, "目录": true, ":~:text=x": true, "/route": true, "!x": true,
		"none": false, "%zz": false,
	} {
		if p.HasTarget(fragment) != want {
			t.Errorf("HasTarget(%q) = %v", fragment, !want)
		}
	}

	if p, _ := c.ReadPage(t.Context(), site+"/s.css"); len(p.Links) != 1 || p.Links[0].URL != site+"/b.png" {
		t.Errorf("style sheet %+v", p)
	}
	if p, r := c.ReadPage(t.Context(), site+"/long.html"); len(p.Links) != 1 || !p.Partial || !r.Partial || !p.HasTarget("unknown") {
		t.Errorf("long page: %d links, partial %v", len(p.Links), p.Partial)
	}
	if p, r := c.ReadPage(t.Context(), site+"/a.pdf"); len(p.Links) != 0 || r.Verdict != OK {
		t.Errorf("file %+v, %s", p, r.Verdict)
	}
	if p, r := c.ReadPage(t.Context(), site+"/away.html"); len(p.Links) != 0 || r.Reason != ReasonPrivate {
		t.Errorf("page that sends away %+v, %s", p, r.Reason)
	}
	// The links of an error page are read too; the Result says what it is.
	if p, r := c.ReadPage(t.Context(), site+"/gone.html"); len(p.Links) != 1 || r.Verdict != Dead {
		t.Errorf("error page %+v, %s", p, r.Verdict)
	}
}

// Every reason and kind has words for a person.
func TestEverythingHasWords(t *testing.T) {
	for reason, text := range reasonTexts {
		if text == "" || strings.Contains(text, "%d") && strings.Count(text, "%") != 1 {
			t.Errorf("%s: %q", reason, text)
		}
	}
	for _, v := range []Verdict{OK, Suspect, Dead, Inconclusive, Excluded} {
		if v.Label() == "" {
			t.Errorf("verdict %s has no name", v)
		}
	}
	for _, c := range []Class{ClassDead, ClassSoft, ClassWrong, ClassHijacked} {
		if c.Label() == "" {
			t.Errorf("class %s has no name", c)
		}
	}
	for p := phaseResolve; p <= phaseRedirects; p++ {
		if p.label() == "" {
			t.Errorf("phase %d has no name", p)
		}
	}
}

// A page that a script draws may have any place a fragment leads to.
func TestDrawnPagesMissNothing(t *testing.T) {
	site := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		writeHTML(w, 200, "<title>办事大厅</title><div id=app></div><script src=/app.js></script>")
	})
	p, _ := newChecker(t).ReadPage(t.Context(), site+"/a.html")
	if p.Title == "" || p.Complete() || !p.HasTarget("section") {
		t.Errorf("%+v", p)
	}
}

package uitest

import (
	"strings"
	"testing"
)

const goodPage = `<!DOCTYPE html><html lang="zh-CN"><head><title>稿件</title></head><body><main>
<h1>稿件</h1><h2>列表</h2><p>文字 <a href="#end">到末尾</a></p>
<form method="post"><input type="hidden" name="_token" value="x"><label for="a">标题</label><input id="a" name="a" aria-describedby="end"></form>
<p id="end">完</p></main></body></html>`

func TestCheckPassesAGoodPage(t *testing.T) {
	if got := Check([]byte(goodPage)); len(got) != 0 {
		t.Errorf("problems: %q", got)
	}
}

// Each fault planted in the good page must be found.
func TestCheckFindsFaults(t *testing.T) {
	for _, tt := range []struct{ name, old, new, want string }{
		{"lang", ` lang="zh-CN"`, ``, "no lang"},
		{"doctype", `<!DOCTYPE html>`, ``, "no doctype"},
		{"title", `<title>稿件</title>`, `<title> · </title>`, "no page title"},
		{"two h1", `<h2>列表</h2>`, `<h1>列表</h1>`, "2 headings"},
		{"empty heading", `<h2>列表</h2>`, `<h2> </h2>`, "empty <h2>"},
		{"skipped level", `<h2>列表</h2>`, `<h3>列表</h3>`, "a level is skipped"},
		{"id twice", `<p id="end">`, `<p id="a">`, `id "a" twice`},
		{"fragment", `href="#end"`, `href="#fin"`, "no such id"},
		{"describedby", `aria-describedby="end"`, `aria-describedby="end more"`, "no such id"},
		{"label", `<label for="a">标题</label>`, ``, "without label"},
		{"label for", `<label for="a">`, `<label for="b">`, "no such id"},
		{"token", `<input type="hidden" name="_token" value="x">`, ``, "want the token"},
		{"token late", `<input type="hidden" name="_token" value="x">`, `<input type="hidden" name="id" value="x">`, "want the token"},
		{"style", `<h2>`, `<h2 style="color:red">`, "style attribute"},
		{"style element", `<h2>列表</h2>`, `<style>p{}</style>`, "not allowed"},
		{"handler", `<h2>`, `<h2 onclick="x()">`, "onclick"},
		{"inline script", `<h2>列表</h2>`, `<script>1</script>`, "inline <script>"},
		{"script link", `href="#end"`, `href="javascript:x"`, "script in href"},
		{"foreign image", `<h2>列表</h2>`, `<img alt="" src="https://x.example/p.gif">`, "loads from elsewhere"},
		{"alt", `<h2>列表</h2>`, `<img src="/a.png">`, "without alt"},
		{"empty link", `到末尾`, ``, "<a> without text"},
		{"unclosed", `</p></main>`, `</main>`, "closes nothing"},
		{"block in p", `<h2>列表</h2>`, `<p><div>x</div></p>`, "<div> within <p>"},
		{"nested form", `<label for="a">`, `<form></form><label for="a">`, "<form> within <form>"},
		{"template fault", `文字`, `ZgotmplZ`, "trace of a template fault"},
		{"th", `<h2>列表</h2>`, `<table><tr><th>x</th></tr></table>`, "without scope"},
		{"nav", `<h2>列表</h2>`, `<nav>x</nav>`, "without aria-label"},
		{"progress", `<h2>列表</h2>`, `<progress></progress>`, "without label"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			page := strings.Replace(goodPage, tt.old, tt.new, 1)
			if page == goodPage {
				t.Fatal("nothing was replaced")
			}
			if got := strings.Join(Check([]byte(page)), "\n"); !strings.Contains(got, tt.want) {
				t.Errorf("problems %q do not name %q", got, tt.want)
			}
		})
	}
}

func TestFind(t *testing.T) {
	doc := Parse(t, []byte(`<form action="/a"><input name="x"></form><form action="/b" class="f g"><p><input name="x" id="i"></p></form>`))
	for selector, want := range map[string]int{
		"input": 2, "form[action=/b] input": 1, "form.g p input[name=x]": 1, "#i": 1, "form.h": 0, "p form": 0, "input[id]": 1, "*[name=x]": 2,
	} {
		if got := len(All(doc, selector)); got != want {
			t.Errorf("%q names %d elements, want %d", selector, got, want)
		}
	}
	if got := Attr(Find(doc, "form.f"), "action"); got != "/b" {
		t.Errorf("action = %q", got)
	}
}

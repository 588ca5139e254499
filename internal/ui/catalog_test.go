package ui

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"
)

func TestT(t *testing.T) {
	en := Lang{code: "en", words: map[string]string{"%d 篇": "%d item | %d items", "提交": "Submit", "%s 在 %s": "%[2]s has %[1]s"}}
	tests := []struct {
		lang Lang
		key  string
		args []any
		want string
	}{
		{Lang{}, "提交", nil, "提交"},
		{en, "提交", nil, "Submit"},
		{en, "没有词条", nil, "没有词条"},
		{en, "%d 篇", []any{1}, "1 item"},
		{en, "%d 篇", []any{int64(2)}, "2 items"},
		{Lang{}, "%d 篇", []any{1}, "1 篇"},
		{en, "%s 在 %s", []any{"a", "b"}, "b has a"},
		{Lang{}, "100%", nil, "100%"}, // without arguments a text is no format
	}
	for _, tt := range tests {
		if got := T(tt.lang, tt.key, tt.args...); got != tt.want {
			t.Errorf("T(%s, %q, %v) = %q, want %q", tt.lang.Code(), tt.key, tt.args, got, tt.want)
		}
	}
}

func TestLangSwitch(t *testing.T) {
	r, err := New(Options{Templates: fstest.MapFS{}})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /lang/{code}", r.LangSwitch())
	for _, tt := range []struct{ url, code, to string }{
		{"/lang/en?back=/items?q=a", "en", "/items?q=a"},
		{"/lang/zh?back=//evil.example", "zh", "/"},
		{"/lang/xx", "zh", "/"},
	} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, tt.url, nil))
		res := w.Result()
		if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != tt.to {
			t.Errorf("%s: %d to %q, want %q", tt.url, res.StatusCode, res.Header.Get("Location"), tt.to)
		}
		req := httptest.NewRequest(http.MethodGet, "/", nil)
		for _, c := range res.Cookies() {
			req.AddCookie(c)
		}
		if got := r.Lang(req).Code(); got != tt.code {
			t.Errorf("%s: language %q, want %q", tt.url, got, tt.code)
		}
	}
}

func TestBrokenCatalogIsAnError(t *testing.T) {
	for _, text := range []string{`提交 = "Submit"`, `"提交" = 3`, "\"提交\" = \"a\"\n\"提交\" = \"b\""} {
		if _, err := New(Options{Templates: fstest.MapFS{"en.toml": {Data: []byte(text)}}}); err == nil {
			t.Errorf("catalogue %q was taken", text)
		}
	}
}

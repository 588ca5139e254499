package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestReadable(t *testing.T) {
	h := Readable(Errors{})(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	const form = "application/x-www-form-urlencoded"
	for _, tt := range []struct {
		name, method, address, kind, body string
		want                              int
	}{
		{"plain", "GET", "/items/%E4%BF%A1?q=%E6%96%B0", "", "", http.StatusNoContent},
		{"nul in the path", "GET", "/items/%00", "", "", http.StatusNotFound},
		{"no text in the path", "GET", "/items/%ff", "", "", http.StatusNotFound},
		{"nul in the query", "GET", "/items?q=a%00", "", "", http.StatusUnprocessableEntity},
		{"no text in a name", "GET", "/items?%ff=a", "", "", http.StatusUnprocessableEntity},
		{"form", "POST", "/signin", form, "login=%E7%8E%8B&password=a", http.StatusNoContent},
		{"nul in the form", "POST", "/signin", form, "login=a%00", http.StatusUnprocessableEntity},
		{"no text in the form", "POST", "/signin", form + "; charset=utf-8", "login=%c4%e3", http.StatusUnprocessableEntity},
		{"no form", "POST", "/signin", form, "login=%zz", http.StatusUnprocessableEntity},
		{"other bodies are looked at by who reads them", "POST", "/api", "application/json", "\xff", http.StatusNoContent},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(tt.method, tt.address, strings.NewReader(tt.body))
			if tt.kind != "" {
				r.Header.Set("Content-Type", tt.kind)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != tt.want {
				t.Errorf("status %d, want %d: %s", w.Code, tt.want, w.Body)
			}
		})
	}
}

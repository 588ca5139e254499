package web

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

const formType = "application/x-www-form-urlencoded"

func form(token string) io.Reader {
	return strings.NewReader(url.Values{FormTokenField: {token}, "title": {"标题"}}.Encode())
}

// multi builds a multipart form; pairs of field and value, a field starting
// with @ is a file.
func multi(t *testing.T, pairs ...string) (io.Reader, string) {
	t.Helper()
	var buf bytes.Buffer
	w := multipart.NewWriter(&buf)
	for i := 0; i+1 < len(pairs); i += 2 {
		var part io.Writer
		var err error
		if name, ok := strings.CutPrefix(pairs[i], "@"); ok {
			part, err = w.CreateFormFile("file", name)
		} else {
			part, err = w.CreateFormField(pairs[i])
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(part, pairs[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &buf, w.FormDataContentType()
}

func TestForgery(t *testing.T) {
	for _, signedIn := range []bool{false, true} {
		d := newDesk(t, false)
		if signedIn {
			d.signIn()
		}
		token := d.do("GET", "/form", nil).Body.String()
		if len(token) < 80 || token == d.do("GET", "/form", nil).Body.String() {
			t.Fatalf("token %q, and the same in the next page", token)
		}
		tests := []struct {
			name   string
			body   io.Reader
			header []string
			want   int
		}{
			{"with token", form(token), []string{"Content-Type", formType}, 200},
			{"token as header", nil, []string{FormTokenHeader, token}, 200},
			{"without token", nil, nil, 403},
			{"wrong token", form(strings.Repeat("A", len(token))), []string{"Content-Type", formType}, 403},
			{"empty token", form(""), []string{"Content-Type", formType}, 403},
			{"token in a text body", strings.NewReader("_token=" + token), []string{"Content-Type", "text/plain"}, 403},
			{"garbled form", strings.NewReader("%zz"), []string{"Content-Type", formType}, 422},
			{"browser says same origin", nil, []string{"Sec-Fetch-Site", "same-origin"}, 200},
			{"browser says cross site, token right", form(token), []string{"Content-Type", formType, "Sec-Fetch-Site", "cross-site"}, 403},
			{"same site, token right", form(token), []string{"Content-Type", formType, "Sec-Fetch-Site", "same-site"}, 403},
			{"foreign origin, token right", form(token), []string{"Content-Type", formType, "Origin", "https://evil.example"}, 403},
			{"own origin without token", nil, []string{"Origin", "http://example.com"}, 403},
			{"own origin with token", form(token), []string{"Content-Type", formType, "Origin", "http://example.com"}, 200},
			{"bearer token", nil, []string{"Authorization", "Bearer abc"}, 200},
			{"no scheme", nil, []string{"Authorization", "abc"}, 403},
			{"basic", nil, []string{"Authorization", "Basic abc"}, 403},
		}
		for _, tt := range tests {
			if w := d.do("POST", "/save", tt.body, tt.header...); w.Code != tt.want {
				t.Errorf("signed in %v, %s: %d, want %d", signedIn, tt.name, w.Code, tt.want)
			}
		}
	}
}

// The token of one visitor is worth nothing to another.
func TestForeignToken(t *testing.T) {
	mine, other := newDesk(t, false), newDesk(t, false)
	token := other.do("GET", "/form", nil).Body.String()
	mine.do("GET", "/form", nil)
	if w := mine.do("POST", "/save", form(token), "Content-Type", formType); w.Code != 403 {
		t.Errorf("a stranger's token: %d", w.Code)
	}
	mine.cookies["form"] = &http.Cookie{Name: "form", Value: "short"}
	if w := mine.do("POST", "/save", form("short"), "Content-Type", formType); w.Code != 403 {
		t.Errorf("a planted short cookie: %d", w.Code)
	}
}

// The token given out before the sign-in does not work after it.
func TestTokenChangesAtSignIn(t *testing.T) {
	d := newDesk(t, false)
	before := d.do("GET", "/form", nil).Body.String()
	if d.store.commits != 0 {
		t.Error("looking at the sign-in form cost a row")
	}
	if w := d.do("POST", "/in", form(before), "Content-Type", formType); w.Code != 200 {
		t.Fatalf("sign-in with token: %d", w.Code)
	}
	if w := d.do("POST", "/save", form(before), "Content-Type", formType); w.Code != 403 {
		t.Errorf("the old token after sign-in: %d", w.Code)
	}
	after := d.do("GET", "/form", nil).Body.String()
	if w := d.do("POST", "/save", form(after), "Content-Type", formType); w.Code != 200 || after == before {
		t.Errorf("the new token: %d", w.Code)
	}
}

// A multipart form is checked before its files are read, and arrives whole.
func TestForgeryMultipart(t *testing.T) {
	d := newDesk(t, false)
	token := d.do("GET", "/form", nil).Body.String()
	large := strings.Repeat("0123456789", 10_000)
	for _, tt := range []struct {
		name  string
		pairs []string
		want  int
	}{
		{"token first", []string{FormTokenField, token, "@a.jpg", large}, 200},
		{"small", []string{FormTokenField, token}, 200},
		{"token last", []string{"@a.jpg", large, FormTokenField, token}, 403},
		{"no token", []string{"title", "x"}, 403},
		{"long token", []string{FormTokenField, large}, 403},
		{"nothing", nil, 403},
	} {
		body, kind := multi(t, tt.pairs...)
		sent, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		w := d.do("POST", "/save", bytes.NewReader(sent), "Content-Type", kind)
		if w.Code != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, w.Code, tt.want)
		}
		if tt.want == 200 && !bytes.Equal(w.Body.Bytes(), sent) {
			t.Errorf("%s: %d of %d bytes arrived", tt.name, w.Body.Len(), len(sent))
		}
	}
}

func TestFormTokenOutsideIsEmpty(t *testing.T) {
	if got := FormToken(t.Context()); got != "" {
		t.Errorf("token %q", got)
	}
}

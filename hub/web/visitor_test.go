package web

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"zhanqun/hub/access"
	"zhanqun/internal/account"
	"zhanqun/internal/ui/uitest"
	"zhanqun/internal/web"
)

// visitor is a browser without script: it keeps cookies and the form token of
// the page it saw last.
type visitor struct {
	t       testing.TB
	c       *county
	cookies map[string]string
	token   string
	header  http.Header
	from    string // address it comes from
}

// answer is what the hub said.
type answer struct {
	t    testing.TB
	what string
	*httptest.ResponseRecorder
}

// visit returns a browser nobody is signed in on.
func (c *county) visit(t testing.TB) *visitor {
	return &visitor{t: t, c: c, cookies: map[string]string{}, header: http.Header{}, from: "192.0.2.1:1234"}
}

// as returns a browser on which somebody of the role has signed in. The session
// is made as the sign-in page makes it, without the slow look at the password.
func (c *county) as(t testing.TB, role account.Role, header ...string) *visitor {
	t.Helper()
	return c.signedIn(t, c.people[role], header...)
}

// signedIn is as, of somebody; the browser may send headers of its own, in pairs.
func (c *county) signedIn(t testing.TB, u access.User, header ...string) *visitor {
	t.Helper()
	v := c.visit(t)
	enter := web.Chain(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if err := c.srv.sessions.SignIn(r, u.ID); err != nil {
			t.Error(err)
		}
	}), c.srv.sessions.Load(c.srv.errs))
	for i := 0; i+1 < len(header); i += 2 {
		v.header.Set(header[i], header[i+1])
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header, r.RemoteAddr = v.header, v.from
	w := httptest.NewRecorder()
	enter.ServeHTTP(w, r)
	v.keep(w)
	v.get("/account")
	return v
}

// program returns a client with a token of somebody of the role.
func (c *county) program(t testing.TB, role account.Role) *visitor {
	t.Helper()
	u := c.people[role]
	secret, _, err := c.access.NewToken(t.Context(), u, u.Login, "测试", 0)
	if err != nil {
		t.Fatal(err)
	}
	v := c.visit(t)
	v.header.Set("Authorization", "Bearer "+secret)
	return v
}

func (v *visitor) keep(w *httptest.ResponseRecorder) {
	for _, c := range w.Result().Cookies() {
		v.cookies[c.Name] = c.Value
		if c.MaxAge < 0 || c.Value == "" {
			delete(v.cookies, c.Name)
		}
	}
}

// do sends a request as it is.
func (v *visitor) do(method, path, contentType string, body io.Reader) *answer {
	v.t.Helper()
	r := httptest.NewRequestWithContext(v.t.Context(), method, path, body)
	r.RemoteAddr = v.from
	for name, value := range v.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	for name, values := range v.header {
		r.Header[name] = values
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	w := httptest.NewRecorder()
	v.c.h.ServeHTTP(w, r)
	v.keep(w)
	a := &answer{t: v.t, what: method + " " + path, ResponseRecorder: w}
	if strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		if token := uitest.Attr(uitest.Find(a.page(), "input[name=_token]"), "value"); token != "" {
			v.token = token
		}
	}
	return a
}

func (v *visitor) get(path string) *answer {
	v.t.Helper()
	return v.do(http.MethodGet, path, "", nil)
}

// post sends a form with the token; fields come in pairs, a name may come often.
func (v *visitor) post(path string, fields ...string) *answer {
	v.t.Helper()
	form := url.Values{web.FormTokenField: {v.token}}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return v.do(http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

// upload sends a form with a file.
func (v *visitor) upload(path, name string, file []byte) *answer {
	v.t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	err := m.WriteField(web.FormTokenField, v.token)
	if err == nil {
		var part io.Writer
		if part, err = m.CreateFormFile("file", name); err == nil {
			_, err = part.Write(file)
		}
	}
	if err != nil {
		v.t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		v.t.Fatal(err)
	}
	return v.do(http.MethodPost, path, m.FormDataContentType(), &b)
}

// send sends JSON.
func (v *visitor) send(method, path string, body any) *answer {
	v.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		v.t.Fatal(err)
	}
	return v.do(method, path, "application/json", bytes.NewReader(text))
}

// follow goes where the answer leads.
func (v *visitor) follow(a *answer) *answer {
	v.t.Helper()
	a.is(http.StatusSeeOther)
	return v.get(a.to())
}

// is demands a status.
func (a *answer) is(status int) *answer {
	a.t.Helper()
	if a.Code != status {
		a.t.Fatalf("%s: status %d, want %d\n%s", a.what, a.Code, status, a.words())
	}
	return a
}

// says demands words of the page.
func (a *answer) says(words ...string) *answer {
	a.t.Helper()
	text := a.words()
	for _, w := range words {
		if !strings.Contains(text, w) {
			a.t.Errorf("%s: the page does not say %q:\n%s", a.what, w, text)
		}
	}
	return a
}

func (a *answer) lacks(words ...string) *answer {
	a.t.Helper()
	text := a.words()
	for _, w := range words {
		if strings.Contains(text, w) {
			a.t.Errorf("%s: the page says %q:\n%s", a.what, w, text)
		}
	}
	return a
}

// to is where the answer leads.
func (a *answer) to() string { return a.Header().Get("Location") }

func (a *answer) page() *html.Node {
	a.t.Helper()
	return uitest.Parse(a.t, a.Body.Bytes())
}

// words are the words of the page, or the body of what is no page.
func (a *answer) words() string {
	if strings.HasPrefix(a.Header().Get("Content-Type"), "text/html") {
		if body := uitest.Find(a.page(), "body"); body != nil {
			return uitest.Words(body)
		}
	}
	return a.Body.String()
}

// json reads the answer.
func (a *answer) json(into any) *answer {
	a.t.Helper()
	if err := json.Unmarshal(a.Body.Bytes(), into); err != nil {
		a.t.Fatalf("%s: %v\n%s", a.what, err, a.Body)
	}
	return a
}

// find is the first element of the page that the selector names.
func (a *answer) find(selector string) *html.Node {
	a.t.Helper()
	n := uitest.Find(a.page(), selector)
	if n == nil {
		a.t.Fatalf("%s: no %s on the page\n%s", a.what, selector, a.words())
	}
	return n
}

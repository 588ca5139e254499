package web

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/html"

	"zhanqun/internal/account"
	"zhanqun/internal/ui/uitest"
	"zhanqun/internal/web"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

const (
	nodeID   = "n7"
	unitCode = "520623103"
	villageA = "520623103201"
	villageB = "520623103202"
	hubEpoch = "0190b6a4-0000-7000-8000-00000000000a"
	password = "kafu-momi-wozu-niba"
)

var noon = time.Date(2026, 11, 3, 4, 0, 0, 0, time.UTC)

// site is a node's pages over a real queue that has joined a made-up hub.
type site struct {
	t      testing.TB
	q      *queue.Queue
	h      http.Handler
	hub    protocol.Key
	url    string // where it is served, for real browsers
	down   uint64
	pushed atomic.Int64
	ahead  atomic.Int64 // how far the clock stands from noon
}

// now is what the clock of the node shows.
func (s *site) now() time.Time { return noon.Add(time.Duration(s.ahead.Load())) }

// clockAt sets the clock.
func (s *site) clockAt(d time.Duration) { s.ahead.Store(int64(d)) }

func newSite(t testing.TB, change ...func(*Options)) *site {
	t.Helper()
	return openSite(t, queue.Options{Reserve: -1}, change...)
}

// openSite is newSite over a queue of the given options.
func openSite(t testing.TB, qo queue.Options, change ...func(*Options)) *site {
	t.Helper()
	s := &site{t: t}
	var err error
	qo.Dir, qo.Now = t.TempDir(), s.now
	s.q, err = queue.Open(context.Background(), qo)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.q.Close(); err != nil {
			t.Errorf("closing queue: %v", err)
		}
	})
	if err := s.q.Lock(context.Background()); err != nil {
		t.Fatal(err)
	}
	s.join()
	for _, a := range []queue.Account{
		{Login: "wang", Name: "王芳", Role: account.RoleLiaison},
		{Login: "li", Name: "李强", Role: account.RoleVillage, Village: villageA},
		{Login: "zhao", Name: "赵敏", Role: account.RoleVillage, Village: villageB},
	} {
		if _, err := s.q.AddAccount(context.Background(), a, password, false); err != nil {
			t.Fatal(err)
		}
	}
	o := Options{Queue: s.q, Now: s.now, Log: slog.New(slog.DiscardHandler), Push: func() { s.pushed.Add(1) }}
	for _, f := range change {
		f(&o)
	}
	server, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	s.h = server.Handler()
	return s
}

func (s *site) join() {
	s.t.Helper()
	var err error
	if s.hub, err = protocol.NewHubKey(); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.q.Key(context.Background()); err != nil {
		s.t.Fatal(err)
	}
	err = s.q.SaveIdentity(context.Background(), protocol.EnrolAnswer{Node: nodeID, Unit: protocol.Unit{Code: unitCode, Name: "许家坝镇"},
		HubKey: s.hub.Public(), HubEpoch: hubEpoch, NATS: []string{"nats://127.0.0.1:4222"}}, "http://127.0.0.1:8080", "党政办电脑")
	if err != nil {
		s.t.Fatal(err)
	}
	s.says(protocol.KindSettings, s.settings())
}

// settings are what the made-up hub tells of the county.
func (s *site) settings() *protocol.Settings {
	return &protocol.Settings{Unit: protocol.Unit{Code: unitCode, Name: "许家坝镇"}, County: "思南县",
		Villages: []protocol.Unit{{Code: villageA, Name: "杏花村"}, {Code: villageB, Name: "石门村"}},
		Columns: []protocol.Column{{Slug: "township", Name: "乡镇传真", Steps: []string{"初审", "终审"}}, {Slug: "village", Name: "村务公开", Steps: []string{"初审"}},
			{Slug: "notice", Name: "通知公告", Steps: []string{"初审"}}, {Slug: "old", Name: "旧栏目", Closed: true}}}
}

// says lets the hub say something: it signs the next entry of the down log and
// the node applies it.
func (s *site) says(kind protocol.Kind, m protocol.Message) {
	s.t.Helper()
	body, err := json.Marshal(m)
	if err != nil {
		s.t.Fatal(err)
	}
	s.down++
	e := protocol.New(protocol.Down, nodeID, hubEpoch, s.down, kind, body, s.hub)
	if err := s.q.ApplyDown(context.Background(), []protocol.Entry{e}); err != nil {
		s.t.Fatal(err)
	}
}

// confirm lets the hub confirm everything there is.
func (s *site) confirm() {
	s.t.Helper()
	c, err := s.q.Cursors(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	s.says(protocol.KindReceipt, &protocol.Receipt{Epoch: c.Epoch, Through: c.Last})
}

func (s *site) item(id string) queue.Detail {
	s.t.Helper()
	d, err := s.q.Item(context.Background(), queue.Actor{Name: "王芳", Role: account.RoleLiaison}, id)
	if err != nil {
		s.t.Fatal(err)
	}
	return d
}

func (s *site) items() []queue.Item {
	s.t.Helper()
	list, _, err := s.q.List(context.Background(), queue.Actor{Name: "王芳", Role: account.RoleLiaison}, queue.Filter{}, "", 50)
	if err != nil {
		s.t.Fatal(err)
	}
	return list
}

// browser is one person at one browser.
type browser struct {
	*site
	cookies map[string]*http.Cookie
	token   string // sent instead of the session
	page    *html.Node
	header  http.Header // of the last answer
	body    []byte
	status  int
	at      string
}

func (s *site) anonymous() *browser {
	return &browser{site: s, cookies: map[string]*http.Cookie{}}
}

// as returns a browser in which login is signed in.
func (s *site) as(login string) *browser {
	s.t.Helper()
	b := s.anonymous()
	b.get("/signin")
	b.post("/signin", "login", login, "password", password)
	b.want(http.StatusOK)
	if b.at != "/" {
		s.t.Fatalf("signed in as %s, at %s", login, b.at)
	}
	return b
}

// do sends one request and follows redirects, as a browser does.
func (b *browser) do(method, to string, body io.Reader, header ...string) {
	b.t.Helper()
	for range 5 {
		r := httptest.NewRequest(method, "http://localhost"+to, body)
		for i := 0; i+1 < len(header); i += 2 {
			if header[i] == "Host" {
				r.Host = header[i+1]
				continue
			}
			r.Header.Set(header[i], header[i+1])
		}
		for _, c := range b.cookies {
			r.AddCookie(c)
		}
		if b.token != "" {
			r.Header.Set("Authorization", "Bearer "+b.token)
		}
		w := httptest.NewRecorder()
		b.h.ServeHTTP(w, r)
		for _, c := range w.Result().Cookies() {
			b.cookies[c.Name] = c
		}
		b.status, b.header, b.body, b.at = w.Code, w.Header(), w.Body.Bytes(), to
		if w.Code != http.StatusSeeOther {
			break
		}
		method, to, body, header = http.MethodGet, w.Header().Get("Location"), nil, nil
	}
	b.page = nil
	if strings.HasPrefix(b.header.Get("Content-Type"), "text/html") {
		b.page = uitest.Parse(b.t, b.body)
		for _, problem := range uitest.Check(b.body) {
			b.t.Errorf("%s: %s", b.at, problem)
		}
	}
}

func (b *browser) get(to string) *browser {
	b.t.Helper()
	b.do(http.MethodGet, to, nil)
	return b
}

// formToken is that of the page the browser shows.
func (b *browser) formToken() string {
	if b.page == nil {
		return ""
	}
	return uitest.Attr(uitest.Find(b.page, "input[name="+web.FormTokenField+"]"), "value")
}

func (b *browser) post(to string, pairs ...string) *browser {
	b.t.Helper()
	v := url.Values{web.FormTokenField: {b.formToken()}}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	b.do(http.MethodPost, to, strings.NewReader(v.Encode()), "Content-Type", "application/x-www-form-urlencoded")
	return b
}

// upload is a file chosen in a form.
type upload struct {
	name string
	data []byte
}

// send fills in the multipart form the page shows: every field keeps the value
// it came with unless change names another one.
func (b *browser) send(act string, change map[string]string, files ...upload) *browser {
	b.t.Helper()
	f := uitest.Find(b.page, "form[enctype=multipart/form-data]")
	if f == nil {
		b.t.Fatalf("%s (%d) shows no form with files: %s", b.at, b.status, uitest.Words(uitest.Find(b.page, "main")))
	}
	b.do(http.MethodPost, uitest.Attr(f, "action"), b.filled(f, act, change, files), "Content-Type", "multipart/form-data; boundary="+boundary)
	return b
}

const boundary = "----zhanqun-test"

func (b *browser) filled(f *html.Node, act string, change map[string]string, files []upload) io.Reader {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	if err := w.SetBoundary(boundary); err != nil {
		b.t.Fatal(err)
	}
	add := func(name, value string) {
		if v, ok := change[name]; ok {
			value = v
		}
		if err := w.WriteField(name, value); err != nil {
			b.t.Fatal(err)
		}
	}
	for n := range f.Descendants() {
		name := uitest.Attr(n, "name")
		if n.Type != html.ElementNode || name == "" {
			continue
		}
		switch n.Data {
		case "input":
			if uitest.Attr(n, "type") != "file" {
				add(name, uitest.Attr(n, "value"))
			}
		case "textarea":
			add(name, strings.TrimPrefix(uitest.Text(n), "\n"))
		case "select":
			value := ""
			for _, o := range uitest.All(n, "option[selected]") {
				value = uitest.Attr(o, "value")
			}
			add(name, value)
		}
	}
	if remove, ok := strings.CutPrefix(act, "remove="); ok {
		add("remove", remove)
	} else {
		add("act", act)
	}
	for _, file := range files {
		part, err := w.CreateFormFile("files", file.name)
		if err == nil {
			_, err = part.Write(file.data)
		}
		if err != nil {
			b.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.t.Fatal(err)
	}
	return &body
}

func (b *browser) want(status int) *browser {
	b.t.Helper()
	if b.status != status {
		b.t.Fatalf("%s: status %d, want %d: %s", b.at, b.status, status, uitest.Words(uitest.Find(b.page, "main")))
	}
	return b
}

// reads holds that the page says each of the words.
func (b *browser) reads(words ...string) *browser {
	b.t.Helper()
	text := uitest.Words(uitest.Find(b.page, "main"))
	for _, w := range words {
		if !strings.Contains(text, w) {
			b.t.Errorf("%s does not say %q: %s", b.at, w, text)
		}
	}
	return b
}

// lacks wants words not to be read on the page.
func (b *browser) lacks(words ...string) *browser {
	b.t.Helper()
	text := uitest.Words(uitest.Find(b.page, "main"))
	for _, w := range words {
		if strings.Contains(text, w) {
			b.t.Errorf("%s says %q: %s", b.at, w, text)
		}
	}
	return b
}

// errorAt is what stands at a field of the form.
func (b *browser) errorAt(field string) string {
	return uitest.Words(uitest.Find(b.page, "#f-"+field+"-error"))
}

// value is what a field of the form holds.
func (b *browser) value(name string) string {
	n := uitest.Find(b.page, "main [name="+name+"]")
	if n != nil && n.Data == "textarea" {
		return strings.TrimPrefix(uitest.Text(n), "\n")
	}
	return uitest.Attr(n, "value")
}

// photo is a small picture; another one for each shade.
func photo(t testing.TB, shade uint8) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 320, 200))
	for i := range img.Pix {
		img.Pix[i] = shade
	}
	img.Set(1, 1, color.RGBA{R: 200, A: 255})
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// id is the item the browser looks at.
func (b *browser) id() string {
	b.t.Helper()
	parts := strings.Split(b.at, "/")
	if len(parts) < 3 || parts[1] != "items" {
		b.t.Fatalf("not at an item: %s", b.at)
	}
	return parts[2]
}

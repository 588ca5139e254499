package look_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"zhanqun/node/look"
	"zhanqun/protocol"
)

func everybody(netip.Addr) bool { return true }

// site answers in every way that matters.
func site(t *testing.T) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/ok", func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.Header.Get("User-Agent") != "ZhanqunCheck/1.0" {
			t.Errorf("asked with %s as %s", r.Method, r.Header.Get("User-Agent"))
		}
		_, _ = fmt.Fprint(w, "hello")
	})
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/ok", http.StatusFound) })
	mux.HandleFunc("/round", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/round", http.StatusFound) })
	mux.HandleFunc("/file", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "file:///etc/passwd")
		w.WriteHeader(http.StatusFound)
	})
	mux.HandleFunc("/large", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 1<<20)) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

func TestLook(t *testing.T) {
	server := site(t)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	s := look.New(look.Options{Allow: everybody})
	for _, tt := range []struct {
		url  string
		want protocol.Looked
	}{
		{server.URL + "/ok", protocol.Looked{Status: 200, Bytes: 5, SHA256: protocol.HashOf([]byte("hello"))}},
		{server.URL + "/moved", protocol.Looked{Status: 200, Bytes: 5, SHA256: protocol.HashOf([]byte("hello")), Final: server.URL + "/ok"}},
		{server.URL + "/nothing", protocol.Looked{Status: 404, Bytes: 19, SHA256: protocol.HashOf([]byte("404 page not found\n"))}},
		{server.URL + "/large", protocol.Looked{Status: 200, Bytes: 256 << 10, Cut: true, SHA256: protocol.HashOf(make([]byte, 256<<10))}},
		{server.URL + "/round", protocol.Looked{Error: protocol.ErrorLoop}},
		{server.URL + "/file", protocol.Looked{Error: protocol.ErrorOther}},
		{gone.URL, protocol.Looked{Error: protocol.ErrorConnect}},
		{"https" + strings.TrimPrefix(server.URL, "http"), protocol.Looked{Error: protocol.ErrorTLS}},
	} {
		m := *s.Look(t.Context(), protocol.Look{ID: "x", URL: tt.url})
		m.Look, m.Millis, m.Type = "", 0, ""
		if !reflect.DeepEqual(m, tt.want) {
			t.Errorf("%s: %+v, want %+v", tt.url, m, tt.want)
		}
	}
}

// Of a page the county is told its beginning if it asks, without scripts and
// styles; of a file never.
func TestLookAtAPage(t *testing.T) {
	const shown = "<title>找不到</title> <script></script><style></style> <h1>您访问的页面不存在</h1>"
	mux := http.NewServeMux()
	mux.HandleFunc("/page", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprintf(w, "<title>找不到</title>\n\n<script src=x>%s</script><style>%s</style><!-- %s -->\n <h1>您访问的页面不存在</h1>", strings.Repeat("f();", 9000), strings.Repeat("a{}", 9000), strings.Repeat("x", 9000))
	})
	mux.HandleFunc("/long", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprint(w, strings.Repeat("<p>一</p>", 9000))
	})
	mux.HandleFunc("/file", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/pdf")
		_, _ = fmt.Fprint(w, "%PDF-1.4 geheim")
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s := look.New(look.Options{Allow: everybody})
	at := func(path string, page bool) *protocol.Looked {
		return s.Look(t.Context(), protocol.Look{ID: "x", URL: server.URL + path, Page: page})
	}
	if m := at("/page", true); string(m.Page) != shown || m.Type != "text/html; charset=utf-8" {
		t.Errorf("page %q of %q", m.Page, m.Type)
	}
	if m := at("/page", false); m.Page != nil {
		t.Errorf("told unasked: %q", m.Page)
	}
	if m := at("/long", true); len(m.Page) > protocol.MaxLookPage || len(m.Page) < protocol.MaxLookPage-20 {
		t.Errorf("%d bytes of a long page", len(m.Page))
	}
	if m := at("/file", true); m.Page != nil || m.Type != "application/pdf" {
		t.Errorf("of a file %q, %q", m.Page, m.Type)
	}
}

// Nothing but public addresses is connected to, whatever name leads there.
func TestPrivateAddresses(t *testing.T) {
	server := site(t)
	s := look.New(look.Options{})
	for _, url := range []string{server.URL + "/ok", "http://localhost:1/", "http://[::1]:1/", "http://10.255.255.1/", "http://169.254.169.254/latest/"} {
		if m := s.Look(t.Context(), protocol.Look{URL: url}); m.Error != protocol.ErrorPrivate || m.Status != 0 {
			t.Errorf("%s: %+v", url, m)
		}
	}
}

// queue hands out looks and keeps answers.
type queue struct {
	mu   sync.Mutex
	list []protocol.Look
	got  []*protocol.Looked
}

func (q *queue) Looks(context.Context, int) ([]protocol.Look, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	list := q.list
	q.list = nil
	return list, nil
}

func (q *queue) Looked(_ context.Context, m *protocol.Looked) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.got = append(q.got, m)
	return nil
}

func TestRunAnswersAndEnds(t *testing.T) {
	server := site(t)
	q := &queue{list: []protocol.Look{{ID: "a", URL: server.URL + "/ok"}, {ID: "b", URL: server.URL + "/nothing"}}}
	told := make(chan struct{}, 2)
	s := look.New(look.Options{Queue: q, Allow: everybody, Pause: time.Nanosecond, Told: func() { told <- struct{}{} }})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		s.Run(ctx)
		close(done)
	}()
	<-told
	<-told
	cancel()
	<-done
	if len(q.got) != 2 || q.got[0].Look != "a" || q.got[0].Status != 200 || q.got[1].Status != 404 {
		t.Errorf("answers %+v", q.got)
	}
}

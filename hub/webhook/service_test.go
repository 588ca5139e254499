package webhook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/health"
	"zhanqun/hub/health/linkcheck"
	"zhanqun/hub/store/storetest"
	"zhanqun/hub/webhook"
	"zhanqun/internal/account"
	"zhanqun/internal/fault"
)

// office is a service on a real store, with a receiver whose answers a test sets.
type office struct {
	*webhook.Service
	clock  *storetest.Clock
	log    bytes.Buffer
	status atomic.Int64
	got    []*http.Request
	bodies [][]byte
	url    string
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{clock: storetest.NewClock()}
	o.status.Store(200)
	s := storetest.SQLite(t, o.clock.Now)
	storetest.Units(t, s)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		o.got, o.bodies = append(o.got, r), append(o.bodies, body)
		if code := int(o.status.Load()); code == http.StatusFound {
			http.Redirect(w, r, "/elsewhere", code)
		} else {
			w.WriteHeader(code)
		}
	}))
	t.Cleanup(server.Close)
	o.url = server.URL + "/hook?token=verysecret"
	guard := linkcheck.Options{AllowPrivate: func(netip.Addr) bool { return true }}
	h := health.New(health.Options{Store: s, Now: o.clock.Now})
	o.Service = webhook.New(webhook.Options{Store: s, Report: h, Dial: linkcheck.Guarded(guard), Now: o.clock.Now, Log: slog.New(slog.NewTextHandler(&o.log, nil))})
	return o
}

func (o *office) set(at time.Time) { o.clock.Advance(at.Sub(o.clock.Now())) }

const secret = "0123456789abcdef"

func (o *office) add(t *testing.T, topics ...webhook.Topic) webhook.Hook {
	t.Helper()
	h, err := o.Add(t.Context(), access.Local("test"), webhook.Hook{Name: "值班系统", Kind: webhook.JSON, URL: o.url, Secret: secret, Topics: topics})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (o *office) last(t *testing.T, h webhook.Hook) webhook.Delivery {
	t.Helper()
	list, err := o.Store.Deliveries(t.Context(), h.ID, 1)
	if err != nil || len(list) == 0 {
		t.Fatalf("no delivery: %v", err)
	}
	return list[0]
}

// The receiver can tell that a message is ours, and redirects are not followed.
func TestSignedAndNotRedirected(t *testing.T) {
	o := newOffice(t)
	h := o.add(t, webhook.Now)
	if _, err := o.Try(t.Context(), access.Local("test"), h.ID); err != nil {
		t.Fatal(err)
	}
	r, body := o.got[0], o.bodies[0]
	if want := "sha256=" + webhook.Sign(secret, r.Header.Get("X-Zhanqun-Timestamp"), body); r.Header.Get("X-Zhanqun-Signature") != want {
		t.Errorf("signed %s, want %s", r.Header.Get("X-Zhanqun-Signature"), want)
	}
	if r.Header.Get("X-Zhanqun-Timestamp") != strconv.FormatInt(o.clock.Now().Unix(), 10) || r.URL.Query().Get("token") != "verysecret" {
		t.Errorf("request %v %v", r.URL, r.Header)
	}
	var m struct{ Topic, Title string }
	if err := json.Unmarshal(body, &m); err != nil || m.Topic != "test" || m.Title == "" {
		t.Errorf("body %s, %v", body, err)
	}
	if d := o.last(t, h); d.State != webhook.Sent || d.Tries != 1 {
		t.Errorf("delivery %+v", d)
	}
	o.status.Store(http.StatusFound)
	if _, err := o.Try(t.Context(), access.Local("test"), h.ID); !fault.Is(err, fault.Invalid) || !strings.Contains(fault.Message(err), "转到") {
		t.Errorf("redirected: %v", err)
	}
	if n := len(o.got); n != 2 {
		t.Errorf("%d requests: a redirect was followed", n)
	}
	// A hook in a private network is not reached unless the settings allow it.
	strict := webhook.New(webhook.Options{Store: o.Store, Dial: linkcheck.Guarded(linkcheck.Options{}), Now: o.clock.Now, Log: slog.New(slog.DiscardHandler)})
	if _, err := strict.Try(t.Context(), access.Local("test"), h.ID); err == nil || !strings.Contains(fault.Message(err), "内网") || len(o.got) != 2 {
		t.Errorf("sent to a private address: %v", err)
	}
	o.addRefuses(t)
	o.runEnds(t)
}

// A message that is not taken is tried again with growing pauses, then given up
// with the reason; the address and the secret stand in no log and no reason.
func TestTriedAgainAndGivenUp(t *testing.T) {
	o := newOffice(t)
	h := o.add(t, webhook.Daily)
	o.status.Store(503)
	o.set(time.Date(2026, 11, 28, 9, 0, 0, 0, time.FixedZone("", 8*3600)))
	var pauses []time.Duration
	for range 20 {
		if _, err := o.RunOnce(t.Context()); err != nil {
			t.Fatal(err)
		}
		d := o.last(t, h)
		if d.State != webhook.Waiting {
			break
		}
		pauses = append(pauses, d.NextAt.Sub(o.clock.Now()))
		o.clock.Advance(pauses[len(pauses)-1])
	}
	d := o.last(t, h)
	if d.State != webhook.Dead || d.Tries != 8 || !strings.Contains(d.Reason, "503") || d.Topic != webhook.Daily {
		t.Errorf("delivery %+v", d)
	}
	for i := 1; i < len(pauses); i++ {
		if pauses[i] <= pauses[i-1] {
			t.Errorf("pauses %v do not grow", pauses)
		}
	}
	if text := o.log.String(); text == "" || strings.Contains(text, "verysecret") || strings.Contains(text, secret) || strings.Contains(text, "127.0.0.1") {
		t.Errorf("log: %s", text)
	}
}

// The daily check is sent once a morning, and not before it.
func TestDailyOnce(t *testing.T) {
	o := newOffice(t)
	h := o.add(t, webhook.Daily)
	morning := time.Date(2026, 11, 28, 8, 29, 0, 0, time.FixedZone("", 8*3600))
	count := func(at time.Time) int {
		t.Helper()
		o.set(at)
		if _, err := o.RunOnce(t.Context()); err != nil {
			t.Fatal(err)
		}
		list, err := o.Store.Deliveries(t.Context(), h.ID, 10)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	for _, tt := range []struct {
		at   time.Time
		want int
	}{{morning, 0}, {morning.Add(time.Minute), 1}, {morning.Add(5 * time.Hour), 1}, {morning.AddDate(0, 0, 1), 1}, {morning.AddDate(0, 0, 1).Add(time.Hour), 2}} {
		if got := count(tt.at); got != tt.want {
			t.Errorf("at %v: %d messages, want %d", tt.at, got, tt.want)
		}
	}
}

func (o *office) addRefuses(t *testing.T) {
	t.Helper()
	good := webhook.Hook{Name: "群", Kind: webhook.DingTalk, URL: "https://oapi.dingtalk.com/robot/send?access_token=x", Topics: []webhook.Topic{webhook.Now}}
	for field, edit := range map[string]func(*webhook.Hook){
		"name": func(h *webhook.Hook) { h.Name = " " }, "kind": func(h *webhook.Hook) { h.Kind = "fax" }, "url": func(h *webhook.Hook) { h.URL = "ftp://x/" },
		"topics": func(h *webhook.Hook) { h.Topics = nil }, "secret": func(h *webhook.Hook) { h.Kind = webhook.JSON },
	} {
		h := good
		edit(&h)
		if _, err := o.Add(t.Context(), access.Local("test"), h); fault.Fields(err)[field] == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
	if _, err := o.Add(t.Context(), access.User{Role: account.RoleReviewer}, good); !fault.Is(err, fault.Forbidden) {
		t.Errorf("a reviewer added one: %v", err)
	}
}

// runEnds holds that Run ends with its context.
func (o *office) runEnds(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		o.Run(ctx)
		close(done)
	}()
	o.Wake()
	cancel()
	<-done
}

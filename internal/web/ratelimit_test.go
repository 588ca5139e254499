package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestLimiter(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	l := NewLimiter(10*time.Second, 2, 100, func() time.Time { return now })
	for i := range 2 {
		if _, ok := l.Allow("a"); !ok {
			t.Fatalf("turn %d refused", i+1)
		}
	}
	wait, ok := l.Allow("a")
	if ok || wait != 10*time.Second {
		t.Errorf("third turn: %v, %v; want to wait 10s", wait, ok)
	}
	if _, ok := l.Allow("b"); !ok {
		t.Error("another key was refused")
	}
	now = now.Add(10 * time.Second)
	if _, ok := l.Allow("a"); !ok {
		t.Error("refused after waiting")
	}
	if _, ok := l.Allow("a"); ok {
		t.Error("one wait gave two turns")
	}
}

func TestLimiterForgetsTheOldest(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	l := NewLimiter(time.Hour, 1, 10, func() time.Time { return now })
	l.Allow("kept")
	for i := range 1000 {
		l.Allow(fmt.Sprint(i))
		l.Allow("kept") // seen again and again, so never the oldest
	}
	if len(l.keys) > 10 || l.order.Len() > 10 {
		t.Errorf("%d keys remembered, want at most 10", len(l.keys))
	}
	if _, ok := l.Allow("kept"); ok {
		t.Error("a key in use was forgotten")
	}
}

func TestLimit(t *testing.T) {
	l := NewLimiter(time.Minute, 1, 10, time.Now)
	h := l.Limit(testErrors(), ByAddress)(ok)
	ask := func(from string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, "/signin", nil)
		r.RemoteAddr = from
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	if w := ask("192.0.2.1:1"); w.Code != 200 {
		t.Errorf("first: %d", w.Code)
	}
	if w := ask("192.0.2.1:2"); w.Code != 429 || w.Header().Get("Retry-After") != "60" {
		t.Errorf("second: %d %v", w.Code, w.Header())
	}
	// One line holds a whole /64 of IPv6 addresses.
	if w := ask("[2001:db8::1]:1"); w.Code != 200 {
		t.Errorf("IPv6: %d", w.Code)
	}
	if w := ask("[2001:db8::ffff:2]:1"); w.Code != 429 {
		t.Errorf("same /64: %d", w.Code)
	}
	if w := ask("[2001:db8:0:1::1]:1"); w.Code != 200 {
		t.Errorf("other /64: %d", w.Code)
	}
}

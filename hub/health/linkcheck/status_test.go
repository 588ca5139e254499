package linkcheck

import (
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestStatus(t *testing.T) {
	const rich = `<html><head><title>思南县人民政府</title></head><body><ul><li><a href=/>首页</a><li><a href=/zw>政务公开</a></ul>
		<div class=err><h2>抱歉，您访问的页面不存在或已删除</h2><p>您可以返回首页，或者使用站内搜索。</p></div></body></html>`
	site := serve(t, func(w http.ResponseWriter, r *http.Request) {
		code, _ := strconv.Atoi(strings.Split(r.URL.Path, "/")[1])
		switch {
		case strings.HasSuffix(r.URL.Path, "/rich"):
			writeHTML(w, code, rich)
		case strings.HasSuffix(r.URL.Path, "/good"):
			writeHTML(w, code, goodPage("春耕生产"))
		case strings.HasSuffix(r.URL.Path, "/wall"):
			writeHTML(w, code, "<title>Just a moment...</title><script>x()</script>")
		default:
			w.WriteHeader(code)
		}
	})
	tests := []struct {
		path   string
		want   Verdict
		reason Reason
	}{
		{"/200/good", OK, ""},
		{"/200/", Suspect, ReasonEmpty},
		{"/204/", Suspect, ReasonEmpty},
		{"/203/good", OK, ""},
		{"/301/", Suspect, ReasonNoTarget},
		{"/304/", Suspect, ReasonNoTarget},
		{"/300/good", OK, ""},
		{"/400/", Dead, ReasonBadRequest},
		{"/401/", Inconclusive, ReasonLogin},
		{"/403/", Inconclusive, ReasonForbidden},
		{"/404/", Dead, ReasonGone},
		{"/404/rich", Dead, ReasonGone},
		{"/404/good", Suspect, ReasonGoodContent},
		{"/405/", Inconclusive, ReasonForbidden},
		{"/410/", Dead, ReasonGone},
		{"/412/", Inconclusive, ReasonForbidden},
		{"/418/", Inconclusive, ReasonForbidden},
		{"/422/", Inconclusive, ReasonOddStatus},
		{"/429/", Inconclusive, ReasonRateLimited},
		{"/468/", Inconclusive, ReasonBotWall},
		{"/500/", Dead, ReasonServerError},
		{"/500/good", Suspect, ReasonGoodContent},
		{"/502/", Dead, ReasonServerError},
		{"/503/wall", Inconclusive, ReasonBotWall},
		{"/521/", Dead, ReasonServerError},
		{"/567/", Inconclusive, ReasonBotWall},
		{"/999/", Inconclusive, ReasonBotWall},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			// A checker each, or the 429 would slow down what follows.
			r := newChecker(t).Check(t.Context(), site+tt.path)
			expect(t, r, tt.want, tt.reason, "")
			if code, _ := strconv.Atoi(tt.path[1:4]); r.Status != code {
				t.Errorf("status %d, want %d", r.Status, code)
			}
			if (tt.want == Dead) != (r.Class == ClassDead) {
				t.Errorf("class %q", r.Class)
			}
		})
	}
}

func TestOddReasonPhrases(t *testing.T) {
	for _, answer := range []string{
		"HTTP/1.1 404 \xd2\xb3\xc3\xe6\xb2\xbb\xb4\xe6\xd4\xda\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 404 页面不存在\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.0 404 OK\r\n\r\n",
		"HTTP/1.1 410 200 OK\r\n\r\n",
	} {
		expect(t, newChecker(t).Check(t.Context(), rawServer(t, says(answer))), Dead, ReasonGone, "")
	}
}

func TestGetDecides(t *testing.T) {
	site := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			t.Errorf("asked by %s", r.Method)
		}
		if ua := r.UserAgent(); ua != "ZhanqunCheck/1.0 (+https://county.example/about)" {
			t.Errorf("User-Agent %q", ua)
		}
		writeHTML(w, 200, goodPage("好"))
	})
	c := newChecker(t, func(o *Options) { o.UserAgent = UserAgent("https://county.example/about") })
	r := c.Check(t.Context(), site+"/a.html")
	expect(t, r, OK, "", "")
	if r.Title != "好" || r.Tries != 1 || r.Bytes == 0 || r.ContentType == "" || r.CheckedAt.IsZero() {
		t.Errorf("evidence missing: %+v", r)
	}
}

func TestRetryAfterInBothSpellings(t *testing.T) {
	now := time.Date(2026, 11, 3, 8, 0, 0, 0, time.UTC)
	tests := []struct {
		name, value, date string
		want              time.Duration
	}{
		{"seconds", "120", "", 2 * time.Minute},
		{"date", now.Add(time.Hour).Format(http.TimeFormat), "", time.Hour},
		{"date by a clock that is wrong", now.Add(time.Hour).Format(http.TimeFormat), now.Add(30 * time.Minute).Format(http.TimeFormat), 30 * time.Minute},
		{"absent", "", "", 0},
		{"past", now.Add(-time.Hour).Format(http.TimeFormat), "", 0},
		{"negative", "-5", "", 0},
		{"nonsense", "soon", "", 0},
		{"not a number", "NaN", "", 0},
		{"years", "99999999999999", "", maxRetryAfter},
		{"date in years", now.AddDate(9, 0, 0).Format(http.TimeFormat), "", maxRetryAfter},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := http.Header{}
			h.Set("Retry-After", tt.value)
			h.Set("Date", tt.date)
			if got := parseRetryAfter(h, now); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestRateLimitedHostIsLeftAlone(t *testing.T) {
	var asked atomic.Int32
	site := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	c := newChecker(t)
	first := c.Check(t.Context(), site+"/a.html")
	expect(t, first, Inconclusive, ReasonRateLimited, "")
	if first.RetryAfter != time.Hour {
		t.Errorf("RetryAfter %s", first.RetryAfter)
	}
	second := c.Check(t.Context(), site+"/b.html")
	expect(t, second, Inconclusive, ReasonRateLimited, KindResting)
	if asked.Load() != 1 || second.RetryAfter < 59*time.Minute || second.RetryAfter > time.Hour {
		t.Errorf("asked %d times, RetryAfter %s", asked.Load(), second.RetryAfter)
	}
}

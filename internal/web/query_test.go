package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"zhanqun/internal/fault"
)

func get(query string) *http.Request {
	return httptest.NewRequest(http.MethodGet, "/?"+query, nil)
}

func TestLimitParameter(t *testing.T) {
	for query, want := range map[string]int{"": 50, "limit=1": 1, "limit=200": 200, "limit=100000": 200, "limit=0": -1, "limit=-5": -1, "limit=x": -1, "limit=99999999999999999999": -1} {
		n, err := Limit(get(query), 50, 200)
		if want == -1 {
			if fault.Fields(err)["limit"] == "" {
				t.Errorf("%s: %d, %v", query, n, err)
			}
		} else if err != nil || n != want {
			t.Errorf("%s: %d, %v, want %d", query, n, err, want)
		}
	}
}

type position struct {
	At int64
	ID string
}

func TestCursor(t *testing.T) {
	want := position{1_762_000_000_000, "0190b6a4-0000-7000-8000-000000000000"}
	text, err := NextCursor(want)
	if err != nil {
		t.Fatal(err)
	}
	var got position
	if ok, err := Cursor(get("cursor="+url.QueryEscape(text)), "cursor", &got); !ok || err != nil || got != want {
		t.Errorf("%+v, %v, %v", got, ok, err)
	}
	if ok, err := Cursor(get(""), "cursor", &got); ok || err != nil {
		t.Errorf("absent: %v, %v", ok, err)
	}
	for _, bad := range []string{"!!", "e30x", strings.Repeat("A", 600), "W10"} {
		if ok, err := Cursor(get("cursor="+bad), "cursor", &got); ok || fault.Fields(err)["cursor"] == "" {
			t.Errorf("%q: %v, %v", bad, ok, err)
		}
	}
}

func FuzzCursor(f *testing.F) {
	f.Add("e30")
	f.Add("eyJBdCI6MX0")
	f.Fuzz(func(t *testing.T, text string) {
		var p position
		if _, err := Cursor(get("cursor="+url.QueryEscape(text)), "cursor", &p); err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", text, err)
		}
	})
}

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"  标题 ":                     "标题",
		"一\r\n二":                    "一\n二",
		"a\x00b\x1b[31mc\td":        "ab[31mc\td",
		strings.Repeat("长", 10):     strings.Repeat("长", 10),
		strings.Repeat("长", 11):     "!",
		"\xb5\xc4":                  "!",
		"":                          "",
		"\u200b隐":                   "\u200b隐", // what is invisible is for the content checks
		strings.Repeat(" ", 1000):   "",
		strings.Repeat("\x01", 100): "",
	} {
		got, err := Text(get("q="+url.QueryEscape(in)), "q", 10)
		if want == "!" {
			if fault.Fields(err)["q"] == "" {
				t.Errorf("%q: %q, %v", in, got, err)
			}
		} else if err != nil || got != want {
			t.Errorf("%q: %q, %v, want %q", in, got, err, want)
		}
	}
}

func TestTime(t *testing.T) {
	at, err := Time(get("at="+url.QueryEscape("2026-11-03T14:05:00+08:00")), "at")
	if err != nil || !at.Equal(time.Date(2026, 11, 3, 6, 5, 0, 0, time.UTC)) {
		t.Errorf("%v, %v", at, err)
	}
	if at, err := Time(get(""), "at"); err != nil || !at.IsZero() {
		t.Errorf("absent: %v, %v", at, err)
	}
	if _, err := Time(get("at=2026-11-03"), "at"); fault.Fields(err)["at"] == "" {
		t.Errorf("a day: %v", err)
	}
}

func TestWithParam(t *testing.T) {
	for _, tt := range []struct{ at, value, want string }{
		{"/items", "a b", "/items?cursor=a+b"},
		{"/items?q=x&cursor=1", "2", "/items?cursor=2&q=x"},
		{"/items?q=x&cursor=1", "", "/items?q=x"},
		{"/items?cursor=1", "", "/items"},
	} {
		if got := WithParam(httptest.NewRequest(http.MethodGet, tt.at, nil), "cursor", tt.value); got != tt.want {
			t.Errorf("%s with %q: %s, want %s", tt.at, tt.value, got, tt.want)
		}
	}
}

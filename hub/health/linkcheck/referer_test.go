package linkcheck

import (
	"net/http"
	"sync"
	"testing"
)

// Where a link stands is told only to a server that refuses without, and no more
// if that does not help.
func TestServersThatWantToKnowWhereALinkStands(t *testing.T) {
	var mu sync.Mutex
	told := map[string][]string{}
	const page = "http://www.example.gov.cn/zwgk/?a=1"
	site := serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		told[r.URL.Path] = append(told[r.URL.Path], r.Referer())
		mu.Unlock()
		if r.URL.Path != "/open" && r.Referer() == "" {
			w.WriteHeader(http.StatusForbidden)
		} else {
			w.Header().Set("Content-Type", "image/png")
			w.Write([]byte("\x89PNG\r\n\x1a\n00000000IEND"))
		}
	})
	ask := func(c *Checker, path string, want Verdict, referers ...string) {
		t.Helper()
		reason := ReasonForbidden
		if want == OK {
			reason = ""
		}
		expect(t, c.Check(t.Context(), site+path), want, reason, "")
		mu.Lock()
		defer mu.Unlock()
		if len(told[path]) != len(referers) {
			t.Fatalf("%s: told %q, want %q", path, told[path], referers)
		}
		for i, r := range referers {
			if told[path][i] != r {
				t.Errorf("%s: told %q, want %q", path, told[path], referers)
			}
		}
	}
	elsewhere := newChecker(t, func(o *Options) { o.Referer = page })
	const host = "http://www.example.gov.cn/"
	ask(elsewhere, "/open", OK, "")
	ask(elsewhere, "/1.png", OK, "", host)
	ask(elsewhere, "/2.png", OK, host)
	ask(newChecker(t, func(o *Options) { o.Referer = site + "/list.html" }), "/3.png", OK, "", site+"/list.html")
	ask(newChecker(t, func(o *Options) { o.Referer = "https://www.example.gov.cn/" }), "/4.png", Inconclusive, "")
	ask(newChecker(t), "/5.png", Inconclusive, "")
}

func TestRefusalsForEverybodyAreNotAskedTwiceForEver(t *testing.T) {
	var mu sync.Mutex
	asked := 0
	site := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked++
		w.WriteHeader(http.StatusForbidden)
	})
	c := newChecker(t, func(o *Options) { o.Referer = "http://www.example.gov.cn/" })
	for range 6 {
		expect(t, c.Check(t.Context(), site+"/a.png"), Inconclusive, ReasonForbidden, "")
	}
	if asked != 6+vainReferers {
		t.Errorf("asked %d times", asked)
	}
}

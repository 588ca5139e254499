package health_test

import (
	"context"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"zhanqun/hub/health"
	"zhanqun/hub/health/linkcheck"
	"zhanqun/hub/store/storetest"
	"zhanqun/protocol"
)

// A faulty certificate is one finding of its host, whatever leads there: of a
// site at once its unit's, of others first for a person to look at. It closes
// when the certificate is well.
func TestCertificateIsOneFinding(t *testing.T) {
	pages := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		switch r.URL.Path {
		case "/":
			_, _ = w.Write([]byte(doc("首页", `<a href="/a.html">甲</a> <a href="/b.html">乙</a>`)))
		case "/a.html", "/b.html", "/menu/old.html":
			_, _ = w.Write([]byte(doc("工作"+r.URL.Path[1:2], "")))
		default:
			http.NotFound(w, r)
		}
	}
	secure := httptest.NewTLSServer(http.HandlerFunc(pages)) // vouched for by nobody
	defer secure.Close()
	plain := newTown(t, map[string]string{"/": doc("首页", `<a href="`+secure.URL+`/a.html">甲</a> <a href="`+secure.URL+`/b.html">乙</a>`), "/menu/old.html": doc("旧站", "")})
	class := func(w *watch) (list []health.Finding) {
		for _, f := range w.findings(health.StateActive) {
			if f.Class != "证书问题" || !strings.HasPrefix(f.URL, secure.URL) {
				t.Errorf("%s %s: %s", f.Class, f.URL, f.Reason)
			}
			list = append(list, f)
		}
		return list
	}

	w := newWatch(t)
	w.site(storetest.Sitang, "思唐街道网", secure.URL+"/")
	w.settle()
	if got := w.findings(""); len(got) != 0 {
		t.Fatalf("%d findings after one look", len(got))
	}
	w.clock.Advance(31 * time.Minute)
	w.settle()
	got := class(w)
	if len(got) != 1 || got[0].State != protocol.FindingOpen || !strings.Contains(got[0].Reason, "证书") || !strings.Contains(health.Advice(got[0]), "更换证书") {
		t.Fatalf("findings %+v", got)
	}
	if full, _, err := w.Store.Finding(t.Context(), got[0].ID); err != nil || full.Total < 4 {
		t.Errorf("%d places, %v", full.Total, err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(secure.Certificate())
	now := secure.Certificate().NotAfter.Add(-20 * 24 * time.Hour)
	trusting := func() *linkcheck.Checker {
		c := linkcheck.New(linkcheck.Options{AllowPrivate: func(netip.Addr) bool { return true }, PerHostInterval: -1, Roots: roots, Now: func() time.Time { return now }})
		t.Cleanup(c.Close)
		return c
	}
	if r := trusting().CheckCertificate(t.Context(), secure.URL); r.Verdict != linkcheck.OK {
		t.Errorf("well: %+v", r)
	}
	now = now.Add(10 * 24 * time.Hour)
	if r := trusting().CheckCertificate(t.Context(), secure.URL); r.Verdict != linkcheck.Suspect || r.Reason != linkcheck.ReasonCertificateSoon || !strings.Contains(r.Detail, "还有 10 天") {
		t.Errorf("ends soon: %+v", r)
	}
	w.Checker = mended{w.Checker, w.clock.Now}
	w.clock.Advance(13 * time.Hour)
	w.settle()
	if f, _, err := w.Store.Finding(t.Context(), got[0].ID); err != nil || f.State != protocol.FindingClosed || f.Ending != protocol.EndingRecovered {
		t.Errorf("the certificate is well: %+v, %v", f, err)
	}

	other := newWatch(t)
	other.site(storetest.Sitang, "思唐街道网", plain.url+"/")
	other.settle()
	other.clock.Advance(31 * time.Minute)
	other.settle()
	other.clock.Advance(7 * time.Hour)
	other.settle()
	if got := class(other); len(got) != 1 || got[0].State != health.FindingFound {
		t.Errorf("of a stranger: %+v", got)
	}
}

// mended says of every certificate that it is well.
type mended struct {
	health.Checker
	now func() time.Time
}

func (l mended) CheckCertificate(_ context.Context, address string) linkcheck.Result {
	return linkcheck.Result{URL: address, Verdict: linkcheck.OK, CheckedAt: l.now()}
}

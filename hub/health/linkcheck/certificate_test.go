package linkcheck

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"slices"
	"testing"
	"time"
)

func TestCertificates(t *testing.T) {
	root := newAuthority(t, "Trusted Root", nil)
	middle := newAuthority(t, "Middle", root)
	stranger := newAuthority(t, "Stranger", nil)
	roots := x509.NewCertPool()
	roots.AddCert(root.cert)
	const host = "www.sinan.example"
	day := 24 * time.Hour
	tests := []struct {
		name string
		cert tls.Certificate
		max  uint16
		want []CertProblem
	}{
		{"good", leaf(t, root, host, -day, day, false), 0, nil},
		{"good through an intermediate", leaf(t, middle, host, -day, day, true, middle), 0, nil},
		{"self-signed", leaf(t, nil, host, -day, day, false), 0, []CertProblem{CertSelfSigned}},
		{"expired", leaf(t, root, host, -2*day, -day/2, false), 0, []CertProblem{CertExpired}},
		{"not yet valid", leaf(t, root, host, day/2, day, false), 0, []CertProblem{CertNotYetValid}},
		{"another name", leaf(t, root, "mail.sinan.example", -day, day, false), 0, []CertProblem{CertWrongHost}},
		{"unknown issuer", leaf(t, stranger, host, -day, day, false), 0, []CertProblem{CertUnknownIssuer}},
		{"chain incomplete", leaf(t, middle, host, -day, day, true), 0, []CertProblem{CertIncomplete}},
		{"old protocol", leaf(t, root, host, -day, day, false), tls.VersionTLS11, []CertProblem{CertOldProtocol}},
		{"all at once", leaf(t, nil, "localhost", -2*day, -day, false), tls.VersionTLS10,
			[]CertProblem{CertSelfSigned, CertExpired, CertWrongHost, CertOldProtocol}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			config := &tls.Config{Certificates: []tls.Certificate{tt.cert}, MaxVersion: tt.max, MinVersion: tls.VersionTLS10}
			port := serveTLS(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/a.html" {
					w.WriteHeader(http.StatusNotFound)
					return
				}
				writeHTML(w, 200, goodPage("安全"))
			}), config)
			c := newChecker(t, func(o *Options) { o.Roots, o.Resolver = roots, names{host: {"127.0.0.1"}} })
			r := c.Check(t.Context(), "https://"+host+":"+port+"/a.html")
			// The page is judged whatever its certificate is.
			expect(t, r, OK, "", "")
			expect(t, c.Check(t.Context(), "https://"+host+":"+port+"/b.html"), Dead, ReasonGone, "")
			if len(r.Certificates) != 1 {
				t.Fatalf("certificates %+v", r.Certificates)
			}
			found := r.Certificates[0]
			if !slices.Equal(found.Problems, tt.want) || found.Host != host || found.NotAfter.IsZero() {
				t.Errorf("found %+v, want %v", found, tt.want)
			}
			if (r.CertificateFault() != nil) != (tt.want != nil) || (found.Text() == "") != (tt.want == nil) {
				t.Errorf("fault %v, text %q", r.CertificateFault(), found.Text())
			}
		})
	}
}

// Every certificate on the way is looked at, not the last one only.
func TestCertificateOfEachHop(t *testing.T) {
	root := newAuthority(t, "Root", nil)
	roots := x509.NewCertPool()
	roots.AddCert(root.cert)
	end := serveTLS(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { writeHTML(w, 200, goodPage("终点")) }),
		&tls.Config{Certificates: []tls.Certificate{leaf(t, root, "new.example", -time.Hour, time.Hour, false)}})
	start := serveTLS(t, http.RedirectHandler("https://new.example:"+end+"/a.html", http.StatusMovedPermanently),
		&tls.Config{Certificates: []tls.Certificate{leaf(t, root, "old.example", -2*time.Hour, -time.Hour, false)}})
	c := newChecker(t, func(o *Options) {
		o.Roots, o.Resolver = roots, names{"old.example": {"127.0.0.1"}, "new.example": {"127.0.0.1"}}
	})
	r := c.Check(t.Context(), "https://old.example:"+start+"/a.html")
	expect(t, r, OK, "", "")
	if fault := r.CertificateFault(); len(r.Certificates) != 2 || fault == nil || fault.Host != "old.example" {
		t.Errorf("certificates %+v", r.Certificates)
	}
}

package web

import (
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"net/http"
	"strings"

	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
)

// Certificate is what the machines of village liaisons have to trust.
type Certificate struct {
	URLs []string          // of the pages, on other machines
	CA   *x509.Certificate // this node's own CA; nil if browsers know the certificate, or there is none
}

// Fingerprint is how browsers and systems show the CA's certificate: its SHA-256 in
// hexadecimal. It is empty without one.
func (c Certificate) Fingerprint() string {
	if c.CA == nil {
		return ""
	}
	text := make([]string, 0, sha256.Size)
	for _, b := range sha256.Sum256(c.CA.Raw) {
		text = append(text, fmt.Sprintf("%02X", b))
	}
	return strings.Join(text, ":")
}

type trustPage struct {
	ui.Page
	Certificate
	Plain bool // the page came without encryption, from this very machine
}

var errNoCA = fault.New(fault.NotFound, "本机没有自己做证书，不用导入。别的电脑打不开或者提示不安全的，请问管理员。")

// trustPage says how a browser is taught to trust this node. It is for people who
// have not signed in, too: their browser warned them before they could.
func (s *Server) trustPage(w http.ResponseWriter, r *http.Request) error {
	p := &trustPage{Certificate: s.Certificate(), Plain: r.TLS == nil}
	if p.CA == nil {
		return errNoCA
	}
	lang := s.pages.Lang(r)
	p.Title = ui.T(lang, "让浏览器信任本机")
	p.Lead = ui.T(lang, "村里的电脑和手机打开本机时，内容在网络上是加密的。证书是本机自己做的，浏览器起初不认识，会提示“不安全”；按下面做一次，以后不再提示。")
	return s.pages.Render(w, r, http.StatusOK, "trust", p)
}

// authority hands out the CA's certificate. It is no secret.
func (s *Server) authority(w http.ResponseWriter, _ *http.Request) error {
	c := s.Certificate()
	if c.CA == nil {
		return errNoCA
	}
	w.Header().Set("Content-Type", "application/x-x509-ca-cert")
	w.Header().Set("Content-Disposition", `attachment; filename="zhanqun-ca.crt"`)
	_, err := w.Write(c.CA.Raw) // Windows, phones and Firefox all take DER
	return err
}

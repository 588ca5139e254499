package web

import (
	"net/http/httptest"
	"testing"

	"zhanqun/internal/browsertest"
)

// visitor is somebody at a real browser.
type visitor struct {
	*browsertest.Tab
	t   testing.TB
	url string // of the node
}

// serve opens the pages on this machine, at s.url.
func (s *site) serve() {
	s.t.Helper()
	server := httptest.NewServer(s.h)
	s.t.Cleanup(func() {
		server.CloseClientConnections() // pages that are open hold their event stream
		server.Close()
	})
	s.url = server.URL
}

// visitor signs somebody in at a tab of his own.
func (s *site) visitor(first *browsertest.Tab, login string) *visitor {
	s.t.Helper()
	p := &visitor{first.Other(), s.t, s.url}
	p.signIn(login, password)
	return p
}

func (p *visitor) signIn(login, password string) {
	p.t.Helper()
	p.Visit(p.url + "/signin")
	p.Fill("#f-login", login)
	p.Fill("#f-password", password)
	p.Leads(func() { p.Press("登录") })
}

package web

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/store/storetest"
	"zhanqun/internal/account"
	"zhanqun/internal/browsertest"
)

// guest is somebody at a real browser.
type guest struct {
	*browsertest.Tab
	t   testing.TB
	url string // of the hub
}

// serve opens the county's pages on this machine and returns their address.
func (c *county) serve() string {
	c.T.Helper()
	server := httptest.NewServer(c.h)
	c.T.Cleanup(func() {
		server.CloseClientConnections() // pages that are open hold their event stream
		server.Close()
	})
	return server.URL
}

// someone signs an account in at a tab of his own, with the password all have.
func someone(first *browsertest.Tab, url string, t testing.TB, login string) *guest {
	t.Helper()
	p := &guest{first.Other(), t, url}
	p.signIn(login, storetest.Password)
	return p
}

func (p *guest) signIn(login, password string) {
	p.t.Helper()
	p.Visit(p.url + "/signin")
	p.Fill("#f-login", login)
	p.Fill("#f-password", password)
	p.goes("登录")
}

// says holds that the page says each of the words.
func (p *guest) says(words ...string) {
	p.t.Helper()
	text := p.Text()
	for _, w := range words {
		if !strings.Contains(text, w) {
			p.t.Errorf("%s does not say %q:\n%s", p.Path(), w, text)
		}
	}
}

func (p *guest) lacks(words ...string) {
	p.t.Helper()
	text := p.Text()
	for _, w := range words {
		if strings.Contains(text, w) {
			p.t.Errorf("%s says %q:\n%s", p.Path(), w, text)
		}
	}
}

// goes presses a button or link and waits for the page behind it.
func (p *guest) goes(words string) {
	p.t.Helper()
	p.Leads(func() { p.Press(words) })
}

// keys presses keys that lead to another page.
func (p *guest) keys(keys string) {
	p.t.Helper()
	p.Leads(func() { p.Keys(keys) })
}

// sends presses Ctrl+Enter where the focus is.
func (p *guest) sends() {
	p.t.Helper()
	p.Leads(func() {
		p.Eval(`document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true, bubbles: true, cancelable: true })); ""`)
	})
}

// at holds where the person is.
func (p *guest) at(path string) {
	p.t.Helper()
	if got := p.Path(); got != path {
		p.t.Fatalf("at %s, want %s:\n%s", got, path, p.Text())
	}
}

// focused is the id or the words of what has the focus.
func (p *guest) focused() string {
	p.t.Helper()
	return p.Eval(`document.activeElement.id || document.activeElement.innerText`)
}

// quiet holds that the browser had nothing to complain of but what was expected.
func (p *guest) quiet(expected ...string) {
	p.t.Helper()
	for _, c := range p.Complaints(expected...) {
		p.t.Errorf("the browser complains: %s", c)
	}
}

// later lets the seconds pass in which a decision can be taken back, and tells
// open pages.
func (c *county) later() {
	c.T.Helper()
	c.Clock.Advance(11 * time.Second)
	if _, err := c.Desk.Sweep(c.T.Context()); err != nil {
		c.T.Fatal(err)
	}
	c.srv.Changed(0)
}

// newcomer is an account whose password somebody else has given.
func (c *county) newcomer(login string, role account.Role) (password string) {
	c.T.Helper()
	_, password, err := c.access.AddUser(c.T.Context(), c.people[account.RoleAdmin], access.NewUser{Login: login, Name: "新来的" + login, Role: role})
	if err != nil {
		c.T.Fatal(err)
	}
	return password
}

// ownPassword sets a password of one's own in place of the one that was given.
func (p *guest) ownPassword(given string) {
	p.t.Helper()
	p.at("/account/password")
	p.says("请先设置自己的密码")
	p.Fill("#f-old", given)
	p.Fill("#f-password", storetest.Password)
	p.Fill("#f-again", storetest.Password)
	p.goes("修改密码")
	p.says("密码已修改")
}

package ui

import (
	"net/http"
	"time"

	"zhanqun/internal/account"
	"zhanqun/internal/qr"
)

// Second is the page on which a person sets up, renews or takes away the second
// factor. Its forms post to ACTION/begin, /confirm, /codes and /off.
type Second struct {
	Page
	Action   string
	Back     string // page of the account
	Demanded bool   // it comes before anything else
	Login    string // for what keeps passwords
	Helper   string // who resets it when the telephone is lost, in the reader's language

	On    bool
	Since time.Time
	Codes int // recovery codes left

	Waiting bool // for the first code
	QR      qr.Code
	Secret  string // the same, for who types it
}

// Put fills the page with a second factor. issuer is how the program calls itself
// in the list of the authenticator.
func (p *Second) Put(f account.Second, issuer, login string, now time.Time) error {
	p.Login, p.On, p.Since, p.Codes = login, f.On(), f.ConfirmedAt, f.Codes
	if !f.Waits(now) {
		return nil
	}
	url, err := f.URL(issuer, login)
	if err != nil {
		return err
	}
	p.Waiting, p.Secret = true, f.Text()
	p.QR, err = qr.Draw(url)
	return err
}

// RecoveryCodes is the page that shows new recovery codes, once.
type RecoveryCodes struct {
	Page
	Codes []string
	Login string
	Next  string // where to go on
	At    time.Time
	First bool // the second factor has just come into force
}

// SecondStep is the second half of a sign-in. Its form posts to ACTION.
type SecondStep struct {
	Page
	Action   string
	Next     string
	Recovery bool // a recovery code is typed instead of what the authenticator shows
	Helper   string
}

// RecoveryCodes shows new recovery codes.
func (r *Renderer) RecoveryCodes(w http.ResponseWriter, req *http.Request, p *RecoveryCodes) error {
	p.Title, p.Paper, p.At = T(r.Lang(req), "恢复码"), true, r.opt.Now()
	return r.Render(w, req, http.StatusOK, "recovery", p)
}

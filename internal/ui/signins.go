package ui

import (
	"net/netip"
	"strings"
	"time"

	"zhanqun/internal/account"
)

// SignIns are the places where one person is signed in, each with a button that
// ends it there by a form to ACTION/ID/end.
type SignIns struct {
	List      []SignIn
	Action    string
	FormToken string
}

// SignIn is one place where somebody is signed in.
type SignIn struct {
	account.SignIn
	Here bool // it is where this page is looked at
}

// SignInList is a list for the page that is looked at in the sign-in named here.
func SignInList(list []account.SignIn, here string) []SignIn {
	shown := make([]SignIn, len(list))
	for i, one := range list {
		shown[i] = SignIn{one, one.ID == here}
	}
	return shown
}

// place says an address in words.
func (s *set) place(address string) string { return place(s.lang, address) }

func place(lang Lang, address string) string {
	if at, err := netip.ParseAddr(address); err == nil && at.IsLoopback() {
		return T(lang, "本机")
	}
	return address
}

// SignInNews is what somebody is told when he has signed in: of the time before,
// and of the password if it was set since then.
type SignInNews struct {
	SeenAt       time.Time
	SeenFrom     string // address; empty when it is not known
	PasswordAt   time.Time
	PasswordBy   string // name of who set it; empty for the owner
	PasswordFrom string
}

// Say returns the news in words, and their weight. There are none for who signs in
// for the first time.
func (n SignInNews) Say(lang Lang, now time.Time) (text string, tone Tone) {
	if n.SeenAt.IsZero() {
		return "", Info
	}
	text = T(lang, "上次登录：%s，%s。", When(lang, n.SeenAt, now), place(lang, n.SeenFrom))
	if n.SeenFrom == "" {
		text = T(lang, "上次登录：%s。", When(lang, n.SeenAt, now))
	}
	switch {
	case !n.PasswordAt.After(n.SeenAt):
		return text, Info
	case n.PasswordBy != "":
		return text + T(lang, "此后密码由%s重置：%s。", n.PasswordBy, When(lang, n.PasswordAt, now)), Warn
	}
	return text + T(lang, "此后密码改过：%s，%s。不是您本人改的，请马上联系管理员。", When(lang, n.PasswordAt, now), place(lang, n.PasswordFrom)), Warn
}

// browser says the words of web.Browser in the language of the set.
func (s *set) browser(words string) string {
	list := strings.Split(words, " · ")
	for i := range list {
		list[i] = T(s.lang, list[i])
	}
	return strings.Join(list, " · ")
}

package ui

import (
	"net/netip"
	"strings"

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

// Local reports whether the browser is on the program's own machine.
func (s SignIn) Local() bool {
	at, err := netip.ParseAddr(s.From)
	return err == nil && at.IsLoopback()
}

// browser says the words of web.Browser in the language of the set.
func (s *set) browser(words string) string {
	list := strings.Split(words, " · ")
	for i := range list {
		list[i] = T(s.lang, list[i])
	}
	return strings.Join(list, " · ")
}

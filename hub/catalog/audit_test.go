package catalog

import (
	"testing"
	"time"
)

// The vectors a stranger's check of the log can be tried against. They were
// made by another program from what Chain describes.
func TestAuditChain(t *testing.T) {
	a := Audit{Seq: 1, At: time.UnixMilli(1793000000000), Actor: "admin", Act: "user.add", Ref: "u1", After: "9f", Detail: `{"login":"申荷"}`}
	first := a.Chain("")
	b := Audit{Seq: 2, At: a.At, Actor: "node:n1", Act: "item.withdraw", Ref: "i1"}
	second := b.Chain(first)
	for _, v := range []struct{ got, want string }{
		{first, "11697e3ac2f80a5f0e47bd39ebac0719ddd08590acd11adefaf99b2a6f29a564"},
		{second, "80cd17da1d7de7e7fa947ff2745de86254e3bc105f7fc939c29dfcefe675e266"},
	} {
		if v.got != v.want {
			t.Errorf("got %s, want %s", v.got, v.want)
		}
	}
	for name, change := range map[string]func(*Audit){
		"seq": func(a *Audit) { a.Seq++ }, "time": func(a *Audit) { a.At = a.At.Add(time.Millisecond) },
		"actor": func(a *Audit) { a.Actor = "root" }, "act": func(a *Audit) { a.Act = "user.edit" },
		"ref": func(a *Audit) { a.Ref = "" }, "after": func(a *Audit) { a.After, a.Before = "", "9f" }, "detail": func(a *Audit) { a.Detail = "" },
		"a border moved": func(a *Audit) { a.Act, a.Ref = "user.addu", "1" },
	} {
		other := a
		change(&other)
		if other.Chain("") == first {
			t.Errorf("%s: the change does not show", name)
		}
	}
}

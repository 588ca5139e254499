package catalog

import (
	"testing"
	"time"
)

// The vectors a stranger's check of the log can be tried against. The second
// chain is what sha256sum makes of the bytes that Chain describes.
func TestAuditChain(t *testing.T) {
	a := Audit{Seq: 1, At: time.UnixMilli(1793000000000), Actor: "admin", Act: "user.add", Ref: "u1", Detail: `{"login":"申荷"}`}
	first := a.Chain("")
	b := Audit{Seq: 2, At: a.At, Actor: "node:n1", Act: "item.withdraw", Ref: "i1"}
	second := b.Chain(first)
	for _, v := range []struct{ got, want string }{
		{first, "68d7a5753fde3512492712da950fd859348c2ceb3f792f07ab625ce24454a96c"},
		{second, "80fd49d77ea77fbbd57df1625eaf8ba0d24390a626e1a73ed971d5bfb98d7d98"},
	} {
		if v.got != v.want {
			t.Errorf("got %s, want %s", v.got, v.want)
		}
	}
	for name, change := range map[string]func(*Audit){
		"seq": func(a *Audit) { a.Seq++ }, "time": func(a *Audit) { a.At = a.At.Add(time.Millisecond) },
		"actor": func(a *Audit) { a.Actor = "root" }, "act": func(a *Audit) { a.Act = "user.edit" },
		"ref": func(a *Audit) { a.Ref = "" }, "detail": func(a *Audit) { a.Detail = "" },
		"a border moved": func(a *Audit) { a.Act, a.Ref = "user.addu", "1" },
	} {
		other := a
		change(&other)
		if other.Chain("") == first {
			t.Errorf("%s: the change does not show", name)
		}
	}
}

package storetest

import (
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
)

func sessionSuite(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	k := s.Sessions().(scs.CtxStore)
	find := func(token string) string {
		t.Helper()
		data, found, err := k.FindCtx(t.Context(), token)
		if err != nil || found != (data != nil) {
			t.Fatalf("found %v: %q, %v", found, data, err)
		}
		return string(data)
	}
	commit := func(token, data string, life time.Duration) {
		t.Helper()
		if err := k.CommitCtx(t.Context(), token, []byte(data), clock.Now().Add(life)); err != nil {
			t.Fatal(err)
		}
	}
	commit("a", "\x00\xffone", time.Hour)
	commit("b", "two", time.Minute)
	commit("a", "\x00\xffthree", time.Hour)
	if find("a") != "\x00\xffthree" || find("b") != "two" || find("c") != "" {
		t.Errorf("found %q, %q, %q", find("a"), find("b"), find("c"))
	}
	clock.Advance(time.Minute)
	if find("b") != "" {
		t.Error("an expired session was found")
	}
	if err := Access(s).Prune(t.Context()); err != nil {
		t.Fatal(err)
	}
	if find("a") == "" {
		t.Error("tidying took a session that lasts")
	}
	for range 2 {
		if err := k.DeleteCtx(t.Context(), "a"); err != nil || find("a") != "" {
			t.Errorf("after the end: %q, %v", find("a"), err)
		}
	}
}

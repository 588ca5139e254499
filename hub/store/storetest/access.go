package storetest

import (
	"strings"
	"testing"

	"zhanqun/internal/fault"
)

// accessSuite is what hub/access demands of the store, through its service.
func accessSuite(t *testing.T, open Open) {
	for _, s := range []struct {
		name string
		run  func(t *testing.T, open Open)
	}{
		{"units", unitSuite}, {"columns", columnSuite}, {"settings", settingsSuite},
		{"invitations", inviteSuite}, {"enrolment", enrolSuite}, {"nodes", nodeSuite},
		{"people", peopleSuite}, {"signin", signInSuite}, {"guard", guardSuite}, {"tokens", tokenSuite}, {"sessions", sessionSuite}, {"signins", signInsSuite}, {"second", secondSuite}, {"audit", auditSuite}, {"anchors", anchorSuite},
	} {
		t.Run(s.name, func(t *testing.T) { s.run(t, open) })
	}
}

// must fails the test on an error and hands the value on.
func must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// refused fails the test unless err is of the kind and its words contain says.
func refused(t testing.TB, err error, kind fault.Kind, says string) {
	t.Helper()
	if !fault.Is(err, kind) || !strings.Contains(fault.Message(err), says) {
		t.Errorf("error %v (kind %d), want kind %d and the words %q", err, fault.KindOf(err), kind, says)
	}
}

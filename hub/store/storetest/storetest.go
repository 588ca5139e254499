// Package storetest is the one suite both databases pass. It promises that a
// behaviour of the store is written down once, per area, and holds on
// PostgreSQL and on SQLite; and it opens stores for the tests of other
// packages, which have no fakes of the store.
//
// Only tests import this package.
package storetest

import (
	"testing"
	"time"

	"zhanqun/hub/signer"
	"zhanqun/hub/store"
	"zhanqun/internal/testenv"
	"zhanqun/protocol"
)

// Open makes a new, empty store that is closed and removed after the test. now
// is the store's clock; without one it is time.Now.
type Open func(t testing.TB, now ...func() time.Time) *store.Store

// suite is what one area demands of the store.
type suite struct {
	name string
	run  func(t *testing.T, open Open)
}

// suites lists every area, one line each; the function stands in the file of
// the same name.
var suites = []suite{
	{"access", accessSuite},
	{"intake", intakeSuite},
	{"review", reviewSuite},
	{"feed", feedSuite},
	{"health", healthSuite},
	{"uptime", uptimeSuite},
	{"webhook", webhookSuite},
	{"verdict", verdictSuite}, {"leases", leaseSuite},
	{"ranking", rankingSuite},
	{"bundle", bundleSuite},
	{"replace", replaceSuite},
	{"approve", approveSuite},
	{"rekey", rekeySuite},
	{"hubkey", hubKeySuite},
	{"dump", dumpSuite},
	{"recover", recoverSuite},
}

// Run runs the suite of every area on the stores that open makes.
func Run(t *testing.T, open Open) {
	for _, s := range suites {
		t.Run(s.name, func(t *testing.T) { s.run(t, open) })
	}
}

// SQLite opens a new store in a folder of the test's own.
func SQLite(t testing.TB, now ...func() time.Time) *store.Store {
	t.Helper()
	return newStore(t, store.Options{Dir: Folder(t)}, now)
}

// Postgres opens a new store in a database of the test's own.
func Postgres(t testing.TB, now ...func() time.Time) *store.Store {
	t.Helper()
	return newStore(t, store.Options{URL: testenv.Postgres(t)}, now)
}

func newStore(t testing.TB, o store.Options, now []func() time.Time) *store.Store {
	t.Helper()
	key, err := protocol.NewHubKey()
	if err != nil {
		t.Fatal(err)
	}
	o.Keys = signer.Of(key)
	if len(now) > 0 {
		o.Now = now[0]
	}
	return openStore(t, o)
}

func openStore(t testing.TB, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// HubKey returns the hub's present key.
func HubKey(s *store.Store) protocol.Key {
	return s.Keys().Present()
}

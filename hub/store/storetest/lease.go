package storetest

import (
	"testing"
	"time"
)

// leaseSuite is what sharing work among several programs demands of the store.
func leaseSuite(t *testing.T, open Open) {
	clock := NewClock()
	s := open(t, clock.Now)
	holds := func(name, holder string) bool {
		t.Helper()
		return must[bool](t)(s.Lease(t.Context(), name, holder, time.Minute))
	}
	if !holds("watch", "a") || holds("watch", "b") || !holds("other", "b") {
		t.Error("a lease is for whoever comes first, each by itself")
	}
	clock.Advance(50 * time.Second)
	if !holds("watch", "a") {
		t.Error("it was not prolonged")
	}
	clock.Advance(50 * time.Second)
	if holds("watch", "b") {
		t.Error("taken from who had prolonged it")
	}
	clock.Advance(10 * time.Second)
	if !holds("watch", "b") || holds("watch", "a") {
		t.Error("not taken over when its time was over")
	}
	well(t, s.EndLease(t.Context(), "watch", "a")) // has it no more
	if holds("watch", "a") {
		t.Error("given back by who has it not")
	}
	well(t, s.EndLease(t.Context(), "watch", "b"))
	if !holds("watch", "a") {
		t.Error("not free when it was given back")
	}
	clock.Advance(-24 * time.Hour)
	if !holds("watch", "b") {
		t.Error("a clock that was a day ahead keeps it for a day")
	}
}

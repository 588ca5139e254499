package uplink

import (
	"testing"
	"time"
)

// wayClock is ways with a clock.
type wayClock struct {
	*ways
	now time.Time
}

func newWayClock(t *testing.T, addresses ...string) *wayClock {
	t.Helper()
	c := &wayClock{now: time.Date(2026, 11, 3, 6, 0, 0, 0, time.UTC)}
	var err error
	if c.ways, err = newWays(addresses, 2*time.Minute, func() time.Time { return c.now }); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *wayClock) first() string { return c.order()[0].Scheme }

// The web's port is preferred for longer and longer while the broker's own
// cannot be reached, and no longer once that has worked.
func TestWayPreferred(t *testing.T) {
	c := newWayClock(t, "tls://hub:4222", "wss://hub/nats")
	direct, web := c.direct[0], c.web[0]
	if got := c.first(); got != "tls" {
		t.Fatalf("%s first", got)
	}
	last := time.Duration(0)
	for range 20 {
		c.avoid()
		if got := c.first(); got != "wss" {
			t.Fatalf("%s first after the other failed", got)
		}
		d, ok := c.again(web)
		if !ok || d < last/2 || d > webMost+webMost/4 {
			t.Fatalf("looked at again after %v", d)
		}
		last, c.now = d, c.now.Add(d)
		if got := c.first(); got != "tls" {
			t.Fatalf("%s first when it is time to look", got)
		}
	}
	if last < webMost {
		t.Errorf("after twenty times looked at again after %v", last)
	}
	c.ended(direct, true)
	if got := c.order(); len(got) != 1 || got[0] != direct {
		t.Errorf("right after it had worked, tries %v", got)
	}
	c.now = c.now.Add(15 * time.Second)
	if got := c.order(); len(got) != 2 || got[0] != direct {
		t.Errorf("a little after it had worked, tries %v", got)
	}
	c.avoid()
	if d, _ := c.again(web); d > 3*time.Minute {
		t.Errorf("after it had worked, looked at again after %v", d)
	}
	if _, ok := c.again(direct); ok {
		t.Error("on the better way another is looked for")
	}
}

// Connections that are let through and then cut count as no way.
func TestWayThatIsCut(t *testing.T) {
	c := newWayClock(t, "nats://hub:4222", "ws://hub/nats")
	for i := range briefLimit {
		if got := c.first(); got != "nats" {
			t.Fatalf("%s first after %d brief connections", got, i)
		}
		c.ended(c.direct[0], false)
	}
	if got := c.first(); got != "ws" {
		t.Errorf("%s first after %d brief connections", got, briefLimit)
	}
}

// With one kind of address there is nothing to choose.
func TestOneWay(t *testing.T) {
	for _, address := range []string{"nats://hub:4222", "wss://hub/nats"} {
		c := newWayClock(t, address)
		c.ended(c.order()[0], false)
		if _, ok := c.again(c.order()[0]); ok {
			t.Errorf("%s: another way is looked for", address)
		}
		if dial, greet := c.limits(c.order()[0], false); dial != dialLimit || greet != greetLimit {
			t.Errorf("%s: gets %v and %v", address, dial, greet)
		}
	}
	for _, bad := range [][]string{nil, {"hub:4222"}, {"://"}} {
		if _, err := newWays(bad, time.Minute, time.Now); err == nil {
			t.Errorf("%q can be gone", bad)
		}
	}
}

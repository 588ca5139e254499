package storetest

import (
	"sync"
	"time"
)

// Clock is a clock that stands still until it is told to move. It starts on
// Tuesday 3 November 2026, 14:05 in Beijing.
type Clock struct {
	mu sync.Mutex
	at time.Time
}

// NewClock returns a clock at its starting time.
func NewClock() *Clock {
	return &Clock{at: time.Date(2026, 11, 3, 6, 5, 0, 0, time.UTC)}
}

// Now returns the time the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// Advance moves the clock on by d and returns the time it then shows.
func (c *Clock) Advance(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
	return c.at
}

// Package pause waits. It promises that a wait ends with its context and leaves
// no timer behind.
package pause

import (
	"context"
	"time"
)

// For waits for d and reports whether ctx is still on.
func For(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

package linkcheck

import (
	"testing"

	"go.uber.org/goleak"
)

// No look leaves a goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

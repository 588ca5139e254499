package testenv

import (
	"errors"
	"os"
	"slices"
	"sync"
	"testing"
)

var stops struct {
	sync.Mutex
	funcs []func() error
}

func onStop(f func() error) {
	stops.Lock()
	defer stops.Unlock()
	stops.funcs = append(stops.funcs, f)
}

// Stop ends everything this package started, newest first, and waits for it.
// Main calls it; a TestMain with other duties calls it itself, after the tests.
func Stop() error {
	stops.Lock()
	funcs := stops.funcs
	stops.funcs = nil
	stops.Unlock()
	var errs []error
	for _, f := range slices.Backward(funcs) {
		errs = append(errs, f())
	}
	return errors.Join(errs...)
}

// Main runs the tests of a package, ends what they started and exits. Use it
// as the whole of TestMain in packages that call Postgres or Binaries. Without
// it the same is ended a moment after the test binary is gone.
func Main(m *testing.M) {
	code := m.Run()
	if err := Stop(); err != nil {
		_, _ = os.Stderr.WriteString("testenv: " + err.Error() + "\n")
		code = max(code, 1)
	}
	os.Exit(code)
}

package testenv

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

// Programs are the paths of the two programs, built from the sources under
// test.
type Programs struct{ Hub, Node string }

// Binaries builds the hub and the node once per test binary, as they are
// delivered: without cgo, and without the race detector even where the test runs
// under it, which would make thirty processes at once a matter of minutes. Start
// them with port 0 and read the address they print.
func Binaries(t testing.TB) Programs {
	t.Helper()
	dir, err := binaries()
	if err != nil {
		t.Fatal(err)
	}
	suffix := ""
	if runtime.GOOS == "windows" {
		suffix = ".exe"
	}
	return Programs{Hub: filepath.Join(dir, "hub"+suffix), Node: filepath.Join(dir, "node"+suffix)}
}

var binaries = sync.OnceValues(func() (string, error) {
	dir, err := tempDir("zhanqun-bin-")
	if err != nil {
		return "", err
	}
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", dir+string(filepath.Separator), "zhanqun/hub", "zhanqun/node")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building the programs: %w\n%s", err, out)
	}
	return dir, nil
})

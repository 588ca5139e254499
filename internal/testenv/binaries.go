package testenv

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

// Programs are the paths of the two programs, built from the sources under
// test.
type Programs struct{ Hub, Node string }

// Binaries builds the hub and the node once per test binary, with the race
// detector when the test itself runs under it. Start them with port 0 and read
// the address they print.
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
	args := []string{"build", "-buildvcs=false", "-o", dir + string(filepath.Separator)}
	if raceEnabled {
		args = append(args, "-race")
	}
	out, err := exec.Command("go", append(args, "zhanqun/hub", "zhanqun/node")...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building the programs: %w\n%s", err, out)
	}
	return dir, nil
})

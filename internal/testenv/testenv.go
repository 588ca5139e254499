// Package testenv gives tests the things of the world outside Go: a PostgreSQL
// server, a browser, the two real programs, optional sample data.
//
// It promises that a test gets such a thing in working order and alone, that
// nothing of it outlives the test binary however that ends (returned, panicked,
// timed out, killed), and that a missing thing skips the test on a laptop but
// fails it where ZHANQUN_NO_SKIP=1 is set, as in CI.
//
// Only tests import this package.
package testenv

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Skip ends the test because something of the outside world is missing; reason
// says what and how to get it. Under ZHANQUN_NO_SKIP=1 it is a failure.
func Skip(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv("ZHANQUN_NO_SKIP") == "1" {
		t.Fatal("missing, and ZHANQUN_NO_SKIP=1 forbids to skip: " + reason)
	}
	t.Skip(reason)
}

// Data returns the folder with the optional sample data named by ZHANQUN_DATA,
// or "" where it names none: the data is not part of the project, so a test has
// something smaller to work on as well.
func Data(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("ZHANQUN_DATA")
	if dir == "" {
		return ""
	}
	if _, err := os.Stat(dir); err != nil {
		t.Fatalf("ZHANQUN_DATA: %v", err)
	}
	return dir
}

// Chromium returns the path of a Chromium or Chrome, from ZHANQUN_CHROMIUM or
// the PATH.
func Chromium(t testing.TB) string {
	t.Helper()
	if path := os.Getenv("ZHANQUN_CHROMIUM"); path != "" {
		return path
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	Skip(t, "no Chromium found; install it (Debian: apt install chromium fonts-noto-cjk)")
	return ""
}

// Axe returns the text of axe-core, the accessibility checker that browser
// tests run inside a page. .ci/prepare fetches it; it is never checked in.
func Axe(t testing.TB) string {
	t.Helper()
	path := os.Getenv("ZHANQUN_AXE")
	if path == "" {
		path = filepath.Join(Root(t), ".ci", "cache", "axe-core", "axe.min.js")
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		Skip(t, "axe-core is not at "+path+"; run .ci/prepare")
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var root = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	return filepath.Dir(strings.TrimSpace(string(out))), err
})

// Root returns the folder that holds go.mod.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := root()
	if err != nil {
		t.Fatalf("finding the module: %v", err)
	}
	return dir
}

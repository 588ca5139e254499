package testenv_test

import (
	"os"
	"path/filepath"
	"testing"

	"zhanqun/internal/testenv"
)

// What was synced is there after a power cut, and what was not is not: otherwise
// the tests that rest on it would prove nothing.
func TestPowerDiskForgetsWhatWasNotSynced(t *testing.T) {
	d := testenv.NewPowerDisk(t, 32<<20)
	synced, lost := filepath.Join(d.Dir, "synced"), filepath.Join(d.Dir, "lost")
	f, err := os.Create(synced)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("kept"); err != nil {
		t.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(" and forgotten"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(lost, []byte("forgotten"), 0o600); err != nil {
		t.Fatal(err)
	}
	after := d.Cut(t)
	if text, err := os.ReadFile(filepath.Join(after, "synced")); err != nil || string(text) != "kept" {
		t.Errorf("after the cut: %q, %v", text, err)
	}
	if text, err := os.ReadFile(filepath.Join(after, "lost")); err == nil && string(text) == "forgotten" {
		t.Error("what nobody synced is there")
	}
	if text, err := os.ReadFile(synced); err != nil || string(text) != "kept and forgotten" {
		t.Errorf("the disk itself: %q, %v", text, err)
	}
}

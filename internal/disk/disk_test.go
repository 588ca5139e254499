package disk_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"zhanqun/internal/disk"
)

func TestWriteSecret(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "密钥 seed")
	for _, text := range []string{"first", "second, longer", ""} {
		if err := disk.WriteSecret(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Errorf("read %q, %v", got, err)
		}
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := disk.WriteSecret(filepath.Join(dir, "nowhere", "seed"), nil); err == nil {
		t.Error("written into a folder that is not there")
	}
	// A folder of that name cannot be replaced; nothing is left beside it.
	taken := filepath.Join(dir, "taken")
	if err := os.MkdirAll(filepath.Join(taken, "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := disk.WriteSecret(taken, []byte("x")); err == nil {
		t.Error("a folder was replaced")
	}
	if list, err := filepath.Glob(filepath.Join(dir, "*.part")); err != nil || len(list) > 0 {
		t.Errorf("left behind: %v, %v", list, err)
	}
}

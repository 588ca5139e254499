package testenv

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// PowerDisk is a disk whose power can be cut: what nobody had synced is gone
// then. It is an ext4 in a file, mounted so that nothing gets into that file by
// itself for minutes, and data no sooner than its own sync.
type PowerDisk struct {
	Dir   string // where it is mounted
	image string
	cuts  int
}

// NewPowerDisk makes one with room for that many bytes, at least 16 MiB. It takes
// root, and loop devices.
func NewPowerDisk(t testing.TB, bytes int64) *PowerDisk {
	t.Helper()
	own := t.TempDir()
	d := &PowerDisk{Dir: filepath.Join(own, "disk"), image: filepath.Join(own, "image")}
	if os.Getuid() != 0 {
		Skip(t, "a disk whose power can be cut is mounted by root only")
	}
	f, err := os.Create(d.image)
	if err == nil {
		err = os.Chmod(filepath.Dir(own), 0o711) // #nosec G302 -- a database does not run as root, and has to get here
	}
	if err == nil {
		err = f.Truncate(bytes)
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := command("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", d.image); err != nil {
		Skip(t, err.Error()+"; install e2fsprogs")
	}
	if err := mount(t, d.image, d.Dir); err != nil {
		Skip(t, "a disk whose power can be cut cannot be mounted: "+err.Error())
	}
	return d
}

// Cut cuts the power and returns where the disk is mounted after it has come
// back; the first one goes on as if nothing had been, so that there can be many
// cuts. Who uses the disk has to hold still meanwhile.
func (d *PowerDisk) Cut(t testing.TB) string {
	t.Helper()
	d.cuts++
	after := fmt.Sprintf("%s.%d", d.image, d.cuts)
	if err := command("cp", "--sparse=always", d.image, after); err != nil {
		t.Fatal(err)
	}
	dir := fmt.Sprintf("%s.%d", d.Dir, d.cuts)
	if err := mount(t, after, dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

func mount(t testing.TB, image, dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	if err := command("mount", "-t", "ext4", "-o", "loop,noatime,data=writeback,noauto_da_alloc,commit=600", image, dir); err != nil {
		return err
	}
	t.Cleanup(func() {
		if err := command("umount", "-l", dir); err != nil {
			t.Error(err)
		}
	})
	return nil
}

func command(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil { // #nosec G204 -- fixed by this file
		return fmt.Errorf("%s: %w: %s", name, err, out)
	}
	return nil
}

package archive_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"zhanqun/internal/archive"
	"zhanqun/internal/fault"
)

// noise returns bytes that do not compress.
func noise(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{7})
	_, _ = r.Read(b)
	return b
}

func write(t *testing.T, path string, parts map[string][]byte, names ...string) archive.Sum {
	t.Helper()
	w, err := archive.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if err := w.AddBytes(name, parts[name]); err != nil {
			t.Fatal(err)
		}
	}
	sum, err := w.Commit(nil)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func read(path string) (map[string][]byte, archive.Sum, error) {
	got := map[string][]byte{}
	sum, err := archive.Check(path, func(m archive.Member, r io.Reader) error {
		data, err := io.ReadAll(r)
		got[m.Name] = data
		return err
	})
	return got, sum, err
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "备份 1.tar.zst")
	parts := map[string][]byte{"a.json": []byte("{}"), "files/x": noise(5 << 20), "empty": {}}
	sum := write(t, path, parts, "a.json", "files/x", "empty")
	got, again, err := read(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(parts, got); diff != "" {
		t.Error(diff[:min(len(diff), 500)])
	}
	if sum != again || sum.Members != 3 || sum.Bytes != 5<<20+2 {
		t.Errorf("written %+v, read %+v", sum, again)
	}
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if _, err := archive.Create(path); !fault.Is(err, fault.Conflict) || !errors.Is(err, fs.ErrExist) {
		t.Errorf("a path that is taken: %v", err)
	}
	if list, err := filepath.Glob(path + ".*"); err != nil || len(list) > 0 {
		t.Errorf("left behind: %v, %v", list, err)
	}
}

// Skipping a member's bytes compares them all the same.
func TestSkippedBytesAreCompared(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b")
	parts := map[string][]byte{"one": noise(100_000), "two": []byte("2")}
	sum := write(t, path, parts, "one", "two")
	if got, err := archive.Check(path, nil); err != nil || got != sum {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestNothingIsLeftOfAFailure(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "b")
	begin := func() *archive.Writer {
		w, err := archive.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.AddBytes("a", []byte("a")); err != nil {
			t.Fatal(err)
		}
		return w
	}
	w := begin()
	if err := w.Add(archive.Member{Name: "x", Size: 5, SHA256: "00"}, bytes.NewReader([]byte("other"))); err == nil {
		t.Error("bytes with another digest were taken")
	}
	if err := errors.Join(w.Abandon(), w.Abandon()); err != nil {
		t.Error(err)
	}
	for _, n := range []int64{4, 6} {
		w = begin()
		if err := w.Add(archive.Member{Name: "x", Size: n}, bytes.NewReader([]byte("other"))); err == nil {
			t.Errorf("5 bytes were taken for %d", n)
		}
		if err := w.Abandon(); err != nil {
			t.Error(err)
		}
	}
	refuse := errors.New("not this one")
	w = begin()
	if _, err := w.Commit(func(archive.Member, io.Reader) error { return refuse }); !errors.Is(err, refuse) {
		t.Errorf("the check was not heard: %v", err)
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) > 0 {
		t.Errorf("left behind: %v, %v", list, err)
	}
	if _, err := archive.Create(filepath.Join(dir, "nowhere", "b")); !fault.Is(err, fault.Invalid) {
		t.Errorf("a folder that is not there: %v", err)
	}
}

// Every cut and every flipped bit is noticed; so are members that were left out,
// put in, or moved, by somebody who packs anew.
func TestDamageIsNoticed(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "b")
	parts := map[string][]byte{"one": noise(20_000), "two": []byte("zwei"), "three": noise(3_000)}
	write(t, path, parts, "one", "two", "three")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	spoilt := func(name string, data []byte) {
		t.Helper()
		p := filepath.Join(dir, "spoilt")
		if err := os.WriteFile(p, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := read(p); !errors.Is(err, archive.ErrDamaged) || !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for n := 0; n < len(whole); n += 701 {
		spoilt(fmt.Sprintf("cut at %d", n), whole[:n])
		flipped := bytes.Clone(whole)
		flipped[n] ^= 0x10
		spoilt(fmt.Sprintf("flipped at %d", n), flipped)
	}
	spoilt("a text", []byte("this is no archive, but long enough to be looked at for a while"))

	z, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	plain, err := z.DecodeAll(whole, nil)
	if err != nil {
		t.Fatal(err)
	}
	e, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	repack := func(b []byte) []byte { return e.EncodeAll(b, nil) }
	start := bytes.Index(plain, []byte("zwei")) // its bytes follow a header of two blocks and one for the header's records
	const member = 3*512 + 512
	changed := bytes.Replace(plain, []byte("zwei"), []byte("drei"), 1)
	spoilt("changed bytes", repack(changed))
	from := start - 3*512
	spoilt("a member left out", repack(append(bytes.Clone(plain[:from]), plain[from+member:]...)))
	spoilt("a member twice", repack(append(bytes.Clone(plain[:from+member]), plain[from:]...)))
	if _, _, err := read(path); err != nil {
		t.Errorf("the whole one: %v", err)
	}
}

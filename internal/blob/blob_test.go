package blob_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"zhanqun/internal/blob"
	"zhanqun/internal/fault"
)

func open(t *testing.T, dir string) *blob.Store {
	t.Helper()
	s, err := blob.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("closing the store: %v", err)
		}
	})
	return s
}

func put(t *testing.T, s *blob.Store, content string) blob.Ref {
	t.Helper()
	ref, err := s.Put(context.Background(), strings.NewReader(content), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func read(t *testing.T, s *blob.Store, sha string) string {
	t.Helper()
	f, size, err := s.Get(sha)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(f)
	if err != nil || int64(len(b)) != size {
		t.Fatalf("read %d of %d bytes: %v", len(b), size, err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// files lists everything in the folder, relative, sorted.
func files(t *testing.T, dir string) (out []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			out = append(out, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestPutAndGet(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "附件 库") // Chinese and a blank, as user folders have
	s := open(t, dir)
	ref := put(t, s, "塘头镇春耕")
	if ref.SHA256 != digest([]byte("塘头镇春耕")) || ref.Size != 15 {
		t.Errorf("ref %+v", ref)
	}
	if got := read(t, s, ref.SHA256); got != "塘头镇春耕" {
		t.Errorf("content %q", got)
	}
	if !s.Has(ref.SHA256) || s.Has(digest([]byte("x"))) {
		t.Error("Has is wrong")
	}
	want := []string{ref.SHA256[:2] + "/" + ref.SHA256[2:]}
	if got := files(t, dir); !slices.Equal(got, want) {
		t.Errorf("files %v, want %v", got, want)
	}
	// The same content a second time, as two items with one photo bring it.
	if again := put(t, s, "塘头镇春耕"); again != ref {
		t.Errorf("second put: %+v", again)
	}
	if got := files(t, dir); !slices.Equal(got, want) {
		t.Errorf("files after the second put %v", got)
	}
	if again := open(t, dir); read(t, again, ref.SHA256) != "塘头镇春耕" {
		t.Error("lost on reopening")
	}
}

func TestRemove(t *testing.T) {
	s := open(t, t.TempDir())
	ref := put(t, s, "a")
	for range 2 {
		if err := s.Remove(ref.SHA256); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := s.Get(ref.SHA256); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Get after Remove: %v", err)
	}
}

func TestNoNameEscapes(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, filepath.Join(dir, "blobs"))
	ref := put(t, s, "a")
	for _, name := range []string{
		"", "../secret", strings.Repeat("../", 21) + "s", strings.ToUpper(ref.SHA256), ref.SHA256 + "0", ref.SHA256[:63],
		"..%2f" + strings.Repeat("a", 59), strings.Repeat("\x00", 64), "incoming" + strings.Repeat("0", 56), strings.Repeat("．", 64),
	} {
		if _, _, err := s.Get(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Get(%q): %v", name, err)
		}
		if s.Has(name) || s.Remove(name) != nil {
			t.Errorf("Has or Remove took %q", name)
		}
		if _, err := s.Partial("n1", name, 5); !fault.Is(err, fault.Invalid) {
			t.Errorf("Partial(%q): %v", name, err)
		}
	}
	// A link planted inside the folder does not lead out of it either.
	sha := digest([]byte("planted"))
	if err := os.MkdirAll(filepath.Join(dir, "blobs", sha[:2]), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../../secret", filepath.Join(dir, "blobs", sha[:2], sha[2:])); err == nil {
		if f, _, err := s.Get(sha); err == nil {
			_ = f.Close()
			t.Error("a link led out of the folder")
		}
	}
}

func TestPutRefusals(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	broken := errors.New("line is down")
	for _, tt := range []struct {
		name string
		ctx  context.Context
		r    io.Reader
		want func(error) bool
	}{
		{"too large", context.Background(), strings.NewReader("12345"), func(err error) bool { return fault.Is(err, fault.TooLarge) }},
		{"context ended", ctx, strings.NewReader("123"), func(err error) bool { return errors.Is(err, context.Canceled) }},
		{"reader fails", context.Background(), io.MultiReader(strings.NewReader("12"), iotest.ErrReader(broken)),
			func(err error) bool { return errors.Is(err, broken) }},
	} {
		if _, err := s.Put(tt.ctx, tt.r, 4); !tt.want(err) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if got := files(t, dir); len(got) != 0 {
			t.Errorf("%s: left %v", tt.name, got)
		}
	}
	if ref, err := s.Put(context.Background(), strings.NewReader("1234"), 4); err != nil || ref.Size != 4 {
		t.Errorf("exactly the limit: %v", err)
	}
}

func TestPutOnAFullDisk(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	kept := put(t, s, "kept")
	restore := blob.FillDisk(s, 100_000)
	_, err := s.Put(context.Background(), bytes.NewReader(make([]byte, 300_000)), 1<<20)
	if !fault.Is(err, fault.Full) || !strings.Contains(fault.Message(err), "磁盘空间不足") {
		t.Errorf("Put: %v", err)
	}
	if got := files(t, dir); len(got) != 1 || read(t, s, kept.SHA256) != "kept" {
		t.Errorf("files %v", got)
	}
	restore()
	put(t, s, strings.Repeat("x", 300_000))
}

func TestConcurrentPutOfTheSameContent(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	content := bytes.Repeat([]byte("photo"), 50_000)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			ref, err := s.Put(context.Background(), iotest.OneByteReader(bytes.NewReader(content[:4000])), 1<<20)
			if err != nil || ref.SHA256 != digest(content[:4000]) {
				t.Errorf("slow put: %v", err)
			}
			if _, err := s.Put(context.Background(), bytes.NewReader(content), 1<<20); err != nil {
				t.Errorf("put: %v", err)
			}
		})
	}
	wg.Wait()
	if got := files(t, dir); len(got) != 2 {
		t.Errorf("files %v", got)
	}
	if err := s.Verify(context.Background(), digest(content)); err != nil {
		t.Error(err)
	}
}

func TestVerifyAndRepair(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	ref := put(t, s, "original")
	path := filepath.Join(dir, ref.SHA256[:2], ref.SHA256[2:])
	if err := os.WriteFile(path, []byte("0riginal"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(context.Background(), ref.SHA256); !errors.Is(err, blob.ErrCorrupt) {
		t.Errorf("Verify of a changed file: %v", err)
	}
	// Cut short, as after a disk error: the next Put puts it right.
	if err := os.Truncate(path, 3); err != nil {
		t.Fatal(err)
	}
	put(t, s, "original")
	if err := s.Verify(context.Background(), ref.SHA256); err != nil {
		t.Errorf("Verify after repair: %v", err)
	}
}

func TestWalk(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	want := map[string]int64{}
	for i := range 40 {
		ref := put(t, s, strings.Repeat("x", i))
		want[ref.SHA256] = ref.Size
	}
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o600); err != nil {
		t.Fatal(err) // what others put beside the shards is not ours
	}
	var last string
	err := s.Walk(context.Background(), func(e blob.Entry) error {
		if e.SHA256 <= last || want[e.SHA256] != e.Size || time.Since(e.Stored) > time.Minute {
			t.Errorf("entry %+v after %s", e, last)
		}
		last = e.SHA256
		delete(want, e.SHA256)
		return nil
	})
	if err != nil || len(want) != 0 {
		t.Errorf("Walk: %v, missing %v", err, want)
	}
	stop := errors.New("enough")
	if err := s.Walk(context.Background(), func(blob.Entry) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("Walk did not stop: %v", err)
	}
}

func TestFree(t *testing.T) {
	n, err := blob.Free(t.TempDir())
	if err != nil || n == 0 {
		t.Errorf("Free = %d, %v", n, err)
	}
	if _, err := blob.Free(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("Free of a missing folder succeeded")
	}
}

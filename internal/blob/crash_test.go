package blob_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"zhanqun/internal/blob"
)

// After a crash the two files of a partial may look like this; in each case
// what is reported as received really is there, and the rest can be sent.
func TestPartialAfterACrash(t *testing.T) {
	content := sample()
	for _, tt := range []struct {
		name   string
		damage func(t *testing.T, data, journal string)
		want   []blob.Range
	}{
		{"nothing wrong", func(*testing.T, string, string) {}, ranges(0, 30_000, 50_000, 80_000)},
		{"torn record", func(t *testing.T, _, j string) { truncate(t, j, 33) }, ranges(0, 30_000)},
		{"record of zeros", func(t *testing.T, _, j string) { truncate(t, j, 20); truncate(t, j, 60) }, ranges(0, 30_000)},
		{"damaged first record", func(t *testing.T, _, j string) { scribble(t, j, 3) }, nil},
		{"data shorter than the journal says", func(t *testing.T, d, _ string) { truncate(t, d, 60_000) }, ranges(0, 30_000, 50_000, 60_000)},
		{"data gone", func(t *testing.T, d, _ string) { remove(t, d) }, nil},
		{"journal gone", func(t *testing.T, _, j string) { remove(t, j) }, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir)
			p := partial(t, s, content)
			write(t, p, content, 0, 30_000)
			write(t, p, content, 50_000, 80_000)
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
			base := filepath.Join(dir, "partial", "n1-"+digest(content)+"-100000")
			tt.damage(t, base+".data", base+".ranges")

			s = open(t, dir)
			p = partial(t, s, content)
			if got := p.Received(); !slices.Equal(got, tt.want) {
				t.Errorf("received %v, want %v", got, tt.want)
			}
			// What was lost stays lost even when the file grows over it again.
			write(t, p, content, 90_000, 100_000)
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
			p = partial(t, s, content)
			if got, want := p.Received(), append(slices.Clone(tt.want), ranges(90_000, 100_000)...); !slices.Equal(got, want) {
				t.Errorf("received after one more piece %v, want %v", got, want)
			}
			for _, r := range p.Missing() {
				write(t, p, content, r.Start, r.End)
			}
			if _, err := p.Commit(t.Context()); err != nil {
				t.Errorf("Commit: %v", err)
			}
		})
	}
}

// A crash between the rename and the removal of the journal.
func TestPartialAfterACrashInCommit(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	content := sample()
	put(t, s, string(content))
	if err := os.WriteFile(filepath.Join(dir, "partial", "n1-"+digest(content)+"-100000.ranges"), []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := partial(t, s, content)
	if got := p.Missing(); !slices.Equal(got, ranges(0, 100_000)) {
		t.Errorf("missing %v", got)
	}
}

func truncate(t *testing.T, path string, size int64) {
	t.Helper()
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func scribble(t *testing.T, path string, at int) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[at] ^= 0xff
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

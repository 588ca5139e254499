package blob_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"zhanqun/internal/blob"
	"zhanqun/internal/fault"
)

// sample is 100,000 bytes that differ everywhere.
func sample() []byte {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, 100_000)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func partial(t *testing.T, s *blob.Store, content []byte) *blob.Partial {
	t.Helper()
	p, err := s.Partial("n1", digest(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return p
}

func write(t *testing.T, p *blob.Partial, content []byte, from, to int64) {
	t.Helper()
	if err := p.WriteAt(from, content[from:to]); err != nil {
		t.Fatalf("piece %d–%d: %v", from, to, err)
	}
}

func ranges(pairs ...int64) (out []blob.Range) {
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, blob.Range{Start: pairs[i], End: pairs[i+1]})
	}
	return out
}

func TestPartialArrivesInAnyOrder(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	content := sample()
	p := partial(t, s, content)
	if got := p.Missing(); !slices.Equal(got, ranges(0, 100_000)) {
		t.Errorf("missing at first %v", got)
	}
	write(t, p, content, 60_000, 100_000)
	write(t, p, content, 0, 20_000)
	write(t, p, content, 0, 20_000) // sent twice: the answer got lost
	write(t, p, content, 10_000, 30_000)
	if got := p.Received(); !slices.Equal(got, ranges(0, 30_000, 60_000, 100_000)) {
		t.Errorf("received %v", got)
	}
	if _, err := p.Commit(t.Context()); !fault.Is(err, fault.Conflict) {
		t.Errorf("Commit of half a file: %v", err)
	}
	if s.Has(digest(content)) {
		t.Error("half a file is visible")
	}
	write(t, p, content, 30_000, 60_000)
	for range 2 { // and again, for a lost answer
		ref, err := p.Commit(t.Context())
		if err != nil || ref.SHA256 != digest(content) || ref.Size != 100_000 {
			t.Fatalf("Commit: %+v, %v", ref, err)
		}
	}
	if read(t, s, digest(content)) != string(content) || len(p.Missing()) != 0 {
		t.Error("stored content differs")
	}
	write(t, p, content, 0, 100) // a late duplicate
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if got := files(t, dir); len(got) != 1 {
		t.Errorf("files %v", got)
	}
	// Whoever sends it next sends it whole, and it is kept once.
	next := partial(t, s, content)
	write(t, next, content, 0, 100_000)
	if ref, err := next.Commit(t.Context()); err != nil || ref.Size != 100_000 {
		t.Errorf("Commit of a stored file: %v", err)
	}
	if got := files(t, dir); len(got) != 1 {
		t.Errorf("files %v", got)
	}
}

func TestPartialRefusesPiecesOutside(t *testing.T) {
	s := open(t, t.TempDir())
	content := sample()
	p := partial(t, s, content)
	for _, tt := range []struct {
		offset int64
		chunk  []byte
	}{{-1, content[:2]}, {99_999, content[:2]}, {100_001, nil}, {1<<63 - 1, content[:2]}, {-1 << 63, content[:2]}} {
		if err := p.WriteAt(tt.offset, tt.chunk); !fault.Is(err, fault.Invalid) {
			t.Errorf("WriteAt(%d, %d bytes): %v", tt.offset, len(tt.chunk), err)
		}
	}
	for _, size := range []int64{0, -1} {
		if _, err := s.Partial("n1", digest(nil), size); !fault.Is(err, fault.Invalid) {
			t.Errorf("Partial of size %d: %v", size, err)
		}
	}
}

func TestPartialWithWrongContent(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	content := sample()
	p := partial(t, s, content)
	other := bytes.Clone(content)
	other[77_777] ^= 1
	write(t, p, other, 0, 100_000)
	if _, err := p.Commit(t.Context()); !fault.Is(err, fault.Invalid) || s.Has(digest(content)) || s.Has(digest(other)) {
		t.Errorf("Commit of wrong content: %v", err)
	}
	if got := p.Missing(); !slices.Equal(got, ranges(0, 100_000)) {
		t.Errorf("missing afterwards %v", got)
	}
	write(t, p, content, 0, 100_000)
	if _, err := p.Commit(t.Context()); err != nil {
		t.Errorf("second try: %v", err)
	}
}

// Senders of one content know nothing of each other: what one has sent or spoilt
// is not there for the next, whole or in part, and neither is the stored file.
func TestPartialsOfSeveralSenders(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	content := sample()
	spoilt, err := s.Partial("spoiler", digest(content), 100_000)
	if err != nil {
		t.Fatal(err)
	}
	write(t, spoilt, bytes.Repeat([]byte("x"), 100_000), 0, 90_000)
	var wg sync.WaitGroup
	for i := range 4 { // the same photo at the same time
		wg.Go(func() {
			p, err := s.Partial(fmt.Sprintf("n%d", i), digest(content), 100_000)
			if err != nil {
				t.Error(err)
				return
			}
			for at := int64(0); at < 100_000; at += 5000 {
				if got := p.Missing(); !slices.Equal(got, ranges(at, 100_000)) {
					t.Errorf("missing %v before piece %d", got, at)
				}
				if err := p.WriteAt(at, content[at:at+5000]); err != nil {
					t.Error(err)
				}
			}
			if _, err := p.Commit(context.Background()); err != nil {
				t.Error(err)
			}
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if err := s.Verify(t.Context(), digest(content)); err != nil {
		t.Error(err)
	}
	if err := spoilt.Discard(); err != nil {
		t.Error(err)
	}
	if err := spoilt.Close(); err != nil {
		t.Error(err)
	}
	if got := files(t, dir); len(got) != 1 {
		t.Errorf("files %v", got)
	}
	for _, sender := range []string{"", "N1", "n/1", "..", "n-1", strings.Repeat("n", 41)} {
		if _, err := s.Partial(sender, digest(content), 100_000); !fault.Is(err, fault.Invalid) {
			t.Errorf("sender %q: %v", sender, err)
		}
	}
}

// Time tells nothing either: a file the store has costs a sender the same work of
// the disk as one it has not.
func TestPartialCostsTheSame(t *testing.T) {
	s := open(t, t.TempDir())
	content, other := sample(), bytes.Repeat([]byte("other"), 20_000)
	put(t, s, string(content))
	cost := func(content []byte) []string {
		list := blob.Trace(s)
		p := partial(t, s, content)
		for at := int64(0); at < 100_000; at += 25_000 {
			write(t, p, content, at, at+25_000)
		}
		return *list
	}
	there, nowhere := cost(content), cost(other)
	if len(there) < 8 || !slices.Equal(there, nowhere) {
		t.Errorf("of a file that is there: %q, of another: %q", there, nowhere)
	}
}

func TestPartialOnAFullDisk(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	content := sample()
	blob.SetFree(s, 99_999)
	if _, err := s.Partial("n1", digest(content), 100_000); !fault.Is(err, fault.Full) {
		t.Errorf("Partial without room: %v", err)
	}
	if got := files(t, dir); len(got) != 0 {
		t.Errorf("left %v", got)
	}
	blob.SetFree(s, 100_000)
	restore := blob.FillDisk(s, 40_010) // the second record is torn
	p := partial(t, s, content)
	write(t, p, content, 0, 30_000)
	for range 2 {
		if err := p.WriteAt(30_000, content[30_000:39_990]); !fault.Is(err, fault.Full) {
			t.Errorf("WriteAt: %v", err)
		}
	}
	if got := p.Received(); !slices.Equal(got, ranges(0, 30_000)) {
		t.Errorf("received %v", got)
	}
	restore()
	write(t, p, content, 30_000, 100_000)
	if _, err := p.Commit(t.Context()); err != nil {
		t.Errorf("after making room: %v", err)
	}
}

func TestDiscardLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	content := sample()
	p := partial(t, s, content)
	write(t, p, content, 0, 30_000)
	if err := p.Discard(); err != nil || len(p.Received()) != 0 {
		t.Errorf("Discard: %v, received %v", err, p.Received())
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if got := files(t, dir); len(got) != 0 {
		t.Errorf("left %v", got)
	}
	if err := p.WriteAt(0, content); err == nil {
		t.Error("a closed handle took a piece")
	}
}

func TestSweep(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	content := sample()
	kept := put(t, s, "kept")
	p := partial(t, s, content)
	write(t, p, content, 0, 30_000)
	if err := os.WriteFile(filepath.Join(dir, "incoming", "put-KILLED"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(time.Hour)
	if n, bytes, err := s.Sweep(t.Context(), time.Now().Add(-time.Hour)); n != 0 || bytes != 0 || err != nil {
		t.Errorf("swept what is fresh: %d, %v", n, err)
	}
	if n, bytes, err := s.Sweep(t.Context(), later); n != 1 || bytes != 4 || err != nil {
		t.Errorf("Sweep beside an open partial: %d files, %d bytes, %v", n, bytes, err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	list, err := s.Leftovers(t.Context(), later)
	if err != nil || len(list) != 2 || list[0].SHA256 != digest(content) || list[0].Size != 100_000 {
		t.Errorf("leftovers %+v, %v", list, err)
	}
	if n, _, err := s.Sweep(t.Context(), later); n != 2 || err != nil {
		t.Errorf("Sweep: %d, %v", n, err)
	}
	if got := files(t, dir); len(got) != 1 || !strings.HasSuffix(got[0], kept.SHA256[2:]) {
		t.Errorf("files %v", got)
	}
}

package signer_test

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"zhanqun/hub/signer"
	"zhanqun/internal/fault"
)

func open(t *testing.T, path string) *signer.Ring {
	t.Helper()
	r, err := signer.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func rotate(t *testing.T, r *signer.Ring, stolen bool) {
	t.Helper()
	if err := r.Rotate(stolen); err != nil {
		t.Fatal(err)
	}
}

// A key is on disk before it signs, those before it go on speaking to whoever knows
// no other, and another program on the same folder sees all of it.
func TestRotate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hub.seed")
	r := open(t, path)
	first := r.Present()
	if text, err := os.ReadFile(path); err != nil || !bytes.Equal(text, first.Seed()) {
		t.Errorf("one key is not written as it always was: %v", err)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	beside := open(t, path)
	rotate(t, r, false)
	second := r.Present()
	if second.Public() == first.Public() || beside.Present().Public() != first.Public() {
		t.Error("another key is not another, or is known without being read")
	}
	if err := beside.Reload(); err != nil || beside.Present().Public() != second.Public() {
		t.Errorf("beside it: %v", err)
	}
	again := open(t, path)
	for name, r := range map[string]*signer.Ring{"the program": r, "another": beside, "after a restart": again} {
		if r.For(first.Public()).Public() != first.Public() || r.For("").Public() != second.Public() || !r.Knows(first.Public()) || len(r.Vouch("x")) != 2 {
			t.Errorf("%s does not speak with the former key", name)
		}
	}
	if parsed, err := signer.Parse(again.Text()); err != nil || len(parsed.All()) != 2 {
		t.Errorf("from a backup: %v", err)
	}
}

// A stolen key is remembered and signs nothing, now and after a restart.
func TestStolen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hub.seed")
	r := open(t, path)
	first := r.Present()
	rotate(t, r, true)
	rotate(t, r, false)
	r = open(t, path)
	given, stolen := r.Former()
	if _, ok := r.Find(first.Public()); ok || len(given) != 1 || len(stolen) != 1 || !r.Knows(first.Public()) || len(r.Vouch("x")) != 2 {
		t.Errorf("given up %v, stolen %v", given, stolen)
	}
	if r.For(first.Public()).Public() != r.Present().Public() {
		t.Error("it signs for those who know no other")
	}
}

func TestBadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hub.seed")
	seed := string(open(t, path).Present().Seed())
	for name, text := range map[string]string{"empty": "", "text": "a key", "half": seed[:20], "nothing present": "stolen " + seed, "too many": strings.Repeat(seed+"\n", signer.Most+1)} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := signer.Open(path); !strings.Contains(fault.Message(err), "已损坏") {
			t.Errorf("%s: %v", name, err)
		}
	}
	r := signer.Of(open(t, filepath.Join(t.TempDir(), "hub.seed")).Present())
	for range signer.Most - 1 {
		rotate(t, r, false)
	}
	if err := r.Rotate(false); !fault.Is(err, fault.Conflict) {
		t.Errorf("one too many: %v", err)
	}
}

package bundle_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"zhanqun/hub/bundle"
	"zhanqun/hub/store/storetest"
	"zhanqun/internal/dropbox"
	"zhanqun/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// box is a county with two folders.
type box struct {
	*storetest.Carrier
	t       *testing.T
	in, out string
	w       *bundle.Watcher
}

func newBox(t *testing.T) *box {
	b := &box{Carrier: storetest.NewCarrier(t, storetest.SQLite), t: t, in: t.TempDir(), out: t.TempDir()}
	b.w = bundle.NewWatcher(b.Bundle, bundle.Folders{In: b.in, Out: b.out, Every: time.Hour, Resend: 24 * time.Hour})
	return b
}

func (b *box) put(name string, data []byte) {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.in, name), data, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

func (b *box) round() {
	b.t.Helper()
	if err := b.w.Round(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			list = append(list, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

func (b *box) want(in, out []string) {
	b.t.Helper()
	for dir, want := range map[string][]string{b.in: in, b.out: out} {
		if diff := cmp.Diff(want, files(b.t, dir)); diff != "" {
			b.t.Errorf("in %s (-want +got):\n%s", dir, diff)
		}
	}
}

func (b *box) name(dir protocol.Direction, number uint64) string {
	return dropbox.Name{Who: b.Node.ID, Dir: dir, Number: number}.String()
}

// Bundles are taken in the order of their numbers, each round leaves one answer
// for each node, and an answer nobody fetched gives way to the next.
func TestWatch(t *testing.T) {
	b := newBox(t)
	one, two := b.Submit(b.Text()), b.Submit(b.Text())
	first, second := b.Next(t, []protocol.Entry{one}), b.Next(t, []protocol.Entry{two})
	b.put(b.name(protocol.Up, 2), second)
	b.put(b.name(protocol.Up, 1), first)
	b.put(b.name(protocol.Down, 1), []byte("an answer on its way"))
	b.put("别的.txt", nil)
	b.round()
	rest := []string{b.name(protocol.Down, 1), "别的.txt"}
	slices.Sort(rest)
	done := []string{"done/" + b.name(protocol.Up, 1), "done/" + b.name(protocol.Up, 2)}
	b.want(append(slices.Clone(done), rest...), []string{b.name(protocol.Down, 1)})
	f, err := dropbox.Open(filepath.Join(b.out, b.name(protocol.Down, 1)))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Verify(t.Context()), f.Close()); err != nil || f.Index.Answer.Cursor != 2 || f.Index.Re.Number != 2 {
		t.Errorf("answer %+v to %+v, %v", f.Index.Answer, f.Index.Re, err)
	}
	b.round()
	b.want(append(slices.Clone(done), rest...), []string{b.name(protocol.Down, 1)})
	b.Clock.Advance(25 * time.Hour)
	b.round()
	b.want(append(slices.Clone(done), rest...), []string{b.name(protocol.Down, 2)})
}

func TestWatchPutsBadOnesAside(t *testing.T) {
	b := newBox(t)
	good := b.Next(t, []protocol.Entry{b.Submit(b.Text())})
	b.put("a.zqb", good[:len(good)-1])
	b.put("b.zqb", []byte("something else"))
	b.round()
	b.want([]string{"a.zqb", "b.zqb"}, nil)
	b.Clock.Advance(dropbox.DefaultQuiet)
	b.put("a.zqb", good) // it was still being copied
	b.round()
	b.want([]string{"bad/b.zqb", "bad/b.zqb.txt", "done/a.zqb"}, []string{b.name(protocol.Down, 1)})
	text, err := os.ReadFile(filepath.Join(b.in, "bad/b.zqb.txt"))
	if err != nil || !strings.Contains(string(text), "这个文件不是摆渡包") {
		t.Errorf("%q, %v", text, err)
	}
}

// A frozen node's bundle waits where it is, and is taken when it may be.
func TestWatchKeepsWhatMayComeLater(t *testing.T) {
	b := newBox(t)
	a := storetest.Access(b.Store)
	b.put("a.zqb", b.Next(t, []protocol.Entry{b.Submit(b.Text())}))
	if _, err := a.FreezeNode(t.Context(), storetest.Admin(), b.Node.ID, "核实中"); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		b.round()
		b.Clock.Advance(time.Hour)
		b.want([]string{"a.zqb"}, []string{b.name(protocol.Down, 1)})
	}
	if _, err := a.ReleaseNode(t.Context(), storetest.Admin(), b.Node.ID); err != nil {
		t.Fatal(err)
	}
	b.round()
	b.want([]string{"done/a.zqb"}, []string{b.name(protocol.Down, 2)})
}

// A folder that is away is told once, and the watcher goes on when it is back.
func TestWatchRuns(t *testing.T) {
	b := newBox(t)
	moved := b.in + "-away"
	if err := os.Rename(b.in, moved); err != nil {
		t.Fatal(err)
	}
	if err := b.w.Round(t.Context()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without the folder: %v", err)
	}
	if err := os.Rename(moved, b.in); err != nil {
		t.Fatal(err)
	}
	b.put("a.zqb", b.Next(t, []protocol.Entry{b.Submit(b.Text())}))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	taken := make(chan struct{})
	b.Store.OnDown(func(map[string]uint64) { close(taken) })
	go func() {
		defer close(ended)
		b.w.Run(ctx)
	}()
	<-taken
	cancel()
	<-ended
}

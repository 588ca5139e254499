package dropbox_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhanqun/internal/dropbox"
	"zhanqun/protocol"
)

// tray is a watched folder whose bundles are texts that say what becomes of
// them.
type tray struct {
	*dropbox.Box
	t     *testing.T
	clock time.Time
	taken []string
}

func newTray(t *testing.T) *tray {
	tr := &tray{t: t, clock: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)}
	tr.Box = &dropbox.Box{
		Dir: t.TempDir(), Now: func() time.Time { return tr.clock }, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Skip: func(name string) bool { return strings.HasPrefix(name, "theirs") },
		Take: func(_ context.Context, name string, f *os.File) error {
			text, err := io.ReadAll(f)
			if err != nil {
				return err
			}
			tr.taken = append(tr.taken, name)
			switch string(text) {
			case "good":
				return nil
			case "later":
				return fmt.Errorf("%w: the database is away", dropbox.ErrLater)
			case "theirs":
				return dropbox.ErrNotMine
			}
			return protocol.Fault{Code: protocol.CodeIncomplete, Detail: "摆渡包不完整"}
		},
	}
	return tr
}

func (tr *tray) put(name, text string) {
	tr.t.Helper()
	if err := os.WriteFile(filepath.Join(tr.Dir, name), []byte(text), 0o600); err != nil {
		tr.t.Fatal(err)
	}
}

// round looks once and returns what was opened.
func (tr *tray) round() []string {
	tr.t.Helper()
	tr.taken = nil
	if _, err := tr.Round(tr.t.Context()); err != nil {
		tr.t.Fatal(err)
	}
	return tr.taken
}

// files lists what is in the folder and below, without folders.
func (tr *tray) files() []string {
	tr.t.Helper()
	var list []string
	err := filepath.WalkDir(tr.Dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(tr.Dir, path)
			list = append(list, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		tr.t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

func (tr *tray) want(files ...string) {
	tr.t.Helper()
	slices.Sort(files)
	if diff := cmp.Diff(files, tr.files()); diff != "" {
		tr.t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestTakenInOrderAndMoved(t *testing.T) {
	tr := newTray(t)
	for _, n := range []string{"b-2.zqb", "a-10.zqb", "a-02.zqb", "notes.txt", ".b-3.zqb", "c.zqb.part"} {
		tr.put(n, "good")
	}
	if err := os.Mkdir(filepath.Join(tr.Dir, "folder.zqb"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(tr.Dir, "link.zqb")); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a-02.zqb", "a-10.zqb", "b-2.zqb"}, tr.round()); diff != "" {
		t.Error(diff)
	}
	rest := []string{"notes.txt", ".b-3.zqb", "c.zqb.part", "link.zqb"}
	tr.want(append(rest, "done/a-02.zqb", "done/a-10.zqb", "done/b-2.zqb")...)
	// The same name again.
	tr.put("b-2.zqb", "good")
	tr.round()
	tr.want(append(rest, "done/a-02.zqb", "done/a-10.zqb", "done/b-2.zqb", "done/b-2.2.zqb")...)
}

// A file that is still being copied is looked at when it has changed, and not
// called bad before it has lain still.
func TestStillBeingCopied(t *testing.T) {
	tr := newTray(t)
	tr.put("a.zqb", "go")
	for i, step := range []struct {
		wait  time.Duration
		text  string
		opens bool
	}{{0, "", true}, {30 * time.Second, "", false}, {0, "goo", true}, {50 * time.Second, "", false}} {
		tr.clock = tr.clock.Add(step.wait)
		if step.text != "" {
			tr.put("a.zqb", step.text)
		}
		if opened := len(tr.round()) > 0; opened != step.opens {
			t.Errorf("step %d: opened %v", i, opened)
		}
		tr.want("a.zqb")
	}
	tr.put("a.zqb", "good")
	tr.round()
	tr.want("done/a.zqb")
}

func TestBadIsPutAsideWithWords(t *testing.T) {
	tr := newTray(t)
	tr.put("a.zqb", "rubbish")
	tr.round()
	tr.clock = tr.clock.Add(dropbox.DefaultQuiet)
	if opened := tr.round(); len(opened) > 0 {
		t.Errorf("opened again: %v", opened)
	}
	tr.want("bad/a.zqb", "bad/a.zqb.txt")
	text, err := os.ReadFile(filepath.Join(tr.Dir, "bad/a.zqb.txt"))
	if err != nil || !strings.Contains(string(text), "文件：a.zqb\r\n") || !strings.Contains(string(text), "原因：摆渡包不完整。没有导入任何内容，请重新拷贝") {
		t.Errorf("%q, %v", text, err)
	}
	// Once more, and it has its own text.
	tr.put("a.zqb", "rubbish")
	tr.round()
	tr.clock = tr.clock.Add(dropbox.DefaultQuiet)
	tr.round()
	tr.want("bad/a.zqb", "bad/a.zqb.txt", "bad/a.2.zqb", "bad/a.2.zqb.txt")
}

func TestLaterAndNotMine(t *testing.T) {
	tr := newTray(t)
	tr.put("a.zqb", "later")
	tr.put("b.zqb", "theirs")
	tr.put("theirs-1.zqb", "good")
	if got := tr.round(); !cmp.Equal(got, []string{"a.zqb", "b.zqb"}) {
		t.Errorf("opened %v", got)
	}
	tr.clock = tr.clock.Add(time.Hour)
	if got := tr.round(); !cmp.Equal(got, []string{"a.zqb"}) {
		t.Errorf("then %v", got)
	}
	tr.want("a.zqb", "b.zqb", "theirs-1.zqb")
	tr.put("a.zqb", "good")
	tr.put("b.zqb", "good")
	tr.round()
	tr.want("done/a.zqb", "done/b.zqb", "theirs-1.zqb")
}

func TestOldOnesAreForgotten(t *testing.T) {
	tr := newTray(t)
	tr.put("a.zqb", "good")
	tr.put("b.zqb", "rubbish")
	tr.round()
	tr.clock = tr.clock.Add(dropbox.DefaultQuiet)
	tr.round()
	if err := os.WriteFile(filepath.Join(tr.Dir, "done/mine.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tr.clock = tr.clock.Add(31 * 24 * time.Hour)
	tr.round()
	tr.want("bad/b.zqb", "bad/b.zqb.txt", "done/mine.txt")
	tr.clock = tr.clock.Add(60 * 24 * time.Hour)
	tr.round()
	tr.want("done/mine.txt")
}

func TestFolderThatIsNotThere(t *testing.T) {
	tr := newTray(t)
	if err := os.Remove(tr.Dir); err != nil {
		t.Fatal(err)
	}
	if _, err := tr.Round(t.Context()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if err := os.Mkdir(tr.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	tr.put("a.zqb", "good")
	tr.round()
	tr.want("done/a.zqb")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	tr.put("b.zqb", "good")
	if n, err := tr.Round(ctx); n != 0 || err != nil {
		t.Errorf("stopped: %d, %v", n, err)
	}
	tr.want("done/a.zqb", "b.zqb")
}

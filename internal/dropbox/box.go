package dropbox

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
	"time"

	"zhanqun/internal/cli"
)

// Folders inside a watched one.
const (
	DoneDir = "done"
	BadDir  = "bad"
)

const (
	maxListed = 20_000 // names of one folder that are looked at in one round
	maxTaken  = 500    // bundles that are taken in one round
	maxDone   = 100    // names one bundle may have in done or bad

	keepDone = 30 * 24 * time.Hour
	keepBad  = 90 * 24 * time.Hour
	pruning  = 6 * time.Hour
)

// DefaultQuiet is how long a file that cannot be read as a bundle may still be
// on its way: so long it has to lie unchanged before it counts as bad.
const DefaultQuiet = time.Minute

// What Take may say beside "taken" and "bad".
var (
	ErrLater   = errors.New("try again later")
	ErrNotMine = errors.New("for somebody else")
)

// Box is a watched folder. One goroutine uses it.
type Box struct {
	Dir string
	// Take takes the bundle in f. nil means taken. ErrLater leaves the file for
	// the next round; ErrNotMine leaves it alone until it changes. Any other
	// error says in a fault's words why the file can never be taken.
	Take func(ctx context.Context, name string, f *os.File) error
	// Skip names files that are somebody else's by their name; nil for none.
	Skip  func(name string) bool
	Quiet time.Duration    // 0 for DefaultQuiet
	Now   func() time.Time // nil for time.Now
	Log   *slog.Logger     // nil for slog.Default

	known  map[string]sight
	pruned time.Time
}

// sight is how a file that was not taken looked, and why it was not.
type sight struct {
	size  int64
	mod   time.Time
	since time.Time // it has looked like that
	err   error
}

// Round looks through the folder once and returns how many bundles were taken.
// The error is of the folder; what is wrong with a file goes beside it.
func (b *Box) Round(ctx context.Context) (taken int, err error) {
	root, err := os.OpenRoot(b.Dir)
	if err != nil {
		return 0, fmt.Errorf("looking into %s: %w", b.Dir, err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	names, err := list(b.Dir)
	if err != nil {
		return 0, err
	}
	before := b.known
	b.known = map[string]sight{}
	for _, name := range names {
		if s, ok := before[name]; ok {
			b.known[name] = s // those that are gone are forgotten
		}
	}
	for _, name := range names {
		if ctx.Err() != nil || taken >= maxTaken {
			break
		}
		if b.Skip != nil && b.Skip(name) {
			continue
		}
		ok, err := b.look(ctx, root, name)
		if err != nil {
			return taken, err
		}
		if ok {
			taken++
		}
	}
	return taken, b.prune(root)
}

// look takes one file if it is time to.
func (b *Box) look(ctx context.Context, root *os.Root, name string) (taken bool, err error) {
	info, err := root.Lstat(name)
	if err != nil || !info.Mode().IsRegular() {
		return false, ignoreGone(err)
	}
	s, seen := b.known[name]
	seen = seen && s.size == info.Size() && s.mod.Equal(info.ModTime())
	switch {
	case !seen:
		s = sight{size: info.Size(), mod: info.ModTime(), since: b.now()}
	case errors.Is(s.err, ErrNotMine):
		return false, nil
	case !errors.Is(s.err, ErrLater):
		if b.now().Sub(s.since) < b.quiet() {
			return false, nil
		}
		return false, b.bad(root, name, s.err)
	}
	s.err = b.take(ctx, root, name)
	if ctx.Err() != nil { // it says nothing of the file; the next Round looks again
		return false, nil //nolint:nilerr // Round ends by itself
	}
	if s.err == nil {
		delete(b.known, name)
		return true, b.move(root, name, DoneDir)
	}
	if !seen {
		b.log().Info("dropbox: not taken yet", "file", name, "reason", s.err)
	}
	b.known[name] = s
	return false, nil
}

func (b *Box) take(ctx context.Context, root *os.Root, name string) error {
	f, err := root.Open(name)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrLater, err) // somebody is at it
	}
	defer f.Close() // before it is moved: Windows moves no open file
	return b.Take(ctx, name, f)
}

// bad puts a file aside with a text that says why.
func (b *Box) bad(root *os.Root, name string, why error) error {
	b.log().Warn("dropbox: a file cannot be taken", "file", name, "reason", why)
	delete(b.known, name)
	to, err := b.moved(root, name, BadDir)
	if err != nil || to == "" {
		return err
	}
	text := "文件：" + name + "\r\n时间：" + b.now().Format("2006-01-02 15:04:05") + "\r\n原因：" + cli.Words(Explain(why)) + "\r\n"
	if err := root.WriteFile(to+".txt", []byte(text), fileMode); err != nil {
		return fmt.Errorf("saying what is wrong with %s: %w", name, err)
	}
	_ = root.Chtimes(to+".txt", b.now(), b.now())
	return nil
}

func (b *Box) move(root *os.Root, name, folder string) error {
	_, err := b.moved(root, name, folder)
	return err
}

// moved moves a file into a folder, under another name if its own is taken, and
// returns where it is; nowhere if somebody else has moved it.
func (b *Box) moved(root *os.Root, name, folder string) (string, error) {
	if err := root.Mkdir(folder, folderMode); err != nil && !errors.Is(err, os.ErrExist) {
		return "", fmt.Errorf("making folder %s: %w", folder, err)
	}
	stem := strings.TrimSuffix(name, Ext)
	for i := 1; i <= maxDone; i++ {
		to := folder + "/" + name
		if i > 1 {
			to = fmt.Sprintf("%s/%s.%d%s", folder, stem, i, Ext)
		}
		if _, err := root.Lstat(to); err == nil && i < maxDone {
			continue // the last name is given again and again
		}
		err := root.Rename(name, to)
		if errors.Is(err, os.ErrNotExist) {
			return "", nil
		}
		if err != nil {
			return "", fmt.Errorf("moving %s into %s: %w", name, folder, err)
		}
		now := b.now()
		_ = root.Chtimes(to, now, now) // from now on it is kept for its time
		return to, nil
	}
	return "", nil
}

// prune removes what has lain in done and bad for long.
func (b *Box) prune(root *os.Root) error {
	now := b.now()
	if !b.pruned.IsZero() && now.Sub(b.pruned) < pruning && !now.Before(b.pruned) {
		return nil
	}
	b.pruned = now
	for folder, keep := range map[string]time.Duration{DoneDir: keepDone, BadDir: keepBad} {
		d, err := root.Open(folder)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("looking into %s: %w", folder, err)
		}
		entries, err := d.ReadDir(maxListed)
		d.Close()
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("looking into %s: %w", folder, err)
		}
		for _, e := range entries {
			if !strings.HasSuffix(e.Name(), Ext) && !strings.HasSuffix(e.Name(), Ext+".txt") {
				continue
			}
			if info, err := e.Info(); err != nil || !info.Mode().IsRegular() || now.Sub(info.ModTime()) < keep {
				continue
			}
			if err := ignoreGone(root.Remove(folder + "/" + e.Name())); err != nil {
				return fmt.Errorf("removing an old bundle: %w", err)
			}
		}
	}
	return nil
}

// Repeat makes a round at once and then every so often until ctx ends. Trouble is
// logged when it begins, changes and ends, and not every round.
func Repeat(ctx context.Context, every time.Duration, log *slog.Logger, round func(context.Context) error) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	trouble := ""
	for {
		err := round(ctx)
		if ctx.Err() != nil {
			return
		}
		switch {
		case err == nil && trouble != "":
			log.Info("dropbox: the folders are well again")
			trouble = ""
		case err != nil && err.Error() != trouble:
			log.Error("dropbox: trouble with the folders", "err", err)
			trouble = err.Error()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (b *Box) now() time.Time {
	if b.Now == nil {
		return time.Now()
	}
	return b.Now()
}

func (b *Box) quiet() time.Duration {
	if b.Quiet == 0 {
		return DefaultQuiet
	}
	return b.Quiet
}

func (b *Box) log() *slog.Logger {
	if b.Log == nil {
		return slog.Default()
	}
	return b.Log
}

// list returns the names of bundles in a folder, sorted.
func list(dir string) ([]string, error) {
	d, err := os.Open(dir) // #nosec G304 -- the folder of the settings
	if err != nil {
		return nil, fmt.Errorf("looking into %s: %w", dir, err)
	}
	defer d.Close()
	entries, err := d.ReadDir(maxListed)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("looking into %s: %w", dir, err)
	}
	var names []string
	for _, e := range entries {
		if name := e.Name(); filepath.Ext(name) == Ext && !strings.HasPrefix(name, ".") && e.Type().IsRegular() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

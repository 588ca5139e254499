package bundle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"zhanqun/internal/dropbox"
	"zhanqun/protocol"
)

// Folders are where bundles come and go without a person.
type Folders struct {
	In, Out string        // either may be empty
	Every   time.Duration // between two rounds
	Resend  time.Duration // without a confirmation that long, an answer is written again
	Quiet   time.Duration // see dropbox.Box
}

// ByFolder is who takes and answers bundles without a person, in the audit log.
const ByFolder = "hub"

// maxAnswers bounds the answers of one round; the others follow in the next.
const maxAnswers = 500

// partAge is how old a half-written file is when nobody is writing it any more.
const partAge = time.Hour

// Watcher takes bundles out of one folder and puts answers into another.
type Watcher struct {
	s   *Service
	o   Folders
	box dropbox.Box
}

// NewWatcher returns a watcher of o's folders. Run makes it work.
func NewWatcher(s *Service, o Folders) *Watcher {
	w := &Watcher{s: s, o: o}
	w.box = dropbox.Box{Dir: o.In, Take: w.take, Skip: downwards, Quiet: o.Quiet, Now: s.Now, Log: s.Log}
	return w
}

// downwards reports whether a file is an answer, going by its name: both ways
// may share one folder.
func downwards(name string) bool {
	n, ok := dropbox.ParseName(name)
	return ok && n.Dir == protocol.Down
}

// Run makes rounds until ctx ends.
func (w *Watcher) Run(ctx context.Context) { dropbox.Repeat(ctx, w.o.Every, w.s.Log, w.Round) }

// Round takes what has come and writes what is owed.
func (w *Watcher) Round(ctx context.Context) error {
	var errs []error
	if w.o.In != "" {
		_, err := w.box.Round(ctx)
		errs = append(errs, err)
	}
	if w.o.Out != "" {
		errs = append(errs, w.answerAll(ctx))
	}
	return errors.Join(errs...)
}

func (w *Watcher) take(ctx context.Context, name string, f *os.File) error {
	b, err := dropbox.Read(f)
	if err != nil {
		return err
	}
	r, err := w.s.Take(ctx, ByFolder, b)
	if err == nil {
		w.s.Log.Info("bundle: taken", "file", name, "node", r.Node, "number", r.Number, "applied", r.Applied, "refused", r.Refused,
			"duplicates", r.Duplicates, "waiting", r.Waiting, "files", r.Files)
		return nil
	}
	return dropbox.Judge(err)
}

// answerAll writes the answers that are owed.
func (w *Watcher) answerAll(ctx context.Context) error {
	now := w.s.Now()
	if err := dropbox.SweepParts(w.o.Out, now.Add(-partAge)); err != nil {
		return err
	}
	nodes, err := w.s.Store.Owed(ctx, now.Add(-w.o.Resend), maxAnswers)
	if err != nil {
		return err
	}
	var errs []error
	for _, node := range nodes {
		if ctx.Err() != nil {
			break
		}
		errs = append(errs, w.answer(ctx, node))
	}
	return errors.Join(errs...)
}

// answer writes an answer and takes away the ones before it that still lie
// there: it holds all they do.
func (w *Watcher) answer(ctx context.Context, node string) error {
	path, err := w.s.Answer(ctx, ByFolder, node, w.o.Out, "")
	if err != nil {
		return err
	}
	w.s.Log.Info("bundle: answered", "node", node, "file", filepath.Base(path))
	left, err := dropbox.Left(w.o.Out, node, protocol.Down)
	if err != nil {
		return err
	}
	for _, n := range left {
		if n.String() != filepath.Base(path) {
			if err := os.Remove(filepath.Join(w.o.Out, n.String())); err != nil && !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("removing an answer that is out of date: %w", err)
			}
		}
	}
	return nil
}

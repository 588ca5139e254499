package bundle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"zhanqun/internal/dropbox"
	"zhanqun/internal/fault"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// Folders are where bundles come and go without a person.
type Folders struct {
	In, Out string        // either may be empty
	Every   time.Duration // between two rounds
	Quiet   time.Duration // see dropbox.Box
}

// maxMade bounds the bundles of one round; what is left follows in the next.
const maxMade = 8

// partAge is how old a half-written file is when nobody is writing it any more.
const partAge = time.Hour

// Watcher takes answers out of one folder and puts bundles into another.
type Watcher struct {
	s    *Service
	o    Folders
	box  dropbox.Box
	key  string // of this node
	node string // its id, empty before it has joined
}

// NewWatcher returns a watcher of o's folders. Run makes it work.
func NewWatcher(s *Service, o Folders) *Watcher {
	w := &Watcher{s: s, o: o}
	w.box = dropbox.Box{Dir: o.In, Take: w.take, Skip: w.others, Quiet: o.Quiet, Now: s.Now, Log: s.Log}
	return w
}

// Run makes rounds until ctx ends.
func (w *Watcher) Run(ctx context.Context) { dropbox.Repeat(ctx, w.o.Every, w.s.Log, w.Round) }

// Round takes what has come and writes what is due.
func (w *Watcher) Round(ctx context.Context) error {
	if err := w.who(ctx); err != nil {
		return err
	}
	var errs []error
	if w.o.In != "" {
		_, err := w.box.Round(ctx)
		errs = append(errs, err)
	}
	if w.o.Out != "" {
		errs = append(errs, w.export(ctx))
	}
	return errors.Join(errs...)
}

// who finds out who this node is by now.
func (w *Watcher) who(ctx context.Context) error {
	key, err := w.s.q.Key(ctx)
	if err != nil {
		return err
	}
	w.key = key.Public()
	id, err := w.s.q.Identity(ctx)
	if err != nil && !fault.Is(err, fault.Conflict) {
		return err
	}
	w.node = id.Node
	return nil
}

// others reports whether a file is none of this node's, going by its name: many
// nodes and both ways may share one folder.
func (w *Watcher) others(name string) bool {
	n, ok := dropbox.ParseName(name)
	return ok && (n.Dir == protocol.Up || w.node != "" && n.Who != w.node)
}

func (w *Watcher) take(ctx context.Context, name string, f *os.File) error {
	b, err := dropbox.Read(f)
	if err != nil {
		return err
	}
	if w.node == "" && b.Index.To != w.key {
		return dropbox.ErrNotMine // its name does not say so before it has an id
	}
	r, err := w.s.Take(ctx, b)
	if err != nil {
		return dropbox.Judge(err)
	}
	w.s.Log.Info("bundle: answer taken", "file", name, "number", r.Number, "re", r.Re, "news", r.News, "confirmed", r.Confirmed, "unconfirmed", r.Unconfirmed)
	if r.Joined != "" {
		return w.who(ctx)
	}
	return nil
}

// export writes the bundles that are due and takes away those that have been
// answered, or that a newer one stands for.
func (w *Watcher) export(ctx context.Context) error {
	if err := dropbox.SweepParts(w.o.Out, w.s.Now().Add(-partAge)); err != nil {
		return err
	}
	for range maxMade {
		carried, err := w.s.q.Carried(ctx, w.s.since())
		if err != nil {
			return err
		}
		due, err := w.due(ctx, carried)
		if err != nil {
			return err
		}
		if !due || ctx.Err() != nil {
			return w.clear(carried)
		}
		made, err := w.s.export(ctx, w.o.Out, "", carried, false)
		if err != nil {
			return err
		}
		w.s.Log.Info("bundle: made", "file", made.Name, "entries", made.Entries, "files", made.Files, "left", made.LeftOver)
	}
	return nil
}

// due reports whether there is something for the county that no bundle on its
// way carries. With a line there is nothing to carry.
func (w *Watcher) due(ctx context.Context, carried queue.Carried) (bool, error) {
	if w.node == "" {
		_, ok, err := w.s.q.Joining(ctx)
		return ok && !carried.Joining, err
	}
	line, err := w.s.q.Line(ctx)
	if err != nil || line.Connected {
		return false, err
	}
	c, err := w.s.q.Cursors(ctx)
	if err != nil {
		return false, err
	}
	if c.Last > max(c.Confirmed, carried.Through) || !carried.Told {
		return true, nil
	}
	files, err := w.s.q.UnsentFiles(ctx, protocol.MaxBundleFiles)
	if err != nil {
		return false, err
	}
	for _, f := range files {
		if !carried.Files[f.SHA256] {
			return true, nil
		}
	}
	return false, nil
}

// clear takes away bundles that lie in the folder to no purpose.
func (w *Watcher) clear(carried queue.Carried) error {
	names := []string{dropbox.Newcomer(w.key)}
	if w.node != "" {
		names = append(names, w.node)
	}
	for _, who := range names {
		left, err := dropbox.Left(w.o.Out, who, protocol.Up)
		if err != nil {
			return err
		}
		for _, n := range left {
			if carried.Numbers[n.Number] && (who == w.node || w.node == "") {
				continue
			}
			if err := os.Remove(filepath.Join(w.o.Out, n.String())); err != nil && !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("removing a bundle that is out of date: %w", err)
			}
		}
	}
	return nil
}

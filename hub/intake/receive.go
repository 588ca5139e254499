package intake

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"zhanqun/protocol"
)

// ErrContent marks an error of Store.ApplyUp that comes from what the batch
// holds and not from the database's health: trying again will not help.
var ErrContent = errors.New("the database refuses the content")

// Reached returns which stream has been applied, and how far. It waits for the
// database and fails only when ctx ends.
func (s *Service) Reached(ctx context.Context) (stream string, created int64, seq uint64, err error) {
	var p Place
	err = s.insist(ctx, "reading stream position", func() (err error) {
		p, err = s.Store.StreamPlace(ctx)
		return err
	})
	return p.Stream, p.Created, p.Seq, err
}

// Receive verifies a run of frames of one stream and returns the function that
// applies them, so that the next run can be verified meanwhile. The functions
// have to be called in the order of the stream. They return the nodes that have
// to say hello. Both parts wait for the database as long as it takes and fail
// only when ctx ends.
func (s *Service) Receive(ctx context.Context, stream string, created int64, frames []Frame) (commit func(context.Context) ([]string, error), err error) {
	b, err := s.verified(ctx, frames)
	if err != nil {
		return nil, err
	}
	b.Place.Stream, b.Place.Created = stream, created
	return func(ctx context.Context) ([]string, error) {
		r, err := s.commit(ctx, b)
		return r.Hello, err
	}, nil
}

// commit applies a batch, if need be letter by letter.
func (s *Service) commit(ctx context.Context, b Batch) (Result, error) {
	r, err := s.persist(ctx, b)
	if errors.Is(err, ErrContent) {
		r, err = s.singly(ctx, b)
	}
	if err == nil && (r.Refused > 0 || r.Strays > 0 || len(r.Frozen) > 0) {
		s.Log.Warn("intake: entries refused", "nodes", b.faulty(), "refused", r.Refused, "strays", r.Strays, "frozen", r.Frozen, "stream_seq", b.Place.Seq)
	}
	if err == nil && r.Duplicates > 0 {
		s.Log.Info("intake: entries that came before", "nodes", few(b.NodeIDs()), "times", r.Duplicates, "stream_seq", b.Place.Seq)
	}
	return r, err
}

// persist applies a batch and tries again until it is done, ctx ends, or its
// content turns out to be impossible.
func (s *Service) persist(ctx context.Context, b Batch) (r Result, content error) {
	err := s.insist(ctx, "applying frames", func() (err error) {
		r, err = s.Store.ApplyUp(ctx, b)
		if errors.Is(err, ErrContent) {
			content, err = err, nil
		}
		return err
	})
	if err == nil {
		err = content
	}
	return r, err
}

// singly applies a batch that the database refuses one letter at a time, so
// that the one it cannot hold is refused and all others are received. What is
// not a letter is kept first: a crash in between keeps it twice, not never.
func (s *Service) singly(ctx context.Context, b Batch) (total Result, err error) {
	type part struct {
		node  string
		at    uint64
		index int
	}
	var parts []part
	for node, letters := range b.Letters {
		inOrder(letters)
		for i := range letters {
			parts = append(parts, part{node, letters[i].At, i})
		}
	}
	slices.SortStableFunc(parts, func(a, b part) int {
		if a.at != b.at {
			return int(min(max(int64(a.at)-int64(b.at), -1), 1)) // #nosec G115 -- stream positions
		}
		return a.index - b.index
	})
	for _, stray := range b.Strays {
		r, err := s.keep(ctx, b.Place, stray)
		if err != nil {
			return total, err
		}
		total.Add(r)
	}
	for _, p := range parts {
		one := b.Letters[p.node][p.index : p.index+1 : p.index+1]
		// The frame counts as read with the whole batch, at the end.
		small := Batch{Place: b.Place, Letters: map[string][]Letter{p.node: one}}
		small.Place.Seq = p.at - 1
		r, err := s.persist(ctx, small)
		if errors.Is(err, ErrContent) {
			r, err = s.condemn(ctx, small, &one[0])
		}
		if err != nil {
			return total, err
		}
		total.Add(r)
	}
	_, err = s.persist(ctx, Batch{Place: b.Place})
	return total, err
}

// keep keeps a stray without moving the place. One that the database cannot hold
// is lost with a word in the log, so that it holds up nobody.
func (s *Service) keep(ctx context.Context, at Place, stray Stray) (Result, error) {
	at.Seq = 0
	r, err := s.persist(ctx, Batch{Place: at, Strays: []Stray{stray}})
	if errors.Is(err, ErrContent) {
		s.Log.Error("intake: the database cannot hold a stray", "node", stray.Node, "stream_seq", stray.At, "bytes", len(stray.Data), "err", err)
		return r, nil
	}
	return r, err
}

// condemn refuses a letter that the database cannot hold. If not even the
// refusal can be held, its bytes are kept as a stray: the node's log then stops
// there, and nobody else's.
func (s *Service) condemn(ctx context.Context, b Batch, l *Letter) (Result, error) {
	s.Log.Error("intake: the database cannot hold an entry; refusing it", "node", l.Entry.Node, "seq", l.Entry.Seq)
	l.Message, l.Fault = nil, &protocol.Fault{Code: protocol.CodeMalformed, Detail: "内容里有无法保存的字符或数值"}
	r, err := s.persist(ctx, b)
	if errors.Is(err, ErrContent) {
		return s.keep(ctx, b.Place, Stray{Node: l.Entry.Node, At: l.At, Data: raw(l), Fault: *l.Fault})
	}
	return r, err
}

// insist calls f until it succeeds, with growing, jittered pauses. It fails
// only when ctx ends.
func (s *Service) insist(ctx context.Context, doing string, f func() error) error {
	const shortest, longest = 50 * time.Millisecond, 10 * time.Second
	for pause := shortest; ; pause = min(2*pause, longest) {
		err := f()
		if err == nil {
			if w := s.waiting.Swap(nil); w != nil {
				s.Log.Info("intake: going on", "after", s.Now().Sub(w.Since))
			}
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		w := &Wait{Since: s.Now(), Err: err}
		if before := s.waiting.Load(); before != nil {
			w.Since = before.Since
		}
		s.waiting.Store(w)
		s.Log.Error("intake: waiting for the database", "doing", doing, "err", err, "pause", pause)
		timer := time.NewTimer(pause/2 + rand.N(pause/2+1)) // #nosec G404 -- jitter
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// Waiting returns what intake is waiting for, or nil when it is at work.
func (s *Service) Waiting() *Wait { return s.waiting.Load() }

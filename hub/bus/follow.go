package bus

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
	"golang.org/x/sync/errgroup"

	"zhanqun/protocol"
)

const (
	fetchFrames = 256              // frames of one request
	idleCheck   = 30 * time.Second // a request without frames ends after that
	goneAfter   = 5 * time.Minute  // the broker forgets a reader that was silent so long
)

// followForEver reads the stream until ctx ends, beginning anew whenever
// something breaks.
func (b *Bus) followForEver(ctx context.Context) {
	const shortest, longest = 50 * time.Millisecond, 5 * time.Second
	pause := shortest
	for {
		began := time.Now()
		err := b.store.whileOpen(ctx, b.follow)
		if ctx.Err() != nil {
			return
		}
		b.mu.Lock()
		b.reason = err
		b.mu.Unlock()
		if time.Since(began) > longest || errors.Is(err, errAnew) {
			pause = shortest
		}
		b.log.Warn("bus: reading the intake stream is interrupted", "err", err, "pause", pause)
		timer := time.NewTimer(pause/2 + rand.N(pause/2+1)) // #nosec G404 -- jitter
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		pause = min(2*pause, longest)
	}
}

// follow reads the stream from where the database stands until something
// breaks. While one run of frames is being committed the next one is verified
// and the one after it fetched.
func (b *Bus) follow(ctx context.Context) error {
	stream, info, err := b.openStream(ctx)
	if err != nil {
		return err
	}
	after, err := b.startAfter(ctx, info)
	if err != nil {
		return err
	}
	consumer, err := b.openConsumer(ctx, stream, after)
	if err != nil {
		return err
	}
	defer b.closeConsumer(ctx, stream, consumer)
	anew := b.mail.StatusChanged(nats.CONNECTED)
	defer b.mail.RemoveStatusListener(anew)
	if err := b.listens(ctx); err != nil {
		return err
	}
	b.stands(stream, after)

	type commit struct {
		do      func(context.Context) ([]string, error)
		through uint64
	}
	box := newMailbox()
	ready := make(chan commit)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return b.fetch(ctx, consumer, info.Created, box) })
	g.Go(func() error {
		select {
		case <-anew:
			return errAnew
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	g.Go(func() error {
		for {
			frames, err := box.take(ctx)
			if err != nil {
				return err
			}
			do, err := b.o.Hub.Receive(ctx, protocol.Stream, info.Created.UnixNano(), frames)
			if err != nil {
				return fmt.Errorf("verifying frames: %w", err)
			}
			select {
			case ready <- commit{do, frames[len(frames)-1].Seq}:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	})
	g.Go(func() error {
		purged := after
		tick := time.NewTicker(purgeEvery)
		defer tick.Stop()
		for {
			var due bool
			select {
			case c := <-ready:
				hello, err := c.do(ctx)
				if err != nil {
					return fmt.Errorf("committing frames: %w", err)
				}
				b.handled.Store(c.through)
				b.bells.hello(hello)
				due = c.through-purged >= perPurge
			case <-tick.C:
				due = b.handled.Load() > purged
			case <-ctx.Done():
				return ctx.Err()
			}
			if !due {
				continue
			}
			through := b.handled.Load()
			if err := b.purge(ctx, through); err != nil {
				b.log.Warn("bus: committed frames stay in the stream for now", "err", err)
			}
			purged = through
		}
	})
	return g.Wait()
}

// listens waits, the first time, until nodes are answered as well: that is another
// connection. Later, frames are read whatever becomes of that one.
func (b *Bus) listens(ctx context.Context) error {
	select {
	case <-b.ready:
		return nil
	default:
	}
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	if err := b.nc.FlushWithContext(ctx); err != nil {
		return fmt.Errorf("reaching NATS for what nodes ask: %w", err)
	}
	return nil
}

// stands notes that everything is there.
func (b *Bus) stands(stream jetstream.Stream, handled uint64) {
	b.handled.Store(handled)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stream, b.reason = stream, nil
	select {
	case <-b.ready:
	default:
		close(b.ready)
	}
}

// openConsumer makes a reader that begins behind a position. It is of no
// importance: the position is in the database, so it needs no acknowledgements
// and is made anew after any trouble.
func (b *Bus) openConsumer(ctx context.Context, stream jetstream.Stream, after uint64) (jetstream.Consumer, error) {
	config := jetstream.ConsumerConfig{
		Name: nuid.Next(), DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: after + 1, AckPolicy: jetstream.AckNonePolicy,
		MemoryStorage: true, Replicas: 1, InactiveThreshold: goneAfter,
	}
	consumer, err := persist(ctx, func(ctx context.Context) (jetstream.Consumer, error) { return stream.CreateConsumer(ctx, config) })
	if err != nil {
		return nil, fmt.Errorf("making a reader of the intake stream: %w", err)
	}
	return consumer, nil
}

func (b *Bus) closeConsumer(ctx context.Context, stream jetstream.Stream, consumer jetstream.Consumer) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = stream.DeleteConsumer(ctx, consumer.CachedInfo().Name) // otherwise the broker forgets it by itself
}

// errAnew ends reading: a request for frames that was under way when the line
// broke is lost, and nothing else says so for ten seconds.
var errAnew = errors.New("connected anew")

var errLost = errors.New("the broker sent frames that did not arrive")

// fetch fills the box until something breaks. The broker numbers what it sends:
// a number that is missing was lost on the way.
func (b *Bus) fetch(ctx context.Context, consumer jetstream.Consumer, created time.Time, box *mailbox) error {
	var sent uint64
	var authors authors
	for {
		// Fetch and not FetchBytes: the latter makes room for a million messages
		// in each request.
		batch, err := consumer.Fetch(fetchFrames, jetstream.FetchMaxBytes(fetchBytes), jetstream.FetchContext(ctx))
		if err != nil {
			return fmt.Errorf("fetching frames: %w", err)
		}
		before := sent
		for m := range batch.Messages() {
			meta, err := m.Metadata()
			if err != nil {
				return fmt.Errorf("reading a frame's position: %w", err)
			}
			if sent++; meta.Sequence.Consumer != sent {
				return errLost
			}
			f := Frame{Node: lastToken(m.Subject()), Seq: meta.Sequence.Stream, Data: m.Data()}
			if b.counted.news(created, f.Seq) {
				b.guard.spend(f.Node, len(f.Data)) // it is taken in any case
				if author := authors.of(f); author != "" {
					b.guard.offend(author, offReply, m.Subject())
				}
			}
			authors.add(f)
			if err := box.put(ctx, f); err != nil {
				return err
			}
		}
		if err := batch.Error(); err != nil {
			return fmt.Errorf("fetching frames: %w", err)
		}
		if sent == before {
			if err := b.sound(ctx, consumer, created, sent); err != nil {
				return err
			}
		}
	}
}

// mark is how far a stream was read, so that what is read again is not counted
// again.
type mark struct {
	created time.Time
	seq     uint64
}

func (m *mark) news(created time.Time, seq uint64) bool {
	if m.created.Equal(created) && seq <= m.seq {
		return false
	}
	m.created, m.seq = created, seq
	return true
}

// sound looks, when nothing has come for a while, whether that is the truth.
func (b *Bus) sound(ctx context.Context, consumer jetstream.Consumer, created time.Time, sent uint64) error {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	reader, err := consumer.Info(ctx)
	if err != nil {
		return fmt.Errorf("asking about the reader: %w", err)
	}
	if reader.Delivered.Consumer != sent {
		return errLost
	}
	stream, err := b.js.Stream(ctx, protocol.Stream)
	if err != nil {
		return fmt.Errorf("asking about the intake stream: %w", err)
	}
	if info := stream.CachedInfo(); !info.Created.Equal(created) || info.State.LastSeq < b.handled.Load() {
		return errors.New("the intake stream was replaced")
	}
	return nil
}

// lastToken returns what stands behind the last dot.
func lastToken(subject string) string {
	for i := len(subject) - 1; i >= 0; i-- {
		if subject[i] == '.' {
			return subject[i+1:]
		}
	}
	return subject
}

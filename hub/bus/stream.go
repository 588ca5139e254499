package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"zhanqun/internal/blob"
	"zhanqun/internal/pause"
	"zhanqun/protocol"
)

const (
	mostStream  = 20 << 30                        // bytes, unless settings say otherwise
	leastStream = 64 << 20                        // with less a broker is not worth having
	maxMessage  = protocol.MaxFrameBytes + 64<<10 // a frame, its subject and headers
	purgeEvery  = 5 * time.Second                 // how often committed frames leave the stream
	perPurge    = 16                              // or after that many; it costs less than one write
	callLimit   = 10 * time.Second                // one question to the broker
	goneFor     = time.Second                     // before a stream that was deleted is made anew
)

// openStream makes the intake stream, or brings an older one up to date. What
// lies in it is never dropped for a smaller limit.
func (b *Bus) openStream(ctx context.Context) (jetstream.Stream, *jetstream.StreamInfo, error) {
	b.opening.Lock()
	defer b.opening.Unlock()
	ctx, cancel := context.WithTimeout(ctx, 3*callLimit)
	defer cancel()
	config := jetstream.StreamConfig{
		Name: protocol.Stream, Subjects: []string{protocol.UpWildcard}, Storage: jetstream.FileStorage,
		Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardNew, MaxMsgSize: maxMessage,
		MaxMsgsPerSubject: b.guard.limits.Unread, DiscardNewPerSubject: true, Replicas: max(b.o.Replicas, 1),
	}
	var there *jetstream.StreamInfo
	look := func(ctx context.Context) (jetstream.Stream, error) { return b.js.Stream(ctx, protocol.Stream) }
	old, err := persist(ctx, look)
	// NATS forgets a stream before it removes its files: one that is made at once
	// loses its own with them, and takes nothing from then on.
	if b.stood && errors.Is(err, jetstream.ErrStreamNotFound) && pause.For(ctx, goneFor) {
		old, err = persist(ctx, look)
	}
	switch {
	case err == nil:
		there = old.CachedInfo()
	case !errors.Is(err, jetstream.ErrStreamNotFound):
		return nil, nil, fmt.Errorf("looking for the intake stream: %w", err)
	}
	config.MaxBytes = b.streamBytes(there)
	create := func(ctx context.Context) (jetstream.Stream, error) { return b.js.CreateOrUpdateStream(ctx, config) }
	stream, err := persist(ctx, create)
	for b.o.StreamBytes == 0 && noRoom(err) && config.MaxBytes > leastStream {
		config.MaxBytes = max(config.MaxBytes/2, leastStream)
		stream, err = persist(ctx, create)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("making the intake stream: %w", err)
	}
	b.stood = true
	info, err := persist(ctx, func(ctx context.Context) (*jetstream.StreamInfo, error) { return stream.Info(ctx) })
	if err != nil {
		return nil, nil, fmt.Errorf("reading the intake stream: %w", err)
	}
	return stream, info, nil
}

// persist asks servers that say nothing again, each time with more patience: a
// question is lost that was asked while they had not found together, and nobody
// ever answers it.
func persist[T any](ctx context.Context, ask func(context.Context) (T, error)) (answer T, err error) {
	for patience := callLimit / 8; patience <= callLimit; patience *= 2 {
		limited, cancel := context.WithTimeout(ctx, patience)
		answer, err = ask(limited)
		cancel()
		if ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
			break
		}
	}
	return answer, err
}

// noRoom reports whether a broker has less room than it was asked to set aside.
func noRoom(err error) bool {
	const storageExceeded = 10047
	var api *jetstream.APIError
	return errors.As(err, &api) && api.ErrorCode == storageExceeded
}

// streamBytes is how large the stream may become; there is what stands already,
// or nil. While the disk is nearly full nothing fits.
func (b *Bus) streamBytes(there *jetstream.StreamInfo) int64 {
	if b.short.Load() {
		return shutBytes
	}
	var holds int64
	if there != nil {
		holds = int64(min(there.State.Bytes, 1<<62)) // #nosec G115 -- bounded
	}
	switch {
	case b.o.StreamBytes > 0:
		return max(b.o.StreamBytes, holds)
	case b.server == nil && there != nil && there.Config.MaxBytes > 0:
		return max(there.Config.MaxBytes, holds)
	case b.server == nil:
		return mostStream
	}
	free, err := blob.Free(b.o.Dir)
	if err != nil {
		b.log.Warn("bus: free space unknown", "err", err)
		return mostStream
	}
	half := (int64(min(free, 1<<62)) + holds) / 2 // #nosec G115 -- bounded
	return max(min(max(half, leastStream), mostStream), holds)
}

// startAfter decides where to go on reading: behind what the database has
// applied, if that was this stream and it still holds what it held.
func (b *Bus) startAfter(ctx context.Context, info *jetstream.StreamInfo) (uint64, error) {
	name, created, seq, err := b.o.Hub.Reached(ctx)
	if err != nil {
		return 0, err
	}
	switch {
	case name == "":
		return 0, nil
	case name != protocol.Stream || created != info.Created.UnixNano():
		b.log.Warn("bus: the intake stream was made anew; reading it from its start", "made", info.Created, "applied_before", seq)
		return 0, nil
	case info.State.LastSeq < seq:
		// Everything in it was applied before. Numbers it gave out once must not
		// come again, or new frames would be taken for those.
		b.log.Error("bus: the intake stream was put back to an older state; going on behind what was read", "last", info.State.LastSeq, "applied", seq)
		return seq, b.purge(ctx, seq)
	}
	return seq, nil
}

// backlog returns how many frames of a node are in the stream and not committed:
// 0 only if there are none.
func (b *Bus) backlog(ctx context.Context, node string) (uint64, error) {
	stream := b.currentStream()
	if stream == nil {
		return 0, protocol.Fault{Code: protocol.CodeBusy, Detail: "县级平台正在启动，请稍候"}
	}
	if open, _ := b.store.state(); !open {
		return 0, protocol.Fault{Code: protocol.CodeBusy, Detail: "县级平台的磁盘满了，请稍候"}
	}
	// First what is committed, then what there is: what is committed in between
	// only makes the number too large, and the node asks again.
	handled := b.handled.Load()
	subject := protocol.UpSubject(node)
	last, err := stream.GetLastMsgForSubject(ctx, subject)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("asking for the last frame of %s: %w", node, err)
	}
	if last.Sequence <= handled {
		return 0, nil
	}
	return last.Sequence - handled, nil
}

// purge lets go of what is committed. The next number is then at least through+1.
func (b *Bus) purge(ctx context.Context, through uint64) error {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	stream, err := b.js.Stream(ctx, protocol.Stream)
	if err == nil {
		err = stream.Purge(ctx, jetstream.WithPurgeSequence(through+1))
	}
	if err != nil {
		return fmt.Errorf("purging the intake stream: %w", err)
	}
	return nil
}

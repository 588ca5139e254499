// Package bus is the hub's side of NATS: the broker itself, or the way to one,
// and everything that crosses it.
//
// It promises:
//   - Frames are handed to the hub in the order of the stream, again and again
//     until they are committed. Nothing rests on the broker's memory of what was
//     read: the position is the one in the hub's database, and a stream that was
//     lost or made anew is recognised and read from its start.
//   - The intake stream is synced to disk on every write, refuses when full and
//     never drops what nobody has read. One node cannot fill it for all. It
//     refuses as well when the disk of the embedded server is nearly full, and
//     goes on by itself when there is room again.
//   - A node signs in with its key, may use its own subjects and no others, and
//     is gone a moment after it was revoked. Subject permissions do not bind
//     reply subjects, so every request is signed over its reply subject, and an
//     answer goes into the inbox of the node that asked or nowhere.
//   - Every queue is bounded. What does not fit is answered "busy", and the node
//     comes again.
//
// The embedded server knows the nodes by asking the hub, and so does an external
// one that is configured for it (DoorConfig). Otherwise its operator lets them in
// (protocol.GrantsOf says to what), and a revoked node finds its requests refused
// and its frames ignored.
package bus

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"zhanqun/hub/signer"
	"zhanqun/protocol"
)

// Frame is one message of the stream as it came. It is an alias of an unnamed
// type, so that intake can take frames without knowing this package.
type Frame = struct {
	Node string // last token of the subject
	Seq  uint64 // position in the stream
	Data []byte
}

// Hub is who the bus works for. A protocol.Fault as error is told to the node;
// any other error is logged and told as "busy".
type Hub interface {
	// Reached returns which stream has been applied, and how far.
	Reached(ctx context.Context) (stream string, created int64, seq uint64, err error)
	// Receive checks frames and returns the function that commits them and names
	// the nodes that have to say hello. The functions are called in order. Both
	// fail only when ctx ends.
	Receive(ctx context.Context, stream string, created int64, frames []Frame) (commit func(context.Context) (hello []string, err error), err error)
	Hello(ctx context.Context, node string, h protocol.Hello, backlog uint64) (protocol.HelloAnswer, error)
	Pull(ctx context.Context, node string, p protocol.Pull) (entries []protocol.Entry, head uint64, err error)
	Offer(ctx context.Context, node string, o protocol.Offer) (protocol.OfferAnswer, error)
	Chunk(ctx context.Context, node, sha256 string, offset int64, data []byte) (protocol.OfferAnswer, error)
	Recall(ctx context.Context, node string, r protocol.Recall) (protocol.RecallAnswer, error)
	Beat(node string, b protocol.Beat)
}

// Registry knows the nodes. Revoked ones do not exist.
type Registry interface {
	// NodeOfKey returns the id of the node for which a public key speaks, "" for none.
	NodeOfKey(ctx context.Context, publicKey string) (node string, err error)
	// KeyOfNode returns the public key of a node, "" for none.
	KeyOfNode(ctx context.Context, node string) (publicKey string, err error)
	// Pending reports whether a node waits for a person to let it in.
	Pending(ctx context.Context, node string) (bool, error)
	// FormerKey returns the key a node has given up and that still speaks for it,
	// "" for none.
	FormerKey(ctx context.Context, node string) (publicKey string, err error)
	// KeyUsed notes that a node has said hello with a key, and reports whether that
	// ended a former one.
	KeyUsed(ctx context.Context, node, publicKey string) (ended bool, err error)
	// KnownHubKey returns the public key of the hub a node knows, "" for no such node.
	KnownHubKey(ctx context.Context, node string) (publicKey string, err error)
	// Rekey gives a node another key, asked for with by.
	Rekey(ctx context.Context, node, by string, r protocol.Rekey) error
}

// Options are what a Bus is made of.
type Options struct {
	// Listen is where the embedded server listens, host:port; port 0 picks one.
	Listen string
	// Dir is the embedded server's folder.
	Dir string
	// TLS secures the embedded server's listener; nil leaves it plain.
	TLS *tls.Config
	// URL names an external server; then the three above are not used.
	URL string
	// Connect are further options for the external server, such as credentials.
	Connect []nats.Option
	// Own is the hub's key at the external server. With one the server asks the
	// hub whom to let in (see DoorConfig); without, its operator lets nodes in.
	Own protocol.Key
	// Replicas of the intake stream on an external server; 0 means 1.
	Replicas int
	// StreamBytes bounds the intake stream. 0 means half of what the embedded
	// server's disk has free at the start, at most 20 GiB; an external server's
	// stream keeps the bound it has, or gets the largest the server agrees to.
	StreamBytes int64
	// Reserve is the room on the embedded server's disk, in bytes, below which
	// nothing more is taken from nodes.
	Reserve uint64
	// Limits bound what one node may do.
	Limits Limits

	Keys     *signer.Ring // sign answers
	Hub      Hub
	Registry Registry
	Log      *slog.Logger
}

// Bus is the running line to the nodes.
type Bus struct {
	o      Options
	log    *slog.Logger
	server *server.Server // nil with an external one
	gate   *gate
	guard  *guard
	guests guests     // who came by WebSocket
	door   *callout   // of an external server that asks whom to let in, or nil
	nc     *nats.Conn // for what nodes ask
	mail   *nats.Conn // for frames and bells, which a flood of questions must not hold up
	js     jetstream.JetStream
	bells  bells

	stop    context.CancelFunc
	running sync.WaitGroup
	closed  sync.Once

	counted mark        // of the stream, by the one who reads it
	store   shutter     // of the embedded server
	short   atomic.Bool // the disk is nearly full
	opening sync.Mutex  // of the stream
	stood   bool        // the stream has been there; under opening

	mu      sync.Mutex
	stream  jetstream.Stream // nil until it is known
	reason  error            // why the bus is not ready
	ready   chan struct{}    // closed once, at the first time everything stands
	handled atomic.Uint64    // stream position that is committed
}

var errStarting = errors.New("starting")

// Start starts the bus. It returns once the embedded server listens; with an
// external one it returns at once and connects by itself, now or later.
func Start(o Options) (*Bus, error) {
	b := &Bus{o: o, log: o.Log, reason: errStarting, ready: make(chan struct{})}
	if b.log == nil {
		b.log = slog.Default()
	}
	b.gate = newGate(o.Registry, o.Limits, b.log)
	b.guard = b.gate.guard
	b.guard.drop = b.Drop
	ctx, cancel := context.WithCancel(context.Background())
	b.stop = cancel
	context.AfterFunc(ctx, func() { close(b.gate.stopped) })
	b.run(func() { b.guard.keep(ctx) })
	if err := b.open(ctx); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	if err := b.openDoor(ctx); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	if b.server != nil {
		b.lookAtRoom(ctx)
		b.run(func() { b.watchRoom(ctx) })
	}
	b.run(func() { b.followForEver(ctx) })
	b.run(func() { b.bells.ring(ctx, b.mail, b.log) })
	if err := b.listen(ctx); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

func (b *Bus) open(ctx context.Context) error {
	var err error
	if b.o.URL == "" {
		err = b.serve(ctx)
	} else {
		b.nc, err = b.dial()
		if err == nil {
			b.mail, err = b.dial()
		}
	}
	if err != nil {
		return fmt.Errorf("starting NATS: %w", err)
	}
	if b.js, err = jetstream.New(b.mail); err != nil {
		return fmt.Errorf("opening JetStream: %w", err)
	}
	return nil
}

// dial connects to the external server, now or later.
func (b *Bus) dial() (*nats.Conn, error) {
	options := append([]nats.Option{nats.Name("zhanqun hub"), nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true),
		nats.ReconnectWait(time.Second), nats.IgnoreAuthErrorAbort(), nats.ReconnectBufSize(-1), nats.PingInterval(20 * time.Second),
		nats.ErrorHandler(b.asyncError)}, b.o.Connect...)
	if own := b.o.Own; own.Public() != "" {
		options = append(options, nats.Nkey(own.Public(), func(nonce []byte) ([]byte, error) { return own.Sign(nonce), nil }))
	}
	return nats.Connect(b.o.URL, options...)
}

func (b *Bus) asyncError(_ *nats.Conn, sub *nats.Subscription, err error) {
	subject := ""
	if sub != nil {
		subject = sub.Subject
	}
	b.log.Error("bus: connection trouble", "err", err, "subject", subject)
}

func (b *Bus) run(f func()) { b.running.Go(f) }

// Close ends the bus: no frame is being committed and no request answered when
// it returns. It may be called twice.
func (b *Bus) Close() error {
	b.closed.Do(func() {
		b.stop()
		b.running.Wait()
		for _, nc := range []*nats.Conn{b.nc, b.mail} {
			if nc != nil {
				nc.Close()
			}
		}
		if b.door != nil {
			b.door.nc.Close()
		}
		if b.server != nil {
			b.server.Shutdown()
			b.server.WaitForShutdown()
		}
	})
	return nil
}

// Address returns where nodes connect.
func (b *Bus) Address() string {
	if b.server == nil {
		return b.o.URL
	}
	scheme := "nats"
	if b.o.TLS != nil {
		scheme = "tls"
	}
	return scheme + "://" + b.server.Addr().String()
}

// WaitReady waits until frames are being read, or ctx ends.
func (b *Bus) WaitReady(ctx context.Context) error {
	select {
	case <-b.ready:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for NATS: %w", errors.Join(b.Health(), ctx.Err()))
	}
}

// Health returns why the bus is not at work, or nil.
func (b *Bus) Health() error {
	if err := b.room(); err != nil {
		return err
	}
	b.mu.Lock()
	reason := b.reason
	b.mu.Unlock()
	if reason != nil {
		return reason
	}
	if !b.nc.IsConnected() || !b.mail.IsConnected() || b.door != nil && !b.door.nc.IsConnected() {
		return errors.New("not connected to NATS")
	}
	if b.server != nil {
		if trouble := b.storeTrouble(); trouble != "" {
			return errors.New("NATS server: " + trouble)
		}
	}
	return nil
}

// Stats is how the line stands.
type Stats struct {
	Connections int    // of the embedded server
	Frames      uint64 // in the stream, committed ones not yet purged among them
	Bytes       uint64
	Behind      uint64 // frames not committed yet
	Barred      int    // nodes that are kept out for a while
	Refused     uint64 // messages of nodes that sent too many, since the start
}

// Stats asks the broker how the line stands.
func (b *Bus) Stats(ctx context.Context) (Stats, error) {
	stream := b.currentStream()
	if stream == nil || b.room() != nil {
		return Stats{}, b.Health()
	}
	info, err := stream.Info(ctx)
	if err != nil {
		return Stats{}, fmt.Errorf("asking about the stream: %w", err)
	}
	s := Stats{Frames: info.State.Msgs, Bytes: info.State.Bytes}
	if handled := b.handled.Load(); info.State.LastSeq > handled {
		s.Behind = info.State.LastSeq - handled
	}
	s.Barred, s.Refused = b.guard.kept()
	if b.server != nil {
		s.Connections = b.server.NumClients() - 2 // our own
	}
	return s, nil
}

func (b *Bus) currentStream() jetstream.Stream {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.stream
}

// Drop ends the connections of a node. Whoever takes a node's key away calls
// it, after the registry knows.
func (b *Bus) Drop(node string) {
	b.gate.drop(node)
	if b.door != nil {
		b.door.expel(node)
	}
}

// Ring tells nodes that their down logs have new heads. It does not block.
func (b *Bus) Ring(heads map[string]uint64) { b.bells.heads(heads) }

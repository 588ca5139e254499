// Package bundle takes in what townships without a line carry to the county as
// files, and makes the files that carry the answers back (网闸, air gap).
//
// It promises:
//   - What a bundle holds has the effect it would have had on the line, by the
//     same code, once: a bundle may come again, late, or beside the line.
//   - A bundle is read whole and checked before anything of it is applied, in
//     bounded memory whatever it claims. One that was cut off, altered, is for
//     somebody else or of a store that was left behind has no effect, and is
//     told apart.
//   - Being killed in the middle leaves a state from which taking the same
//     bundle again does the rest.
//   - An answer holds everything the node has not confirmed, so that losing one
//     is healed by the next.
package bundle

import (
	"context"
	"io"
	"log/slog"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/intake"
	"zhanqun/hub/signer"
	"zhanqun/protocol"
)

// Line is what nodes reach, on whatever way they come.
type Line interface {
	Hello(ctx context.Context, node string, h protocol.Hello, backlog uint64) (protocol.HelloAnswer, error)
	Accept(ctx context.Context, node string, frames [][]byte) (intake.Result, error)
	Bring(ctx context.Context, node string, o protocol.Offer, r io.Reader) (fresh bool, err error)
	Pull(ctx context.Context, node string, p protocol.Pull) ([]protocol.Entry, uint64, error)
	// Stands is what a hello would be answered, without one.
	Stands(ctx context.Context, node string) (protocol.HelloAnswer, error)
	Recall(ctx context.Context, node string, r protocol.Recall) (protocol.RecallAnswer, error)
	Page(ctx context.Context, node string, p protocol.Pull) ([]protocol.Entry, uint64, error)
}

// Registry knows the nodes.
type Registry interface {
	NodeByID(ctx context.Context, id string) (access.Node, error)
	EnrolCarried(ctx context.Context, key string, r protocol.JoinRequest, program string) (access.Node, error)
	Welcome(ctx context.Context, n access.Node) (protocol.BundleWelcome, error)
}

// DefaultBytes is how large an answer may become unless said otherwise, before
// compression.
const DefaultBytes = 1 << 30

// Options are what a Service is made of.
type Options struct {
	Store    Store
	Line     Line
	Registry Registry
	Keys     *signer.Ring // sign answers
	Program  string       // name and version, for people
	// Room returns a fault of kind Full when files of so many bytes are not to be
	// taken; nil takes all.
	Room     func(bytes int64) error
	Arrived  func()           // called when files have arrived; nil for nobody
	MaxBytes int64            // of an answer; 0 for DefaultBytes
	Now      func() time.Time // nil for time.Now
	Log      *slog.Logger     // nil for slog.Default
}

// Service takes bundles and makes answers.
type Service struct{ Options }

// New returns a service on o.
func New(o Options) *Service {
	if o.Room == nil {
		o.Room = func(int64) error { return nil }
	}
	if o.Arrived == nil {
		o.Arrived = func() {}
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = DefaultBytes
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Service{o}
}

// Package bundle carries the queue to the county and its answers back as files,
// for a node without a line (网闸, air gap).
//
// It promises:
//   - A bundle holds everything the county has not confirmed, from the first such
//     entry on, so that losing one is healed by the next; attached files go once
//     and again only when no answer comes for long. What does not fit goes into
//     the next one.
//   - Nothing counts as received before an answer says so.
//   - An answer is read whole and checked before anything of it is applied, by
//     the same code as what comes by the line. One that was cut off, altered, is
//     for another node or of a store the county has left behind has no effect,
//     and is told apart. Taking one again, late or beside the line does no harm.
//   - A node joins without a line: its request shows that it has the join code
//     without holding it, and only the hub that made the code can answer.
package bundle

import (
	"log/slog"
	"time"

	"zhanqun/node/queue"
)

// DefaultBytes is how large a bundle may become unless said otherwise, before
// compression. One attached file goes in any case.
const DefaultBytes = 1 << 30

// Options are what a Service is made of.
type Options struct {
	Queue    *queue.Queue
	Program  string           // name and version, for people
	MaxBytes int64            // of a bundle; 0 for DefaultBytes
	Resend   time.Duration    // without an answer that long, things are carried again; 0 for a day
	Now      func() time.Time // nil for time.Now
	Log      *slog.Logger     // nil for slog.Default
}

// Service makes bundles and takes answers.
type Service struct {
	Options
	q *queue.Queue
}

// New returns a service on o.
func New(o Options) *Service {
	if o.MaxBytes == 0 {
		o.MaxBytes = DefaultBytes
	}
	if o.Resend == 0 {
		o.Resend = 24 * time.Hour
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Service{Options: o, q: o.Queue}
}

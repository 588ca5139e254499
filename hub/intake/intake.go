// Package intake turns what the nodes send into effects in the hub's database,
// each exactly once and in the order of each node's log.
//
// It promises:
//   - One batch of frames of many nodes is one transaction: items, refusals,
//     receipts, every node's cursor and the position in the broker's stream move
//     together or not at all. Reading the same frame again changes nothing.
//   - What can never be applied moves the cursor, is kept whole and is answered
//     with a Refusal. What cannot be applied now (the database is away) applies
//     nothing and is tried again for ever, with growing pauses.
//   - A gap is not jumped: what lies behind it waits, and the node is asked to
//     say hello.
//   - One position with two digests, both signed, freezes the node, because two
//     machines write under one identity. A position that was taken by an entry
//     without a valid signature stays open for the one that has it, so nobody
//     can push a node's own words aside with a forgery.
//   - A revision that follows a refused one may carry the next number or the
//     refused one's: what counts is that it is newer than the one on file and
//     skips none the node has not sent.
//   - A node that comes with a new epoch (its store was made anew) begins a new
//     log at 1, which is audited; the positions of the old log stay on file. It
//     begins when nothing of the old log is left unread in the stream. An epoch
//     that was left behind once never comes back: that too is two machines.
//
// The rules are pure (see Decide): they judge a View of the database that the
// store has loaded and locked, and return a Plan that the store writes.
package intake

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"zhanqun/hub/signer"
	"zhanqun/internal/blob"
	"zhanqun/protocol"
)

// Store is what intake needs of the database. One method is one transaction.
type Store interface {
	// Epoch returns the random id of the hub's store.
	Epoch() string
	// NodeKeys returns the keys of those of the given nodes that exist.
	NodeKeys(ctx context.Context, ids []string) (map[string]Keys, error)
	// StreamPlace returns how far the stream has been applied; zero at first.
	StreamPlace(ctx context.Context) (Place, error)
	// ApplyUp loads and locks what b needs, calls Decide and writes its Plan.
	ApplyUp(ctx context.Context, b Batch) (Result, error)
	// NodeState returns what is on file about a node; a Fault if nothing is.
	NodeState(ctx context.Context, id string) (Node, error)
	// GreetEpoch moves a node to a new epoch by the rule of Greet.
	GreetEpoch(ctx context.Context, id, epoch string) (Node, error)
	// Before returns the epoch a node had before its present one, and how far its
	// log was applied; nil for none.
	Before(ctx context.Context, id, present string) (*protocol.Mark, error)
	// Past returns the epochs the hub had before it was restored, the latest
	// first, with how far a node's down log was then; and whether the node has to
	// give back what it was told in them.
	Past(ctx context.Context, id string) (past []protocol.Past, recall bool, err error)
	// Forebears returns the nodes whose place a node took, one after the other.
	Forebears(ctx context.Context, id string) ([]string, error)
	// PutRecalled keeps what a node gave back, and returns how many words are new.
	PutRecalled(ctx context.Context, id string, r Recalled) (taken int, err error)
	// FindingKnown reports whether a finding is on file.
	FindingKnown(ctx context.Context, id string) (bool, error)
	// Keys returns the hub's keys.
	Keys() *signer.Ring
	// KeyEnds returns where keys have signed the down log of a node for the last time.
	KeyEnds(ctx context.Context, node string) ([]KeyEnd, error)
	// PullDown returns the node and the entries of its down log after a
	// position: as many as fit into maxBytes, and at least one if there is any.
	PullDown(ctx context.Context, id string, after uint64, maxBytes int) (Node, []protocol.Entry, error)
	// NoteSeen records what nodes said of themselves and which part of their
	// down log they have.
	NoteSeen(ctx context.Context, list []Sighting) error
	// FileOf returns how much of a file the node has brought.
	FileOf(ctx context.Context, id, sha256 string) (File, error)
	// NoteFiles records how far files have come.
	NoteFiles(ctx context.Context, list []File) error
	// Unfinished returns files a node has begun to bring and not ended, at most limit.
	Unfinished(ctx context.Context, node string, limit int) ([]File, error)
	// FileArrived records that the node has brought the whole file.
	FileArrived(ctx context.Context, f File, mediaType string) error
	// Refusals returns one page of refusals, newest first, without their bytes.
	Refusals(ctx context.Context, q KeptQuery) ([]Kept, error)
	// Refused returns one refusal with its bytes; an unknown id is a NotFound.
	Refused(ctx context.Context, id string) (Kept, error)
}

// Options are what a Service is made of.
type Options struct {
	Store Store
	Files *blob.Store // where attachments go; nil refuses them as busy
	// Limits are what the county takes of attachments; nil means protocol.WireLimits.
	Limits *protocol.Limits
	// Unfinished is how many bytes of files that are not whole yet one node may have
	// here; 0 means DefaultUnfinished.
	Unfinished int64
	// Room returns a fault of kind Full when there is no room for that many bytes
	// of files. What is there stays. Nil means that there is always room.
	Room func(bytes int64) error
	// Scan names what stands in HTML that should not be public; see package
	// content. Nil finds nothing.
	Scan func(html string) []string
	// Inspect names the media type of a file that has arrived, or refuses it
	// with a fault. Nil takes everything and knows no type.
	Inspect func(ctx context.Context, sha256 string) (mediaType string, err error)
	Now     func() time.Time
	Log     *slog.Logger
}

// Service is the hub's side of every node's line.
type Service struct {
	Options
	keys    keyring
	seen    sightings
	uploads uploads
	quota   quota
	waiting atomic.Pointer[Wait]

	unwritten bool // the last flush failed; of Run only
}

// Wait says what intake has been waiting for, and since when.
type Wait struct {
	Since time.Time
	Err   error
}

// New returns a service. Run it to have sightings written down.
func New(o Options) *Service {
	if o.Limits == nil {
		wire := protocol.WireLimits()
		o.Limits = &wire
	}
	if o.Scan == nil {
		o.Scan = func(string) []string { return nil }
	}
	if o.Inspect == nil {
		o.Inspect = func(context.Context, string) (string, error) { return "", nil }
	}
	if o.Room == nil {
		o.Room = func(int64) error { return nil }
	}
	if o.Unfinished == 0 {
		o.Unfinished = DefaultUnfinished
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Service{Options: o, uploads: uploads{open: map[uploadKey]*upload{}}}
}

package bundle

import (
	"context"
	"time"

	"zhanqun/protocol"
)

// LineGrace is how much later than its newest bundle a node may have been heard
// of and still count as one without a line: taking a bundle is hearing of it.
const LineGrace = time.Minute

// Store is what bundles need of the database. One method is one transaction.
type Store interface {
	// Epoch returns the random id of the hub's store.
	Epoch() string
	// Partner returns what is on file about a node's bundles; zero for none.
	Partner(ctx context.Context, node string) (Partner, error)
	// LeftBehind reports whether epoch is of a store the node no longer uses.
	LeftBehind(ctx context.Context, node, epoch string) (bool, error)
	// TakenBefore returns when a bundle was taken; zero for never.
	TakenBefore(ctx context.Context, digest string) (time.Time, error)
	// NoteTaken records that a bundle has been applied, and by whom.
	NoteTaken(ctx context.Context, actor string, t Taken) error
	// BeginAnswer takes the next number for an answer to a node.
	BeginAnswer(ctx context.Context, node string) (uint64, error)
	// NoteAnswer records that an answer to what to says was written when the
	// node's down log ended at head, and by whom.
	NoteAnswer(ctx context.Context, actor string, to Partner, number, head uint64) error
	// Owed returns nodes that an answer should be written for: those that have
	// sent something, those there is news for, and those that have not confirmed
	// an answer made before the given time.
	Owed(ctx context.Context, before time.Time, limit int) ([]string, error)
	// FilesDone returns which of the given files the node has brought whole.
	FilesDone(ctx context.Context, node string, files []string) (map[string]bool, error)
}

// Partner is a node as its bundles show it.
type Partner struct {
	Node       string
	Epoch      string // of the node's store, and
	Number     uint64 // number of its newest bundle; 0 before the first
	Joining    bool   // it has only asked to join
	HubEpoch   string // of the hub's store it knew
	Down       uint64 // its cursor into the down log
	Asked      []Asked
	TakenAt    time.Time
	Answer     uint64 // number of the newest answer
	AnsweredAt time.Time
}

// Asked is a file a node wants to hear of, and why it was not taken.
type Asked struct {
	SHA256 string          `json:"sha256"`
	Fault  *protocol.Fault `json:"fault,omitempty"`
}

// Taken is a bundle that has been applied.
type Taken struct {
	Digest   string // empty for one that was not applied, because its node may not speak
	Node     string
	Epoch    string
	Number   uint64
	Joining  bool
	HubEpoch string
	Down     uint64
	Asked    []Asked
	HubKey   string // public key of the hub the node knows; "" for not said
	Owed     bool   // it wants an answer
}

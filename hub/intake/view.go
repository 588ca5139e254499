package intake

import (
	"zhanqun/hub/catalog"
	"zhanqun/protocol"
)

// States of a node.
const (
	NodePending = "pending" // a person has to agree that it joins
	NodeActive  = "active"
	NodeFrozen  = "frozen"  // two machines under one identity; a person decides
	NodeRevoked = "revoked" // its key is worth nothing any more
)

// Node is what intake needs to know of a node.
type Node struct {
	ID     string
	Unit   string
	State  string
	Reason string // why it is frozen or revoked
	Epoch  string // of its store; empty before the first word
	Up     uint64 // cursor: last applied number of Epoch
	Down   uint64 // newest number of its down log
}

// Outcomes of a position of an up log.
const (
	OutcomeApplied  = "applied"
	OutcomeRefused  = "refused"
	OutcomeUnproven = "unproven" // refused, and not signed by the node: stays open
)

// Known is what is on file about a position.
type Known struct {
	Hash    string
	Outcome string
}

// View is what the store has loaded, and locked, for one batch. Decide changes
// the nodes and items in it as it goes.
type View struct {
	Nodes   map[string]*Node
	Epochs  map[string][]string // per node, every epoch it has had
	Known   map[Position]Known
	Items   map[string]*catalog.Item     // those the batch names, and the other sources of entries it withdraws
	Texts   map[TextOf]*catalog.Revision // what Batch.Again names; Decide adds to it
	Refused map[ItemOf]int               // the highest revision that was refused, of items of the batch
	Entries map[string]*Entry            // live entries the batch may withdraw
	Units   map[string]catalog.Unit      // origins the batch names
	Columns map[string]catalog.Column
	// Answer applies a unit's word on a finding, which is the business of
	// package health, in the same transaction; nil accepts and forgets it.
	Answer func(node, unit string, m *protocol.Answer) (*protocol.Fault, error)
	// Looked keeps what a node saw where it was asked to look, likewise.
	Looked func(node string, m *protocol.Looked) (*protocol.Fault, error)
}

// ItemOf is an item as one node speaks of it.
type ItemOf struct{ Node, Item string }

// Entry is a live portal entry and the items it was made of.
type Entry struct {
	ID    string
	Items []string
}

// Plan is what Decide has found: everything the store has to write, in one
// transaction with the batch's Place.
type Plan struct {
	Nodes     []*Node // whose cursor, epoch or state moved, in the order of ids
	Epochs    []Position
	Ended     []Position // where logs end that were left behind
	Taken     []Taken
	Refusals  []Refusal
	NewItems  []*catalog.Item
	Items     []*catalog.Item // changed ones
	Revisions []catalog.Revision
	Decisions []catalog.Decision // withdrawals by the unit itself
	Entries   []EntryEnd
	Down      []Letterhead
	Events    []Event
	Audits    []Audit
	Result    Result
}

// Taken is a position that now has its entry.
type Taken struct {
	Letter  *Letter
	Outcome string
	Again   bool // the position was held by an unproven entry
}

// Refusal is an entry that can never be applied, kept whole.
type Refusal struct {
	ID       string
	Position Position // Seq 0 for a stray
	Kind     string
	Item     string
	Revision int
	Fault    protocol.Fault
	Raw      []byte
}

// EntryEnd withdraws an entry from the portal.
type EntryEnd struct {
	ID     string
	Reason string // for readers, neutral
}

// Letterhead is a message for a node's down log.
type Letterhead struct {
	Node    string
	Kind    protocol.Kind
	Message protocol.Message
}

// Event is a change for programs that follow the hub.
type Event struct {
	Kind string
	Ref  string
	Data any
}

// Audit is an act worth keeping for ever. Before and After are copies of the
// thing it was done to; the record keeps their digests.
type Audit struct {
	Actor  string
	Act    string
	Ref    string
	Before any
	After  any
	Detail any
}

// Result is what became of a batch.
type Result struct {
	Applied    int
	Refused    int
	Duplicates int
	Waiting    int      // behind a gap
	Skipped    int      // of nodes that may not send now
	Strays     int      // kept, not attributed
	Frozen     []string // nodes frozen in this batch
	Hello      []string // nodes that have to say hello, sorted
}

// Add adds o to r.
func (r *Result) Add(o Result) {
	r.Applied += o.Applied
	r.Refused += o.Refused
	r.Duplicates += o.Duplicates
	r.Waiting += o.Waiting
	r.Skipped += o.Skipped
	r.Strays += o.Strays
	r.Frozen = append(r.Frozen, o.Frozen...)
	r.Hello = unique(append(r.Hello, o.Hello...))
}

package review

import (
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/protocol"
)

// Snapshot is what a rule sees, read and locked in one transaction.
type Snapshot struct {
	At      time.Time
	Columns []catalog.Column
	Items   []Subject                // the items asked for, in the order asked
	Others  []Subject                // the other items of their live entries, by id, without bodies
	Entries map[string]catalog.Entry // entries the items belong to, by id
}

// Subject is one item as a rule sees it.
type Subject struct {
	Item catalog.Item
	// LiveColumn is the column the live revision was meant for, where a newer one
	// waits.
	LiveColumn string
	Text       catalog.Revision   // the latest revision
	Decisions  []catalog.Decision // on the latest revision, oldest first
	Adoptions  []catalog.Adoption // the latest ones, at most 100
	Missing    int                // files of the latest revision that have not arrived
	Held       *Held              // a decision that has not left yet
}

// Effect is what a rule wants written. The zero Effect changes nothing.
type Effect struct {
	// Items carry their new state. Of each, these fields are written: State,
	// Step, DueRole, LiveRevision, Entry, Emergency, PublishAt, ClaimedBy,
	// ClaimedUntil, and Snapshot.At as UpdatedAt. A decision held on the item is forgotten unless
	// Hold names it.
	Items     []catalog.Item
	Decisions []catalog.Decision
	Adoptions []catalog.Adoption
	// Entries are written whole. PublishedAt and WithdrawnAt are stamped by the
	// store: the first when it is zero, the second when the state says so.
	// UpdatedAt is always stamped, later than every stamp before it, and
	// CorrectedAt with it when the version has grown.
	Entries []catalog.Entry
	Pins    []Pin
	Down    []Word
	Events  []Note
	Audits  []Note
	Hold    *Held
}

// Pin keeps a live entry on top of its lists until a time; the zero time ends it.
// It is no change of the entry.
type Pin struct {
	Entry string
	Until time.Time
}

// Word is a status for one node's down log.
type Word struct {
	Node   string
	Status protocol.Status
	Memo   *Memo  // travels with it
	Body   []byte // if it was said before: then exactly this is said, and Memo is in it
}

// Note is an event, or what the audit log keeps. Actor is for the latter.
type Note struct {
	Actor string
	Kind  string
	Ref   string
	Data  any
}

// Held is a decision that has not left yet.
type Held struct {
	ID      string      `json:"id"`
	Who     access.User `json:"who"`
	Request Request     `json:"request"`
	At      time.Time   `json:"at"`
	DueAt   time.Time   `json:"dueAt"`
}

// Stale is the cause of a conflict: the decision named a revision that is not
// the latest. The texts let a page show what changed.
type Stale struct {
	Asked  catalog.Revision // empty if there never was such a revision
	Latest catalog.Revision
}

// Error implements error.
func (*Stale) Error() string { return "the revision judged is not the latest" }

// Names of events. entry.* refer to an entry, item.* to an item.
const (
	EventClaimed   = "item.claimed"
	EventReleased  = "item.released"
	EventHeld      = "item.held"
	EventUndone    = "item.undone"
	EventLapsed    = "item.lapsed"
	EventDecided   = "item.decided"
	EventReopened  = "item.reopened"
	EventAdopted   = "item.adopted"
	EventScheduled = "item.scheduled"
	EventConfirmed = "item.confirmed" // what was published in an emergency has all its steps
	EventPublished = "entry.published"
	EventCorrected = "entry.corrected"
	EventWithdrawn = "entry.withdrawn"
	EventRecovered = "item.recovered"
	EventReposted  = "entry.reposted"
	EventPinned    = "entry.pinned"
)

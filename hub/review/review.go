// Package review takes an item from its arrival to the portal and keeps who
// decided what, when and why.
//
// It promises:
//   - every rule is a pure function of a Snapshot that was read and locked in
//     the transaction that writes the resulting Effect: what was judged is what
//     is on file, and two people deciding at once get one decision and one 409;
//   - a decision names the revision it judges. An older one is a conflict that
//     carries both texts;
//   - the steps of a column are walked in order by different people, each with
//     the role the step asks for, and all of them are checked again when an item
//     is published; choosing another column means walking that column's steps;
//   - nobody reviews what he wrote; a text with a secrecy mark is never approved,
//     one with personal data only with a stated reason;
//   - the adopted revision stays on the portal while a newer one waits, is
//     returned or rejected; a withdrawn item never comes back;
//   - every change of an item goes down the log of the node that sent it, in the
//     transaction of the change.
//
// # States
//
// received, in_review: a step is due. returned: the node has to send a new
// revision. approved: every step is done, but files are still under way, or its
// hour has not come; the item is published when they are complete, because
// readers should never meet a broken attachment. adopted, corrected: the latest revision is on the portal.
// rejected, withdrawn: final. LiveRevision is more than 0 exactly while the item
// is part of a live entry, whatever its state: a newer revision may be waiting.
// Rejecting a newer revision of a live item brings the item back to adopted (or
// corrected), because that is what it is.
//
// # Ten seconds
//
// A decision can be taken back for some seconds before it leaves: Hold checks it
// like any other and keeps it aside, Undo forgets it, and Run carries it out when
// its time has come, also after a restart. Until then nothing has changed: no
// state, no entry, no word to the node. The price is a second way in, kept narrow
// by letting Run use the same Decide; a held decision that meanwhile became
// impossible (the node sent a newer text) lapses, and the item is due again.
// Programs that decide through the API have no use for this and call Decide.
//
// # Emergencies
//
// When the flood comes at night, a chief publishes at once what still has steps
// to do. His approval stands for the last step, is marked wherever it is shown
// and written to the audit log under a name of its own, and the steps between
// fall due afterwards, to other people as always (Item.Emergency). What does not
// pass then, returned or rejected, comes off the portal in the same moment.
//
// # The hour
//
// The last approval may name an hour to publish at. Until then the item is
// approved like one that waits for files, can be stopped or given another hour
// (Schedule), and a newer revision makes the approval void, as always.
package review

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/internal/fault"
)

// Store keeps items, decisions and entries. Each method is one transaction.
type Store interface {
	// Decide locks the items with these ids, all items and entries they are
	// combined with, and their nodes; hands rule what it read; and writes the
	// Effect it returns, all or nothing. rule may be called again when the
	// database gave way to another transaction. An unknown id is a NotFound.
	Decide(ctx context.Context, ids []string, rule func(Snapshot) (Effect, error)) error

	// Columns returns all columns.
	Columns(ctx context.Context) ([]catalog.Column, error)
	// Items returns up to q.Limit items, and where to go on; the zero Position
	// at the end. A page may be short, or empty, and not the last: the search
	// for what an index cannot find stops after a bounded number of rows.
	Items(ctx context.Context, q Query) ([]catalog.Item, Position, error)
	// DueItems returns items whose step is due for role, oldest first, without
	// those that account cannot take now: claimed by another, held, or already
	// approved by him at an earlier step of the same revision.
	DueItems(ctx context.Context, role, account string, after Position, limit int) ([]catalog.Item, error)
	// Item returns what is known about one item; Can and Steps stay empty.
	Item(ctx context.Context, id string) (Detail, error)
	// Revision returns one revision of an item.
	Revision(ctx context.Context, item string, revision int) (catalog.Revision, error)
	// Counts counts items by state and by due role, up to most of each.
	Counts(ctx context.Context, most int) (Counts, error)
	// Events returns up to limit events after a number, in order.
	Events(ctx context.Context, after uint64, limit int) ([]catalog.Event, error)

	// Entry returns an entry in any state, or a NotFound.
	Entry(ctx context.Context, id string) (catalog.Entry, error)

	// HeldDue returns held decisions due by now, and when the next one, or the
	// next item that waits for its hour, is due.
	HeldDue(ctx context.Context, now time.Time, limit int) (due []Held, next time.Time, err error)
	// Complete looks at up to limit items in state approved whose hour has come,
	// oldest first, and returns those whose files have all arrived. next is where
	// to go on, the zero Position at the end.
	Complete(ctx context.Context, now time.Time, after Position, limit int) (ids []string, next Position, err error)

	// RecoverDue returns up to limit items, in the order of their ids after one,
	// that this hub said words about before it was restored, as far as the nodes
	// that give the words back have given all of them.
	RecoverDue(ctx context.Context, after string, limit int) ([]string, error)
	// Recover is Decide for the words about one item: it writes what rule wants
	// and, unless the Verdict is to wait, lets go of the words; with a Why it keeps
	// them for the office. Words about an item that is not on file are kept with
	// the reason unknown.
	Recover(ctx context.Context, item, unknown string, rule func(Snapshot, Recovery) (Effect, Verdict)) error
}

// Options set up a Service.
type Options struct {
	Store Store
	// Portal returns the address of the portal, without a slash at the end; it
	// may be empty while none is known. Nil means always empty.
	Portal    func() string
	Now       func() time.Time // nil for time.Now
	ClaimFor  time.Duration    // how long a claim lasts; 0 for half an hour
	UndoFor   time.Duration    // how long Hold keeps a decision; 0 for ten seconds, below 1 ms for not at all
	ShowNames bool             // tell townships who decided
}

// Service is the review desk.
type Service struct {
	store    Store
	rules    rules
	undoFor  time.Duration
	portalOf func() string
	now      func() time.Time
	wake     chan struct{}
}

// New returns a review desk.
func New(o Options) *Service {
	s := &Service{store: remembering{o.Store}, undoFor: o.UndoFor, portalOf: o.Portal, now: o.Now, wake: make(chan struct{}, 1)}
	if s.portalOf == nil {
		s.portalOf = func() string { return "" }
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.undoFor == 0 {
		s.undoFor = 10 * time.Second
	}
	s.rules = rules{claimFor: o.ClaimFor, showNames: o.ShowNames, newID: newID}
	if s.rules.claimFor == 0 {
		s.rules.claimFor = 30 * time.Minute
	}
	return s
}

// rules are the pure rules with what they need to know of the settings.
type rules struct {
	portal    string // address of the portal, or ""
	claimFor  time.Duration
	showNames bool
	newID     func() string
}

// current returns the rules as they are now: the portal's address may change.
func (s *Service) current() rules {
	r := s.rules
	r.portal = s.portalOf()
	return r
}

// newID returns a UUIDv7. It panics only without a source of chance, where
// nothing else works either.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// Decide carries a decision out at once.
func (s *Service) Decide(ctx context.Context, who access.User, q Request) error {
	if err := q.check(s.now()); err != nil {
		return err
	}
	r := s.current()
	err := s.store.Decide(ctx, []string{q.Item}, func(snap Snapshot) (Effect, error) {
		return r.decide(snap, who, q)
	})
	return s.withTexts(ctx, err)
}

// DecideAll carries decisions out one by one and returns one result for each:
// a list of mixed rights must not fail as a whole.
func (s *Service) DecideAll(ctx context.Context, who access.User, list []Request) []error {
	results := make([]error, len(list))
	for i, q := range list {
		results[i] = s.Decide(ctx, who, q)
	}
	return results
}

// Combine makes one portal entry of several items.
func (s *Service) Combine(ctx context.Context, who access.User, q Combination) (entry string, err error) {
	if err := q.check(); err != nil {
		return "", err
	}
	ids := make([]string, len(q.Items))
	for i, p := range q.Items {
		ids[i] = p.Item
	}
	r := s.current()
	err = s.store.Decide(ctx, ids, func(snap Snapshot) (Effect, error) {
		e, err := r.combine(snap, who, q)
		if err == nil {
			entry = e.Entries[0].ID
		}
		return e, err
	})
	return entry, s.withTexts(ctx, err)
}

// Claim takes an item for who, so that nobody else decides it meanwhile.
// Claiming again makes the claim last longer. note breaks the claim of another
// and says why; it goes to the audit log.
func (s *Service) Claim(ctx context.Context, who access.User, item, note string) error {
	r := s.current()
	return s.store.Decide(ctx, []string{item}, func(snap Snapshot) (Effect, error) {
		return r.claim(snap, who, note)
	})
}

// Release gives a claimed item back.
func (s *Service) Release(ctx context.Context, who access.User, item string) error {
	r := s.current()
	return s.store.Decide(ctx, []string{item}, func(snap Snapshot) (Effect, error) {
		return r.release(snap, who)
	})
}

// Adopt records that an outlet above the county took an item over.
func (s *Service) Adopt(ctx context.Context, who access.User, item string, q Outlet) error {
	if err := q.check(s.now()); err != nil {
		return err
	}
	r := s.current()
	return s.store.Decide(ctx, []string{item}, func(snap Snapshot) (Effect, error) {
		return r.adopt(snap, who, q)
	})
}

// withTexts adds both texts to a conflict over a stale revision.
func (s *Service) withTexts(ctx context.Context, err error) error {
	var stale *Stale
	if !errors.As(err, &stale) {
		return err
	}
	item, asked := stale.Asked.Item, stale.Asked.Revision
	var loadErr error
	if stale.Latest, loadErr = s.store.Revision(ctx, item, stale.Latest.Revision); loadErr != nil {
		return errors.Join(err, loadErr)
	}
	// The asked revision may never have existed; then there is one text only.
	if stale.Asked, loadErr = s.store.Revision(ctx, item, asked); loadErr != nil && !fault.Is(loadErr, fault.NotFound) {
		return errors.Join(err, loadErr)
	}
	return err
}

package access

import (
	"context"
	"time"

	"zhanqun/hub/catalog"
	"zhanqun/internal/account"
	"zhanqun/protocol"
)

// Store keeps what this area knows. Each method is one transaction. A thing
// that does not exist is a fault of kind NotFound. actor names who did it, for
// the audit log.
type Store interface {
	UnitStore
	NodeStore
	AccountStore
}

// UnitStore keeps units, columns and what nodes were told of them.
type UnitStore interface {
	Unit(ctx context.Context, code string) (catalog.Unit, error)
	Units(ctx context.Context, q UnitQuery) ([]catalog.Unit, error)
	// ImportUnits inserts or updates units and returns how many rows changed.
	// check gets the units on file that have to do with them: those of the same
	// code, their parents and their children.
	ImportUnits(ctx context.Context, actor string, units []catalog.Unit, check func(known []catalog.Unit) error) (int, error)

	Columns(ctx context.Context) ([]catalog.Column, error)
	// PutColumn inserts or updates c. check gets all columns as they are.
	PutColumn(ctx context.Context, actor string, c catalog.Column, check func(known []catalog.Column) error) error
	// PutFirstColumns inserts the columns if there are none at all.
	PutFirstColumns(ctx context.Context, columns []catalog.Column) error

	// Portal returns the address readers and nodes reach the hub at, or "".
	Portal(ctx context.Context) (string, error)
	SetPortal(ctx context.Context, base string) error
	// Pin returns what SetPin was last told, "" at first.
	Pin(ctx context.Context) (string, error)
	// SetPin keeps the fingerprint that join codes with an https address carry.
	SetPin(ctx context.Context, fingerprint string) error
	// SetLimits notes what nodes are told of attachments; until then it is what
	// the wire carries.
	SetLimits(ctx context.Context, limits protocol.Limits) error
	// SendSettings tells up to limit nodes the settings they have not been told
	// and returns how many it looked at; fewer than limit means that all know.
	SendSettings(ctx context.Context, limit int) (int, error)
}

// NodeStore keeps the registry of nodes and the invitations to it.
type NodeStore interface {
	NodeByID(ctx context.Context, id string) (Node, error)
	// NodeByKey returns the node for which a key speaks: its present one or, until
	// that has been used, the former one.
	NodeByKey(ctx context.Context, publicKey string) (Node, error)
	Nodes(ctx context.Context, q NodeQuery) ([]Node, error)
	NodesRevokedSince(ctx context.Context, since time.Time) ([]Node, error)
	// SetNodeState changes the state if allow agrees with the present one.
	SetNodeState(ctx context.Context, actor, id, state, reason string, allow func(Node) error) (Node, error)

	// AddInvites puts invitations on file, all or none.
	AddInvites(ctx context.Context, actor string, list []Invite) error
	// Standings returns the townships and departments after a code.
	Standings(ctx context.Context, after string, limit int) ([]Standing, error)
	Invites(ctx context.Context, limit int) ([]Invite, error)
	// InvitesLike returns the digests of invitations that begin with a ticket, at
	// most limit; see protocol.JoinTicket.
	InvitesLike(ctx context.Context, ticket string, limit int) ([]string, error)
	// InviteOf returns the digest of the invitation a node has used.
	InviteOf(ctx context.Context, node string) (string, error)
	// Enrol uses up the invitation with this digest for n, puts n into the
	// invitation's unit and begins its down log with the settings. An invitation
	// that n itself has used, going by the key, returns n as it is on file:
	// the answer to the first request was lost on the way.
	// If the invitation names a node to replace, that one is revoked, and n takes
	// its items over. If n.Was is a node of another unit, it is a Conflict. If it
	// asks for approval, n is pending, and all else waits for ApproveNode.
	Enrol(ctx context.Context, hash string, n Node) (Node, error)
	// ApproveNode lets a pending node in: it is told what Enrol tells others, and
	// takes the place its invitation names. Any other node is ErrNotWaiting.
	ApproveNode(ctx context.Context, actor, id string) (Node, error)
	// Rekey gives an active node another key, asked for with by, its present or
	// former one. The logs it has had stay signed with the key it gives up. Asking
	// again changes nothing.
	Rekey(ctx context.Context, id, by, key string) error
	// RetireKey ends the former key of a node that has used its present one, and
	// reports whether there was one.
	RetireKey(ctx context.Context, id, key string) (bool, error)
	// AskRotate tells an active node to take another key.
	AskRotate(ctx context.Context, actor, id string) (Node, error)
	// Succeed tells n what was said to the node the machine was before and it has
	// not heard, and returns how far that node's up log is on file: nil if there
	// is no such node.
	Succeed(ctx context.Context, n Node, was protocol.Was) (*protocol.Mark, error)
}

// AccountStore keeps people, their tokens and their failed sign-ins.
type AccountStore interface {
	Account(ctx context.Context, id string) (User, error)
	AccountByLogin(ctx context.Context, login string) (User, string, error) // with the password hash
	Accounts(ctx context.Context, q UserQuery) ([]User, error)
	AddAccount(ctx context.Context, actor string, u User, passwordHash string) error
	// AddFirstAdmin adds u if there is no administrator, and reports whether it did.
	AddFirstAdmin(ctx context.Context, u User, passwordHash string) (bool, error)
	// EditAccount stores what edit makes of the account. others counts the other
	// administrators that are not disabled. An account that is disabled then has
	// its tokens revoked.
	EditAccount(ctx context.Context, actor, act, id string, edit func(u *User, others int) error) (User, error)
	// SetPassword replaces the password for an actor at an address (empty for a
	// command), which joins the past ones, forgets failed attempts and refuses every session begun before now; with endTokens also
	// every token.
	SetPassword(ctx context.Context, actor, from, id, hash string, mustChange, endTokens bool) error
	// PastPasswords returns the stored forms of the present password and the
	// latest before it, together at most n.
	PastPasswords(ctx context.Context, id string, n int) ([]string, error)
	// Rehash replaces the stored form of an unchanged password.
	Rehash(ctx context.Context, id, old, hash string) error

	// Attempt counts one attempt to sign in under a name from an address. count
	// gets both counters as they stand and changes them, or says why there may be
	// no attempt now, in which case nothing is counted. A lock that begins is audited
	// if there is such an account.
	Attempt(ctx context.Context, login, from string, count func(here, all *account.Tries) error) error
	// Passed takes the attempt back (account.Passed).
	Passed(ctx context.Context, login, from string) error
	// SignedIn is Passed that notes the time and audits.
	SignedIn(ctx context.Context, id, login, from string) error

	// Second returns the second factor of an account, also one that is not on yet.
	// One whose secret cannot be read any more comes with a Conflict.
	Second(ctx context.Context, id string) (account.Second, error)
	// PutSecond keeps one that waits for its first code; a Conflict if one is on.
	PutSecond(ctx context.Context, id string, f account.Second) error
	// ConfirmSecond puts the one that waits in force, with its recovery codes.
	ConfirmSecond(ctx context.Context, actor, id string, step uint64, hashes []string) error
	// UseStep notes the step of a code that is taken, and reports false if that one
	// or a later one has been taken before.
	UseStep(ctx context.Context, id string, step uint64) (bool, error)
	// PutRecovery replaces the recovery codes.
	PutRecovery(ctx context.Context, actor, id string, hashes []string) error
	// UseRecovery takes a recovery code away and reports whether it was there, and
	// how many are left.
	UseRecovery(ctx context.Context, id, hash string) (left int, ok bool, err error)
	// DropSecond takes the second factor away. If somebody else does it, every
	// session begun before now is refused.
	DropSecond(ctx context.Context, actor, id string) error

	// SignIns returns the sign-ins of an account that let somebody in and have been
	// used since a time, the one used last first.
	SignIns(ctx context.Context, id string, seen time.Time) ([]account.SignIn, error)
	// EndSignIn ends one of them; one that is over stays so.
	EndSignIn(ctx context.Context, actor, id, signIn string) error

	AddToken(ctx context.Context, actor string, t Token, hash string) error
	Tokens(ctx context.Context, account string) ([]Token, error)
	TokenByHash(ctx context.Context, hash string) (Token, User, error)
	TouchToken(ctx context.Context, id string) error
	RevokeToken(ctx context.Context, actor, id string) error

	// PruneAccess deletes expired sessions and lock-outs nobody needs any more.
	// Of lock-outs those whose last failure, and last sign-in, lie before.
	PruneAccess(ctx context.Context, failedBefore, knownBefore time.Time) error
}

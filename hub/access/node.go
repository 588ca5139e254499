package access

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"strings"
	"time"

	"zhanqun/internal/fault"
)

// States of a node.
const (
	NodePending = "pending" // it has joined and waits until a person agrees
	NodeActive  = "active"  // its entries are applied
	NodeFrozen  = "frozen"  // its entries wait until a person has decided
	NodeRevoked = "revoked" // its key is worth nothing; final
)

// Node is an enrolled machine of a unit.
type Node struct {
	ID        string `json:"id"` // a subject token, see protocol.ValidNode
	Unit      string `json:"unit"`
	UnitName  string `json:"unitName"`
	Name      string `json:"name"` // what people call the machine
	PublicKey string `json:"publicKey"`
	State     string `json:"state"`
	Reason    string `json:"reason,omitempty"` // why it is frozen or revoked

	Epoch   string `json:"epoch"`   // of the node's store; empty before its first hello
	UpSeq   uint64 `json:"upSeq"`   // last entry of its up log that is committed here
	DownSeq uint64 `json:"downSeq"` // last entry of its down log
	DownAck uint64 `json:"downAck"` // last one it has stored

	// As the node itself said last.
	Program  string        `json:"program"`
	Skew     time.Duration `json:"skew"`     // its clock minus ours
	DiskFree int64         `json:"diskFree"` // bytes
	Queued   int64         `json:"queued"`   // entries not yet handed to the broker
	Sent     int64         `json:"sent"`     // handed over, not confirmed
	Files    int64         `json:"files"`    // attachments under way
	OldestAt time.Time     `json:"oldestAt,omitzero"`

	SeenAt    time.Time `json:"seenAt,omitzero"`
	JoinedAt  time.Time `json:"joinedAt"`
	RevokedAt time.Time `json:"revokedAt,omitzero"`

	Address string `json:"address,omitempty"` // it joined from
	// FormerKey still speaks for the node too, until it has used PublicKey.
	FormerKey string    `json:"formerKey,omitempty"`
	RekeyedAt time.Time `json:"rekeyedAt,omitzero"` // when it took PublicKey; zero for the one it joined with

	Signer string `json:"-"` // public key of the hub that signs the node's down log
	HubKey string `json:"-"` // public key the node says it knows the hub by; "" if it has not said

	Replaces string `json:"replaces,omitempty"` // the node whose place it took
	Was      string `json:"-"`                  // the node the machine was before; only said when it joins
	// RecallSince is since when the hub, which was restored, waits for the node to
	// give back what it was told.
	RecallSince time.Time `json:"recallSince,omitzero"`
}

// NodeQuery selects nodes, ordered by id.
type NodeQuery struct {
	Unit  string // empty for all
	State string // empty for all
	After string // the last id of the page before
	Limit int
}

// NodeByID returns a node.
func (s *Service) NodeByID(ctx context.Context, id string) (Node, error) {
	return s.Store.NodeByID(ctx, id)
}

// NodeByKey returns the node that holds a public key, whatever its state.
func (s *Service) NodeByKey(ctx context.Context, publicKey string) (Node, error) {
	return s.Store.NodeByKey(ctx, publicKey)
}

// Nodes returns one page of nodes; Limit is kept between 1 and 500.
func (s *Service) Nodes(ctx context.Context, q NodeQuery) ([]Node, error) {
	q.Limit = page(q.Limit)
	return s.Store.Nodes(ctx, q)
}

// RevokeNode makes a node's key worthless for good. Revoking again changes nothing.
func (s *Service) RevokeNode(ctx context.Context, actor User, id, reason string) (Node, error) {
	n, err := s.setNode(ctx, actor, id, NodeRevoked, reason)
	if err == nil {
		s.tellRevoked(n)
	}
	return n, err
}

// FreezeNode stops a node's entries from being applied. They stay in the
// stream and on the node, and nothing is lost.
func (s *Service) FreezeNode(ctx context.Context, actor User, id, reason string) (Node, error) {
	return s.setNode(ctx, actor, id, NodeFrozen, reason)
}

// ReleaseNode ends a freeze.
func (s *Service) ReleaseNode(ctx context.Context, actor User, id string) (Node, error) {
	return s.setNode(ctx, actor, id, NodeActive, "")
}

func (s *Service) setNode(ctx context.Context, actor User, id, state, reason string) (Node, error) {
	if err := actor.Need(Manage); err != nil {
		return Node{}, err
	}
	reason = strings.TrimSpace(reason)
	if state != NodeActive {
		if err := checkLine("reason", "原因", reason, 200); err != nil {
			return Node{}, err
		}
	}
	return s.Store.SetNodeState(ctx, actor.Login, id, state, reason, func(n Node) error {
		switch {
		case n.State == NodeRevoked && state != NodeRevoked:
			return fault.New(fault.Conflict, "这个节点已经吊销，不能恢复。请重新生成入网码，让那台机器重新入网。")
		case n.State == NodePending && state != NodeRevoked:
			return fault.New(fault.Conflict, "这个节点还在等待批准，请先批准或不批准。")
		}
		return nil
	})
}

// ApproveNode lets in a machine that waits for it: its entries are applied from
// now on, and it takes the place of the node its invitation names.
func (s *Service) ApproveNode(ctx context.Context, actor User, id string) (Node, error) {
	if err := actor.Need(Manage); err != nil {
		return Node{}, err
	}
	n, err := s.Store.ApproveNode(ctx, actor.Login, id)
	if err == nil {
		s.tell(s.approved, n)
	}
	return n, err
}

// RefuseNode turns away a machine that waits to be let in, for good.
func (s *Service) RefuseNode(ctx context.Context, actor User, id, reason string) (Node, error) {
	n, err := s.NodeByID(ctx, id)
	if err != nil {
		return n, err
	}
	if n.State != NodePending && n.State != NodeRevoked {
		return n, ErrNotWaiting
	}
	return s.RevokeNode(ctx, actor, id, reason)
}

// ErrNotWaiting says that a node was let in or turned away already.
var ErrNotWaiting = fault.New(fault.Conflict, "这个节点没有在等待批准，可能别人已经处理过了。")

// newNodeID returns 80 random bits as one subject token.
func newNodeID() string {
	var raw [10]byte
	_, _ = rand.Read(raw[:])
	return "n" + strings.ToLower(base32.StdEncoding.EncodeToString(raw[:]))
}

// page keeps the size of a page between 1 and 500.
func page(limit int) int {
	if limit <= 0 {
		return 100
	}
	return min(limit, 500)
}

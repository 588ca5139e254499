package access

import (
	"context"
	"strings"

	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// ErrNotActive says that a node may not take another key now.
var ErrNotActive = fault.New(fault.Conflict, "这个节点现在不能换密钥：它被冻结、吊销或还没有批准。")

// Rekey gives a node the key it asks for. by is the key its request is signed
// with. From then on both speak for it, until it has used the new one (KeyUsed);
// its logs so far stay signed with the former. What it cannot have is a
// protocol.Fault.
func (s *Service) Rekey(ctx context.Context, node, by string, r protocol.Rekey) error {
	key, err := protocol.ParsePublic(r.Key)
	if err != nil || !strings.HasPrefix(r.Key, "U") {
		return protocol.Fault{Code: protocol.CodeField, Field: "key", Detail: "新密钥不是节点的公钥"}
	}
	if !key.Verify(protocol.RekeyText(node, by, r.Key), r.Proof) {
		return protocol.Fault{Code: protocol.CodeSignature, Field: "proof", Detail: "换密钥的请求没有用新密钥签名"}
	}
	err = s.Store.Rekey(ctx, node, by, r.Key)
	if fault.Is(err, fault.Conflict) {
		return protocol.Fault{Code: protocol.CodeState, Detail: fault.Message(err)}
	}
	return err
}

// KeyUsed notes that a node has spoken with a key, and reports whether that ended
// a former one.
func (s *Service) KeyUsed(ctx context.Context, node, key string) (bool, error) {
	n, err := s.NodeByID(ctx, node)
	if err != nil || n.FormerKey == "" || n.PublicKey != key {
		return false, err
	}
	return s.Store.RetireKey(ctx, node, key)
}

// FormerKey returns the key a node has given up and that still speaks for it, ""
// for none.
func (s *Service) FormerKey(ctx context.Context, node string) (string, error) {
	n, err := s.NodeByID(ctx, node)
	if fault.Is(err, fault.NotFound) || err == nil && n.State == NodeRevoked {
		return "", nil
	}
	return n.FormerKey, err
}

// KnownHubKey returns the public key of the hub a node knows, as far as it has said: else
// the one its down log is signed with, which is that of a program older than such
// words. "" is for a node that does not exist.
func (s *Service) KnownHubKey(ctx context.Context, node string) (string, error) {
	n, err := s.NodeByID(ctx, node)
	if fault.Is(err, fault.NotFound) {
		return "", nil
	}
	if n.HubKey != "" {
		return n.HubKey, err
	}
	return n.Signer, err
}

// Pending reports whether a node waits for a person to let it in.
func (s *Service) Pending(ctx context.Context, node string) (bool, error) {
	n, err := s.NodeByID(ctx, node)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return n.State == NodePending, err
}

// RotateNode asks a node to take another key. It does so by itself the next time
// it is heard of.
func (s *Service) RotateNode(ctx context.Context, actor User, id string) (Node, error) {
	if err := actor.Need(Manage); err != nil {
		return Node{}, err
	}
	return s.Store.AskRotate(ctx, actor.Login, id)
}

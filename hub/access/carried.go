package access

import (
	"context"
	"strings"

	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// maxTickets bounds the invitations one ticket is held against. Two with one
// ticket would be a chance of one in 2⁶⁴.
const maxTickets = 8

// EnrolCarried is Enrol for a machine without a line, whose request came in a
// bundle signed by key. The request shows that the sender has the join code
// without holding it.
func (s *Service) EnrolCarried(ctx context.Context, key string, r protocol.JoinRequest, program string) (Node, error) {
	if _, err := protocol.ParsePublic(key); err != nil || !strings.HasPrefix(key, "U") {
		return Node{}, fault.Wrap(fault.Invalid, "入网请求里的公钥无效，请升级节点程序后再试。", err)
	}
	if !protocol.ValidTicket(r.Ticket) {
		return Node{}, ErrNoInvite
	}
	hashes, err := s.Store.InvitesLike(ctx, r.Ticket, maxTickets)
	if err != nil {
		return Node{}, err
	}
	for _, hash := range hashes {
		if protocol.SameProof(r.Proof, protocol.JoinProof(hash, key)) {
			return s.enrol(ctx, hash, Node{Name: r.Name, PublicKey: key, Program: program})
		}
	}
	return Node{}, ErrNoInvite
}

// Welcome is the identity of a node that joined by bundle, with the proof that
// it comes from the hub that made its join code.
func (s *Service) Welcome(ctx context.Context, n Node) (protocol.BundleWelcome, error) {
	hash, err := s.Store.InviteOf(ctx, n.ID)
	if err != nil {
		return protocol.BundleWelcome{}, err
	}
	return protocol.BundleWelcome{EnrolAnswer: s.answer(n), Proof: protocol.WelcomeProof(hash, n.PublicKey, n.Signer, n.ID)}, nil
}

package station

import (
	"context"

	"zhanqun/internal/fault"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// Rejoin gives a node that has an identity another one, with a new key, and keeps
// its items: for a machine that takes the place of a lost one, for both copies of
// a copied disk, and for a node the county forgot. No service may be running in
// the data folder. Like Join it can be repeated with the same code when the answer
// gets lost. A node without an identity joins.
func Rejoin(ctx context.Context, q *queue.Queue, code, name, program string) (queue.Identity, error) {
	old, err := q.Identity(ctx)
	if fault.Is(err, fault.Conflict) {
		return Join(ctx, q, code, name, program)
	}
	if err != nil {
		return queue.Identity{}, err
	}
	if err := q.Lock(ctx); err != nil {
		return queue.Identity{}, err
	}
	invitation, err := parseCode(code)
	if err != nil {
		return queue.Identity{}, err
	}
	c, err := q.Cursors(ctx)
	if err != nil {
		return queue.Identity{}, err
	}
	key, err := q.NextKey(ctx)
	if err != nil {
		return queue.Identity{}, err
	}
	if name == "" {
		name = old.Name
	}
	answer, err := enrol(ctx, invitation, protocol.Enrol{
		Secret: invitation.Secret, Key: key.Public(), Name: name, Program: program,
		Sig: key.Sign(protocol.EnrolText(invitation.Secret, key.Public())),
		Was: &protocol.Was{Node: old.Node, HubEpoch: c.HubEpoch, Down: c.Down},
	})
	if err != nil {
		return queue.Identity{}, err
	}
	if answer.Unit.Code != old.Unit.Code {
		return queue.Identity{}, fault.New(fault.Conflict, "这个入网码是给“"+answer.Unit.Name+"”的，本机是“"+old.Unit.Name+"”。请向县里要本单位的入网码；要用那个单位的身份，请换一个数据目录。")
	}
	if err := q.ChangeIdentity(ctx, answer, invitation.Hub, name, key); err != nil {
		return queue.Identity{}, err
	}
	return q.Identity(ctx)
}

func parseCode(code string) (protocol.JoinCode, error) {
	invitation, err := protocol.ParseJoinCode(code)
	if err != nil {
		return invitation, fault.Wrap(fault.Invalid, "入网码不完整或抄写有误。请整段复制，它以 zq1- 开头。", err)
	}
	return invitation, nil
}

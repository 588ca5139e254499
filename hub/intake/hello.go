package intake

import (
	"context"
	"slices"
	"strings"
	"time"

	"zhanqun/protocol"
)

// Standing returns why a node may not speak now, or nil.
func Standing(n Node) *protocol.Fault {
	switch n.State {
	case NodeActive:
		return nil
	case NodeFrozen:
		return &protocol.Fault{Code: protocol.CodeFrozen, Detail: n.Reason}
	case NodePending:
		return &protocol.Fault{Code: protocol.CodePending, Detail: "正在等县级管理员批准本机入网。批准后自动开始收发，不用重启；这以前写的内容都在本机"}
	}
	return &protocol.Fault{Code: protocol.CodeRevoked, Detail: "本节点已被县级平台停用，请联系县级管理员"}
}

// Hello answers the first word of a node on a connection. backlog is the number
// of its frames in the stream that are not applied yet.
func (s *Service) Hello(ctx context.Context, node string, h protocol.Hello, backlog uint64) (protocol.HelloAnswer, error) {
	if !protocol.Speaks(h.V) {
		return protocol.HelloAnswer{}, protocol.Fault{Code: protocol.CodeVersion, Detail: "协议版本无法识别，请升级程序"}
	}
	if !storable(h.Epoch) {
		return protocol.HelloAnswer{}, protocol.Fault{Code: protocol.CodeMalformed, Field: "epoch", Detail: "缺少本机数据库的编号"}
	}
	n, err := s.Store.NodeState(ctx, node)
	if err != nil {
		return protocol.HelloAnswer{}, err
	}
	if n.State == NodeActive && n.Epoch != h.Epoch && backlog == 0 {
		// With a backlog the old log may not have ended: the new one begins when
		// its first entry is read, or at a later hello.
		if n, err = s.Store.GreetEpoch(ctx, node, h.Epoch); err != nil {
			return protocol.HelloAnswer{}, err
		}
	}
	now := s.Now()
	s.seen.note(Sighting{Node: node, At: now, Beat: &h.Beat, Hello: true,
		Program: Visible(h.Program, 100), Skew: h.Clock.Sub(now), DiskFree: h.DiskFree, Knows: known(h.Knows), HubKey: Visible(h.HubKey, mostKey)})
	if h.HubKey != "" && !s.Store.Keys().Knows(h.HubKey) {
		s.Log.Error("intake: a node knows the hub by a key the hub does not have; was a backup restored that is older than the key, or does somebody else speak as the hub?",
			"node", node, "key", protocol.KeyFingerprint(h.HubKey))
	}
	if fault := Standing(n); fault != nil {
		return protocol.HelloAnswer{}, *fault
	}
	a, err := s.stands(ctx, node, n)
	a.Backlog = backlog
	return a, err
}

// mostKey bounds what is kept of a public key a node names.
const mostKey = 60

// known are the kinds a node says it reads that this hub might say to it.
func known(kinds []protocol.Kind) string {
	var list []string
	for _, k := range protocol.Later() {
		if slices.Contains(kinds, k) {
			list = append(list, string(k))
		}
	}
	return strings.Join(list, " ")
}

// Stands is what a hello would be answered, without one.
func (s *Service) Stands(ctx context.Context, node string) (protocol.HelloAnswer, error) {
	n, err := s.Store.NodeState(ctx, node)
	if err != nil {
		return protocol.HelloAnswer{}, err
	}
	return s.stands(ctx, node, n)
}

// stands says how far this hub has the logs it shares with a node.
func (s *Service) stands(ctx context.Context, node string, n Node) (protocol.HelloAnswer, error) {
	before, err := s.Store.Before(ctx, node, n.Epoch)
	if err != nil {
		return protocol.HelloAnswer{}, err
	}
	past, recall, err := s.Store.Past(ctx, node)
	if err != nil {
		return protocol.HelloAnswer{}, err
	}
	return protocol.HelloAnswer{V: protocol.Version, HubEpoch: s.Store.Epoch(), Epoch: n.Epoch, Cursor: n.Up,
		Head: n.Down, MaxFrame: protocol.MaxFrameBytes, Now: s.Now(), Before: before, Past: past, Recall: recall}, nil
}

// Greet decides on the epoch a node comes with, when nothing of its log is left
// unread. v holds the node and its epochs.
func Greet(v *View, id, epoch string, now time.Time) *Plan {
	d := &decision{View: v, plan: &Plan{}, now: now}
	n := v.Nodes[id]
	switch {
	case n.State != NodeActive || n.Epoch == epoch:
		return d.plan
	case slices.Contains(v.Epochs[id], epoch):
		was := *n
		n.State, n.Reason = NodeFrozen, cloneReason
		detail := map[string]any{"epoch": epoch, "present": n.Epoch}
		d.plan.Audits = append(d.plan.Audits, Audit{Actor: "hub", Act: "node.frozen", Ref: id, Before: was, After: *n, Detail: detail})
		d.plan.Events = append(d.plan.Events, Event{Kind: "node.frozen", Ref: id, Data: detail})
		d.down(id, protocol.KindNotice, cloneNotice(now))
		d.plan.Result.Frozen = []string{id}
	default:
		d.begin(n, epoch)
	}
	d.plan.Nodes = append(d.plan.Nodes, n)
	return d.plan
}

// Pull answers a request for down entries and takes it as the acknowledgement
// of what lies before it. The second result is the newest number there is; one
// below the asked position means that this hub's database is older than what
// the node has seen of it.
func (s *Service) Pull(ctx context.Context, node string, p protocol.Pull) ([]protocol.Entry, uint64, error) {
	entries, head, err := s.Page(ctx, node, p)
	if err == nil && p.After <= head {
		s.seen.note(Sighting{Node: node, At: s.Now(), Ack: p.After})
	}
	return entries, head, err
}

// Page is Pull without the acknowledgement.
func (s *Service) Page(ctx context.Context, node string, p protocol.Pull) ([]protocol.Entry, uint64, error) {
	if p.HubEpoch != s.Store.Epoch() {
		return nil, 0, protocol.Fault{Code: protocol.CodeEpoch, Field: "hubEpoch", Detail: "县级平台换过数据库，请重新问候"}
	}
	n, entries, err := s.Store.PullDown(ctx, node, p.After, min(max(p.MaxBytes, 1), protocol.MaxFrameBytes))
	if err != nil {
		return nil, 0, err
	}
	if fault := Standing(n); fault != nil {
		return nil, 0, *fault
	}
	if p.After > n.Down {
		s.Log.Error("intake: a node has more of its down log than this hub; was the database put back?", "node", node, "node_has", p.After, "hub_has", n.Down)
		return nil, n.Down, nil
	}
	return entries, n.Down, nil
}

// Beat notes how a node's queue stands.
func (s *Service) Beat(node string, b protocol.Beat) {
	s.seen.note(Sighting{Node: node, At: s.Now(), Beat: &b})
}

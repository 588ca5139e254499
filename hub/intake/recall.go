package intake

import (
	"context"
	"fmt"
	"math"
	"slices"

	"zhanqun/protocol"
)

// Word is an entry of a down log that came back from a node: this hub said it,
// and has forgotten it since it was restored.
type Word struct {
	Node  string // in whose log it stood
	Epoch string
	Seq   uint64
	Item  string // it is about
	Raw   []byte // a frame of its own; nil if nothing has to be done with it
}

// Said is a body for a node's down log.
type Said struct {
	Kind protocol.Kind
	Body []byte
}

// Recalled is what one request of a node brings back.
type Recalled struct {
	Words []Word    // in the order they were said
	Say   []Said    // to be said at once
	Kept  []Refusal // that cannot be carried out
	Done  bool      // there are no more
	Gone  uint64    // entries of its up log that nobody has any more
}

// Recall takes back what this hub said to a node before it was restored from a
// backup. Words about items wait until the node has given all: where an item
// stands follows from the last of them.
func (s *Service) Recall(ctx context.Context, node string, r protocol.Recall) (protocol.RecallAnswer, error) {
	if r.HubEpoch != s.Store.Epoch() {
		return protocol.RecallAnswer{}, protocol.Fault{Code: protocol.CodeEpoch, Field: "hubEpoch", Detail: "县级平台换过数据库，请重新问候"}
	}
	n, err := s.Store.NodeState(ctx, node)
	if err != nil {
		return protocol.RecallAnswer{}, err
	}
	if fault := Standing(n); fault != nil {
		return protocol.RecallAnswer{}, *fault
	}
	entries, fault := protocol.DecodeFrame(r.Frame)
	if fault != nil {
		return protocol.RecallAnswer{}, *fault
	}
	names, err := s.Store.Forebears(ctx, node)
	if err != nil {
		return protocol.RecallAnswer{}, err
	}
	own, err := s.past(ctx, append(names, node))
	if err != nil {
		return protocol.RecallAnswer{}, err
	}
	back := Recalled{Done: r.Done, Gone: min(r.Gone, math.MaxInt32)}
	for _, e := range entries {
		if err := s.recalled(ctx, &back, e, append(names, node), own); err != nil {
			return protocol.RecallAnswer{}, err
		}
	}
	if back.Done && back.Gone > 0 {
		back.Kept = append(back.Kept, Refusal{ID: newID(), Position: Position{Node: node, Epoch: n.Epoch, Seq: max(n.Up, 1)}, Fault: protocol.Fault{Code: protocol.CodeRecall,
			Detail: fmt.Sprintf("备份太旧：这个节点报过的 %d 条内容已过保存期，交不回来了。请与报送单位核对。", back.Gone)}})
	}
	taken, err := s.Store.PutRecalled(ctx, node, back)
	if err == nil && (taken > 0 || back.Done) {
		s.Log.Info("intake: words read back", "node", node, "words", taken, "done", back.Done, "gone", back.Gone)
	}
	return protocol.RecallAnswer{Taken: taken}, err
}

// recalled sorts one entry into what it asks for.
func (s *Service) recalled(ctx context.Context, back *Recalled, e protocol.Entry, names []string, own past) error {
	var raw protocol.Frame
	raw.Add(e, protocol.MaxFrameBytes)
	at := Position{Node: names[len(names)-1]}
	keep := func(why string) {
		back.Kept = append(back.Kept, Refusal{ID: newID(), Position: at, Kind: Visible(string(e.Kind), 40),
			Fault: protocol.Fault{Code: protocol.CodeRecall, Detail: why}, Raw: raw.Bytes()})
	}
	if !own.said(e, names) {
		keep("这个节点交回的内容不是本平台签发的。")
		return nil
	}
	if e.Epoch == s.Store.Epoch() {
		return nil
	}
	at.Epoch, at.Seq = e.Epoch, e.Seq
	w := Word{Node: e.Node, Epoch: e.Epoch, Seq: e.Seq}
	m, faults := protocol.ReadBody(protocol.Down, e)
	switch m := m.(type) {
	case *protocol.Status:
		if len(faults) == 0 {
			w.Item, w.Raw = m.Item, raw.Bytes()
		}
	case *protocol.Notice:
		back.Say = append(back.Say, Said{e.Kind, e.Body})
	case *protocol.Finding:
		if err := s.foundAgain(ctx, back, m, keep); err != nil {
			return err
		}
	case *protocol.Findings:
		for i := range m.Findings {
			if err := s.foundAgain(ctx, back, &m.Findings[i], keep); err != nil {
				return err
			}
		}
	}
	back.Words = append(back.Words, w)
	return nil
}

// KeyEnd is where a key of the hub has signed a down log for the last time.
type KeyEnd struct {
	Node, Epoch string
	Seq         uint64
	Former      string // that key
}

// past is what this hub knows of the keys it had.
type past struct {
	keys []protocol.PublicKey // and the present one
	ends []KeyEnd
}

// past reads how the keys of this hub have signed the logs of the names a node has
// had. A restored hub may not know all ends.
func (s *Service) past(ctx context.Context, names []string) (p past, err error) {
	for _, key := range s.Store.Keys().All() {
		public, err := protocol.ParsePublic(key.Public())
		if err != nil {
			return p, fmt.Errorf("reading the hub's key: %w", err)
		}
		p.keys = append(p.keys, public)
	}
	if len(p.keys) == 1 {
		return p, nil
	}
	for _, name := range names {
		ends, err := s.Store.KeyEnds(ctx, name)
		if err != nil {
			return p, err
		}
		p.ends = append(p.ends, ends...)
	}
	return p, nil
}

// said reports whether this hub has said e to one of the names a node has had. What
// a key has signed behind its end was made by somebody who stole it.
func (p past) said(e protocol.Entry, names []string) bool {
	if !slices.Contains(names, e.Node) || e.Seq > math.MaxInt64 || !storable(e.Epoch) {
		return false
	}
	for _, key := range p.keys {
		if e.Check(protocol.Down, e.Node, key) != nil {
			continue
		}
		return !slices.ContainsFunc(p.ends, func(k KeyEnd) bool {
			return k.Former == key.String() && k.Node == e.Node && k.Epoch == e.Epoch && e.Seq > k.Seq
		})
	}
	return false
}

// foundAgain ends a finding at the unit that this hub no longer knows: it will be
// found again, under another id, if it is still there.
func (s *Service) foundAgain(ctx context.Context, back *Recalled, f *protocol.Finding, keep func(string)) error {
	if f.State == protocol.FindingClosed || f.State == protocol.FindingStruck {
		return nil
	}
	known, err := s.Store.FindingKnown(ctx, f.ID)
	if err != nil || known {
		return err
	}
	f.State, f.Note, f.At = protocol.FindingClosed, "县级平台恢复了备份，这条预警由平台重新检查；问题还在的，会另发预警。", s.Now()
	body, err := protocol.WriteBody(f)
	if err != nil {
		return fmt.Errorf("ending finding %s: %w", f.ID, err)
	}
	back.Say = append(back.Say, Said{protocol.KindFinding, body})
	keep("备份以后发现的死链，平台会重新检查：" + Visible(f.Target, 200))
	return nil
}

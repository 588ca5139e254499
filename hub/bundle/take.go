package bundle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/intake"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// Report is what became of a bundle.
type Report struct {
	Node         string    `json:"node"`
	UnitName     string    `json:"unitName"`
	Number       uint64    `json:"number"`
	Joined       bool      `json:"joined,omitempty"` // it asked for an identity
	First        uint64    `json:"first,omitempty"`  // entries it holds
	Last         uint64    `json:"last,omitempty"`
	Applied      int       `json:"applied"`
	Refused      int       `json:"refused"`
	Duplicates   int       `json:"duplicates"` // known already
	Waiting      int       `json:"waiting"`    // something before them is missing
	Files        int       `json:"files"`      // that were new
	FilesRefused int       `json:"filesRefused"`
	TakenBefore  time.Time `json:"takenBefore,omitzero"`
}

// Repeated reports whether the bundle was taken before and had nothing new.
func (r Report) Repeated() bool {
	return !r.TakenBefore.IsZero() && r.Applied+r.Refused+r.Files == 0
}

// Take checks a bundle and applies it. actor is who did it, for the audit log.
// A protocol.Fault says why it is not taken; see dropbox.Explain. After any other
// error, as of the database, the same bundle can be taken again.
func (s *Service) Take(ctx context.Context, actor string, b *protocol.Bundle) (Report, error) {
	x := &b.Index
	if err := s.forUs(x); err != nil {
		return Report{}, err
	}
	before, err := s.Store.TakenBefore(ctx, b.Digest)
	if err != nil {
		return Report{}, err
	}
	if x.Join != nil {
		return s.join(ctx, actor, b, before)
	}
	n, err := s.sender(ctx, x)
	if err != nil {
		return Report{}, err
	}
	if err := s.standing(ctx, actor, n, x); err != nil {
		return Report{}, err
	}
	if err := s.room(ctx, x); err != nil {
		return Report{}, err
	}
	if err := b.Verify(ctx); err != nil {
		return Report{}, err
	}
	unread, err := s.unread(ctx, n)
	if err != nil {
		return Report{}, err
	}
	t := taking{Service: s, x: x, unread: unread, faults: map[string]*protocol.Fault{},
		Report: Report{Node: n.ID, UnitName: n.UnitName, Number: x.Number, First: x.First, Last: x.Last, TakenBefore: before}}
	if err := t.apply(ctx, b); err != nil {
		return Report{}, err
	}
	return t.Report, s.Store.NoteTaken(ctx, actor, t.taken(b.Digest))
}

// forUs reports why a bundle is not one that this hub takes.
func (s *Service) forUs(x *protocol.BundleIndex) error {
	switch {
	case x.Dir == protocol.Down && s.Keys.Knows(x.From):
		return protocol.Fault{Code: protocol.CodeHub, Detail: "这是本平台发给乡镇的回包，应该在乡镇的节点上导入"}
	case x.Dir == protocol.Down:
		return protocol.Fault{Code: protocol.CodeHub, Detail: "这是另一个县级平台发给它的乡镇的回包"}
	case x.To != "" && !s.Keys.Knows(x.To):
		return protocol.Fault{Code: protocol.CodeHub, Detail: "这个摆渡包是给另一个县级平台的"}
	}
	return nil
}

// sender returns the node that made the bundle.
func (s *Service) sender(ctx context.Context, x *protocol.BundleIndex) (access.Node, error) {
	n, err := s.Registry.NodeByID(ctx, x.Node)
	if fault.Is(err, fault.NotFound) {
		return n, protocol.Fault{Code: protocol.CodeNode, Detail: "本平台没有登记节点 " + x.Node + "，这个摆渡包不是本县乡镇的"}
	}
	if err != nil {
		return n, err
	}
	left, err := s.Store.LeftBehind(ctx, n.ID, x.Epoch)
	switch {
	case err != nil:
		return n, err
	case left:
		return n, protocol.Fault{Code: protocol.CodeEpoch, Detail: "摆渡包过时了：" + n.UnitName + "的节点换过数据库或密钥，这是以前导出的"}
	case x.From != n.PublicKey && x.From != n.FormerKey:
		return n, protocol.Fault{Code: protocol.CodeNode, Detail: "摆渡包不是用节点 " + x.Node + " 登记的密钥签名的，可能来自别的电脑"}
	}
	return n, nil
}

// standing reports why the node may not speak. It is told so in an answer, once
// per bundle.
func (s *Service) standing(ctx context.Context, actor string, n access.Node, x *protocol.BundleIndex) error {
	why := intake.Standing(intake.Node{State: n.State, Reason: n.Reason})
	if why == nil {
		return nil
	}
	p, err := s.Store.Partner(ctx, n.ID)
	if err != nil {
		return err
	}
	if p.Epoch != x.Epoch || p.Number < x.Number {
		err = s.Store.NoteTaken(ctx, actor, Taken{Node: n.ID, Epoch: x.Epoch, Number: x.Number, HubEpoch: x.Hello.HubEpoch, Down: x.Hello.Down, Owed: true})
		if err != nil {
			return err
		}
	}
	return *why
}

// unread is how many frames of the node may lie in the stream, unread: none if it
// was heard of by bundles only since the last one. A new epoch begins when there
// are none, see package intake.
func (s *Service) unread(ctx context.Context, n access.Node) (uint64, error) {
	p, err := s.Store.Partner(ctx, n.ID)
	if err != nil || p.Number > 0 && !n.SeenAt.After(p.TakenAt.Add(LineGrace)) {
		return 0, err
	}
	return 1, nil
}

// room reports whether the files that are new have room.
func (s *Service) room(ctx context.Context, x *protocol.BundleIndex) error {
	names := make([]string, len(x.Files))
	for i, p := range x.Files {
		names[i] = p.SHA256
	}
	done, err := s.Store.FilesDone(ctx, x.Node, names)
	if err != nil {
		return err
	}
	need := int64(0)
	for _, p := range x.Files {
		if !done[p.SHA256] {
			need += p.Size
		}
	}
	err = s.Room(need)
	if fault.Is(err, fault.Full) {
		err = fault.Wrap(fault.Full, fmt.Sprintf("磁盘空间不足：包里的附件要 %d MiB。没有导入任何内容，请腾出空间后再导入。", need>>20+1), err)
	}
	return err
}

// join gives the sender an identity.
func (s *Service) join(ctx context.Context, actor string, b *protocol.Bundle, before time.Time) (Report, error) {
	if err := b.Verify(ctx); err != nil {
		return Report{}, err
	}
	x := &b.Index
	n, err := s.Registry.EnrolCarried(ctx, x.From, *x.Join, intake.Visible(x.Program, 100))
	if errors.Is(err, access.ErrNoInvite) {
		return Report{}, protocol.Fault{Code: protocol.CodeHub, Detail: "这个入网请求用的入网码不是本平台发出的"}
	}
	if err != nil {
		return Report{}, err
	}
	r := Report{Node: n.ID, UnitName: n.UnitName, Number: x.Number, Joined: true, TakenBefore: before}
	return r, s.Store.NoteTaken(ctx, actor, Taken{Digest: b.Digest, Node: n.ID, Epoch: x.Epoch, Number: x.Number, Joining: true, Owed: true})
}

// taking is a bundle that is being applied.
type taking struct {
	*Service
	Report
	x      *protocol.BundleIndex
	unread uint64                     // frames of the node that the stream may still hold
	faults map[string]*protocol.Fault // files that were not taken
	owed   bool
	ready  *bool // the up log is here through where the node had it; nil if not looked yet

	frames [][]byte
	size   int
}

// batch is how many bytes of frames one transaction applies.
const batch = 4 << 20

// apply does what the line does: hello, the acknowledgement of the down log, the
// frames, the files.
func (t *taking) apply(ctx context.Context, b *protocol.Bundle) error {
	h := *t.x.Hello
	h.Clock = t.Now() // how long a bundle was on its way says nothing of clocks
	a, err := t.Line.Hello(ctx, t.Node, h, t.unread)
	if err != nil {
		return err
	}
	t.owed = len(t.x.Frames) > 0 || t.x.Recall != nil || len(t.x.Offers) > 0 || h.HubEpoch != t.Store.Epoch() || a.Head != h.Down
	if h.HubEpoch == t.Store.Epoch() {
		if _, _, err := t.Line.Pull(ctx, t.Node, protocol.Pull{HubEpoch: h.HubEpoch, After: h.Down, MaxBytes: 1}); err != nil {
			return err
		}
	}
	err = b.Walk(ctx, protocol.BundleParts{Frame: func(data []byte) error {
		t.frames = append(t.frames, bytes.Clone(data))
		if t.size += len(data); t.size < batch {
			return nil
		}
		return t.accept(ctx)
	}, Recall: func(data []byte) error {
		return t.recall(ctx, data, false)
	}, File: func(p protocol.BundlePart, r io.Reader) error {
		if err := t.accept(ctx); err != nil {
			return err
		}
		return t.file(ctx, p, r)
	}})
	if err == nil {
		err = t.accept(ctx)
	}
	if err == nil && t.x.Recall != nil && t.x.Recall.Done {
		var none protocol.Frame
		err = t.recall(ctx, none.Bytes(), true)
	}
	if t.Files > 0 {
		t.Arrived()
	}
	return err
}

// accept applies the frames that were read.
func (t *taking) accept(ctx context.Context) error {
	if len(t.frames) == 0 {
		return nil
	}
	r, err := t.Line.Accept(ctx, t.Node, t.frames)
	t.frames, t.size = nil, 0
	if err != nil {
		return err
	}
	t.Applied += r.Applied
	t.Refused += r.Refused + r.Strays
	t.Duplicates += r.Duplicates
	t.Waiting += r.Waiting
	if r.Skipped > 0 { // frozen in this very moment, perhaps by what is in here
		return protocol.Fault{Code: protocol.CodeFrozen, Detail: "这个节点刚被冻结，没有导入全部内容，请先处理再重新导入"}
	}
	return nil
}

// recall takes back what this hub said before it was restored, once it has the
// entries that this is about.
func (t *taking) recall(ctx context.Context, data []byte, done bool) error {
	if err := t.accept(ctx); err != nil {
		return err
	}
	if t.ready == nil {
		n, err := t.Registry.NodeByID(ctx, t.Node)
		if err != nil {
			return err
		}
		ready := t.x.Recall.HubEpoch == t.Store.Epoch() && n.Epoch == t.x.Epoch && n.UpSeq >= t.x.Hello.Last
		t.ready = &ready
	}
	if !*t.ready {
		return nil // it is asked for again
	}
	r := protocol.Recall{HubEpoch: t.x.Recall.HubEpoch, Frame: data, Done: done}
	if done {
		r.Gone = t.x.Recall.Gone
	}
	_, err := t.Line.Recall(ctx, t.Node, r)
	return err
}

// file takes one file in, or notes why not.
func (t *taking) file(ctx context.Context, p protocol.BundlePart, r io.Reader) error {
	fresh, err := t.Line.Bring(ctx, t.Node, protocol.Offer{SHA256: p.SHA256, Size: p.Size}, r)
	var f protocol.Fault
	switch {
	case err == nil && fresh:
		t.Files++
	case err == nil:
	case errors.As(err, &f) && f.Code != protocol.CodeHash && f.Code != protocol.CodeBusy:
		t.FilesRefused++
		t.faults[p.SHA256] = &f
	default:
		return err
	}
	return nil
}

func (t *taking) taken(digest string) Taken {
	h := t.x.Hello
	list := make([]Asked, len(t.x.Offers))
	for i, o := range t.x.Offers {
		list[i] = Asked{SHA256: o.SHA256, Fault: t.faults[o.SHA256]}
	}
	return Taken{Digest: digest, Node: t.Node, Epoch: t.x.Epoch, Number: t.x.Number, HubEpoch: h.HubEpoch, Down: h.Down, Asked: list, Owed: t.owed, HubKey: t.x.To}
}

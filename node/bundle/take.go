package bundle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"zhanqun/internal/fault"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// Report is what became of an answer.
type Report struct {
	Number      uint64    `json:"number"`
	Re          uint64    `json:"re,omitempty"`     // newest bundle it answers
	Joined      string    `json:"joined,omitempty"` // name of the unit, if it brought the identity
	News        uint64    `json:"news"`             // entries that were new
	Confirmed   uint64    `json:"confirmed"`        // the county has everything through here
	Unconfirmed uint64    `json:"unconfirmed"`      // and these not
	Files       int       `json:"files"`            // it has now
	Fault       string    `json:"fault,omitempty"`  // why this node may not speak now
	More        bool      `json:"more,omitempty"`   // there is more than fitted
	TakenBefore time.Time `json:"takenBefore,omitzero"`
}

// Repeated reports whether the answer was taken before and had nothing new.
func (r Report) Repeated() bool { return !r.TakenBefore.IsZero() && r.News == 0 && r.Joined == "" }

// Needs the county's administrator.
var errHubOlder = fault.New(fault.Conflict, "县级平台的数据比本机记下的还旧，可能被还原过而没有走还原步骤。没有导入任何内容。请县级管理员用 hub backup 备份现在的平台，再用 hub restore 恢复一次。")

// Take checks an answer and applies it. A protocol.Fault says why it is not
// taken; see dropbox.Explain.
func (s *Service) Take(ctx context.Context, b *protocol.Bundle) (Report, error) {
	x := &b.Index
	own, err := s.q.Key(ctx)
	if err != nil {
		return Report{}, err
	}
	if err := forUs(x, own.Public()); err != nil {
		return Report{}, err
	}
	r := Report{Number: x.Number}
	if r.TakenBefore, err = s.q.AnswerSeen(ctx, b.Digest); err != nil {
		return r, err
	}
	id, err := s.q.Identity(ctx)
	joined := err == nil
	switch {
	case joined:
		err = s.known(ctx, x, id)
	case fault.Is(err, fault.Conflict):
		err = s.welcomed(ctx, x, own.Public())
	}
	if err != nil {
		return r, err
	}
	if err := b.Verify(ctx); err != nil {
		return r, err
	}
	if !joined {
		if err := s.join(ctx, x.Welcome); err != nil {
			return r, err
		}
		r.Joined = x.Welcome.Unit.Name
	}
	return s.apply(ctx, b, r)
}

// forUs reports why a bundle is not one that this node takes.
func forUs(x *protocol.BundleIndex, own string) error {
	switch {
	case x.Dir == protocol.Up && x.From == own:
		return protocol.Fault{Code: protocol.CodeNode, Detail: "这是本机导出给县里的摆渡包，应该拿到县里导入"}
	case x.Dir == protocol.Up:
		return protocol.Fault{Code: protocol.CodeNode, Detail: "这是另一个节点导出给县里的摆渡包"}
	case x.To != own:
		return protocol.Fault{Code: protocol.CodeNode, Detail: "这个摆渡包是县里给另一个节点（" + x.Node + "）的"}
	}
	return nil
}

// known reports why an answer is not one of this node's hub as it is now.
func (s *Service) known(ctx context.Context, x *protocol.BundleIndex, id queue.Identity) error {
	keys, err := s.q.HubKeys(ctx)
	if err != nil {
		return err
	}
	switch {
	case keys.Was(x.From):
		// What this node exports from now on says which key it knows.
		return errors.Join(protocol.Fault{Code: protocol.CodeEpoch, Detail: "摆渡包过时了：是县里用已经换下的旧密钥签名的。请把本机下一个摆渡包交给县里，再导入新的回包；一直这样的，请县级管理员运行 hub doctor"},
			s.q.TellAgain(ctx, 1<<62, s.since()))
	case x.From != id.HubKey:
		return protocol.Fault{Code: protocol.CodeHub, Detail: "这个摆渡包不是本机入网的那个县级平台发出的"}
	case x.Node != id.Node:
		return protocol.Fault{Code: protocol.CodeNode, Detail: "这个摆渡包是县里给另一个节点（" + x.Node + "）的"}
	}
	c, err := s.q.Cursors(ctx)
	if err != nil {
		return err
	}
	if x.Epoch != c.HubEpoch {
		if err := s.newer(ctx, x, c); err != nil {
			return err
		}
	}
	if a := x.Answer; a != nil {
		if a.Epoch == c.Epoch && a.Cursor > c.Last {
			return queue.RolledBack(a.Cursor, c.Last)
		}
		_, told, err := s.q.BundleTold(ctx, re(x, c.Epoch))
		if err != nil {
			return err
		}
		if x.Epoch == c.HubEpoch && a.Head < told {
			return errHubOlder
		}
	}
	return nil
}

// newer reports why an answer of another store of the county is not of one that
// came after the one this node knows.
func (s *Service) newer(ctx context.Context, x *protocol.BundleIndex, c queue.Cursors) error {
	had := func(list []protocol.Past, epoch string) bool {
		return slices.ContainsFunc(list, func(p protocol.Past) bool { return p.Epoch == epoch })
	}
	if x.Answer != nil && had(x.Answer.Past, c.HubEpoch) {
		return nil // restored from a backup of that one
	}
	past, _, err := s.q.HubPast(ctx)
	if err != nil {
		return err
	}
	// If neither names the other it is the newer one if it knows what this node has
	// sent since; epochs themselves have no order.
	through, err := s.q.AnsweredThrough(ctx)
	if err != nil {
		return err
	}
	if !had(past, x.Epoch) && re(x, c.Epoch) >= through {
		return nil
	}
	if err := s.q.TellAgain(ctx, 1<<62, s.since()); err != nil {
		return err
	}
	return protocol.Fault{Code: protocol.CodeEpoch, Detail: "摆渡包过时了：县里换过数据库，这是另一个数据库导出的"}
}

// re is the number of the bundle of this store that x answers, 0 for none.
func re(x *protocol.BundleIndex, epoch string) uint64 {
	if x.Re == nil || x.Re.Epoch != epoch {
		return 0
	}
	return x.Re.Number
}

// welcomed reports why an answer does not make this node a member: only the hub
// that made the join code can.
func (s *Service) welcomed(ctx context.Context, x *protocol.BundleIndex, own string) error {
	j, ok, err := s.q.Joining(ctx)
	if err != nil {
		return err
	}
	w := x.Welcome
	switch {
	case !ok:
		return fault.New(fault.Conflict, "本机还没有入网。请先运行 node join 入网码 --offline，导出摆渡包交给县里，再导入县里的回包。")
	case w == nil:
		return protocol.Fault{Code: protocol.CodeNode, Detail: "这个摆渡包里没有本机的入网身份，请导入县里对入网请求的回包"}
	}
	hash := protocol.HashOf([]byte(j.Code.Secret))
	if w.HubKey != x.From || w.Node != x.Node || w.HubEpoch != x.Epoch || !protocol.SameProof(w.Proof, protocol.WelcomeProof(hash, own, x.From, x.Node)) {
		return protocol.Fault{Code: protocol.CodeHub, Detail: "这个摆渡包不是发出入网码的那个县级平台回的"}
	}
	return nil
}

func (s *Service) join(ctx context.Context, w *protocol.BundleWelcome) error {
	j, _, err := s.q.Joining(ctx)
	if err != nil {
		return err
	}
	return s.q.SaveIdentity(ctx, w.EnrolAnswer, j.Code.Hub, j.Name)
}

// apply does what the line does: the hub's word, then its down log.
func (s *Service) apply(ctx context.Context, b *protocol.Bundle, r Report) (Report, error) {
	x := &b.Index
	before, err := s.q.Cursors(ctx)
	if err != nil {
		return r, err
	}
	r.Re = re(x, before.Epoch)
	a := queue.Answer{Digest: b.Digest, Re: r.Re}
	if x.Answer != nil {
		a.Past, a.Recall = x.Answer.Past, x.Answer.Recall
	}
	if x.Fault != nil {
		a.Fault = visible(x.Fault.Detail)
		r.Fault, r.Confirmed, r.Unconfirmed = a.Fault, before.Confirmed, before.Last-before.Confirmed
		return r, s.q.AnswerTaken(ctx, a)
	}
	if a.Forget, err = s.otherHub(ctx, x, before); err != nil {
		return r, err
	}
	err = b.Walk(ctx, protocol.BundleParts{Frame: func(data []byte) error { return s.applyFrame(ctx, bytes.Clone(data)) }})
	if errors.Is(err, queue.ErrGap) {
		err = errors.Join(err, s.q.TellAgain(ctx, r.Re, s.since()))
	}
	if err != nil {
		return r, err
	}
	for _, o := range x.Offered {
		f := queue.Settled{SHA256: o.SHA256, Done: o.Done}
		if o.Fault != nil {
			f.Why = visible(o.Fault.Detail)
		}
		if o.Done {
			r.Files++
		}
		a.Settled = append(a.Settled, f)
	}
	if err := s.q.AnswerTaken(ctx, a); err != nil {
		return r, err
	}
	if a.Recall {
		seen := r.Re
		if a.Forget {
			seen = 1 << 62
		}
		if err := s.q.TellAgain(ctx, seen, s.since()); err != nil {
			return r, err
		}
	}
	now, err := s.q.Cursors(ctx)
	if err != nil {
		return r, err
	}
	r.Confirmed, r.Unconfirmed, r.More = now.Confirmed, now.Last-now.Confirmed, x.Last < x.Answer.Head && now.Down < x.Answer.Head
	if now.Down > before.Down {
		r.News = now.Down - before.Down
	}
	return r, nil
}

// otherHub follows the county to another store of its, or to another beginning of
// this node's log: what the county does not have is carried again.
func (s *Service) otherHub(ctx context.Context, x *protocol.BundleIndex, c queue.Cursors) (forget bool, err error) {
	changed, err := s.q.HubChanged(ctx, x.Epoch, x.Answer.Past...)
	if err != nil {
		return false, err
	}
	has := uint64(0)
	if x.Answer.Epoch == c.Epoch {
		has = x.Answer.Cursor
		renewed, err := s.q.HubHad(ctx, x.Answer.Before)
		if err != nil {
			return false, err
		}
		if renewed {
			s.Log.Warn("bundle: a new log begins with what the county lacks of the former ones")
			return true, nil
		}
	}
	// An answer that comes late knows at least what the bundle it answers told.
	told, _, err := s.q.BundleTold(ctx, re(x, c.Epoch))
	if err != nil || (!changed || c.HubEpoch == "") && (x.Answer.Epoch != c.Epoch || has >= told) {
		return false, err
	}
	s.Log.Warn("bundle: the county has less than it had; carrying again what it does not have", "from", has+1)
	return true, s.q.Rewind(ctx, has)
}

func (s *Service) applyFrame(ctx context.Context, data []byte) error {
	entries, f := protocol.DecodeFrame(data)
	if f != nil {
		return fmt.Errorf("reading an answer: %w", *f)
	}
	return s.q.ApplyDown(ctx, entries)
}

// visible is what the hub says, as text that pages and tables take.
func visible(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > protocol.MaxLineRunes {
		text = string(runes[:protocol.MaxLineRunes])
	}
	return text
}

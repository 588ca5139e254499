package bundle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"zhanqun/hub/access"
	"zhanqun/hub/intake"
	"zhanqun/internal/dropbox"
	"zhanqun/protocol"
)

// Answer writes what a node has not confirmed into a file: at path, or under its
// usual name in the folder dir if path is empty. It returns where.
func (s *Service) Answer(ctx context.Context, actor, node, dir, path string) (string, error) {
	n, err := s.Registry.NodeByID(ctx, node)
	if err != nil {
		return "", err
	}
	p, err := s.Store.Partner(ctx, node)
	if err != nil {
		return "", err
	}
	a, err := s.compose(ctx, n, p)
	if err != nil {
		return "", fmt.Errorf("composing an answer to %s: %w", node, err)
	}
	if a.index.Number, err = s.Store.BeginAnswer(ctx, node); err != nil {
		return "", err
	}
	if path == "" {
		path = filepath.Join(dir, dropbox.Name{Who: node, Dir: protocol.Down, Number: a.index.Number}.String())
	}
	known := n.HubKey
	if known == "" {
		known = n.Signer
	}
	err = dropbox.Write(path, func(w io.Writer) error {
		_, err := protocol.WriteBundle(w, a.index, s.Keys.For(known), protocol.BundleContent{Frame: func(i int) ([]byte, error) { return s.frame(ctx, node, a.runs[i]) }})
		return err
	})
	if err != nil {
		return "", err
	}
	p.Node = node
	head := n.DownSeq
	if a.index.Answer != nil {
		head = a.index.Answer.Head
	}
	return path, s.Store.NoteAnswer(ctx, actor, p, a.index.Number, head)
}

// answer is what goes into a file: the index, and which entries each frame holds.
type answer struct {
	index protocol.BundleIndex
	runs  []run
}

type run struct{ first, last uint64 }

func (s *Service) compose(ctx context.Context, n access.Node, p Partner) (a answer, err error) {
	a = answer{index: protocol.BundleIndex{Dir: protocol.Down, To: n.PublicKey, Node: n.ID, Epoch: s.Store.Epoch(), At: s.Now(), Program: s.Program}}
	x := &a.index
	if p.Number > 0 {
		x.Re = &protocol.BundleRef{Epoch: p.Epoch, Number: p.Number}
	}
	x.Fault = intake.Standing(intake.Node{State: n.State, Reason: n.Reason})
	if p.Joining && (n.State == access.NodeActive || n.State == access.NodePending) {
		w, err := s.Registry.Welcome(ctx, n)
		if err != nil {
			return a, err
		}
		x.Welcome = &w
	}
	if n.State != access.NodeActive {
		return a, nil
	}
	stands, err := s.Line.Stands(ctx, n.ID)
	if err != nil {
		return a, err
	}
	x.Answer = &stands
	if x.Offered, err = s.offered(ctx, n.ID, p.Asked); err != nil {
		return a, err
	}
	err = s.addFrames(ctx, &a, after(n, p, x.Answer), x.Answer.Head)
	return a, err
}

// after is through where the node has its down log, as far as it has said.
func after(n access.Node, p Partner, stands *protocol.HelloAnswer) uint64 {
	switch {
	case p.Number == 0: // it has only spoken on the line
		return n.DownAck
	case p.HubEpoch != stands.HubEpoch:
		for _, past := range stands.Past {
			if past.Epoch == p.HubEpoch {
				return min(p.Down, past.Through)
			}
		}
		return 0
	case p.Epoch == n.Epoch:
		return max(p.Down, n.DownAck)
	}
	return p.Down
}

func (s *Service) offered(ctx context.Context, node string, asked []Asked) ([]protocol.BundleOffer, error) {
	names := make([]string, len(asked))
	for i, f := range asked {
		names[i] = f.SHA256
	}
	done, err := s.Store.FilesDone(ctx, node, names)
	if err != nil {
		return nil, err
	}
	var list []protocol.BundleOffer
	for _, f := range asked {
		o := protocol.BundleOffer{SHA256: f.SHA256, Done: done[f.SHA256]}
		if !o.Done {
			o.Fault = f.Fault
		}
		list = append(list, o)
	}
	return list, nil
}

// addFrames puts the down log after a position into the answer, as much as fits.
func (s *Service) addFrames(ctx context.Context, a *answer, after, head uint64) error {
	first := after + 1
	var size int64
	for after < head && size < s.MaxBytes && len(a.runs) < protocol.MaxBundleFrames {
		f, r, err := s.pack(ctx, a.index.Node, run{after + 1, head})
		if err != nil {
			return err
		}
		if r.last == 0 {
			break
		}
		a.index.Frames = append(a.index.Frames, protocol.BundlePart{Size: int64(len(f)), SHA256: protocol.HashOf(f)})
		a.runs = append(a.runs, r)
		size += int64(len(f))
		after = r.last
	}
	if len(a.runs) > 0 {
		a.index.First, a.index.Last = first, after
	}
	return nil
}

// pack makes a frame of the entries from r.first on, up to r.last at most, and
// says which these are; last is 0 for none.
func (s *Service) pack(ctx context.Context, node string, r run) ([]byte, run, error) {
	entries, _, err := s.Line.Page(ctx, node, protocol.Pull{HubEpoch: s.Store.Epoch(), After: r.first - 1, MaxBytes: protocol.MaxFrameBytes})
	if err != nil {
		return nil, run{}, err
	}
	var f protocol.Frame
	got := run{first: r.first}
	for _, e := range entries {
		if e.Seq > r.last || !f.Add(e, protocol.MaxFrameBytes) {
			break
		}
		got.last = e.Seq
	}
	return f.Bytes(), got, nil
}

// frame makes a frame again.
func (s *Service) frame(ctx context.Context, node string, r run) ([]byte, error) {
	data, got, err := s.pack(ctx, node, r)
	if err == nil && got != r {
		err = errors.New("the down log has changed")
	}
	return data, err
}

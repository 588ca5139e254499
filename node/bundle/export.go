package bundle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"zhanqun/internal/blob"
	"zhanqun/internal/dropbox"
	"zhanqun/internal/fault"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// Made is a bundle that was written.
type Made struct {
	queue.Bundle
	Path      string `json:"path"`
	Entries   uint64 `json:"entries"`
	Files     int    `json:"files"`
	LeftOver  uint64 `json:"leftOver"`  // unconfirmed entries that did not fit
	FilesLeft int    `json:"filesLeft"` // and files
}

// Export writes a bundle: at path, or under its usual name in the folder dir if
// path is empty. It holds what is unconfirmed, whether or not it is in an earlier
// bundle; what does not fit follows in the next one.
func (s *Service) Export(ctx context.Context, dir, path string) (Made, error) {
	carried, err := s.q.Carried(ctx, s.since())
	if err != nil {
		return Made{}, err
	}
	return s.export(ctx, dir, path, carried, true)
}

// since is from when on a bundle counts as on its way.
func (s *Service) since() time.Time { return s.Now().Add(-s.Resend) }

// export writes a bundle. again says whether files go that are on their way.
func (s *Service) export(ctx context.Context, dir, path string, carried queue.Carried, again bool) (Made, error) {
	key, err := s.q.Key(ctx)
	if err != nil {
		return Made{}, err
	}
	p, err := s.plan(ctx, carried, again)
	if err != nil {
		return Made{}, err
	}
	x := &p.index
	if x.Number, err = s.q.BeginBundle(ctx); err != nil {
		return Made{}, err
	}
	who := x.Node
	if who == "" {
		who = dropbox.Newcomer(key.Public())
	}
	if path == "" {
		path = filepath.Join(dir, dropbox.Name{Who: who, Dir: protocol.Up, Number: x.Number}.String())
	}
	err = dropbox.Write(path, func(w io.Writer) error {
		_, err := protocol.WriteBundle(w, *x, key, protocol.BundleContent{
			Frame:  func(i int) ([]byte, error) { return s.frame(ctx, p.runs[i]) },
			Recall: func(i int) ([]byte, error) { data, _, err := s.words(ctx, p.past, p.words[i]); return data, err },
			File:   func(part protocol.BundlePart) (io.ReadCloser, error) { return s.q.Blob(part.SHA256) },
		})
		return err
	})
	if err != nil {
		return Made{}, err
	}
	made := Made{Path: path, Files: len(x.Files), LeftOver: p.left, FilesLeft: p.filesLeft,
		Bundle: queue.Bundle{Number: x.Number, Name: filepath.Base(path), At: x.At, Joining: x.Join != nil, First: x.First, Last: x.Last}}
	if x.First > 0 {
		made.Entries = x.Last - x.First + 1
	}
	if x.Hello != nil {
		made.Confirmed, made.Down = x.Hello.Confirmed, x.Hello.Down
	}
	if info, err := os.Stat(path); err == nil {
		made.Bytes = info.Size()
	}
	names := p.damaged
	for _, f := range x.Files {
		names = append(names, f.SHA256)
	}
	return made, s.q.BundleOut(ctx, made.Bundle, names)
}

// plan is what goes into a bundle: its index, and which entries each frame holds.
type plan struct {
	index     protocol.BundleIndex
	runs      []run
	past      []protocol.Past // epochs of the county it wants words back of
	words     []int64         // after which row each frame of them begins
	left      uint64
	filesLeft int
	damaged   []string // files that are left out, and looked at again with the next resending
}

type run struct{ first, last uint64 }

func (s *Service) plan(ctx context.Context, carried queue.Carried, again bool) (plan, error) {
	id, err := s.q.Identity(ctx)
	if fault.Is(err, fault.Conflict) {
		return s.planJoining(ctx, err)
	}
	if err != nil {
		return plan{}, err
	}
	c, hello, err := s.q.Hello(ctx, s.Program)
	if err != nil {
		return plan{}, err
	}
	p := plan{index: protocol.BundleIndex{Dir: protocol.Up, To: id.HubKey, Node: id.Node, Epoch: c.Epoch, At: s.Now(), Program: s.Program, Hello: &hello}}
	size, err := s.addEntries(ctx, &p, c.Confirmed, c.Last)
	if err == nil && p.left > 0 && carried.Through > c.Confirmed && carried.Through < c.Last {
		// Too much for one bundle: this one goes on where the last one ended.
		p.index.Frames, p.runs = nil, nil
		size, err = s.addEntries(ctx, &p, carried.Through, c.Last)
	}
	if err == nil && p.left == 0 {
		size, err = s.addWords(ctx, &p, c.HubEpoch, size)
	}
	if err != nil {
		return plan{}, err
	}
	err = s.addFiles(ctx, &p, carried, again, size)
	return p, err
}

// planJoining is the plan of a node without identity.
func (s *Service) planJoining(ctx context.Context, notJoined error) (plan, error) {
	j, ok, err := s.q.Joining(ctx)
	if err != nil {
		return plan{}, err
	}
	if !ok {
		return plan{}, fault.Wrap(fault.Conflict, "本机还没有入网。请向县里要入网码，先运行 node join 入网码 --offline，再导出。", notJoined)
	}
	key, err := s.q.Key(ctx)
	if err != nil {
		return plan{}, err
	}
	c, err := s.q.Cursors(ctx)
	if err != nil {
		return plan{}, err
	}
	hash := protocol.HashOf([]byte(j.Code.Secret))
	return plan{index: protocol.BundleIndex{Dir: protocol.Up, Epoch: c.Epoch, At: s.Now(), Program: s.Program,
		Join: &protocol.JoinRequest{Ticket: protocol.JoinTicket(hash), Proof: protocol.JoinProof(hash, key.Public()), Name: j.Name}}}, nil
}

// addEntries puts the up log after a position into the plan, as much as fits,
// and returns how many bytes that is.
func (s *Service) addEntries(ctx context.Context, p *plan, after, last uint64) (size int64, err error) {
	first := after + 1
	for after < last && size < s.MaxBytes && len(p.runs) < protocol.MaxBundleFrames {
		f, r, err := s.pack(ctx, run{after + 1, last})
		if err != nil {
			return 0, err
		}
		p.index.Frames = append(p.index.Frames, protocol.BundlePart{Size: int64(len(f)), SHA256: protocol.HashOf(f)})
		p.runs = append(p.runs, r)
		size += int64(len(f))
		after = r.last
	}
	p.index.First, p.index.Last = 0, 0
	if len(p.runs) > 0 {
		p.index.First, p.index.Last = first, after
	}
	p.left = last - after
	return size, nil
}

// pack makes a frame of the entries from r.first on, up to r.last at most, and
// says which these are.
func (s *Service) pack(ctx context.Context, r run) ([]byte, run, error) {
	entries, err := s.q.Entries(ctx, r.first-1, protocol.MaxFrameBytes)
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
	if got.last == 0 {
		return nil, run{}, fmt.Errorf("entry %d of the up log is missing", r.first)
	}
	return f.Bytes(), got, nil
}

// frame makes a frame again.
func (s *Service) frame(ctx context.Context, r run) ([]byte, error) {
	data, got, err := s.pack(ctx, r)
	if err == nil && got != r {
		err = errors.New("the up log has changed")
	}
	return data, err
}

// addWords gives the county back what it has forgotten, if it has asked: all of
// it, or as much as fits. It is about entries that go before it.
func (s *Service) addWords(ctx context.Context, p *plan, hubEpoch string, size int64) (int64, error) {
	past, wanted, err := s.q.HubPast(ctx)
	if err != nil || !wanted {
		return size, err
	}
	r := &protocol.BundleRecall{HubEpoch: hubEpoch}
	p.index.Recall, p.past = r, past
	for after := int64(0); size < s.MaxBytes && len(p.runs)+len(p.words) < protocol.MaxBundleFrames; {
		data, next, err := s.words(ctx, past, after)
		if err != nil {
			return 0, err
		}
		if next == after {
			r.Done = true
			r.Gone, err = s.q.Gone(ctx)
			return size, err
		}
		r.Frames = append(r.Frames, protocol.BundlePart{Size: int64(len(data)), SHA256: protocol.HashOf(data)})
		p.words = append(p.words, after)
		size += int64(len(data))
		after = next
	}
	return size, nil
}

// words makes a frame of the county's words behind a row, and says where it ends.
func (s *Service) words(ctx context.Context, past []protocol.Past, after int64) ([]byte, int64, error) {
	entries, next, err := s.q.Held(ctx, past, after, protocol.MaxFrameBytes)
	if err != nil {
		return nil, 0, err
	}
	var f protocol.Frame
	for _, e := range entries {
		if !f.Add(e, protocol.MaxFrameBytes) {
			return nil, 0, fmt.Errorf("down entry %d does not fit into a frame", e.Seq)
		}
	}
	return f.Bytes(), next, nil
}

// addFiles offers the files the county may not have and puts in as many as fit,
// and one in any case: those first that are in no bundle on its way.
func (s *Service) addFiles(ctx context.Context, p *plan, carried queue.Carried, again bool, size int64) error {
	files, err := s.q.UnsentFiles(ctx, protocol.MaxBundleFiles)
	if err != nil {
		return err
	}
	var fresh, known []queue.File
	for _, f := range files {
		p.index.Offers = append(p.index.Offers, protocol.Offer{SHA256: f.SHA256, Size: f.Size})
		if carried.Files[f.SHA256] {
			known = append(known, f)
		} else {
			fresh = append(fresh, f)
		}
	}
	if again {
		fresh = append(fresh, known...)
	}
	for _, f := range fresh {
		if size+f.Size > s.MaxBytes && len(p.index.Files) > 0 {
			p.filesLeft++
			continue
		}
		switch ok, err := s.sound(ctx, f); {
		case err != nil:
			return err
		case !ok:
			p.damaged = append(p.damaged, f.SHA256)
		default:
			p.index.Files = append(p.index.Files, protocol.BundlePart{Size: f.Size, SHA256: f.SHA256})
			size += f.Size
		}
	}
	return nil
}

// damagedRetry is when a file that cannot be read is looked at again.
const damagedRetry = time.Hour

// sound reports whether the bytes of a file are what they should be. One damaged
// file does not keep all else from being carried.
func (s *Service) sound(ctx context.Context, f queue.File) (bool, error) {
	err := s.q.VerifyBlob(ctx, f.SHA256)
	if !errors.Is(err, blob.ErrCorrupt) && !errors.Is(err, fs.ErrNotExist) {
		return err == nil, err
	}
	s.Log.Error("bundle: an attached file is damaged", "sha256", f.SHA256, "err", err)
	return false, s.q.FileFailed(ctx, f.SHA256, "附件的文件不在了或已损坏，请从备份恢复数据目录。", damagedRetry)
}

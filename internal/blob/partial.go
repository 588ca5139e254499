package blob

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"

	"zhanqun/internal/fault"
)

// Partial is a handle on a file that arrives in pieces from one sender. Handles
// on the same content from the same sender share their state and may be used from
// several goroutines; each is closed once.
type Partial struct {
	s    *Store
	st   *partialState
	once sync.Once
	err  error
}

// Partial starts or continues the arrival of the file sha of the given size from
// a sender, whose name is 1 to 40 of a-z and 0-9. What an earlier attempt of the
// same sender left on disk counts as received. A disk without room for the rest
// is a fault of kind Full, now rather than at the last piece.
//
// Senders have nothing to do with each other: none can spoil what another sends,
// and none can tell from an answer, nor from how long it takes, whether the store
// has the content already. It is kept once all the same.
func (s *Store) Partial(sender, sha string, size int64) (*Partial, error) {
	if !ValidName(sha) || !validSender(sender) || size <= 0 {
		return nil, fault.New(fault.Invalid, "文件的校验值或大小不正确，请重新选择文件。")
	}
	key := fmt.Sprintf("%s-%s-%d", sender, sha, size)
	s.partialMu.Lock()
	defer s.partialMu.Unlock()
	st := s.partials[key]
	if st == nil || st.finished() {
		st = &partialState{key: key, ref: Ref{SHA256: sha, Size: size}}
		if err := s.openPartial(st); err != nil {
			return nil, err
		}
		s.partials[key] = st
	}
	st.handles++
	return &Partial{s: s, st: st}, nil
}

// openPartial opens the files of st and makes sure there is room for the rest.
func (s *Store) openPartial(st *partialState) error {
	if err := st.open(s); err != nil {
		return err
	}
	rest := st.ref.Size
	for _, r := range st.ranges {
		rest -= r.End - r.Start
	}
	free, err := s.free(s.dir)
	if err == nil && free < uint64(rest) { // #nosec G115 -- rest is never negative
		err = fault.New(fault.Full, fullMessage)
	}
	if err != nil {
		return errors.Join(err, st.close(s))
	}
	return nil
}

// WriteAt stores chunk at offset. When it returns without error the piece is on
// disk and survives a power cut. A piece already there is not written again; a
// piece outside the file is a fault of kind Invalid, a full disk one of Full.
func (p *Partial) WriteAt(offset int64, chunk []byte) error {
	p.st.mu.Lock()
	defer p.st.mu.Unlock()
	size := p.st.ref.Size
	if offset < 0 || offset > size || int64(len(chunk)) > size-offset {
		return fault.New(fault.Invalid, "文件片段超出了文件范围，请重新上传。")
	}
	r := Range{offset, offset + int64(len(chunk))}
	if p.st.done || covered(p.st.ranges, r) {
		return nil
	}
	return p.st.write(r, chunk)
}

// Received returns the stretches that are on disk: sorted, not touching.
func (p *Partial) Received() []Range {
	p.st.mu.Lock()
	defer p.st.mu.Unlock()
	if p.st.done {
		return []Range{{0, p.st.ref.Size}}
	}
	return slices.Clone(p.st.ranges)
}

// Missing returns the stretches still to come; none means ready for Commit.
func (p *Partial) Missing() []Range {
	p.st.mu.Lock()
	defer p.st.mu.Unlock()
	if p.st.done {
		return nil
	}
	return missing(p.st.ranges, p.st.ref.Size)
}

// Commit checks the whole file against its SHA-256 and puts it in its place.
// With pieces still missing it is a fault of kind Conflict and changes nothing.
// If the content is not what was announced, everything received is thrown away
// (nobody can say which piece was wrong) and the fault is of kind Invalid.
func (p *Partial) Commit(ctx context.Context) (Ref, error) {
	p.st.mu.Lock()
	defer p.st.mu.Unlock()
	if p.st.done {
		return p.st.ref, nil
	}
	if len(missing(p.st.ranges, p.st.ref.Size)) > 0 {
		return Ref{}, fault.New(fault.Conflict, "文件还没有传完，请继续上传。")
	}
	if err := p.st.commit(ctx, p.s); err != nil {
		return Ref{}, err
	}
	return p.st.ref, nil
}

// Discard throws away what was received; the handle can start over.
func (p *Partial) Discard() error {
	p.st.mu.Lock()
	defer p.st.mu.Unlock()
	if p.st.done {
		return nil
	}
	return p.st.reset()
}

// Close gives the handle back. What was received stays for the next attempt.
func (p *Partial) Close() error {
	p.once.Do(func() {
		p.s.partialMu.Lock()
		defer p.s.partialMu.Unlock()
		p.st.mu.Lock()
		defer p.st.mu.Unlock()
		if p.st.handles--; p.st.handles > 0 {
			return
		}
		if p.s.partials[p.st.key] == p.st {
			delete(p.s.partials, p.st.key)
		}
		p.err = p.st.close(p.s)
	})
	return p.err
}

// maxSender is the longest name of a sender.
const maxSender = 40

func validSender(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return s != "" && len(s) <= maxSender
}

func (st *partialState) dataPath() string    { return partialDir + "/" + st.key + ".data" }
func (st *partialState) journalPath() string { return partialDir + "/" + st.key + ".ranges" }

const openKeep = os.O_RDWR | os.O_CREATE

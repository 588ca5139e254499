package intake

import (
	"context"
	"encoding"
	"errors"
	"sync"
	"time"

	"zhanqun/protocol"
)

// Bounds on open files: a node sends one or two at a time, and one that went
// silent is closed and goes on later from where it was.
const (
	maxUploads     = 4096
	maxNodeUploads = 4
	uploadIdle     = 10 * time.Minute
)

// uploads are the files on their way in.
type uploads struct {
	mu   sync.Mutex
	open map[uploadKey]*upload
	left []File // progress of closed ones, not yet written
}

// upload returns the file with its lock held, opening it if it was offered.
// size is 0 for a chunk, which does not say it.
func (s *Service) upload(ctx context.Context, node, sha string, size int64) (*upload, error) {
	key := uploadKey{node, sha}
	for {
		u := s.uploads.get(key)
		if u == nil {
			var err error
			if u, err = s.openUpload(ctx, key, size); err != nil {
				return nil, err
			}
		}
		u.mu.Lock()
		u.used.Store(s.Now().UnixMilli())
		switch {
		case u.closed: // between finding and locking it
			u.mu.Unlock()
		case size != 0 && size != u.file.Size && u.file.Done:
			u.mu.Unlock()
			return nil, protocol.Fault{Code: protocol.CodeField, Field: "size", Detail: "文件大小与已收到的不符"}
		case size != 0 && size != u.file.Size: // announced wrongly before
			err := u.partial.Discard()
			u.restart()
			u.mu.Unlock()
			s.uploads.remove(key, u)
			if err != nil {
				return nil, roomFault(err)
			}
		default:
			return u, nil
		}
	}
}

func (s *Service) openUpload(ctx context.Context, key uploadKey, size int64) (*upload, error) {
	if s.Files == nil {
		return nil, protocol.Fault{Code: protocol.CodeBusy, Detail: "县级平台暂不接收附件"}
	}
	f, err := s.Store.FileOf(ctx, key.node, key.sha256)
	if err != nil {
		return nil, err
	}
	if f.Size == 0 && size == 0 {
		return nil, protocol.Fault{Code: protocol.CodeUnknown, Detail: "请先申报这个文件"}
	}
	if size != 0 && size != f.Size && !f.Done {
		if err := s.forgetPieces(f); err != nil {
			return nil, roomFault(err)
		}
		f = File{Node: key.node, SHA256: key.sha256, Size: size}
	}
	if !f.Done {
		if err := s.mayBegin(ctx, key, f.Size); err != nil {
			return nil, err
		}
	}
	u := &upload{file: f, size: f.Size, dirty: !f.Done && f.Have == 0}
	u.used.Store(s.Now().UnixMilli())
	u.done.Store(f.Done)
	u.digest = digestFrom(&u.file)
	if !f.Done {
		if err := s.Room(f.Size - f.Have); err != nil {
			return nil, roomFault(err)
		}
		if u.partial, err = s.Files.Partial(f.Node, f.SHA256, f.Size); err != nil {
			return nil, roomFault(err)
		}
	}
	return s.uploads.put(key, u)
}

// forgetPieces removes what is here of a file that was announced with another size.
func (s *Service) forgetPieces(f File) error {
	if f.Have == 0 {
		return nil
	}
	p, err := s.Files.Partial(f.Node, f.SHA256, f.Size)
	if err != nil {
		return err
	}
	return errors.Join(p.Discard(), p.Close())
}

func (l *uploads) get(key uploadKey) *upload {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open[key]
}

// put adds u unless somebody was faster, and closes the node's stalest file if
// it has too many.
func (l *uploads) put(key uploadKey, u *upload) (*upload, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if there := l.open[key]; there != nil {
		return there, u.close()
	}
	if len(l.open) >= maxUploads {
		return nil, errors.Join(protocol.Fault{Code: protocol.CodeBusy, Detail: "同时上传的附件太多，稍后会自动重发"}, u.close())
	}
	var stalest uploadKey
	n := 0
	for k, other := range l.open {
		if k.node != key.node {
			continue
		}
		if n++; n == 1 || other.used.Load() < l.open[stalest].used.Load() {
			stalest = k
		}
	}
	if n >= maxNodeUploads {
		l.drop(stalest)
	}
	l.open[key] = u
	return u, nil
}

// remove closes u if it is still the open one.
func (l *uploads) remove(key uploadKey, u *upload) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[key] == u {
		l.drop(key)
	}
}

// drop closes an open file and keeps its progress for the next flush. The
// caller holds l.mu; nobody takes that lock while holding a file's.
func (l *uploads) drop(key uploadKey) {
	u := l.open[key]
	delete(l.open, key)
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.dirty {
		l.left = append(l.left, u.state())
	}
	u.closed = true
	_ = u.close() // every piece was synced when it was answered
}

// state is the file with its digest's state as of now.
func (u *upload) state() File {
	f := u.file
	f.Digest, _ = u.digest.(encoding.BinaryMarshaler).MarshalBinary() // SHA-256 always can
	return f
}

func (u *upload) close() error {
	if u.partial == nil {
		return nil
	}
	return u.partial.Close()
}

// progress returns what has changed since the last call and closes what has
// been idle.
func (l *uploads) progress(now time.Time) []File {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := l.left
	l.left = nil
	for key, u := range l.open {
		if !u.mu.TryLock() {
			continue // at work; next time
		}
		if u.dirty {
			list = append(list, u.state())
			u.dirty = false
		}
		idle := u.file.Done || now.UnixMilli()-u.used.Load() > uploadIdle.Milliseconds()
		u.mu.Unlock()
		if idle {
			l.drop(key)
		}
	}
	return list
}

// again puts progress back that could not be written.
func (l *uploads) again(list []File) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.left = append(list, l.left...)
}

func (l *uploads) closeAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key := range l.open {
		l.drop(key)
	}
}

package intake

import (
	"context"
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"errors"
	"hash"
	"sync"
	"sync/atomic"

	"zhanqun/internal/blob"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// File is how far one node has brought one file. The state of the running
// digest belongs to it: what another node has brought of the same content
// proves nothing about this one, so each must have sent every byte itself. The
// content is stored once; that it was there before shows in no answer, and a
// node's items may use only what the node itself has brought.
type File struct {
	Node   string
	SHA256 string
	Size   int64
	Have   int64  // bytes from the start
	Digest []byte // state of the SHA-256 over them
	Done   bool
}

type uploadKey struct{ node, sha256 string }

// upload is a file on its way in.
type upload struct {
	mu      sync.Mutex
	file    File
	digest  hash.Hash
	partial *blob.Partial
	size    int64        // of the whole file
	done    atomic.Bool  // it is here whole
	used    atomic.Int64 // Unix milliseconds of the last word about it
	dirty   bool         // file has changed since it was written down
	closed  bool
}

// Offer answers how much of a file the node has still to bring.
func (s *Service) Offer(ctx context.Context, node string, o protocol.Offer) (protocol.OfferAnswer, error) {
	switch {
	case !protocol.ValidSHA256(o.SHA256) || o.Size <= 0:
		return protocol.OfferAnswer{}, protocol.Fault{Code: protocol.CodeField, Field: "sha256", Detail: "附件摘要或大小无效"}
	case o.Size > s.Limits.AttachmentBytes:
		return protocol.OfferAnswer{}, protocol.Fault{Code: protocol.CodeTooLarge, Field: "size", Detail: "附件太大，超过县里规定的上限"}
	}
	u, err := s.upload(ctx, node, o.SHA256, o.Size)
	if err != nil {
		return protocol.OfferAnswer{}, err
	}
	defer u.mu.Unlock()
	if err := s.finish(ctx, u); err != nil {
		return protocol.OfferAnswer{}, err
	}
	return u.answer(), nil
}

// Chunk takes a piece of an offered file in. The answer is given after the
// piece is on disk. A piece that is already there, or that begins beyond what
// is there, changes nothing: the answer says where to go on.
func (s *Service) Chunk(ctx context.Context, node, sha string, offset int64, data []byte) (protocol.OfferAnswer, error) {
	u, err := s.upload(ctx, node, sha, 0)
	if err != nil {
		return protocol.OfferAnswer{}, err
	}
	defer u.mu.Unlock()
	end := offset + int64(len(data))
	switch {
	case len(data) == 0 || len(data) > protocol.MaxChunkBytes || offset < 0 || end > u.file.Size:
		return protocol.OfferAnswer{}, protocol.Fault{Code: protocol.CodeMalformed, Detail: "文件片段超出了文件范围"}
	case u.file.Done, offset > u.file.Have, end <= u.file.Have:
		return u.answer(), nil
	}
	if u.partial == nil {
		return protocol.OfferAnswer{}, protocol.Fault{Code: protocol.CodeUnknown, Detail: "请先申报这个文件"}
	}
	if err := s.Room(end - u.file.Have); err != nil {
		return protocol.OfferAnswer{}, roomFault(err)
	}
	data = data[u.file.Have-offset:]
	if err := u.partial.WriteAt(u.file.Have, data); err != nil {
		return protocol.OfferAnswer{}, roomFault(err)
	}
	u.digest.Write(data)
	u.file.Have, u.dirty = end, true
	if err := s.finish(ctx, u); err != nil {
		return protocol.OfferAnswer{}, err
	}
	return u.answer(), nil
}

func (u *upload) answer() protocol.OfferAnswer {
	return protocol.OfferAnswer{Have: u.file.Have, Done: u.file.Done, Chunk: protocol.MaxChunkBytes}
}

// finish checks a file whose last byte has come, and records it.
func (s *Service) finish(ctx context.Context, u *upload) error {
	if u.file.Done || u.file.Have < u.file.Size {
		return nil
	}
	if hex.EncodeToString(u.digest.Sum(nil)) != u.file.SHA256 {
		err := u.partial.Discard()
		u.restart()
		return errors.Join(protocol.Fault{Code: protocol.CodeHash, Detail: "收到的文件与申报的摘要不符，请从头发送"}, err)
	}
	_, err := u.partial.Commit(ctx)
	switch {
	case err == nil:
	case fault.Is(err, fault.Conflict) && s.Files.Has(u.file.SHA256):
		// The hub was killed between moving the file to its place and this: the
		// node has sent every byte, as the digest says.
	case fault.Is(err, fault.Conflict), fault.Is(err, fault.Invalid): // a disk that forgot pieces
		u.restart()
		return nil
	default:
		return roomFault(err)
	}
	done := u.file
	done.Done = true
	if err := s.arrived(ctx, done); err != nil {
		if unusable(err) {
			err = errors.Join(err, s.throwAway(u))
		}
		return err
	}
	u.file, u.dirty = done, false
	u.done.Store(true)
	return nil
}

// arrived finds out what a file is that is whole and on disk, and records it.
func (s *Service) arrived(ctx context.Context, f File) error {
	mediaType, err := s.Inspect(ctx, f.SHA256)
	if fault.Is(err, fault.Invalid) {
		return protocol.Fault{Code: protocol.CodeContent, Detail: fault.Message(err)}
	}
	if err != nil {
		return err
	}
	return s.Store.FileArrived(ctx, f, mediaType)
}

// unusable reports whether a file was refused for what it is.
func unusable(err error) bool {
	var f protocol.Fault
	return errors.As(err, &f) && f.Code == protocol.CodeContent
}

// throwAway removes a file that nobody can use, whoever brings it: otherwise it
// would lie there for ever. It has to be sent anew to be looked at again.
func (s *Service) throwAway(u *upload) error {
	u.restart()
	err := errors.Join(s.Files.Remove(u.file.SHA256), u.close())
	var reopen error
	u.partial, reopen = s.Files.Partial(u.file.Node, u.file.SHA256, u.file.Size)
	return errors.Join(err, reopen)
}

func (u *upload) restart() {
	u.digest.Reset()
	u.file.Have, u.dirty = 0, true
}

// roomFault turns a full disk into words for the node; anything else stays an
// internal error.
func roomFault(err error) error {
	if fault.Is(err, fault.Full) {
		return protocol.Fault{Code: protocol.CodeQuota, Detail: "县级平台磁盘空间不足，附件稍后会自动重发"}
	}
	return err
}

// digestFrom goes on with a running digest, or starts over if there is none.
func digestFrom(f *File) hash.Hash {
	h := sha256.New()
	if f.Have == 0 {
		return h
	}
	if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(f.Digest); err != nil {
		h.Reset()
		f.Have = 0
	}
	return h
}

package intake

import (
	"context"
	"errors"
	"io"

	"zhanqun/protocol"
)

// Accept applies frames of one node that came without a stream, carried as a
// file: by the same rules, with the same effect, once. It waits for the database
// as Receive does.
func (s *Service) Accept(ctx context.Context, node string, frames [][]byte) (Result, error) {
	list := make([]Frame, len(frames))
	for i, data := range frames {
		list[i] = Frame{Node: node, Data: data}
	}
	b, err := s.verified(ctx, list)
	if err != nil {
		return Result{}, err
	}
	return s.commit(ctx, b)
}

// Bring takes in a whole file the node has carried here. A file the node has
// brought before is not read, and fresh is false. What is not taken is a Fault,
// as on the line.
func (s *Service) Bring(ctx context.Context, node string, o protocol.Offer, r io.Reader) (fresh bool, err error) {
	if s.Files == nil {
		return false, protocol.Fault{Code: protocol.CodeBusy, Detail: "县级平台暂不接收附件"}
	}
	f, err := s.Store.FileOf(ctx, node, o.SHA256)
	if err != nil || f.Done {
		return false, err
	}
	ref, err := s.Files.Put(ctx, r, o.Size)
	if err != nil {
		return false, roomFault(err)
	}
	if ref.SHA256 != o.SHA256 || ref.Size != o.Size {
		return false, protocol.Fault{Code: protocol.CodeHash, Detail: "附件的内容与申报的摘要不符"}
	}
	err = s.arrived(ctx, File{Node: node, SHA256: o.SHA256, Size: o.Size, Have: o.Size, Done: true})
	if unusable(err) {
		err = errors.Join(err, s.Files.Remove(o.SHA256))
	}
	return true, err
}

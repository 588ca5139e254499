package bus

import (
	"bytes"
	"encoding/json"

	"zhanqun/protocol"
)

// authors remembers who sent the last frames. The broker acknowledges a frame
// wherever its sender says, without asking whether he may publish there: an
// acknowledgement that lies in the stream itself was sent to the subject of
// another node. It names the frame it is for, and so who did it.
type authors [1024]struct {
	seq  uint64
	node string
}

func (a *authors) add(f Frame) {
	at := &a[f.Seq%uint64(len(a))]
	at.seq, at.node = f.Seq, f.Node
}

// of returns who made the broker write a frame, "" if that is not known or it is
// no such frame.
func (a *authors) of(f Frame) string {
	if len(f.Data) > 512 || !bytes.HasPrefix(f.Data, []byte(`{"stream":"`+protocol.Stream+`"`)) {
		return ""
	}
	var ack struct {
		Seq uint64 `json:"seq"`
	}
	if err := json.Unmarshal(f.Data, &ack); err != nil {
		return ""
	}
	if at := a[ack.Seq%uint64(len(a))]; at.seq == ack.Seq {
		return at.node
	}
	return ""
}

package protocol

import (
	"bytes"
	"testing"
)

// A head is the same whoever writes it.
func FuzzHead(f *testing.F) {
	f.Add(1, "n1", "018f-e1", uint64(7), "item.submit", "ab12", []byte{1, 2, 3}, []byte("{}"))
	f.Add(-1, "", "", uint64(1<<63), "\"\\<>&\x7f", "\u00e9\u2028", []byte(nil), []byte(nil))
	f.Add(0, "a\nb", "\xff", uint64(0), "~ !", "'", []byte{}, []byte{0})
	f.Fuzz(func(t *testing.T, v int, node, epoch string, seq uint64, kind, hash string, sig, body []byte) {
		e := Entry{V: v, Node: node, Epoch: epoch, Seq: seq, Kind: Kind(kind), Hash: hash, Sig: sig, Body: body}
		if got, want := e.appendHead([]byte("x")), e.headLine(); !bytes.Equal(got[1:], want) {
			t.Errorf("head %s, want %s", got[1:], want)
		}
	})
}

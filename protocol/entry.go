package protocol

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// Direction tells the two logs apart. It is part of what is signed, so that an
// entry of one log can never be passed off as one of the other.
type Direction string

// The two directions.
const (
	Up   Direction = "up"   // written by the node, signed with the node's key
	Down Direction = "down" // written by the hub for one node, signed with the hub's key
)

// Entry is one numbered message of a log.
type Entry struct {
	V     int    // wire version of head and body
	Node  string // the node whose log this is
	Epoch string // the store that numbered it; see Hello
	Seq   uint64 // 1, 2, 3 … without gaps within an epoch
	Kind  Kind
	Hash  string // SHA-256 of Body, lower-case hex
	Sig   []byte // Ed25519 over SigningText
	Body  []byte // JSON, UTF-8, the exact bytes that were hashed
}

// New makes a signed entry. The body is kept, not copied.
func New(dir Direction, node, epoch string, seq uint64, kind Kind, body []byte, key Key) Entry {
	e := Entry{V: Version, Node: node, Epoch: epoch, Seq: seq, Kind: kind, Hash: HashOf(body), Body: body}
	e.Sig = key.Sign(e.SigningText(dir))
	return e
}

// HashOf returns the SHA-256 of data in lower-case hex.
func HashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// SigningText returns the bytes that are signed: seven lines that bind the body
// to its position. No value can contain a line break.
func (e Entry) SigningText(dir Direction) []byte {
	b := make([]byte, 0, 256)
	b = append(b, "zhanqun-entry-"...)
	b = strconv.AppendInt(b, int64(e.V), 10)
	for _, part := range []string{string(dir), e.Node, e.Epoch, strconv.FormatUint(e.Seq, 10), string(e.Kind), e.Hash} {
		b = append(b, '\n')
		b = append(b, part...)
	}
	return b
}

// Verifier tells whether sig is somebody's signature over data: a PublicKey, or
// who has verified many signatures at once before.
type Verifier interface {
	Verify(data, sig []byte) bool
}

// Check reports the first reason why e cannot be an entry of node's log in
// direction dir, or nil. It does not look into the body; see ReadBody.
func (e Entry) Check(dir Direction, node string, key Verifier) *Fault {
	switch {
	case !Speaks(e.V):
		return &Fault{Code: CodeVersion, Detail: fmt.Sprintf("协议版本 %d 无法识别，请升级程序", e.V)}
	case e.Node != node:
		return &Fault{Code: CodeNode, Detail: "报文署名的节点与发送通道不一致"}
	case e.Seq == 0:
		return &Fault{Code: CodeMalformed, Field: "seq", Detail: "序号必须从 1 开始"}
	case !validToken(e.Epoch, 36) || !validToken(string(e.Kind), 40):
		return &Fault{Code: CodeMalformed, Detail: "报文头不完整"}
	case len(e.Body) > MaxBodyBytes:
		return &Fault{Code: CodeTooLarge, Detail: fmt.Sprintf("正文 %d 字节，超过上限 %d 字节", len(e.Body), MaxBodyBytes)}
	case HashOf(e.Body) != e.Hash:
		return &Fault{Code: CodeHash, Detail: "正文与报文头的摘要不符"}
	case !key.Verify(e.SigningText(dir), e.Sig):
		return &Fault{Code: CodeSignature, Detail: "签名与登记的密钥不符"}
	case !utf8.Valid(e.Body):
		return &Fault{Code: CodeMalformed, Detail: "正文不是 UTF-8 文本"}
	}
	return nil
}

// validToken reports whether s is 1 to max bytes of visible ASCII without blanks.
func validToken(s string, max int) bool {
	if s == "" || len(s) > max {
		return false
	}
	for _, c := range []byte(s) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}

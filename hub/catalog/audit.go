package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// Audit is one act of a person or a node, for those who have to know who did
// what. Acts form a chain: each carries a hash over itself and the hash before
// it, so that none can be changed, taken out or put in without every later hash
// changing too.
type Audit struct {
	Seq    uint64    `json:"seq"` // 1, 2, 3 … without gaps
	At     time.Time `json:"at"`
	Actor  string    `json:"actor"`            // login, "node:…" or "local:…"
	Act    string    `json:"act"`              // item.approve, node.revoked, user.add …
	Ref    string    `json:"ref"`              // id of the thing it was done to
	Before string    `json:"before,omitempty"` // digest of the thing before, 64 hex digits; empty for what was not there
	After  string    `json:"after,omitempty"`  // digest of the thing after; empty for what nothing was done to
	Detail string    `json:"detail,omitempty"`
	Hash   string    `json:"hash"` // see Chain
}

// Acts on the audit log itself.
const (
	ActAuditRead   = "audit.read"
	ActAuditExport = "audit.export"
	ActAuditAnchor = "audit.anchor" // Ref is the day
)

// Chain returns the hash the act must carry after one with the hash prev ("" for
// the first act): SHA-256, in lower-case hex, over the line "zhanqun-audit-1" and
// a line "<length in bytes> <text>" for each of prev, seq (decimal), at (Unix
// milliseconds), actor, act, ref, before, after and detail, each ending in a line
// feed.
func (a Audit) Chain(prev string) string {
	text := []byte("zhanqun-audit-1\n")
	for _, field := range []string{
		prev, strconv.FormatUint(a.Seq, 10), strconv.FormatInt(a.At.UnixMilli(), 10),
		a.Actor, a.Act, a.Ref, a.Before, a.After, a.Detail,
	} {
		text = fmt.Appendf(text, "%d %s\n", len(field), field)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Digest is the SHA-256, in hex, of v as JSON; "" for nil.
func Digest(v any) (string, error) {
	if v == nil {
		return "", nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("digesting: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// Broken says where a chain of acts does not hold.
type Broken struct {
	Seq  uint64 // of the first act that does not fit
	What string // in what way, for the log
}

// Error implements error.
func (b *Broken) Error() string { return fmt.Sprintf("act %d: %s", b.Seq, b.What) }

// Link is the end of a stretch of the chain: the next act continues it.
type Link struct {
	Seq  uint64 `json:"seq"`
	Hash string `json:"hash"`
}

// Follow checks that a continues the chain and moves the link on to it. The
// error is a *Broken.
func (l *Link) Follow(a Audit) error {
	switch {
	case a.Seq != l.Seq+1:
		return &Broken{Seq: l.Seq + 1, What: fmt.Sprintf("missing, the next is %d", a.Seq)}
	case a.Hash != a.Chain(l.Hash):
		return &Broken{Seq: a.Seq, What: "changed, or one before it was"}
	}
	*l = Link{Seq: a.Seq, Hash: a.Hash}
	return nil
}

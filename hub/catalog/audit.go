package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// Audit is one act of a person or a node, for those who have to know who did what.
type Audit struct {
	Seq    uint64    `json:"seq"` // 1, 2, 3 … without gaps
	At     time.Time `json:"at"`
	Actor  string    `json:"actor"` // login, "node:…" or "local:…"
	Act    string    `json:"act"`   // item.approve, node.revoked, user.add …
	Ref    string    `json:"ref"`   // id of the thing it was done to
	Detail string    `json:"detail,omitempty"`
	Hash   string    `json:"hash"` // see Chain
}

// Chain returns the digest of an act that follows one with the digest prev, in
// lower-case hexadecimal. It is SHA-256 over prev and the fields in the order
// seq, at (Unix milliseconds), actor, act, ref, detail, each in UTF-8 as its
// length in bytes in decimal, a colon and its bytes. prev is empty before the
// first act. Who keeps the digest of an act elsewhere can later tell that
// nothing up to that act was changed, taken out or put in.
func (a Audit) Chain(prev string) string {
	var text []byte
	for _, field := range []string{prev, fmt.Sprint(a.Seq), fmt.Sprint(a.At.UnixMilli()), a.Actor, a.Act, a.Ref, a.Detail} {
		text = fmt.Appendf(text, "%d:%s", len(field), field)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

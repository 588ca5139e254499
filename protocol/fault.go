package protocol

import "fmt"

// Code is why a message was not accepted. Codes are part of the wire: they
// travel in refusals and error answers and never change their meaning.
type Code string

// The codes.
const (
	CodeMalformed  Code = "malformed"   // not readable as what it claims to be
	CodeVersion    Code = "version"     // a wire version the reader does not speak
	CodeTooLarge   Code = "too_large"   // over a limit of this package
	CodeHash       Code = "hash"        // the body is not the one the head names
	CodeSignature  Code = "signature"   // not signed by the key of the named node
	CodeNode       Code = "node"        // another node's entry, or an unknown node
	CodeHub        Code = "hub"         // meant for another hub, or made by one
	CodeEpoch      Code = "epoch"       // an epoch that is not the current one
	CodeClone      Code = "clone"       // one position with two different entries
	CodeRecall     Code = "recall"      // a word of the hub, from before it was restored, that cannot be carried out
	CodeKind       Code = "kind"        // a kind the reader does not know
	CodeField      Code = "field"       // a field breaks its rule; Field names it
	CodeUnit       Code = "unit"        // the node may not speak for this unit
	CodeColumn     Code = "column"      // no such column, or it is closed
	CodeRevision   Code = "revision"    // the revision does not follow the one on file
	CodeUnknown    Code = "unknown"     // names a thing the hub does not have
	CodeState      Code = "state"       // not possible in the thing's present state
	CodeFrozen     Code = "frozen"      // the node is frozen until a person decides
	CodePending    Code = "pending"     // the node has joined, and a person has to agree
	CodeRevoked    Code = "revoked"     // the node's key was revoked
	CodeBusy       Code = "busy"        // a passing failure; try again later
	CodeQuota      Code = "quota"       // no room for this at the hub
	CodeIncomplete Code = "incomplete"  // a file ended before its stated size
	CodeContent    Code = "not_allowed" // a file of a type that is not accepted
)

// Fault is one reason why a message was not accepted.
type Fault struct {
	Code   Code   `json:"code"`
	Field  string `json:"field,omitempty"` // the JSON field it belongs to, when it is one
	Detail string `json:"detail"`          // for a person, in plain Chinese
}

// Error makes a Fault an error.
func (f Fault) Error() string {
	if f.Field != "" {
		return fmt.Sprintf("%s (%s): %s", f.Code, f.Field, f.Detail)
	}
	return fmt.Sprintf("%s: %s", f.Code, f.Detail)
}

// Passing reports whether the same message may be accepted later, so that it
// has to be kept and sent again rather than refused for good.
func (c Code) Passing() bool {
	switch c {
	case CodeBusy, CodeFrozen, CodePending, CodeQuota:
		return true
	}
	return false
}

package protocol

import (
	"fmt"
	"strings"
)

// Stream is the name of the JetStream stream that holds the frames of all nodes.
const Stream = "ZQ_UP"

// UpWildcard matches the up subject of every node.
const UpWildcard = "zq.up.*"

// AskWildcard matches every request of every node.
const AskWildcard = "zq.ask.*.*"

// BeatWildcard matches the heartbeat of every node.
const BeatWildcard = "zq.beat.*"

// Verbs of requests, the last token of an ask subject.
const (
	VerbHello  = "hello"  // Hello → HelloAnswer
	VerbPull   = "pull"   // Pull → a frame of down entries
	VerbOffer  = "offer"  // Offer → OfferAnswer
	VerbChunk  = "chunk"  // raw bytes of a file → OfferAnswer
	VerbRecall = "recall" // Recall → RecallAnswer
	VerbRekey  = "rekey"  // Rekey → RekeyAnswer
)

// UpSubject is where node publishes its frames.
func UpSubject(node string) string { return "zq.up." + node }

// AskSubject is where node sends the request verb.
func AskSubject(node, verb string) string { return "zq.ask." + node + "." + verb }

// BellSubject is where the hub rings node. A ring may be lost.
func BellSubject(node string) string { return "zq.bell." + node }

// BeatSubject is where node publishes its heartbeat. It is not stored.
func BeatSubject(node string) string { return "zq.beat." + node }

// InboxPrefix is the prefix of the reply subjects of node.
func InboxPrefix(node string) string { return "_INBOX_" + node }

// NodeOf returns the node token of an up, ask, bell or beat subject.
func NodeOf(subject string) (string, error) {
	t := strings.Split(subject, ".")
	if len(t) < 3 || len(t) > 4 || t[0] != "zq" || !ValidNode(t[2]) {
		return "", fmt.Errorf("subject %q names no node", subject)
	}
	switch {
	case t[1] == "ask" && len(t) == 4,
		(t[1] == "up" || t[1] == "bell" || t[1] == "beat") && len(t) == 3:
		return t[2], nil
	}
	return "", fmt.Errorf("subject %q is not one of ours", subject)
}

// ValidNode reports whether id can be a node id: one subject token of 1 to 32
// lower-case letters and digits.
func ValidNode(id string) bool {
	if id == "" || len(id) > 32 {
		return false
	}
	for _, c := range []byte(id) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// Grants are the subjects one node may use, and nothing else.
type Grants struct {
	Publish   []string
	Subscribe []string
}

// GrantsOfPending returns what a node may publish and subscribe whose joining a
// person has to agree to: it may ask whether that is done.
func GrantsOfPending(node string) Grants {
	return Grants{
		Publish:   []string{AskSubject(node, VerbHello)},
		Subscribe: GrantsOf(node).Subscribe,
	}
}

// GrantsOf returns what node may publish and subscribe.
func GrantsOf(node string) Grants {
	return Grants{
		Publish:   []string{UpSubject(node), AskSubject(node, "*"), BeatSubject(node)},
		Subscribe: []string{BellSubject(node), InboxPrefix(node) + ".>"},
	}
}

package protocol

import (
	"crypto/hmac"
	"crypto/sha256"
	"strconv"
)

// JoinRequest asks for an identity by bundle. Other than Enrol it does not hold
// the secret: a bundle passes through many hands. The key is the bundle's From,
// whose signature shows that the sender holds it.
type JoinRequest struct {
	Ticket string `json:"ticket"` // see JoinTicket
	Proof  []byte `json:"proof"`  // see JoinProof
	Name   string `json:"name"`   // what people call the machine
}

// BundleWelcome is the identity. Proof shows that it comes from the hub that
// made the join code, whose key the node learns from it.
type BundleWelcome struct {
	EnrolAnswer
	Proof []byte `json:"proof"` // see WelcomeProof
}

// ticketDigits of a secret's digest name it and leave 192 bits unknown.
const ticketDigits = 16

// JoinTicket names the join code whose secret has the given digest (see HashOf)
// without giving it away.
func JoinTicket(secretHash string) string {
	return secretHash[:min(ticketDigits, len(secretHash))]
}

// ValidTicket reports whether s can be what JoinTicket returns.
func ValidTicket(s string) bool {
	if len(s) != ticketDigits {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// JoinProof shows that who has the key nodeKey has the join code too.
func JoinProof(secretHash, nodeKey string) []byte {
	return proof(secretHash, "zhanqun-join-"+strconv.Itoa(Version)+"\n"+nodeKey)
}

// WelcomeProof shows that the hub with the key hubKey knows the join code, and
// made node of the machine with the key nodeKey.
func WelcomeProof(secretHash, nodeKey, hubKey, node string) []byte {
	return proof(secretHash, "zhanqun-welcome-"+strconv.Itoa(Version)+"\n"+nodeKey+"\n"+hubKey+"\n"+node)
}

func proof(secretHash, text string) []byte {
	mac := hmac.New(sha256.New, []byte(secretHash))
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// SameProof compares two proofs without telling by its time where they differ.
func SameProof(a, b []byte) bool { return hmac.Equal(a, b) }

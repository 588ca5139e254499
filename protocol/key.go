package protocol

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"slices"

	"github.com/nats-io/nkeys"
)

// Key signs what its owner says. A node's key is an nkey user seed ("SU…"), so
// that the same key opens the NATS connection; the hub's is a server seed ("SN…").
type Key struct {
	private ed25519.PrivateKey
	public  string
	seed    []byte
}

// NewNodeKey makes the key of a new node.
func NewNodeKey() (Key, error) { return newKey(nkeys.CreateUser) }

// NewHubKey makes the key of a new hub.
func NewHubKey() (Key, error) { return newKey(nkeys.CreateServer) }

func newKey(create func() (nkeys.KeyPair, error)) (Key, error) {
	kp, err := create()
	if err != nil {
		return Key{}, fmt.Errorf("making key: %w", err)
	}
	seed, err := kp.Seed()
	if err != nil {
		return Key{}, fmt.Errorf("making key: %w", err)
	}
	return ParseKey(seed)
}

// ParseKey reads a seed as written by Seed.
func ParseKey(seed []byte) (Key, error) {
	prefix, raw, err := nkeys.DecodeSeed(seed)
	if err != nil {
		return Key{}, fmt.Errorf("reading key: %w", err)
	}
	if prefix != nkeys.PrefixByteUser && prefix != nkeys.PrefixByteServer {
		return Key{}, fmt.Errorf("reading key: neither a node's nor a hub's")
	}
	private := ed25519.NewKeyFromSeed(raw)
	public, err := nkeys.Encode(prefix, private.Public().(ed25519.PublicKey))
	if err != nil {
		return Key{}, fmt.Errorf("reading key: %w", err)
	}
	return Key{private: private, public: string(public), seed: append([]byte(nil), seed...)}, nil
}

// Public returns the public key as text: what a hub registers for a node.
func (k Key) Public() string { return k.public }

// Seed returns the secret. It belongs in a file only its owner can read.
func (k Key) Seed() []byte { return append([]byte(nil), k.seed...) }

// Sign signs raw bytes, as the NATS server asks at connect.
func (k Key) Sign(data []byte) []byte { return ed25519.Sign(k.private, data) }

// PublicKey verifies what the owner of a Key has signed.
type PublicKey struct {
	raw  ed25519.PublicKey
	text string
}

// ParsePublic reads a public key of a node ("U…") or a hub ("N…").
func ParsePublic(text string) (PublicKey, error) {
	prefix := nkeys.Prefix(text)
	if prefix != nkeys.PrefixByteUser && prefix != nkeys.PrefixByteServer {
		return PublicKey{}, fmt.Errorf("reading public key: neither a node's nor a hub's")
	}
	raw, err := nkeys.Decode(prefix, []byte(text))
	if err != nil {
		return PublicKey{}, fmt.Errorf("reading public key: %w", err)
	}
	if len(raw) != ed25519.PublicKeySize {
		return PublicKey{}, fmt.Errorf("reading public key: %d bytes", len(raw))
	}
	return PublicKey{raw: raw, text: text}, nil
}

// String returns the key as text.
func (p PublicKey) String() string { return p.text }

// Bytes returns the 32 bytes of the Ed25519 key.
func (p PublicKey) Bytes() []byte { return slices.Clone(p.raw) }

// Verify reports whether sig is the owner's signature over data.
func (p PublicKey) Verify(data, sig []byte) bool {
	return len(p.raw) == ed25519.PublicKeySize && ed25519.Verify(p.raw, data, sig)
}

// KeyFingerprint is a public key for people to compare: 80 bits of its SHA-256 in
// base32, in groups of four.
func KeyFingerprint(public string) string {
	sum := sha256.Sum256([]byte(public))
	text := base32.StdEncoding.EncodeToString(sum[:10])
	return text[:4] + "-" + text[4:8] + "-" + text[8:12] + "-" + text[12:]
}

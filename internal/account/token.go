package account

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
)

// NewToken returns a bearer secret of 256 random bits behind prefix and an
// underscore ("zqt" gives "zqt_…", so that a leaked one can be recognised), and
// the digest to store. The plain form is shown once and kept nowhere.
func NewToken(prefix string) (plain, hash string) {
	var raw [32]byte
	_, _ = rand.Read(raw[:])
	plain = prefix + "_" + base64.RawURLEncoding.EncodeToString(raw[:])
	return plain, HashToken(plain)
}

// HashToken returns the SHA-256 of plain in hex, under which a token or code is
// stored and looked up. No salt or slow hash is needed: the secret is random,
// not chosen by a person.
func HashToken(plain string) string {
	sum := sha256.Sum256([]byte(plain))
	return hex.EncodeToString(sum[:])
}

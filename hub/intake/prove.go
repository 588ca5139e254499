package intake

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha512"

	"filippo.io/edwards25519"

	"zhanqun/protocol"
)

// A signature alone costs a processor as much as writing the item it stands
// under into the database. Proven together, signatures of one key cost a quarter
// of that each; few of them, or more at a time, gain nothing.
const (
	fewTogether  = 8
	mostTogether = 64
)

// prove returns who tells for each letter of one node whether it is signed: the
// key itself, or nobody any more because all have been proven together.
func prove(letters []Letter, key protocol.PublicKey) protocol.Verifier {
	if len(letters) >= fewTogether && together(letters, key) {
		return proven{}
	}
	return key
}

// proven is the word that all signatures in question are good.
type proven struct{}

// Verify implements protocol.Verifier.
func (proven) Verify(_, _ []byte) bool { return true }

// together reports whether every letter is signed with key; false says only that
// they have to be looked at one by one.
//
// The equation of one signature (R, s) is sB = R + kA (RFC 8032 §5.1.7). Here all
// of them are added up, each multiplied by a number nobody could foresee: if one
// does not hold, neither does the sum, but for a chance of 2^-128. As the RFC has
// it, points of small order count for nothing; a signature that differs by one
// can be made by the owner of the key alone, and speaks for its owner as well.
func together(letters []Letter, key protocol.PublicKey) bool {
	a, err := new(edwards25519.Point).SetBytes(key.Bytes())
	if err != nil {
		return false
	}
	points := make([]*edwards25519.Point, 0, len(letters)+2)
	factors := make([]*edwards25519.Scalar, 0, len(letters)+2)
	sumS, sumK := edwards25519.NewScalar(), edwards25519.NewScalar()
	dice := make([]byte, 16*len(letters))
	_, _ = rand.Read(dice) // never fails
	for i := range letters {
		sig := letters[i].Entry.Sig
		if len(sig) != ed25519.SignatureSize {
			return false
		}
		r, err := new(edwards25519.Point).SetBytes(sig[:32])
		if err != nil {
			return false
		}
		s, err := edwards25519.NewScalar().SetCanonicalBytes(sig[32:])
		if err != nil {
			return false
		}
		z, k := scalar(dice[16*i:16*i+16]), challenge(sig[:32], key.Bytes(), letters[i].Entry.SigningText(protocol.Up))
		sumS.MultiplyAdd(z, s, sumS)
		sumK.MultiplyAdd(z, k, sumK)
		points, factors = append(points, r), append(factors, z)
	}
	points = append(points, a, edwards25519.NewGeneratorPoint())
	factors = append(factors, sumK, sumS.Negate(sumS))
	sum := new(edwards25519.Point).VarTimeMultiScalarMult(factors, points)
	return sum.MultByCofactor(sum).Equal(edwards25519.NewIdentityPoint()) == 1
}

// challenge is the number k that binds a signature to its text and key.
func challenge(r, key, text []byte) *edwards25519.Scalar {
	h := sha512.New()
	h.Write(r)
	h.Write(key)
	h.Write(text)
	k, err := edwards25519.NewScalar().SetUniformBytes(h.Sum(nil))
	if err != nil { // only a digest of another length
		panic(err)
	}
	return k
}

// scalar is the number that up to 31 bytes write, least byte first.
func scalar(b []byte) *edwards25519.Scalar {
	var wide [32]byte
	copy(wide[:31], b)
	s, err := edwards25519.NewScalar().SetCanonicalBytes(wide[:])
	if err != nil { // only a number beyond the group's order
		panic(err)
	}
	return s
}

package store

import (
	"bytes"
	"compress/flate"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"

	"zhanqun/hub/review"
	"zhanqun/protocol"
)

// mostMemo bounds what a sealed memo may unfold to. Who could seal a larger one
// has the hub's key.
const mostMemo = 4 << 20

// cipherOf returns what is sealed with: a key that follows from one of the hub's own,
// so that a restored hub has it too.
func cipherOf(key protocol.Key) (cipher.AEAD, error) {
	secret, err := hkdf.Key(sha256.New, key.Seed(), nil, "zhanqun-memo-1", 32)
	if err != nil {
		return nil, fmt.Errorf("making the key of memos: %w", err)
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, fmt.Errorf("making the key of memos: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// sealBytes seals what only this hub may read, bound to some context.
func (s *Store) sealBytes(plain, about []byte) ([]byte, error) {
	c, err := cipherOf(s.keys.Present())
	if err != nil {
		return nil, err
	}
	return c.Seal(nil, nil, plain, about), nil //nolint:gosec // it makes the nonce itself
}

// openBytes opens what sealBytes has sealed, with whichever key it was.
func (s *Store) openBytes(sealed, about []byte) (plain []byte, err error) {
	for _, key := range s.keys.All() {
		var c cipher.AEAD
		if c, err = cipherOf(key); err != nil {
			return nil, err
		}
		if plain, err = c.Open(nil, nil, sealed, about); err == nil {
			return plain, nil
		}
	}
	return nil, err
}

// seal makes a memo travel. One that is too large goes without the text of its
// entry; nil stays nil.
func (s *Store) seal(m *review.Memo) ([]byte, error) {
	if m == nil {
		return nil, nil
	}
	sealed, err := s.sealed(m)
	if err == nil && len(sealed) > protocol.MaxMemoBytes {
		small := *m
		small.Entry, small.Plain = nil, false
		sealed, err = s.sealed(&small)
	}
	if err != nil {
		return nil, fmt.Errorf("sealing a memo: %w", err)
	}
	return sealed, nil
}

func (s *Store) sealed(m *review.Memo) ([]byte, error) {
	text, err := jsonText(m)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.DefaultCompression)
	if err != nil {
		return nil, err
	}
	if _, err := io.WriteString(w, text); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return s.sealBytes(b.Bytes(), nil)
}

// unseal opens a memo. One that this hub has not sealed, or cannot read any more,
// is none: the word it came with is signed and still says what it says.
func (s *Store) unseal(sealed []byte) *review.Memo {
	packed, err := s.openBytes(sealed, nil)
	if err != nil {
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), mostMemo))
	if err != nil {
		return nil
	}
	m := &review.Memo{}
	if err := json.Unmarshal(text, m); err != nil || m.Item.Revision < 1 {
		return nil
	}
	return m
}

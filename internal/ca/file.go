package ca

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// Types of blocks in files.
const (
	certificateType = "CERTIFICATE"
	keyType         = "PRIVATE KEY"
)

// writePair writes a key and certificates as one text, so that both are replaced
// together.
func writePair(key *ecdsa.PrivateKey, chain ...*x509.Certificate) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("writing key: %w", err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: keyType, Bytes: der})
	for _, c := range chain {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: certificateType, Bytes: c.Raw})...)
	}
	return text, nil
}

// readPair reads what writePair has written: the key and the first certificate.
func readPair(text []byte) (*ecdsa.PrivateKey, *x509.Certificate, error) {
	pair, err := tls.X509KeyPair(text, text)
	if err != nil {
		return nil, nil, err
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return nil, nil, errors.New("the key is of another kind")
	}
	return key, pair.Leaf, nil
}

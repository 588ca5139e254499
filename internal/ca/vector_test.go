package ca_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"zhanqun/internal/ca"
	"zhanqun/internal/trust"
	"zhanqun/protocol"
)

var update = flag.Bool("update", false, "write protocol/testdata/certificates.json anew; changing it changes the wire")

const vectorPath = "../../protocol/testdata/certificates.json"

// vector is what a stranger's client can be held against: what a hub sends in a
// handshake, and how a node knows it.
type vector struct {
	HubSeed   string   `json:"hubSeed"`
	HubKey    string   `json:"hubKey"`
	JoinCode  string   `json:"joinCode"`
	VouchText string   `json:"vouchText"` // what the hub's key has signed, in the CA's URI
	Chain     [][]byte `json:"chain"`     // the server's certificate and the CA's, DER in base64
}

func makeVector(t *testing.T) vector {
	t.Helper()
	key, _ := hubKey(t)
	s, err := ca.New(ca.Options{Dir: t.TempDir(), Vouch: trust.By(key), Names: func() []string { return []string{"zq.example.gov.cn"} }})
	if err != nil {
		t.Fatal(err)
	}
	cert, err := s.Config().GetCertificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	pin := s.State().Pin
	return vector{HubSeed: string(key.Seed()), HubKey: key.Public(), VouchText: string(protocol.VouchText(pin)), Chain: cert.Certificate,
		JoinCode: protocol.JoinCode{Hub: "https://zq.example.gov.cn", Secret: "zqi_example", CA: pin}.String()}
}

func TestVector(t *testing.T) {
	if *update {
		var text bytes.Buffer
		e := json.NewEncoder(&text)
		e.SetIndent("", "  ")
		if err := e.Encode(makeVector(t)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(vectorPath, text.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(vectorPath)
	if err != nil {
		t.Fatal(err)
	}
	var v vector
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	var state tls.ConnectionState
	for _, der := range v.Chain {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		state.PeerCertificates = append(state.PeerCertificates, c)
	}
	code, err := protocol.ParseJoinCode(v.JoinCode)
	if err != nil {
		t.Fatal(err)
	}
	key, err := protocol.ParseKey([]byte(v.HubSeed))
	if err != nil || key.Public() != v.HubKey {
		t.Fatalf("the hub's key: %v", err)
	}
	public, err := protocol.ParsePublic(v.HubKey)
	if err != nil {
		t.Fatal(err)
	}
	_, other := hubKey(t)
	for name, tt := range map[string]struct {
		hub  trust.Hub
		want bool
	}{
		"by the code":    {trust.Hub{CA: code.CA}, true},
		"by the key":     {trust.Hub{Key: &public}, true},
		"by another key": {trust.Hub{Key: other}, false},
		"by its name":    {trust.Hub{}, false},
	} {
		if err := tt.hub.Client("zq.example.gov.cn").VerifyConnection(state); (err == nil) != tt.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	root := state.PeerCertificates[1]
	if got := string(protocol.VouchText(trust.Fingerprint(root))); got != v.VouchText || len(root.URIs) != 1 ||
		root.URIs[0].String() != trust.Vouch(key, trust.Fingerprint(root)).String() {
		t.Errorf("signed is %q in %v", got, root.URIs)
	}
}

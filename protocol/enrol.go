package protocol

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// JoinCode is what an administrator hands to a township: where the hub is, how to
// know it again, and a secret that works once.
type JoinCode struct {
	Hub    string `json:"h"` // base URL of the hub's HTTP side
	Secret string `json:"s"` // single use, expires
	// CA is the fingerprint of the CA the hub's certificate comes from: SHA-256 of
	// its SubjectPublicKeyInfo, base64url without padding. Empty means that the
	// certificate is one every system trusts, or that there is none.
	CA string `json:"c,omitempty"`
}

const joinPrefix = "zq1-"

// String returns the code as one word that survives e-mail and paper.
func (j JoinCode) String() string {
	b, err := json.Marshal(j)
	if err != nil { // two strings always marshal
		panic(err)
	}
	return joinPrefix + base64.RawURLEncoding.EncodeToString(b)
}

// ParseJoinCode reads a code as pasted: blanks and line breaks are forgiven.
func ParseJoinCode(s string) (JoinCode, error) {
	s = strings.Join(strings.Fields(s), "")
	rest, ok := strings.CutPrefix(s, joinPrefix)
	if !ok || len(rest) > 1024 {
		return JoinCode{}, Fault{Code: CodeMalformed, Detail: "入网码应以 zq1- 开头，请完整复制"}
	}
	b, err := base64.RawURLEncoding.DecodeString(rest)
	if err != nil {
		return JoinCode{}, Fault{Code: CodeMalformed, Detail: "入网码不完整，请重新复制"}
	}
	var j JoinCode
	if err := json.Unmarshal(b, &j); err != nil {
		return JoinCode{}, Fault{Code: CodeMalformed, Detail: "入网码不完整，请重新复制"}
	}
	u, err := url.Parse(j.Hub)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || j.Secret == "" {
		return JoinCode{}, Fault{Code: CodeMalformed, Detail: "入网码里没有县级平台的地址，请向县里重新要一个"}
	}
	if sum, err := base64.RawURLEncoding.DecodeString(j.CA); err != nil || j.CA != "" && (len(sum) != sha256.Size || u.Scheme != "https") {
		return JoinCode{}, Fault{Code: CodeMalformed, Detail: "入网码里的证书指纹不对，请重新复制"}
	}
	return j, nil
}

// VouchText is what a hub signs to say that the CA with this fingerprint (see
// JoinCode.CA) speaks for it.
func VouchText(fingerprint string) []byte {
	return []byte(fmt.Sprintf("zhanqun-ca-%d\n%s", Version, fingerprint))
}

// WebSocketPath is where the hub's HTTP side answers nodes that cannot reach its
// broker otherwise, with NATS over WebSocket. It stands behind the base URL.
const WebSocketPath = "/nats"

// EnrolPath is where a node sends Enrol by HTTP POST.
const EnrolPath = "/api/v1/enrol"

// Enrol asks for an identity. From the answer on the key is the identity and
// the code is worth nothing.
type Enrol struct {
	Secret  string `json:"secret"`
	Key     string `json:"key"`     // the node's public key
	Name    string `json:"name"`    // what people call the machine
	Program string `json:"program"` // name and version
	Sig     []byte `json:"sig"`     // over EnrolText: the sender holds the key
	// Was is said by a node that had another identity in the same unit and goes
	// on with its items; nil for a new one.
	Was *Was `json:"was,omitempty"`
}

// EnrolText returns what is signed in Enrol.
func EnrolText(secret, key string) []byte {
	return []byte(fmt.Sprintf("zhanqun-enrol-%d\n%s\n%s", Version, secret, key))
}

// EnrolAnswer is the identity and where to connect.
type EnrolAnswer struct {
	Node     string    `json:"node"`
	Unit     Unit      `json:"unit"`
	HubKey   string    `json:"hubKey"`
	HubEpoch string    `json:"hubEpoch"`
	NATS     []string  `json:"nats"` // addresses: nats, tls, and as a second choice ws, wss
	Now      time.Time `json:"now"`
	// Pending says that a person at the hub has to agree first. Until then the
	// node's hello is answered with CodePending.
	Pending bool `json:"pending,omitempty"`
	// Was is how far the hub has the up log of the node named in Enrol.Was; nil
	// if it knows no such node, and so has nothing of it.
	Was *Mark `json:"was,omitempty"`
}

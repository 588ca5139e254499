package protocol

import (
	"fmt"
	"strings"
	"time"
)

// HubKey says that the hub has another key. The entry it stands in is the last one
// of its log that is signed with the former key, and the node that has it believes
// the new one.
type HubKey struct {
	Former string    `json:"former"` // public key that signs this entry
	Key    string    `json:"key"`    // public key that signs what follows
	Proof  []byte    `json:"proof"`  // by the new key, over HubKeyText
	At     time.Time `json:"at"`     // when the hub took it
}

// HubKeyText returns what the new key signs: the one it follows, and itself.
func HubKeyText(former, key string) []byte {
	return []byte(fmt.Sprintf("zhanqun-hubkey-%d\n%s\n%s", Version, former, key))
}

// NewHubKeyMessage returns what tells that key follows former.
func NewHubKeyMessage(former string, key Key, at time.Time) *HubKey {
	return &HubKey{Former: former, Key: key.Public(), Proof: key.Sign(HubKeyText(former, key.Public())), At: at}
}

// Validate implements Message. A key that does not vouch for itself is somebody
// else's.
func (m *HubKey) Validate() []Fault {
	var c checker
	for _, k := range []struct{ field, text string }{{"former", m.Former}, {"key", m.Key}} {
		if _, err := ParsePublic(k.text); err != nil || !strings.HasPrefix(k.text, "N") {
			c.add(k.field, "不是县级平台的公钥")
		}
	}
	if len(c.faults) > 0 {
		return c.faults
	}
	key, _ := ParsePublic(m.Key) // read above
	switch {
	case m.Key == m.Former:
		c.add("key", "与原来的公钥相同")
	case !key.Verify(HubKeyText(m.Former, m.Key), m.Proof):
		c.add("proof", "没有用新密钥签名")
	}
	return c.faults
}

package protocol

import (
	"fmt"
	"time"
)

// Rekey asks the hub to take another key for the node. The request itself is
// signed with a key the hub knows.
type Rekey struct {
	Key   string `json:"key"`   // the new public key
	Proof []byte `json:"proof"` // by the new key, over RekeyText
}

// RekeyText returns what the new key signs: the node, the key that signed the
// request, and itself.
func RekeyText(node, by, key string) []byte {
	return []byte(fmt.Sprintf("zhanqun-rekey-%d\n%s\n%s\n%s", Version, node, by, key))
}

// RekeyAnswer says that the hub has the new key on disk.
type RekeyAnswer struct {
	Key string `json:"key"` // the one asked for
}

// Rotate asks the node to take another key, by its own means (Rekey).
type Rotate struct {
	At time.Time `json:"at"` // when somebody asked; an earlier one is done with
}

// Validate implements Message.
func (m *Rotate) Validate() []Fault { return nil }

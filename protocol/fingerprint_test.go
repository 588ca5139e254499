package protocol_test

import (
	"testing"

	"zhanqun/protocol"
)

// What two people read to each other is the same on both sides, for ever.
func TestKeyFingerprint(t *testing.T) {
	const key = "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4"
	if got := protocol.KeyFingerprint(key); got != "C5YP-VVWH-GBRS-RBA2" {
		t.Errorf("fingerprint %s", got)
	}
}

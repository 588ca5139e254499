package protocol_test

import (
	"testing"

	"github.com/nats-io/nkeys"

	"zhanqun/protocol"
)

func fixedKey(seed string) protocol.Key {
	k, err := protocol.ParseKey([]byte(seed))
	if err != nil {
		panic(err)
	}
	return k
}

// TestKeysAreNkeys holds that a third client can use any nkeys library.
func TestKeysAreNkeys(t *testing.T) {
	for name, create := range map[string]func() (protocol.Key, error){"node": protocol.NewNodeKey, "hub": protocol.NewHubKey} {
		k, err := create()
		if err != nil {
			t.Fatal(err)
		}
		kp, err := nkeys.FromSeed(k.Seed())
		if err != nil {
			t.Fatalf("%s: nkeys cannot read the seed: %v", name, err)
		}
		if public, _ := kp.PublicKey(); public != k.Public() {
			t.Errorf("%s: public key %s, nkeys says %s", name, k.Public(), public)
		}
		sig, _ := kp.Sign([]byte("x"))
		p, err := protocol.ParsePublic(k.Public())
		if err != nil || !p.Verify([]byte("x"), sig) {
			t.Errorf("%s: signature of nkeys not verified (%v)", name, err)
		}
		if p.Verify([]byte("y"), sig) {
			t.Errorf("%s: signature over other bytes verified", name)
		}
	}
}

func TestForeignKeysAreRefused(t *testing.T) {
	account, err := nkeys.CreateAccount()
	if err != nil {
		t.Fatal(err)
	}
	seed, _ := account.Seed()
	if _, err := protocol.ParseKey(seed); err == nil {
		t.Error("an account seed was taken for a node's key")
	}
	public, _ := account.PublicKey()
	for _, bad := range []string{public, "", "U", nodeKey.Public()[:50], string(nodeKey.Seed())} {
		if _, err := protocol.ParsePublic(bad); err == nil {
			t.Errorf("%q was taken for a public key", bad)
		}
	}
	if (protocol.PublicKey{}).Verify(nil, nil) {
		t.Error("the zero key verified something")
	}
}

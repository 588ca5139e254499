package bus

import (
	"crypto/sha256"
	"fmt"

	"github.com/nats-io/nkeys"

	"zhanqun/protocol"
)

// The accounts of an external server: one for the hub and the nodes, one for the
// server's own affairs.
const (
	account       = "ZQ"
	systemAccount = "SYS"
)

// kickSubject is where a server of a given id is asked to end a connection.
func kickSubject(server string) string { return "$SYS.REQ.SERVER." + server + ".KICK" }

// issuerOf returns the key with which the hub vouches for nodes to an external
// server. It follows from the hub's own key there, so that there is one secret.
func issuerOf(own protocol.Key) (nkeys.KeyPair, error) {
	raw := sha256.Sum256(append([]byte("zhanqun nats issuer\n"), own.Seed()...))
	issuer, err := nkeys.FromRawSeed(nkeys.PrefixByteAccount, raw[:])
	if err != nil {
		return nil, fmt.Errorf("making the issuer's key: %w", err)
	}
	return issuer, nil
}

// DoorConfig returns the part of an external server's configuration with which
// it asks the hub whom to let in, and lets it throw out. own is the hub's key
// there; only public keys are in it.
func DoorConfig(own protocol.Key) (string, error) {
	issuer, err := issuerOf(own)
	if err != nil {
		return "", err
	}
	public, err := issuer.PublicKey()
	if err != nil {
		return "", fmt.Errorf("reading the issuer's key: %w", err)
	}
	return fmt.Sprintf(`authorization {
  timeout: %[1]d
  auth_callout {
    issuer: %[2]s
    account: %[3]s
    auth_users: [ %[4]s ]
    allowed_accounts: [ %[3]s ]
  }
}
accounts {
  %[3]s {
    jetstream: enabled
    users: [ { nkey: %[4]s } ]
    limits { max_subscriptions: %[6]d, max_payload: %[7]d }
    imports: [ { service: { account: %[5]s, subject: %[8]q } } ]
  }
  %[5]s {
    exports: [ { service: %[8]q, accounts: [ %[3]s ] } ]
  }
}
system_account: %[5]s
`, authTime, public, account, own.Public(), systemAccount, maxSubs, maxPayload, kickSubject("*")), nil
}

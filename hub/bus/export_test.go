package bus

import "github.com/nats-io/nats.go"

// Conn is the hub's own connection, with which a test does what an operator may.
func (b *Bus) Conn() *nats.Conn { return b.nc }

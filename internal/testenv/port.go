package testenv

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
)

// Port returns a loopback address, host:port, that a program which is killed and
// started again finds free again: its port is not one of those the system gives
// out by itself.
func Port(t testing.TB) string {
	t.Helper()
	for range 100 {
		addr := fmt.Sprintf("127.0.0.1:%d", 10_000+rand.N(20_000)) // #nosec G404 -- any port
		l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", addr)
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		return addr
	}
	t.Fatal("no free port below 30000")
	return ""
}

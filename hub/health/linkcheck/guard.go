package linkcheck

import (
	"context"
	"net"
)

// ErrPrivate is what the function of Guarded fails with when a name has only
// addresses that may not be reached.
var ErrPrivate = errPrivate

// Guarded returns a function for http.Transport.DialContext that connects by the
// rule on private networks that checks of links go by, for other requests to
// addresses people have typed.
func Guarded(o Options) func(ctx context.Context, network, address string) (net.Conn, error) {
	o = o.withDefaults()
	return (&dialer{&o}).DialContext
}

package linkcheck

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"zhanqun/internal/reach"
)

const (
	// maxAddresses is how many addresses of one name are tried.
	maxAddresses = 6
	// headStart is how long one address may be silent before the next is tried
	// beside it (RFC 8305), so that one address being down costs little.
	headStart = 300 * time.Millisecond
)

// dialer opens connections to allowed addresses only.
type dialer struct{ opts *Options }

// DialContext resolves the host of address, drops what may not be asked and
// connects to the first of the rest that answers. Resolving and judging in one
// place leaves no gap in which a name could change its address.
func (d *dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, d.opts.Timeout)
	defer cancel()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("split address: %w", err)
	}
	trip := tripFrom(ctx)
	trip.enter(phaseResolve)
	ips, err := d.resolve(ctx, host)
	if err != nil {
		return nil, fmt.Errorf("resolve: %w", err)
	}
	trip.enter(phaseConnect)
	conn, err := d.race(ctx, network, ips, port)
	if err != nil {
		return nil, err
	}
	return newPatient(conn), nil
}

// resolve returns the addresses of host that may be asked; errPrivate if it
// has some, but none of those.
func (d *dialer) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	ips := []netip.Addr{ip}
	if err != nil {
		if ips, err = d.opts.Resolver.LookupNetIP(ctx, "ip", host); err != nil {
			return nil, err
		}
	}
	if len(ips) == 0 {
		return nil, errNoAddr
	}
	allowed := make([]netip.Addr, 0, len(ips))
	for _, ip := range ips {
		if d.allowed(ip) && len(allowed) < maxAddresses {
			allowed = append(allowed, ip.Unmap())
		}
	}
	if len(allowed) == 0 {
		return nil, errPrivate
	}
	return allowed, nil
}

func (d *dialer) allowed(ip netip.Addr) bool {
	switch reach.Of(ip) {
	case reach.Public:
		return true
	case reach.Private:
		return d.opts.AllowPrivate(ip.Unmap())
	}
	return false
}

// race tries the addresses in order, each with a head start on the next, and
// returns the first connection. It returns when all attempts have ended.
func (d *dialer) race(ctx context.Context, network string, ips []netip.Addr, port string) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type attempt struct {
		conn net.Conn
		err  error
	}
	done := make(chan attempt)
	started, ended := 0, 0
	start := func() {
		address := net.JoinHostPort(ips[started].String(), port)
		started++
		go func() {
			conn, err := d.opts.Dial(ctx, network, address)
			done <- attempt{conn, err}
		}()
	}
	start()
	timer := time.NewTimer(headStart)
	defer timer.Stop()
	var winner net.Conn
	var failed error
	for ended < started {
		select {
		case <-timer.C:
			if started < len(ips) && winner == nil {
				start()
				timer.Reset(headStart)
			}
		case a := <-done:
			ended++
			switch {
			case a.err == nil && winner == nil:
				winner = a.conn
				cancel()
			case a.err == nil:
				a.conn.Close() //nolint:errcheck // one that came too late
			default:
				failed = worse(ctx, failed, a.err)
				if started < len(ips) && winner == nil && ctx.Err() == nil {
					start()
					timer.Reset(headStart)
				}
			}
		}
	}
	if winner != nil {
		return winner, nil
	}
	return nil, fmt.Errorf("connect: %w", failed)
}

// worse returns the error to report for several addresses: having no IPv6 route
// here must not hide that the IPv4 address refused, and while one address is
// merely silent nothing is proved.
func worse(ctx context.Context, a, b error) error {
	if a == nil || kindOf(ctx, a) == KindNoRoute || kindOf(ctx, b) == KindTimeout {
		return b
	}
	return a
}

package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"zhanqun/config"
	"zhanqun/hub/bus"
	"zhanqun/internal/ca"
	"zhanqun/internal/fault"
	"zhanqun/internal/web"
	"zhanqun/protocol"
)

// certificateOwner is whom the own CA's certificates name.
const certificateOwner = "站群县级平台"

// natsAddr is where the embedded broker is to listen.
func natsAddr(cfg config.NATS) (net.Addr, error) { return net.ResolveTCPAddr("tcp", cfg.Listen) }

// certificates returns what hands out this hub's certificate, made when the
// first listener needs it.
func (c *county) certificates() (*ca.Server, error) {
	if c.certs != nil {
		return c.certs, nil
	}
	var err error
	c.certs, err = ca.New(ca.Options{
		Dir: c.cfg.Dir, Owner: certificateOwner, Vouch: c.store.Keys().Vouch, CertFile: c.cfg.TLS.CertFile, KeyFile: c.cfg.TLS.KeyFile, Names: c.certificateNames, Now: c.now, Log: c.log,
	})
	return c.certs, err
}

// certificateNames are the names and addresses the hub may be called by.
func (c *county) certificateNames() []string {
	names := append(hostNames(c.cfg.HTTP, c.listener.Addr(), ownAddresses()), "localhost", "127.0.0.1", "::1")
	for _, addr := range splitList(c.cfg.NATS.PublicURL) {
		if u, err := url.Parse(addr); err == nil {
			names = append(names, u.Hostname())
		}
	}
	if host, _, err := net.SplitHostPort(c.cfg.NATS.Listen); err == nil && host != "" {
		names = append(names, host)
	}
	return names
}

// secureListener lets the pages' listener speak TLS if it is to. It notes what a
// node has to be told to know the hub again.
func (c *county) secureListener(ctx context.Context) error {
	if !c.cfg.TLS.Secures(c.listener.Addr()) {
		return c.access.SetPin(ctx, "")
	}
	certs, err := c.certificates()
	if err != nil {
		return err
	}
	c.listener = web.SecureListener(c.listener, certs.Config("h2", "http/1.1"))
	return c.access.SetPin(ctx, certs.State().Pin)
}

// secureBroker lets the embedded broker speak TLS if it is to.
func (c *county) secureBroker(o *bus.Options) error {
	addr, err := natsAddr(c.cfg.NATS)
	if err != nil {
		return fault.Wrap(fault.Invalid, "设置 nats.listen 里的主机名 "+c.cfg.NATS.Listen+" 解析不了。", err)
	}
	if !c.cfg.TLS.Secures(addr) {
		return nil
	}
	certs, err := c.certificates()
	if err == nil {
		o.TLS = certs.Config()
	}
	return err
}

// insist turns addresses of a broker that speaks TLS into such as let a node take
// nothing less.
func insist(list []string) []string {
	for i, addr := range list {
		if rest, ok := strings.CutPrefix(addr, "nats://"); ok {
			list[i] = "tls://" + rest
		}
	}
	return list
}

// strict reports whether browsers may be told to come by HTTPS only from now on.
// With a certificate they do not know that would lock people out who were let
// in by hand.
func (c *county) strict() bool {
	return c.certs != nil && c.certs.State().Public
}

// withBroker answers nodes that come for the embedded broker through this port.
func (c *county) withBroker(pages http.Handler) http.Handler {
	if !c.cfg.NATS.Embedded() {
		return pages
	}
	broker := c.bus.WebSocket()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == protocol.WebSocketPath {
			broker.ServeHTTP(w, r)
			return
		}
		pages.ServeHTTP(w, r)
	})
}

// webSocket is where nodes reach the embedded broker through the pages' port.
func webSocket(base string) string {
	return "ws" + strings.TrimPrefix(base, "http") + protocol.WebSocketPath
}

// ways are where nodes are told to connect: the broker itself, and the pages'
// port. An address only this machine can use is not told to others.
func (c *county) ways() []string {
	list := append([]string(nil), c.nats...)
	if !c.cfg.NATS.Embedded() || c.cfg.NATS.PublicURL != "" && hasWebSocket(c.nats) {
		return list
	}
	if addr, err := natsAddr(c.cfg.NATS); err == nil && c.cfg.NATS.PublicURL == "" && !config.Outside(addr) && c.forOthers() {
		list = nil
	}
	return append(list, webSocket(c.base))
}

// forOthers reports whether other machines reach the pages, by themselves or
// through something in front.
func (c *county) forOthers() bool {
	if config.Outside(c.listener.Addr()) {
		return true
	}
	u, err := url.Parse(c.cfg.HTTP.PublicURL)
	if err != nil || u.Hostname() == "" || u.Hostname() == "localhost" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return ip == nil || !ip.IsLoopback()
}

func hasWebSocket(list []string) bool {
	for _, addr := range list {
		if strings.HasPrefix(addr, "ws") {
			return true
		}
	}
	return false
}

// sayUnprotected warns once when other machines are served without TLS.
func (c *county) sayUnprotected() {
	if c.cfg.TLS.Mode != config.TLSOff {
		return
	}
	open := []string{}
	if config.Outside(c.listener.Addr()) {
		open = append(open, c.base)
	}
	if addr, err := natsAddr(c.cfg.NATS); err == nil && c.cfg.NATS.Embedded() && config.Outside(addr) {
		open = append(open, c.nats...)
	}
	if len(open) > 0 {
		c.log.Warn("other machines are served without encryption, because tls.mode is off: something in front has to encrypt", "addresses", fmt.Sprint(open))
	}
}

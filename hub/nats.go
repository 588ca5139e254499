package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/nats-io/nats.go"

	"zhanqun/config"
	"zhanqun/internal/ca"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// credentials are how the hub signs in to an external broker: with a name and a
// password, or with a key.
func credentials(cfg config.NATS) ([]nats.Option, protocol.Key, error) {
	if cfg.User != "" {
		return []nats.Option{nats.UserInfo(cfg.User, cfg.Password.Reveal())}, protocol.Key{}, nil
	}
	if !cfg.Seed.IsSet() {
		return nil, protocol.Key{}, nil
	}
	key, err := ownKey(cfg)
	return nil, key, err
}

// trustingOwn lets the hub believe certificates of its own CA at an external
// broker (hub nats cert), beside those the system trusts. dir is the data folder.
func trustingOwn(dir, urls string) []nats.Option {
	text, err := os.ReadFile(filepath.Join(dir, ca.CertName)) // #nosec G304 -- in the data folder
	if err != nil || strings.Contains(urls, "ws://") {
		return nil // it has none; or the client library would take ws for wss
	}
	return []nats.Option{func(o *nats.Options) error {
		roots, err := x509.SystemCertPool()
		if err != nil {
			roots = x509.NewCertPool() // a system without any
		}
		roots.AppendCertsFromPEM(text)
		o.TLSConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
		return nil
	}}
}

// ownKey reads the hub's key at an external broker.
func ownKey(cfg config.NATS) (protocol.Key, error) {
	key, err := protocol.ParseKey([]byte(strings.TrimSpace(cfg.Seed.Reveal())))
	if err != nil {
		return key, fault.Wrap(fault.Invalid, "设置 nats.seed 不是有效的用户密钥种子（SU 开头）。", err)
	}
	return key, nil
}

// natsAddresses are where nodes connect: what the settings say, or else the
// broker's own address as other machines can dial it.
func natsAddresses(cfg config.NATS, at string, own []netip.Addr) []string {
	for _, list := range []string{cfg.PublicURL, cfg.URL} {
		if list != "" {
			return splitList(list)
		}
	}
	u, err := url.Parse(at)
	if err != nil {
		return []string{at}
	}
	addr, err := net.ResolveTCPAddr("tcp", u.Host)
	if err != nil {
		return []string{at}
	}
	return []string{fmt.Sprintf("%s://%s", u.Scheme, reachable(addr, own))}
}

// splitList reads addresses parted by commas. Passwords in the hub's own
// address stay with the hub.
func splitList(list string) []string {
	var out []string
	for part := range strings.SplitSeq(list, ",") {
		part = strings.TrimSpace(part)
		if u, err := url.Parse(part); err == nil && u.User != nil {
			u.User = nil
			part = u.String()
		}
		if part != "" {
			out = append(out, part)
		}
	}
	return out
}

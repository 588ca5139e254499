package main

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"github.com/nats-io/nats.go"

	"zhanqun/config"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// credentials are how the hub signs in to an external broker.
func credentials(cfg config.NATS) ([]nats.Option, error) {
	var list []nats.Option
	if cfg.User != "" {
		list = append(list, nats.UserInfo(cfg.User, cfg.Password.Reveal()))
	}
	if cfg.Seed.IsSet() {
		key, err := protocol.ParseKey([]byte(strings.TrimSpace(cfg.Seed.Reveal())))
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, "设置 nats.seed 不是有效的用户密钥种子（SU 开头）。", err)
		}
		list = append(list, nats.Nkey(key.Public(), func(nonce []byte) ([]byte, error) { return key.Sign(nonce), nil }))
	}
	return list, nil
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

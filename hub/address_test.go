package main

import (
	"net"
	"net/netip"
	"slices"
	"testing"

	"zhanqun/config"
)

func TestReachable(t *testing.T) {
	own := []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("::1"), netip.MustParseAddr("fe80::1"),
		netip.MustParseAddr("169.254.3.4"), netip.MustParseAddr("10.1.2.3"), netip.MustParseAddr("192.168.0.9")}
	for _, tt := range []struct {
		listening string
		own       []netip.Addr
		want      string
	}{
		{"127.0.0.1:8080", own, "127.0.0.1:8080"},
		{"192.168.0.9:80", own, "192.168.0.9:80"},
		{"[::1]:8080", own, "[::1]:8080"},
		{"0.0.0.0:8080", own, "10.1.2.3:8080"},
		{"[::]:8080", own, "10.1.2.3:8080"},
		{"[::]:8080", own[:3], "127.0.0.1:8080"},
		{"0.0.0.0:8080", nil, "127.0.0.1:8080"},
	} {
		addr := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(tt.listening))
		if got := reachable(addr, tt.own); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.listening, got, tt.want)
		}
	}
}

func TestHostNames(t *testing.T) {
	own := []netip.Addr{netip.MustParseAddr("10.1.2.3")}
	every := net.TCPAddrFromAddrPort(netip.MustParseAddrPort("0.0.0.0:8080"))
	one := net.TCPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:8080"))
	cfg := config.HubHTTP{Addr: "0.0.0.0:8080", PublicURL: "https://zq.example.gov.cn:8443/x/", AllowedHosts: []string{"zq"}}
	names := hostNames(cfg, every, own)
	for _, want := range []string{"zq", "zq.example.gov.cn", "10.1.2.3"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is not among %v", want, names)
		}
	}
	if names := hostNames(config.HubHTTP{Addr: "hub.local:8080"}, one, own); !slices.Equal(names, []string{"hub.local"}) {
		t.Errorf("names of one address: %v", names)
	}
}

func TestBaseURL(t *testing.T) {
	for _, tt := range []struct{ public, want string }{
		{"", "http://127.0.0.1:8080"},
		{"https://zq.example.gov.cn/", "https://zq.example.gov.cn"},
		{"https://zq.example.gov.cn/a", "https://zq.example.gov.cn/a"},
	} {
		if got := baseURL(config.HubHTTP{PublicURL: tt.public}, "http://127.0.0.1:8080"); got != tt.want {
			t.Errorf("%q: %s, want %s", tt.public, got, tt.want)
		}
	}
}

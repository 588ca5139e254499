package station

import (
	"net"
	"net/netip"
	"os"
)

// hostNames are the names the pages are served under: that of the setting, and
// for a listener on every address all names of this machine, because a village
// liaison's phone reaches it by one of them.
func hostNames(setting string, listening net.Addr) []string {
	names := calledBySetting(setting)
	tcp, ok := listening.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return names
	}
	if name, err := os.Hostname(); err == nil {
		names = append(names, name)
	}
	for _, a := range ownAddresses() {
		names = append(names, a.String())
	}
	return names
}

// calledBySetting is the name or address of the setting, if it says one.
func calledBySetting(setting string) []string {
	host, _, err := net.SplitHostPort(setting)
	if err != nil || host == "" {
		return nil
	}
	return []string{host}
}

// reachableAt are the addresses other machines can reach what listens at ip by.
func reachableAt(ip net.IP) []string {
	if !ip.IsUnspecified() {
		return []string{ip.String()}
	}
	var list []string
	for _, a := range ownAddresses() {
		if a.Is4() && !a.IsLoopback() && !a.IsLinkLocalUnicast() {
			list = append(list, a.String())
		}
	}
	return list
}

// ownAddresses are the addresses of this machine; none on one without networks,
// which still serves itself.
func ownAddresses() []netip.Addr {
	var list []netip.Addr
	for _, p := range ownNetworks() {
		list = append(list, p.Addr())
	}
	return list
}

// ownNetworks are the addresses of this machine with the size of their networks.
func ownNetworks() []netip.Prefix {
	own, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var list []netip.Prefix
	for _, a := range own {
		if p, err := netip.ParsePrefix(a.String()); err == nil && !p.Addr().Is4In6() {
			list = append(list, p)
		}
	}
	return list
}

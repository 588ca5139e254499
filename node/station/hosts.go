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
	var names []string
	if host, _, err := net.SplitHostPort(setting); err == nil && host != "" {
		names = append(names, host)
	}
	tcp, ok := listening.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return names
	}
	if name, err := os.Hostname(); err == nil {
		names = append(names, name)
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		return names // a machine without networks still serves itself
	}
	for _, a := range own {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			names = append(names, p.Addr().Unmap().String())
		}
	}
	return names
}

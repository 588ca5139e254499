package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"

	"zhanqun/hub/sample"
	"zhanqun/internal/fault"
	"zhanqun/internal/web"
)

// demoSite is a township's site, served here.
type demoSite struct {
	sample.Site
	listener net.Listener
	url      string
}

func openSite(s sample.Site, b *demoBook, host, port string) (*demoSite, error) {
	part := "site-" + s.Unit
	l, err := net.Listen("tcp", b.place(part, host, port))
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, "示例站点“"+s.Name+"”无法监听："+err.Error(), err)
	}
	b.Addrs[part] = l.Addr().String()
	for _, path := range b.Repaired {
		s.Repair(path)
	}
	return &demoSite{Site: s, listener: l, url: fmt.Sprintf("http://%s/", reachable(l.Addr(), ownAddresses()))}, nil
}

func (s *demoSite) run(ctx context.Context, log *slog.Logger) error {
	return web.Serve(ctx, s.listener, s, log)
}

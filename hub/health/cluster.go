package health

import (
	"context"
	"strings"
	"sync"
	"time"
)

// hostsLife is how long the hosts of the registered sites are remembered.
const hostsLife = time.Minute

// siteHostsMemory remembers the hosts of the registered sites.
type siteHostsMemory struct {
	mu    sync.Mutex
	hosts map[string]bool
	at    time.Time
}

// OnCluster tells whether a host is that of a registered site, with or without
// "www.". When that cannot be read it is not.
func (s *Service) OnCluster(ctx context.Context, host string) bool {
	hosts, err := s.siteHosts(ctx)
	return err == nil && hosts[bareHost(host)]
}

func bareHost(host string) string { return strings.TrimPrefix(host, "www.") }

func (s *Service) siteHosts(ctx context.Context) (map[string]bool, error) {
	m := &s.hosts
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.hosts != nil && time.Since(m.at) < hostsLife {
		return m.hosts, nil
	}
	hosts := map[string]bool{}
	for after := ""; ; {
		sites, err := s.Store.Sites(ctx, after, batch)
		if err != nil {
			return nil, err
		}
		for _, one := range sites {
			hosts[bareHost(HostOf(one.URL))] = true
			after = one.ID
		}
		if len(sites) < batch {
			m.hosts, m.at = hosts, time.Now()
			return hosts, nil
		}
	}
}

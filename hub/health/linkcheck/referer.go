package linkcheck

import (
	"context"
	"net/http"
	"sync"

	"github.com/go-resty/resty/v2"
)

// Some servers hand out pictures and files only to readers of their own pages
// and say 403 to whoever does not tell where the link stands. A browser tells.
// Here it is told only to a server that has refused, since others refuse for it.

const (
	vainReferers = 2    // how often it is told a host in vain before that is given up
	maxReferers  = 1000 // hosts of which it is remembered
	wantsReferer = -1
)

// referers remembers of hosts how often telling them did not help, or that they
// want to be told.
type referers struct {
	mu    sync.Mutex
	hosts map[string]int
}

func (r *referers) of(host string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.hosts[host]
}

func (r *referers) learn(host string, helped bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.hosts == nil || len(r.hosts) >= maxReferers {
		r.hosts = map[string]int{}
	}
	switch {
	case helped:
		r.hosts[host] = wantsReferer
	case r.hosts[host] >= 0:
		r.hosts[host]++
	}
}

// referer returns what browsers tell a server of the page a link stands on: its
// address on the same site, its host elsewhere, nothing when the way there is less
// safe than the page.
func (c *Checker) referer(to address) string {
	page := c.page
	switch {
	case page.host == "", page.scheme == "https" && to.scheme == "http":
		return ""
	case page.scheme == to.scheme && page.hostPort() == to.hostPort():
		page.user = ""
		return page.String()
	}
	return page.scheme + "://" + page.hostPort() + "/"
}

// told asks once more, saying where the link stands, after a server has refused.
// The first answer stays if that does not help.
func (v *visit) told(ctx context.Context, client *resty.Client, cookies []*http.Cookie, refused *answer) *answer {
	c, host := v.checker, v.at.hostPort()
	if v.referer != "" || c.referers.of(host) >= vainReferers {
		return refused
	}
	if v.referer = c.referer(v.at); v.referer == "" {
		return refused
	}
	again, fail := v.once(ctx, client, cookies)
	helped := fail == nil && again.status < 400
	c.referers.learn(host, helped)
	if !helped {
		return refused
	}
	return again
}

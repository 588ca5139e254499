package web

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"

	"zhanqun/hub/access"
	"zhanqun/hub/feed"
	"zhanqun/hub/health"
	"zhanqun/hub/health/linkcheck"
	"zhanqun/hub/health/prober"
	"zhanqun/hub/health/rules"
	"zhanqun/hub/health/verdict"
	"zhanqun/hub/intake"
	"zhanqun/hub/ranking"
	"zhanqun/hub/store/storetest"
	"zhanqun/hub/webhook"
	"zhanqun/internal/account"
	"zhanqun/internal/blob"
	"zhanqun/internal/content"
)

// county is a hub of the sample county with people of every role, its pages,
// and a clock that stands still.
type county struct {
	*storetest.Office
	srv     *Server
	h       http.Handler
	access  *access.Service
	files   *blob.Store
	people  map[account.Role]access.User
	notOK   error // why the hub is not ready
	mu      sync.Mutex
	counted map[string][]int // statuses by route
}

// newCounty opens a hub on a new store.
func newCounty(t testing.TB, change ...func(*Options)) *county {
	t.Helper()
	return newCountyOn(t, storetest.SQLite, change...)
}

func newCountyOn(t testing.TB, open storetest.Open, change ...func(*Options)) *county {
	t.Helper()
	c := &county{Office: storetest.NewOffice(t, open), people: map[account.Role]access.User{}, counted: map[string][]int{}}
	c.Stream.Intake = intake.New(intake.Options{Store: c.Store, Now: c.Now, Scan: kindsIn, Log: slog.New(slog.DiscardHandler)})
	c.access = storetest.Access(c.Store)
	c.people[account.RoleReviewer], c.people[account.RoleChief] = c.Reviewer, c.Chief
	for role, unit := range map[account.Role]string{account.RoleAdmin: "", account.RoleViewer: "", account.RoleLiaison: storetest.Sitang,
		account.RoleVillage: storetest.SitangA} {
		c.people[role] = storetest.User(t, c.Store, string(role), role, unit)
	}
	var err error
	if c.files, err = blob.Open(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.files.Close(); err != nil {
			t.Error(err)
		}
	})
	base := func(*http.Request) string { return storetest.Portal }
	quiet := slog.New(slog.DiscardHandler)
	readers, err := feed.New(feed.Options{Store: c.Store, Files: c.files, Title: "思南县人民政府", Base: base, Now: c.Clock.Now, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	o := Options{
		Access: c.access, Review: c.Office.Desk, Intake: c.Stream.Intake, Feed: readers, Files: readers, Log: c.Store,
		Ranking:  ranking.New(ranking.Options{Store: c.Store, Now: c.Clock.Now}),
		Health:   health.New(health.Options{Store: c.Store, Policy: linkcheck.DefaultPolicy, Now: c.Clock.Now, Log: quiet}),
		Uptime:   prober.New(prober.Options{Store: c.Store, Now: c.Clock.Now, Log: quiet}),
		Inspect:  newInspect(t, c),
		Hooks:    webhook.New(webhook.Options{Store: c.Store, Dial: nowhere, Now: c.Clock.Now, Log: quiet}),
		Sessions: c.Store.Sessions(), Ready: func(context.Context) error { return c.notOK },
		Count: func(route string, status int) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.counted[route] = append(c.counted[route], status)
		},
		Base: base, Hosts: []string{"*"}, Version: "test", PublicStatus: true, Now: c.Clock.Now, Logger: quiet,
	}
	for _, f := range change {
		f(&o)
	}
	if c.srv, err = New(o); err != nil {
		t.Fatal(err)
	}
	c.h = c.srv.Handler()
	return c
}

// newInspect judges by the rules the hub begins with.
func newInspect(t testing.TB, c *county) *verdict.Service {
	t.Helper()
	s, err := verdict.New(verdict.Options{Store: c.Store, Sets: rules.Default(), Set: rules.DefaultSet, Portal: "http://sitang.example.org",
		Watched: true, Links: true, Now: c.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// nowhere is a way to reach nobody.
func nowhere(context.Context, string, string) (net.Conn, error) {
	return nil, errors.New("there is no line")
}

// kindsIn names what stands in a text that should not be public, as the hub does.
func kindsIn(text string) []string {
	var kinds []string
	for _, hit := range content.Scan(content.ToText(text)) {
		if kind := string(hit.Kind); !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

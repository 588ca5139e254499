package main

import (
	"database/sql"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"zhanqun/internal/testenv"
)

// The database goes away under a running hub and comes back: people and programs
// are told in words, townships go on handing in, and afterwards everything is as
// if nothing had been.
func TestHubWithoutItsDatabase(t *testing.T) {
	t.Parallel()
	dsn := testenv.Postgres(t)
	hub, node := programs(t)
	hub = hub.with("ZHANQUN_DATABASE_URL=" + dsn)
	p := newPair(t, hub, node)
	first := p.handIn(t, "第一条")
	p.until(t, "the first item is received", p.itemIs(t, first, "received"))

	// The servers of tests are quick and forget.
	if out, err := hub.run(t.Context(), "", "doctor"); err != nil || !strings.Contains(out, "fsync、full_page_writes、synchronous_commit 关着") {
		t.Errorf("doctor: %v\n%s", err, out)
	}

	allow := doorOf(t, dsn)
	allow(false)
	for what, err := range map[string]error{"a list": ask(p.hub.R(), http.MethodGet, "/api/v1/items", nil, nil), "a decision": p.decide(first)} {
		var said *problem
		if !errors.As(err, &said) || said.Status != http.StatusServiceUnavailable || !strings.Contains(said.Detail, "数据库") {
			t.Errorf("%s without a database: %v", what, err)
		}
	}
	p.until(t, "the hub is not ready", p.hubSays(http.StatusServiceUnavailable))
	second := p.handIn(t, "第二条")
	p.until(t, "the second item is in the county's mailbox", p.itemIs(t, second, "sent"))

	allow(true)
	p.until(t, "the second item is received", p.itemIs(t, second, "received"))
	p.until(t, "the hub is ready", p.hubSays(http.StatusOK))
	for _, id := range []string{first, second} {
		if err := p.decide(id); err != nil {
			t.Error(err)
		}
		p.until(t, "the item is adopted", p.itemIs(t, id, "adopted"))
	}
}

// doorOf lets connections into a database, or ends all there are and lets no
// more in.
func doorOf(t *testing.T, dsn string) func(open bool) {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(u.Path, "/")
	u.Path = "/postgres"
	db, err := sql.Open("postgres", u.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return func(open bool) {
		t.Helper()
		allow := "false"
		if open {
			allow = "true"
		}
		if _, err := db.ExecContext(t.Context(), "ALTER DATABASE "+name+" WITH ALLOW_CONNECTIONS "+allow); err != nil {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND NOT $2", name, open); err != nil {
			t.Fatal(err)
		}
	}
}

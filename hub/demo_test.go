package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-resty/resty/v2"

	"zhanqun/internal/testenv"
	"zhanqun/node/queue"
)

// shownDemo is a running demonstration, as a script sees it.
type shownDemo struct {
	*process
	demoPlaces
	raw json.RawMessage
}

// showDemo starts the program as people and scripts do. temp is where it makes
// its folder when none is named.
func showDemo(t *testing.T, temp string, args ...string) *shownDemo {
	t.Helper()
	hub := binary{t, testenv.Binaries(t).Hub, []string{"TMPDIR=" + temp}}
	d := new(shownDemo)
	began := time.Now()
	var err error
	if d.process, err = hub.start(t.Context(), &d.raw, append([]string{"demo", "--json", "--addr", "127.0.0.1:0"}, args...)...); err != nil {
		t.Fatal(err)
	}
	t.Logf("ready after %.1f s", time.Since(began).Seconds())
	strict := json.NewDecoder(bytes.NewReader(d.raw))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&d.demoPlaces); err != nil {
		t.Fatalf("%v: %s", err, d.raw)
	}
	return d
}

// end stops it and holds that it is gone.
func (d *shownDemo) end(t *testing.T) {
	t.Helper()
	if err := d.stop(); err != nil {
		t.Error(err)
	}
	for _, u := range d.addresses() {
		at, err := url.Parse(u)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := new(net.Dialer).DialContext(t.Context(), "tcp", at.Host); err == nil {
			c.Close()
			t.Errorf("%s still listens", u)
		}
	}
}

func (d *shownDemo) addresses() []string {
	list := []string{d.Hub, d.Feed}
	for _, p := range append(d.Nodes, d.Sites...) {
		list = append(list, p.URL)
	}
	return list
}

// The demonstration as the first visitor meets it: everything it lists is there,
// everybody can sign in, there is something in every state, and Ctrl+C leaves
// nothing behind.
func TestDemo(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	d := showDemo(t, temp)
	d.holdShape(t)
	for _, u := range d.addresses() {
		if status, _ := get(t, u); status != http.StatusOK {
			t.Errorf("%s: %d", u, status)
		}
	}
	d.holdAccounts(t)
	d.holdStates(t)
	d.holdFeeds(t)
	for _, n := range d.Nodes[:2] {
		eventually(t, n.Name+" is told of a dead link", func() (bool, error) {
			var list struct{ Findings []queue.Finding }
			err := ask(d.as(n.Unit), http.MethodGet, n.URL+"/api/v1/findings", nil, &list)
			return len(list.Findings) > 0, err
		}, d.errs)
	}

	if rel, err := filepath.Rel(temp, d.Dir); err != nil || strings.HasPrefix(rel, "..") {
		t.Errorf("folder %s", d.Dir)
	}
	d.end(t)
	if _, err := os.Stat(d.Dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is still there (%v)", err)
	}
	if text := d.errs.String(); text != "" {
		t.Errorf("it complained: %s", text)
	}
}

// Without sample items there are the same places and people, and nothing else.
func TestDemoEmpty(t *testing.T) {
	t.Parallel()
	d := showDemo(t, t.TempDir(), "--empty")
	d.holdShape(t)
	for _, a := range d.Accounts {
		var list struct{ Items []json.RawMessage }
		if err := ask(resty.New().R().SetAuthToken(a.Token), http.MethodGet, a.URL+"/api/v1/items", nil, &list); err != nil || len(list.Items) > 0 {
			t.Errorf("%s at %s finds %d items (%v)", a.User, a.URL, len(list.Items), err)
		}
	}
	d.end(t)
}

// A folder that was named stays, and the next start goes on in it: same people,
// same addresses, same items.
func TestDemoKept(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "演示")
	first := showDemo(t, t.TempDir(), "--dir", dir)
	first.holdStates(t)
	items := first.titles(t)
	first.end(t)
	if _, err := os.Stat(filepath.Join(dir, "hub", "hub.db")); err != nil {
		t.Fatal(err)
	}
	again := showDemo(t, t.TempDir(), "--dir", dir)
	if again.Dir != dir || again.Hub != first.Hub || !slices.Equal(again.Accounts, first.Accounts) {
		t.Errorf("first %s\nagain %s", first.raw, again.raw)
	}
	if now := again.titles(t); !slices.Equal(now, items) {
		t.Errorf("items before %v\nafter %v", items, now)
	}
	again.holdAccounts(t)
	again.end(t)
}

// In PostgreSQL it keeps to a schema of its own, which goes with it.
func TestDemoInPostgreSQL(t *testing.T) {
	t.Parallel()
	dsn := testenv.Postgres(t)
	d := showDemo(t, t.TempDir(), "--database", dsn)
	d.holdStates(t)
	d.holdFeeds(t)
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tables := func() (n int) {
		t.Helper()
		err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if tables() == 0 {
		t.Error("it does not use the database")
	}
	d.end(t)
	if n := tables(); n > 0 {
		t.Errorf("%d tables are left", n)
	}
}

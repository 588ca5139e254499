package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-resty/resty/v2"

	"zhanqun/internal/ca"
	"zhanqun/node/station"
)

// pair is a hub and one node of it, as real processes.
type pair struct {
	hub, node         *resty.Client
	hubRuns, nodeRuns *process
}

// newPair starts a hub in which one township has joined.
func newPair(t *testing.T, hub, node binary) *pair {
	t.Helper()
	p := new(pair)
	var err error
	must := func(out string, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	file := filepath.Join(t.TempDir(), "units.csv")
	writeFile(t, file, units)
	must(hub.run(t.Context(), "", "unit", "import", file))
	var at addresses
	if p.hubRuns, err = hub.start(t.Context(), &at, "serve", "--json"); err != nil {
		t.Fatal(err)
	}
	must(hub.run(t.Context(), "sichuan-20-shenhe\n", "user", "add", "shenhe", "--role", "reviewer", "--password-stdin"))
	p.hub = resty.New()
	if _, err := os.Stat(filepath.Join(hub.dir(), ca.CertName)); err == nil {
		trusting(t, p.hub, hub.dir())
	}
	p.hub.SetBaseURL(at.Hub).SetAuthToken(must(hub.run(t.Context(), "", "token", "create", "shenhe")))
	must(node.run(t.Context(), "", "join", must(hub.run(t.Context(), "", "node", "invite", "520624001"))))
	var url struct{ URL string }
	if p.nodeRuns, err = node.start(t.Context(), &url, "serve", "--json"); err != nil {
		t.Fatal(err)
	}
	token := must(node.run(t.Context(), "", "token", "create", station.FirstLogin))
	_, token, _ = strings.Cut(token, "：")
	p.node = resty.New().SetBaseURL(url.URL).SetAuthToken(token)
	return p
}

// handIn hands a text in at the node and returns the item's id.
func (p *pair) handIn(t *testing.T, title string) string {
	t.Helper()
	id, err := p.tryHandIn(title)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func (p *pair) tryHandIn(title string) (string, error) {
	var made item
	form := map[string]any{"title": title, "body": strings.Repeat("会议要求抓好安全生产责任落实。\n", 3000), "column": "township", "author": "田野", "source": "党政办"}
	if err := ask(p.node.R(), http.MethodPost, "/api/v1/items", form, &made); err != nil {
		return "", err
	}
	return made.ID, ask(p.node.R(), http.MethodPost, "/api/v1/items/"+made.ID+"/submit", nil, nil)
}

func (p *pair) nodeState(t *testing.T, id string) string {
	t.Helper()
	var i item
	if err := ask(p.node.R(), http.MethodGet, "/api/v1/items/"+id, nil, &i); err != nil {
		t.Fatal(err)
	}
	return i.State
}

func (p *pair) decide(id string) error {
	return ask(p.hub.R(), http.MethodPost, "/api/v1/items/"+id+"/decisions", ruling{Revision: 1, Action: "approve"}, nil)
}

// hubSays looks whether the hub calls itself ready.
func (p *pair) hubSays(want int) func() (bool, error) {
	return func() (bool, error) {
		answer, err := p.hub.R().Get("/readyz")
		return err == nil && answer.StatusCode() == want, err
	}
}

// itemIs looks whether the node shows an item in a state.
func (p *pair) itemIs(t *testing.T, id, state string) func() (bool, error) {
	return func() (bool, error) { return p.nodeState(t, id) == state, nil }
}

// until looks again and again until something is so.
func (p *pair) until(t *testing.T, what string, so func() (bool, error)) {
	t.Helper()
	eventually(t, what, so, p.hubRuns.errs, p.nodeRuns.errs)
}

// eventually looks again and again until something is so. logs tell more when
// it never is.
func eventually(t *testing.T, what string, so func() (bool, error), logs ...fmt.Stringer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		done, err := so()
		if done {
			return
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Fatalf("waiting until %s: %v\n%v", what, err, logs)
		}
	}
}

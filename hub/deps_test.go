package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// rule says what a package must not depend on, however many steps away. Both
// sides end in /... when they mean everything below as well; a left side alone
// never stands for the folders below it.
type rule struct{ pkg, forbidden, reason string }

var areas = []string{
	"zhanqun/hub/catalog", "zhanqun/hub/access", "zhanqun/hub/intake", "zhanqun/hub/review", "zhanqun/hub/feed",
	"zhanqun/hub/health", "zhanqun/hub/health/linkcheck", "zhanqun/hub/health/robots", "zhanqun/hub/health/crawl", "zhanqun/hub/health/urge",
	"zhanqun/hub/health/workday", "zhanqun/hub/health/uptime", "zhanqun/hub/health/rules", "zhanqun/hub/health/prober", "zhanqun/hub/health/verdict",
	"zhanqun/hub/ranking", "zhanqun/hub/listfile", "zhanqun/hub/bundle", "zhanqun/hub/webhook",
}

func importRules() []rule {
	list := []rule{
		{"zhanqun/protocol", "zhanqun/...", "a stranger must be able to use the wire alone"},
		{"zhanqun/config", "zhanqun/...", "settings are a leaf: main hands them on as plain values"},
		{"zhanqun/migrations", "zhanqun/...", "the schema's history knows no program"},
		{"zhanqun/internal/fault", "zhanqun/...", "everybody imports it"},
		{"zhanqun/internal/...", "zhanqun/hub/...", "what both programs share knows neither"},
		{"zhanqun/internal/...", "zhanqun/node/...", "what both programs share knows neither"},
		{"zhanqun/internal/...", "zhanqun/config", "what both programs share takes plain values"},

		{"zhanqun/hub/signer", "zhanqun/hub/...", "keys know a file and no county"},
		{"zhanqun/hub/catalog", "zhanqun/hub/access", "nouns come before people"},
		{"zhanqun/hub/access", "zhanqun/hub/intake", "who is asking comes before what is asked"},
		{"zhanqun/hub/access", "zhanqun/hub/review", "who is asking comes before what is asked"},
		{"zhanqun/hub/access", "zhanqun/hub/bundle", "who is asking comes before what is asked"},
		{"zhanqun/hub/intake", "zhanqun/hub/bundle", "the line does not know on what ways it is reached"},
		{"zhanqun/hub/review", "zhanqun/hub/intake", "areas meet in the store and in main"},
		{"zhanqun/hub/review", "zhanqun/hub/feed", "areas meet in the store and in main"},
		{"zhanqun/hub/review", "zhanqun/hub/health", "areas meet in the store and in main"},
		{"zhanqun/hub/feed", "zhanqun/hub/intake", "the feed reads entries and nothing else"},
		{"zhanqun/hub/feed", "zhanqun/hub/review", "the feed reads entries and nothing else"},
		{"zhanqun/hub/feed", "zhanqun/hub/access", "the feed is public"},
		{"zhanqun/hub/health/linkcheck", "zhanqun/hub/...", "it stands alone"},
		{"zhanqun/hub/health/robots", "zhanqun/...", "it stands alone"},
		{"zhanqun/hub/health/crawl", "zhanqun/hub/health", "the crawl is used by the service and the command line alike"},
		{"zhanqun/hub/health/urge", "zhanqun/hub/health", "it is handed what it counts"},

		{"zhanqun/hub/health/workday", "zhanqun/hub/...", "it stands alone"},
		{"zhanqun/hub/health/rules", "zhanqun/hub/...", "rules are pure: facts go in, a result comes out"},
		{"zhanqun/hub/health/uptime", "zhanqun/hub/health", "rules know no service"},
		{"zhanqun/hub/health", "zhanqun/hub/health/prober", "what reads pages does not know what watches them"},
		{"zhanqun/hub/health", "zhanqun/hub/health/verdict", "what finds faults does not know who judges them"},

		{"zhanqun/node/uplink", "zhanqun/internal/ca", "the line believes certificates and makes none"},

		{"zhanqun/hub/store", "zhanqun/hub/web", "the store decides nothing and shows nothing"},
		{"zhanqun/hub/store", "zhanqun/hub/bus", "a commit rings through a hook that main sets"},
		{"zhanqun/hub/store", "zhanqun/config", "main hands settings on as plain values"},
		{"zhanqun/hub/bus", "zhanqun/hub/store", "the line carries entries, it does not keep them"},
		{"zhanqun/hub/bus", "zhanqun/hub/web", "the line knows no pages"},
		{"zhanqun/hub/bus", "database/sql", "the line carries entries, it does not keep them"},
		{"zhanqun/hub/bus", "zhanqun/config", "main hands settings on as plain values"},
		{"zhanqun/hub/web", "zhanqun/hub/store", "pages call the areas"},
		{"zhanqun/hub/web", "zhanqun/hub/bus", "pages call the areas"},
		{"zhanqun/hub/web", "database/sql", "pages call the areas"},
		{"zhanqun/hub/web", "zhanqun/config", "main hands settings on as plain values"},

		{"zhanqun/node/...", "zhanqun/hub/...", "a township's program does not contain the county's"},
		{"zhanqun/node/queue", "zhanqun/node/uplink", "the queue does not know who empties it"},
		{"zhanqun/node/queue", "zhanqun/node/web", "the queue does not know who fills it"},
		{"zhanqun/node/queue", "github.com/nats-io/nats.go/...", "the queue does not know the line"},
		{"zhanqun/node/uplink", "zhanqun/node/web", "the line knows no pages"},
		{"zhanqun/node/web", "zhanqun/node/uplink", "a page must work without a line"},
		{"zhanqun/node/queue", "zhanqun/node/bundle", "the queue does not know who empties it"},
		{"zhanqun/node/bundle", "zhanqun/node/uplink", "what is carried needs no line"},
		{"zhanqun/node/bundle", "zhanqun/node/web", "what is carried needs no pages"},
	}
	for _, hub := range []string{"store", "bus", "web"} {
		list = append(list, rule{"zhanqun/hub/" + hub, "zhanqun/node/...", "only main, for the demo, knows the township's program"})
	}
	for _, area := range areas {
		for _, technology := range []string{
			"zhanqun/hub/store", "zhanqun/hub/web", "zhanqun/hub/bus", "zhanqun/config", "zhanqun/migrations", "zhanqun/internal/sqlite",
			"database/sql", "github.com/nats-io/nats.go/...", "github.com/nats-io/nats-server/v2/...", "github.com/lib/pq/...",
		} {
			list = append(list, rule{area, technology, "an area is rules: technology meets it in main"})
		}
		list = append(list, rule{area, "zhanqun/node/...", "only main, for the demo, knows the township's program"})
	}
	for _, queue := range []string{"zhanqun/node/queue", "zhanqun/node/uplink", "zhanqun/node/bundle", "zhanqun/node/web"} {
		list = append(list, rule{queue, "zhanqun/config", "main hands settings on as plain values"})
	}
	return list
}

// matches reports whether path is what pattern names. "x/..." is x and
// everything below it.
func matches(pattern, path string) bool {
	if below, ok := strings.CutSuffix(pattern, "/..."); ok {
		return path == below || strings.HasPrefix(path, below+"/")
	}
	return path == pattern
}

type listed struct {
	ImportPath    string
	Imports, Deps []string
}

func listPackages(t *testing.T) []listed {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Imports,Deps", "zhanqun/...").Output()
	if err != nil {
		t.Fatalf("listing packages: %v", err)
	}
	var list []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

func TestImportsGoOneWay(t *testing.T) {
	packages := listPackages(t)
	if len(packages) < 15 {
		t.Fatalf("only %d packages listed", len(packages))
	}
	for _, r := range importRules() {
		found := false
		for _, p := range packages {
			if !matches(r.pkg, p.ImportPath) {
				continue
			}
			found = true
			for _, d := range p.Deps {
				if matches(r.forbidden, d) {
					t.Errorf("%s depends on %s: %s", p.ImportPath, d, r.reason)
				}
			}
		}
		if !found {
			t.Errorf("no package is named %s: the rule holds nothing", r.pkg)
		}
	}
}

// protocol imports the standard library and nkeys, so that a third client can
// take it as it is.
func TestProtocolStandsAlone(t *testing.T) {
	for _, p := range listPackages(t) {
		if p.ImportPath != "zhanqun/protocol" {
			continue
		}
		for _, i := range p.Imports {
			if strings.Contains(i, ".") && i != "github.com/nats-io/nkeys" {
				t.Errorf("protocol imports %s", i)
			}
		}
	}
}

// What is made for tests does not end up in a program.
func TestTestHelpersStayInTests(t *testing.T) {
	for _, p := range listPackages(t) {
		if isTestHelper(p.ImportPath) {
			continue
		}
		for _, d := range p.Deps {
			if isTestHelper(d) || d == "testing" {
				t.Errorf("%s depends on %s, which is for tests", p.ImportPath, d)
			}
		}
	}
}

// No request can make the programs start another one: only the demo does, to open a
// browser.
func TestNothingStartsPrograms(t *testing.T) {
	for _, p := range listPackages(t) {
		if p.ImportPath != "zhanqun/hub" && !isTestHelper(p.ImportPath) && slices.Contains(p.Imports, "os/exec") {
			t.Errorf("%s can start programs", p.ImportPath)
		}
	}
}

func isTestHelper(path string) bool {
	return strings.HasPrefix(path, "zhanqun/") && (strings.HasSuffix(path, "test") || strings.HasPrefix(path, "zhanqun/internal/test"))
}

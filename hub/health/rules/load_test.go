package rules_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"zhanqun/hub/health/rules"
)

func TestEmbeddedSets(t *testing.T) {
	sets := rules.Default()
	if len(sets) != 3 || sets[rules.DefaultSet] == nil {
		t.Fatalf("sets %v", sets)
	}
	for id, s := range sets {
		if !inEnglish(s.English) {
			t.Errorf("%s has no English name: %q", id, s.English)
		}
		for _, c := range s.Clauses {
			if !inEnglish(c.English) {
				t.Errorf("%s %s has no English title: %q", id, c.ID, c.English)
			}
			if c.Mark == rules.Reference && (c.Official() || c.Mark.Label() != "县内参考值") {
				t.Errorf("%s %s is called official without being confirmed", id, c.ID)
			}
		}
	}
	local := sets["local-example"]
	if len(local.Clauses) != len(sets["2019-indicators"].Clauses) || local.Base != rules.Whole(100) || !local.PortalOnly {
		t.Errorf("the local set does not inherit: %d clauses, base %s", len(local.Clauses), local.Base)
	}
	if c, _ := local.Clause("V3a"); c.Limit != 3 || c.Official() {
		t.Errorf("clause %+v", c)
	}
	if c, _ := sets["2019-indicators"].Clause("V3a"); c.Limit != 5 {
		t.Errorf("the local set changed the one it extends: %+v", c)
	}
}

func inEnglish(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII })
}

const own = `id = "own"
name = "本县"
text = "某文件"
since = "2026-01-01"
extends = "2019-indicators"
without = ["V6"]
windows = "days"
`

func TestFolder(t *testing.T) {
	write := func(text string) string {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "a.toml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	sets, err := rules.Load(write(own))
	if err != nil {
		t.Fatal(err)
	}
	if _, has := sets["own"].Clause("V6"); has || len(sets) != 4 {
		t.Errorf("%d sets, own %+v", len(sets), sets["own"])
	}
	// 180 days instead of half a year.
	f := good()
	f.Columns = with(many(5, "policy", "2026-05-31"))
	if v := veto(t, rules.Judge(sets["own"], f), "V3a"); v.Count != 5 {
		t.Errorf("by days: %+v", v)
	}
	if v := veto(t, rules.Judge(sets["2019-indicators"], f), "V3a"); v.Count != 0 {
		t.Errorf("by the calendar: %+v", v)
	}
	const clause = own + "[[clause]]\nid = \"X\"\ntitle = \"x\"\nmark = \"K?\"\n"
	for name, bad := range map[string]string{
		"unknown key":          own + "foo = 1",
		"unknown base":         strings.Replace(own, "2019-indicators", "2020", 1),
		"extends itself":       strings.Replace(own, "2019-indicators", "own", 1),
		"no date":              strings.Replace(own, "2026-01-01", "2026", 1),
		"no name":              strings.Replace(own, "本县", "", 1),
		"wrong windows":        strings.Replace(own, `"days"`, `"moons"`, 1),
		"unknown kind":         clause + `kind = "mood"`,
		"no such group":        clause + "kind = \"blank\"\npoints = 1\ngroup = \"none\"",
		"no points":            clause + "kind = \"blank\"\ngroup = \"publish\"",
		"a veto without limit": clause + "kind = \"blank\"\nveto = true",
		"links as a veto":      clause + "kind = \"dead_home\"\nveto = true\npoints = 1",
		"no source":            strings.Replace(clause, "K?", "F", 1) + "kind = \"blank\"\ngroup = \"publish\"\npoints = 1",
		"wrong mark":           strings.Replace(clause, "K?", "sure", 1) + "kind = \"blank\"\ngroup = \"publish\"\npoints = 1",
		"below nothing":        clause + "kind = \"blank\"\ngroup = \"publish\"\npoints = -1",
		"three decimals":       clause + "kind = \"blank\"\ngroup = \"publish\"\npoints = 0.125",
		"wrong period":         clause + "kind = \"home\"\nveto = true\nperiod = \"14 days\"",
		"unknown class":        clause + "kind = \"stale\"\ngroup = \"publish\"\npoints = 1\n[[clause.part]]\nclasses = [\"gossip\"]\nperiod = \"14d\"",
		"not UTF-8":            own + "# \xd6\xd0",
		"nothing":              "",
	} {
		if _, err := rules.Load(write(bad)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := rules.Load(filepath.Join(t.TempDir(), "absent")); err == nil {
		t.Error("a folder that does not exist was accepted")
	}
}

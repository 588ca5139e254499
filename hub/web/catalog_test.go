package web

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"zhanqun/internal/ui"
	"zhanqun/internal/ui/uitest"
)

// Faults of the areas and of what keeps their records are shown on these pages,
// and so are the states their sentences name. Columns, steps and what the areas
// write for townships and readers have words of their own.
func TestCatalog(t *testing.T) {
	uitest.Catalog(t, uitest.Sources{Templates: Templates(), Chips: chips,
		Every: []fs.FS{os.DirFS("."), os.DirFS("../review"), os.DirFS("../access"), os.DirFS("../health"), uitest.Without(os.DirFS("../health/urge"), "csv.go"), os.DirFS("../health/uptime"), os.DirFS("../health/prober"), uitest.Without(os.DirFS("../health/verdict"), "verdict.go"), uitest.Without(os.DirFS("../health/rules"), "check.go", "load.go", "period.go", "points.go", "set.go"), os.DirFS("../intake"), os.DirFS("../listfile"), uitest.Without(os.DirFS("../ranking"), "csv.go", "rule.go", "tenths.go"), uitest.Without(os.DirFS("../webhook"), "message.go", "veto.go"), os.DirFS("../store")},
		Seen:  []fs.FS{os.DirFS("../catalog"), os.DirFS("../health/rules"), os.DirFS("../health/fresh")}})
}

// Every line of evidence has English words: a column's page is worded for who
// reads it.
func TestEvidenceHasWords(t *testing.T) {
	said := regexp.MustCompile(`\.(?:say|end)\([^"\n]*"((?:[^"\\\\]|\\\\.)*)"|(?:newest|verdict) :?= "([^"]*)"`)
	text, err := fs.ReadFile(Templates(), "en.toml")
	if err != nil {
		t.Fatal(err)
	}
	words, err := ui.ParseCatalog(text)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	files, err := filepath.Glob("../health/fresh/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range said.FindAllStringSubmatch(string(source), -1) {
			kind := m[1] + m[2]
			if kind == "%s" || strings.HasSuffix(name, "_test.go") {
				continue
			}
			n++
			if words[kind] == "" {
				t.Errorf("%s: no English for %q", name, kind)
			}
		}
	}
	if n < 25 {
		t.Errorf("only %d kinds of evidence were found", n)
	}
}

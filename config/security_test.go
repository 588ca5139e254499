package config

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every test the security table names is there, and every row that says a point is
// met names one.
func TestSecurityTable(t *testing.T) {
	text := read(t, "security.md")
	named := regexp.MustCompile("`([a-z][a-z/]*) (Test[A-Za-z0-9]+)((?:/[a-z_']+)*)`")
	sources := map[string]string{} // of the tests of a package
	rows := 0
	for line := range strings.Lines(text) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || !regexp.MustCompile(`^ \d`).MatchString(cells[1]) {
			continue
		}
		rows++
		found := named.FindAllStringSubmatch(cells[3], -1)
		verdict := strings.TrimSpace(cells[2])
		switch {
		case strings.HasPrefix(verdict, "满足") && len(found) == 0:
			t.Errorf("nothing holds: %s", line)
		case !regexp.MustCompile(`^(满足|部分|未满足|不适用|按县里制度)`).MatchString(verdict):
			t.Errorf("no verdict: %s", line)
		case strings.Count(cells[3], "`") != 2*len(found):
			t.Errorf("misspelt tests: %s", line)
		}
		for _, f := range found {
			pkg, test, parts := f[1], f[2], strings.Split(strings.Trim(f[3], "/"), "/")
			if sources[pkg] == "" {
				sources[pkg] = testsOf(t, pkg)
			}
			if !strings.Contains(sources[pkg], "\nfunc "+test+"(") {
				t.Errorf("%s has no %s", pkg, test)
			}
			for _, part := range parts {
				if part != "" && !strings.Contains(sources[pkg], `"`+strings.ReplaceAll(part, "_", " ")+`"`) {
					t.Errorf("%s has no part %s of %s", pkg, part, test)
				}
			}
		}
	}
	if rows < 50 {
		t.Errorf("%d rows read", rows)
	}
}

// testsOf returns the sources of a package's tests; those of the store are the
// suite both databases pass.
func testsOf(t *testing.T, pkg string) string {
	t.Helper()
	var b strings.Builder
	for _, pattern := range []string{"*_test.go", "storetest/*.go"} {
		files, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(pkg), filepath.FromSlash(pattern)))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			b.Write(data)
		}
	}
	return b.String()
}

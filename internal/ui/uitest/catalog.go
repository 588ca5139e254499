package uitest

import (
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"zhanqun/internal/ui"
)

// Sources are where the texts of a program stand.
type Sources struct {
	// Templates has the *.tmpl files and, beside them, en.toml.
	Templates fs.FS
	// Go are folders of Go files (tests left out, no descent) in which the
	// Chinese text given to ui.T, fault.New, fault.Wrap, fault.Field and With
	// must have an English entry, unless it is put together at run time. Other
	// Chinese text there counts as use of an entry.
	Go []fs.FS
	// Every are such folders in which every Chinese text must have one, also what
	// is put together at run time: %s stands for the parts that vary, and the
	// sentence is found again by ui.T.
	Every []fs.FS
	// Seen are such folders some texts of which are shown: they count as use of an
	// entry and need none.
	Seen []fs.FS
	// Chips are the program's own chips.
	Chips map[string]ui.Chip
	// Own is for the shared parts themselves: the shared catalogue does not count
	// as known, because it is the one under test.
	Own bool
}

// Catalog holds that every Chinese text has an English entry with the same
// placeholders, that no entry is without use, and that templates hold no
// Chinese outside {{t "…"}}.
func Catalog(t testing.TB, s Sources) {
	t.Helper()
	for _, problem := range CheckCatalog(s) {
		t.Error(problem)
	}
}

// CheckCatalog is Catalog returning what it finds.
func CheckCatalog(s Sources) []string {
	var problems []string
	report := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }

	text, err := fs.ReadFile(s.Templates, "en.toml")
	if err != nil {
		return []string{err.Error()}
	}
	own, err := ui.ParseCatalog(text)
	if err != nil {
		return []string{err.Error()}
	}
	known := map[string]string{}
	if !s.Own {
		known = ui.Shared()
	}
	u := use{required: map[string]string{}, seen: map[string]bool{}}
	if err := u.templates(s.Templates); err != nil {
		return []string{err.Error()}
	}
	for _, dir := range s.Go {
		if err := u.sources(dir, u.spoken); err != nil {
			return []string{err.Error()}
		}
	}
	for _, dir := range s.Every {
		if err := u.sources(dir, u.every); err != nil {
			return []string{err.Error()}
		}
	}
	for _, dir := range s.Seen {
		if err := u.sources(dir, u.shown); err != nil {
			return []string{err.Error()}
		}
	}
	for state, c := range s.Chips {
		u.require(c.Word, "chip "+state)
	}
	problems = append(problems, u.loose...)
	for _, key := range slices.Sorted(maps.Keys(u.required)) {
		_, inOwn := own[key]
		_, inShared := known[key]
		if !inOwn && !inShared {
			report("%s: no English entry for %q", u.required[key], key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(own)) {
		if _, ok := u.required[key]; !ok && !u.seen[key] {
			report("en.toml: entry %q is not used", key)
		}
		if shared, ok := known[key]; ok && shared != own[key] {
			report("en.toml: entry %q differs from the shared parts (%q)", key, shared)
		}
		for form := range strings.SplitSeq(own[key], " | ") {
			if form != "" && verbs(form) != verbs(key) {
				report("en.toml: entry %q has placeholders %q, its English %q", key, verbs(key), verbs(form))
			}
			if HasHan(form) {
				report("en.toml: English of %q is Chinese", key)
			}
		}
	}
	return problems
}

// use collects which texts a program speaks.
type use struct {
	required map[string]string // key → where it was seen first
	seen     map[string]bool   // Chinese literals anywhere in Go
	loose    []string          // Chinese in templates outside t
}

func (u *use) require(key, where string) {
	if _, ok := u.required[key]; !ok && HasHan(key) {
		u.required[key] = where
	}
}

var verb = regexp.MustCompile(`%(?:\[\d+\])?[-+# 0]*\d*(?:\.\d+)?([a-zA-Z%])`)

// verbs lists the placeholders of a text, sorted: languages order them
// differently.
func verbs(text string) string {
	var all []string
	for _, m := range verb.FindAllStringSubmatch(text, -1) {
		if m[1] != "%" {
			all = append(all, m[1])
		}
	}
	slices.Sort(all)
	return strings.Join(all, "")
}

// HasHan reports whether text holds Chinese characters.
func HasHan(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

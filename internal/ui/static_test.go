package ui_test

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"zhanqun/internal/ui"
)

func TestStatic(t *testing.T) {
	for name, kind := range map[string]string{"app.css": "text/css", "app.js": "text/javascript", "icon.svg": "image/svg+xml"} {
		at, err := ui.Asset(name)
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		ui.Static().ServeHTTP(w, httptest.NewRequest(http.MethodGet, at, nil))
		if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), kind) ||
			!strings.Contains(w.Header().Get("Cache-Control"), "immutable") || w.Body.Len() == 0 {
			t.Errorf("%s: %d %v", at, w.Code, w.Header())
		}
	}
	for _, path := range []string{"/static/app.css", "/static/", "/static/../ui.go", "/static/app.000000000000.css"} {
		w := httptest.NewRecorder()
		ui.Static().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", path, w.Code)
		}
	}
	if _, err := ui.Asset("app.scss"); err == nil {
		t.Error("an asset that does not exist has an address")
	}
}

func readCSS(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("static/app.css")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var token = regexp.MustCompile(`(--[a-z0-9-]+):\s*([^;]+);`)

// themes reads the colour tokens: light, and dark laid over it.
func themes(t *testing.T) map[string]map[string]string {
	t.Helper()
	css := readCSS(t)
	light, rest, ok := strings.Cut(css, "@media (prefers-color-scheme: dark)")
	if !ok {
		t.Fatal("no dark theme")
	}
	dark, _, _ := strings.Cut(rest, "@media")
	out := map[string]map[string]string{"light": {}, "dark": {}}
	for _, m := range token.FindAllStringSubmatch(light, -1) {
		out["light"][m[1]] = m[2]
	}
	for _, m := range token.FindAllStringSubmatch(dark, -1) {
		out["dark"][m[1]] = m[2]
	}
	return out
}

// luminance is the relative luminance of WCAG 2.
func luminance(hex string) (float64, error) {
	if len(hex) != 7 || hex[0] != '#' {
		return 0, fmt.Errorf("not a colour: %q", hex)
	}
	n, err := strconv.ParseUint(hex[1:], 16, 32)
	if err != nil {
		return 0, err
	}
	channel := func(c uint64) float64 {
		v := float64(c&0xFF) / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*channel(n>>16) + 0.7152*channel(n>>8) + 0.0722*channel(n), nil
}

func TestContrast(t *testing.T) {
	const text, shape = 4.5, 3.0 // WCAG 2.2, 1.4.3 and 1.4.11, level AA
	pairs := []struct {
		fore, back string
		least      float64
	}{
		{"--ink", "--paper", text}, {"--ink", "--ground", text}, {"--ink-soft", "--paper", text}, {"--ink-soft", "--ground", text},
		{"--blue", "--paper", text}, {"--blue", "--ground", text}, {"--blue", "--blue-soft", text}, {"--blue-strong", "--paper", text},
		{"--on-blue", "--blue", text}, {"--on-blue", "--blue-strong", text}, {"--on-bad", "--bad", text},
		{"--focus", "--paper", shape}, {"--focus", "--ground", shape}, {"--edge", "--paper", shape},
		{"--knock", "--ink-soft", shape},
	}
	for _, tone := range []string{"good", "warn", "bad", "blue"} {
		for _, back := range []string{"--paper", "--" + tone + "-soft"} {
			pairs = append(pairs, struct {
				fore, back string
				least      float64
			}{"--" + tone, back, text})
		}
		for _, fore := range []string{"--ink", "--ink-soft", "--blue"} { // text and links in strips
			pairs = append(pairs, struct {
				fore, back string
				least      float64
			}{fore, "--" + tone + "-soft", text})
		}
	}
	for name, theme := range themes(t) {
		theme["--knock"] = theme["--paper"]
		for _, p := range pairs {
			fore, err := luminance(theme[p.fore])
			if err != nil {
				t.Fatalf("%s %s: %v", name, p.fore, err)
			}
			back, err := luminance(theme[p.back])
			if err != nil {
				t.Fatalf("%s %s: %v", name, p.back, err)
			}
			ratio := (max(fore, back) + 0.05) / (min(fore, back) + 0.05)
			if ratio < p.least {
				t.Errorf("%s: %s on %s has contrast %.2f, want %.1f", name, p.fore, p.back, ratio, p.least)
			}
		}
	}
}

// Every colour is a token, every token is defined and used, and nothing is
// loaded from elsewhere.
func TestStylesheet(t *testing.T) {
	css := readCSS(t)
	defined := map[string]bool{}
	for _, m := range token.FindAllStringSubmatch(css, -1) {
		defined[m[1]] = true
	}
	used := map[string]bool{}
	for _, m := range regexp.MustCompile(`var\((--[a-z0-9-]+)\)`).FindAllStringSubmatch(css, -1) {
		used[m[1]] = true
		if !defined[m[1]] {
			t.Errorf("%s is used and not defined", m[1])
		}
	}
	for name := range defined {
		if !used[name] {
			t.Errorf("%s is defined and not used", name)
		}
	}
	rules := token.ReplaceAllString(css, "")
	for _, bad := range []string{"url(", "@import", "!important", "outline: 0"} {
		if strings.Contains(rules, bad) {
			t.Errorf("stylesheet holds %q", bad)
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^.*#[0-9a-fA-F]{3,8}\b.*$`).FindAllString(rules, -1) {
		if !strings.Contains(m, "background: #fff; }") { // print
			t.Errorf("a colour that is no token: %s", m)
		}
	}
	if open, shut := strings.Count(css, "{"), strings.Count(css, "}"); open != shut {
		t.Errorf("%d { and %d }", open, shut)
	}
}

package config

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The samples hold every setting with its default.
func TestSamples(t *testing.T) {
	hub, err := LoadHub("hub.example.toml", nil)
	if diff := cmp.Diff(DefaultHub(), hub, cmpopts.EquateEmpty()); err != nil || diff != "" {
		t.Error(err, diff)
	}
	node, err := LoadNode("node.example.toml", nil)
	if diff := cmp.Diff(DefaultNode(), node, cmpopts.EquateEmpty()); err != nil || diff != "" {
		t.Error(err, diff)
	}
	for name, settings := range map[string]any{"hub.example.toml": hub, "node.example.toml": node} {
		at := lines(read(t, name))
		for _, k := range keysOf(settings) {
			if at[k.name] == 0 {
				t.Errorf("%s lacks %s", name, k.name)
			}
		}
	}
}

// The operator's page lists every setting with its true default and variable,
// and nothing else.
func TestReadmeListsEverySetting(t *testing.T) {
	hubPart, nodePart, ok := strings.Cut(read(t, "README.md"), "\n## 乡镇程序 node")
	if !ok {
		t.Fatal("README.md has no part about the node")
	}
	row := regexp.MustCompile("(?m)^\\| `([^`]+)` \\|")
	for _, part := range []struct {
		text     string
		settings any
	}{{hubPart, DefaultHub()}, {nodePart, DefaultNode()}} {
		listed := map[string]bool{}
		for _, m := range row.FindAllStringSubmatch(part.text, -1) {
			listed[m[1]] = true
		}
		for _, k := range keysOf(part.settings) {
			want := fmt.Sprintf("| `%s` | %s | `%s` | ", k.name, shown(t, part.settings, k.name), k.env)
			_, meaning, ok := strings.Cut(part.text, want)
			if !ok {
				t.Errorf("README.md lacks %s", want)
			} else if k.secret != strings.HasPrefix(meaning, "密。") {
				t.Errorf("%s: marked as a secret: %v", k.name, !k.secret)
			}
			delete(listed, k.name)
		}
		if len(listed) > 0 {
			t.Errorf("README.md lists settings that do not exist: %v", listed)
		}
	}
}

// shown returns the default of a setting as the operator's page writes it.
func shown(t *testing.T, settings any, name string) string {
	t.Helper()
	v := reflect.ValueOf(settings)
	for _, part := range strings.Split(name, ".") {
		v = v.FieldByNameFunc(func(field string) bool {
			f, _ := v.Type().FieldByName(field)
			return f.Tag.Get("toml") == part
		})
	}
	switch v.Kind() {
	case reflect.Slice:
		return "`[]`"
	case reflect.String, reflect.Struct:
		if v.IsZero() {
			return "空"
		}
	}
	return fmt.Sprintf("`%v`", v.Interface())
}

// The variable of a setting follows from its name.
func TestVariableNames(t *testing.T) {
	for _, settings := range []any{Hub{}, Node{}} {
		for _, k := range keysOf(settings) {
			if want := envPrefix + strings.ToUpper(strings.ReplaceAll(k.name, ".", "_")); k.env != want {
				t.Errorf("%s: %s, want %s", k.name, k.env, want)
			}
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"http.addr", "nats.url", "review.claim_minutes"}
	for wrong, want := range map[string]string{
		"http.adr": "http.addr", "nats.ulr": "nats.url", "review.claim_minuts": "review.claim_minutes",
		"http.addr": "http.addr", "quite.else": "", "": "", "审核": "",
	} {
		if got := nearest(wrong, names); got != want {
			t.Errorf("nearest(%q) = %q, want %q", wrong, got, want)
		}
	}
}

package config

import (
	"fmt"
	"reflect"
	"strings"
)

// envPrefix begins the name of every environment variable.
const envPrefix = "ZHANQUN_"

// testVariables are names with our prefix that only the project's own tests
// read, beside those that begin with ZHANQUN_TEST_. A program started by a
// test inherits them.
var testVariables = map[string]bool{
	"ZHANQUN_NO_SKIP": true, "ZHANQUN_DATA": true, "ZHANQUN_CHROMIUM": true, "ZHANQUN_AXE": true,
}

// key is one setting.
type key struct {
	name   string // section.key, as in the file
	env    string // the environment variable
	secret bool
	kind   reflect.Kind
	write  string // how its value is written
}

// keysOf lists the settings of a struct made like Hub, in their order.
func keysOf(settings any) []key {
	var keys []key
	var walk func(t reflect.Type, section, prefix string)
	walk = func(t reflect.Type, section, prefix string) {
		for i := range t.NumField() {
			f := t.Field(i)
			name := section + f.Tag.Get("toml")
			if p, ok := f.Tag.Lookup("envPrefix"); ok {
				walk(f.Type, name+".", prefix+p)
				continue
			}
			keys = append(keys, key{
				name:   name,
				env:    prefix + f.Tag.Get("env"),
				secret: f.Type == reflect.TypeFor[Secret](),
				kind:   f.Type.Kind(),
				write:  howToWrite(f.Type),
			})
		}
	}
	walk(reflect.Indirect(reflect.ValueOf(settings)).Type(), "", envPrefix)
	return keys
}

func howToWrite(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "要写 true 或 false，不加引号"
	case reflect.Int, reflect.Int64:
		return "要写整数，不加引号和单位"
	case reflect.Slice:
		return `要写成列表，例如 ["名称一", "名称二"]`
	case reflect.String, reflect.Struct: // a Secret is a struct
		return "要写文字，用英文双引号括起来"
	}
	panic(fmt.Sprintf("config: a setting of type %s", t))
}

// accepts reports whether a value read from a TOML text is of the right type.
func (k key) accepts(value any) bool {
	switch v := value.(type) {
	case bool:
		return k.kind == reflect.Bool
	case int64:
		return k.kind == reflect.Int64 || k.kind == reflect.Int && int64(int(v)) == v
	case string:
		return k.kind == reflect.String || k.kind == reflect.Struct
	case []any:
		for _, element := range v {
			if _, ok := element.(string); !ok {
				return false
			}
		}
		return k.kind == reflect.Slice
	}
	return false
}

// lines says in which line of a TOML text each key stands. It reads the text
// roughly, for messages only: a line inside a multi-line text that looks like
// a setting may be taken for one.
func lines(text string) map[string]int {
	at := map[string]int{}
	section := ""
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(strings.TrimPrefix(line, "\ufeff"))
		if name, ok := strings.CutPrefix(line, "["); ok {
			name, _, _ = strings.Cut(strings.TrimLeft(name, "["), "]")
			section = plain(name)
			setOnce(at, section, i+1)
			section += "."
			continue
		}
		if name, _, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(name, "#") {
			setOnce(at, section+plain(name), i+1)
		}
	}
	return at
}

// plain takes blanks and quotes out of a key.
func plain(name string) string {
	return strings.NewReplacer(" ", "", "\t", "", `"`, "", "'", "").Replace(name)
}

func setOnce(at map[string]int, name string, line int) {
	if _, ok := at[name]; !ok {
		at[name] = line
	}
}

// nearest returns the name most like the wrong one, or "" if none is near.
func nearest(wrong string, names []string) string {
	best, bestDistance := "", 1+len(wrong)/3
	for _, name := range names {
		if d := distance(wrong, name); d < bestDistance {
			best, bestDistance = name, d
		}
	}
	return best
}

// distance counts the letters to insert, delete or change to get from a to b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

package uitest

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"zhanqun/internal/ui"
)

func TestCheckCatalog(t *testing.T) {
	page := `<p>{{t "收件"}} {{if .A}}{{t "共 %d 份" .N}}{{end}}{{template "x" (dict "L" (t "发件"))}}</p>`
	code := `package p
import "zhanqun/internal/fault"
var words = map[string]string{"a": "另用"}
func f(l ui.Lang) { ui.T(l, "页面" + "名"); fault.New(fault.Invalid, "不行。").With("a", "这里"); slog.With("k", "内部") }`
	catalog := `"收件" = "In"
"共 %d 份" = "%d copy | %d copies"
"发件" = "Out"
"页面名" = "Page"
"不行。" = "No."
"这里" = "Here"
"另用" = "Other"
`
	sources := func(page, code, catalog string) Sources {
		return Sources{
			Templates: fstest.MapFS{"p.tmpl": {Data: []byte(page)}, "en.toml": {Data: []byte(catalog)}},
			Go:        []fs.FS{fstest.MapFS{"p.go": {Data: []byte(code)}, "p_test.go": {Data: []byte("no Go at all")}}},
		}
	}
	if got := CheckCatalog(sources(page, code, catalog)); len(got) != 0 {
		t.Fatalf("problems: %q", got)
	}
	for _, tt := range []struct{ name, page, code, catalog, want string }{
		{"missing", page, code, strings.Replace(catalog, `"收件" = "In"`, "", 1), `no English entry for "收件"`},
		{"missing in code", page, code, strings.Replace(catalog, `"不行。" = "No."`, "", 1), `no English entry for "不行。"`},
		{"missing joined", page, code, strings.Replace(catalog, `"页面名" = "Page"`, "", 1), `no English entry for "页面名"`},
		{"unused", page, code, catalog + `"没人用" = "x"`, `"没人用" is not used`},
		{"verbs", page, code, strings.Replace(catalog, "%d copies", "%s copies", 1), "has placeholders"},
		{"plural verbs", page, code, strings.Replace(catalog, "%d copy", "one copy", 1), "has placeholders"},
		{"loose text", page + "裸字", code, catalog, "Chinese outside"},
		{"loose string", page + `{{dict "L" "裸字"}}`, code, catalog, "not given to t"},
		{"Chinese English", page, code, strings.Replace(catalog, `"Out"`, `"出"`, 1), "is Chinese"},
		{"differs", page, code, catalog + `"草稿" = "Sketch"`, "differs from the shared parts"},
		{"broken", page, code, "收件 =", "catalogue"},
		{"broken template", "{{if}}", code, catalog, "template"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := strings.Join(CheckCatalog(sources(tt.page, tt.code, tt.catalog)), "\n"); !strings.Contains(got, tt.want) {
				t.Errorf("problems %q do not name %q", got, tt.want)
			}
		})
	}
	every := sources(page, code, catalog+"\"第 %d 条“%s”，共%s。\" = \"No %d “%s” of%s.\"\n")
	every.Every = []fs.FS{fstest.MapFS{"q.go": {Data: []byte("package q\nvar s = \"第 %d 条“\" + name + \"”，共\" + all(\"总数\") + \"。\"")}}}
	if got, want := CheckCatalog(every), []string{`q.go: no English entry for "总数"`}; !slices.Equal(got, want) {
		t.Errorf("a text put together: problems %q, want %q", got, want)
	}
	s := sources(page, code, catalog)
	s.Chips = map[string]ui.Chip{"new": {Word: "新来"}}
	if got := CheckCatalog(s); !slices.ContainsFunc(got, func(p string) bool { return strings.Contains(p, "chip new") }) {
		t.Errorf("problems %q do not name the chip", got)
	}
}

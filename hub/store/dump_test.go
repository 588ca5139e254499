package store

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhanqun/internal/testenv"
)

// A table that is left out of the list would be left out of every backup.
func TestEveryTableIsDumped(t *testing.T) {
	left := []string{"lease", "session"} // on purpose, see tables
	for name, o := range map[string]Options{"sqlite": {Dir: t.TempDir()}, "postgres": {}} {
		t.Run(name, func(t *testing.T) {
			q := `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose_%'`
			if name == "postgres" {
				o.URL = testenv.Postgres(t)
				q = `SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public' AND table_name NOT LIKE 'goose_%'`
			}
			s := openBare(t, o)
			there, err := collect(t.Context(), s.read, scanText, q)
			if err != nil {
				t.Fatal(err)
			}
			want := slices.Concat(tables, left)
			slices.Sort(there)
			slices.Sort(want)
			if diff := cmp.Diff(want, there); diff != "" {
				t.Errorf("tables (-dumped +there):\n%s", diff)
			}
		})
	}
}

func TestPartsAreRead(t *testing.T) {
	for name, p := range map[string]Part{
		"too few rows":   {Table: "x", Columns: []string{"a"}, Rows: 2, Lines: []byte("[1]\n")},
		"too many rows":  {Table: "x", Columns: []string{"a"}, Rows: 0, Lines: []byte("[1]\n")},
		"too few values": {Table: "x", Columns: []string{"a", "b"}, Rows: 1, Lines: []byte("[1]\n")},
		"no array":       {Table: "x", Columns: []string{"a"}, Rows: 1, Lines: []byte("{}\n")},
		"a fraction":     {Table: "x", Columns: []string{"a"}, Rows: 1, Lines: []byte("[1.5]\n")},
		"true":           {Table: "x", Columns: []string{"a"}, Rows: 1, Lines: []byte("[true]\n")},
		"null":           {Table: "x", Columns: []string{"a"}, Rows: 1, Lines: []byte("[null]\n")},
		"no base64":      {Table: "x", Columns: []string{"a"}, Rows: 1, Lines: []byte(`[{"b":"%"}]` + "\n")},
		"two keys":       {Table: "x", Columns: []string{"a"}, Rows: 1, Lines: []byte(`[{"b":"","t":""}]` + "\n")},
		"another object": {Table: "x", Columns: []string{"a"}, Rows: 1, Lines: []byte(`[{"c":""}]` + "\n")},
	} {
		if err := p.Read(func([]any) error { return nil }); err == nil {
			t.Errorf("%s was read", name)
		}
	}
	p := Part{Table: "x", Columns: []string{"a", "b", "c", "d"}, Rows: 1, Lines: []byte(`[-9223372036854775808,"<\u0000>",{"b":"AP8="},{"t":"/w=="}]` + "\n")}
	var got []any
	if err := p.Read(func(row []any) error {
		got = slices.Clone(row)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]any{int64(-1 << 63), "<\x00>", []byte{0, 255}, "\xff"}, got); diff != "" {
		t.Error(diff)
	}
}

package ranking

import (
	"bytes"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhanqun/hub/catalog"
)

var update = flag.Bool("update", false, "write the golden files anew")

// vector is a month of facts and the unit whose points are explained; what comes
// of it stands in the golden file beside it.
type vector struct {
	Period string
	Rules  json.RawMessage // empty for the default
	Units  []catalog.Unit
	Ledger string
	Facts  []Fact
}

func count(t *testing.T, v vector, facts []Fact) Table {
	t.Helper()
	p, err := ParsePeriod(v.Period)
	if err != nil {
		t.Fatal(err)
	}
	rules := DefaultRules()
	if len(v.Rules) > 0 {
		if rules, err = ParseRules(v.Rules); err != nil {
			t.Fatal(err)
		}
	}
	c := NewCounter(p, rules, v.Units, v.Ledger)
	for _, f := range facts {
		c.Add(f)
	}
	return c.Table()
}

// Facts in, table out, in whatever order the facts come.
func TestVectors(t *testing.T) {
	files, err := filepath.Glob("testdata/*.in.json")
	if err != nil || len(files) < 3 {
		t.Fatalf("vectors: %v, %v", files, err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			var v vector
			d := json.NewDecoder(bytes.NewReader(text))
			d.DisallowUnknownFields()
			if err := d.Decode(&v); err != nil {
				t.Fatal(err)
			}
			table := count(t, v, v.Facts)
			got, err := json.MarshalIndent(table, "", " ")
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name[:len(name)-len(".in.json")]+".json", string(got)+"\n")
			var csv bytes.Buffer
			if err := table.WriteCSV(&csv); err != nil {
				t.Fatal(err)
			}
			golden(t, name[:len(name)-len(".in.json")]+".csv", csv.String())
			shuffled := append([]Fact(nil), v.Facts...)
			rand.New(rand.NewPCG(1, 2)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			if diff := cmp.Diff(table, count(t, v, shuffled)); diff != "" {
				t.Errorf("another order gives another table:\n%s", diff)
			}
		})
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// The points of a unit are the sum of its ledger.
func TestLedgerAddsUp(t *testing.T) {
	rnd := rand.New(rand.NewPCG(20261103, 1))
	month, err := ParsePeriod("2026-11")
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		c := NewCounter(month, DefaultRules(), nil, "u1")
		for i := range 200 {
			at := month.From
			if rnd.IntN(2) == 0 {
				at = time.Time{}
			}
			f := Fact{Kind: []string{Submitted, Adopted, Adopted, Returned, Withdrawn}[rnd.IntN(5)], At: month.From, Item: string(rune('a' + i%26)), Unit: "u1", UnitLevel: catalog.LevelTownship,
				Outlet: outlets[rnd.IntN(4)], Columns: [][]string{{"photo"}, {"township", "photo"}, nil}[rnd.IntN(3)], Sources: 1 + rnd.IntN(3),
				Reason: []string{"error", "stale", ""}[rnd.IntN(3)], AdoptedAt: at}
			c.Add(f)
		}
		table := c.Table()
		sum := Tenths(0)
		for _, e := range table.Ledger {
			sum += e.Points
		}
		if sum != table.Townships[0].Points {
			t.Fatalf("the ledger adds up to %s, the table says %s", sum, table.Townships[0].Points)
		}
	}
}

// A ledger that is too long keeps the latest entries and says so.
func TestLedgerIsBounded(t *testing.T) {
	month, err := ParsePeriod("2026-11")
	if err != nil {
		t.Fatal(err)
	}
	c := NewCounter(month, DefaultRules(), nil, "u1")
	const n = 3*maxLedger + 7
	for i := range n {
		c.Add(Fact{Kind: Adopted, At: month.From.Add(1000 * 1000 * 1000), Item: string(rune(i)), Unit: "u1", UnitLevel: catalog.LevelTownship, Outlet: "county"})
	}
	if table := c.Table(); len(table.Ledger) != maxLedger || !table.LedgerCut || table.Townships[0].Adopted != n {
		t.Errorf("%d entries, cut: %v, of %d", len(table.Ledger), table.LedgerCut, table.Townships[0].Adopted)
	}
}

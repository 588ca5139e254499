package main

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"zhanqun/hub/catalog"
	"zhanqun/hub/sample"
	"zhanqun/internal/content"
	"zhanqun/internal/testenv"
)

// input is the county and what is handed in on that day.
type input struct {
	name   string
	units  string // path of the list
	count  int    // units in it
	towns  []town
	drafts []*draft
}

type town struct {
	catalog.Unit
	villages []string // codes
	drafts   []*draft
}

// fate is what the county will make of a text.
type fate int

const (
	adopted fate = iota
	rejected
	revisedAdopted
	revisedRejected
)

// fates are those of ten texts: four adopted, two returned, the rest rejected.
var fates = []fate{adopted, adopted, adopted, adopted, revisedAdopted, revisedRejected, rejected, rejected, rejected, rejected}

func (f fate) returned() bool { return f == revisedAdopted || f == revisedRejected }

// draft is a text that is handed in and its whole story, known beforehand.
type draft struct {
	n       int
	title   string
	body    string
	column  string
	village string
	picture []byte
	fate    fate
	late    bool // refused at the last step of its column, not at the first
}

// revision is the last one that is handed in.
func (dr *draft) revision() int {
	if dr.fate.returned() {
		return 2
	}
	return 1
}

// titleOf is the title of a revision. The number tells which draft it is.
func (dr *draft) titleOf(revision int) string {
	if revision == 2 {
		return fmt.Sprintf("%s修改稿（%d号）", dr.title, dr.n)
	}
	return fmt.Sprintf("%s（%d号）", dr.title, dr.n)
}

var numberIn = regexp.MustCompile(`（(\d+)号）$`)

// draftOf returns the draft a title belongs to, or nil.
func (in *input) draftOf(title string) *draft {
	m := numberIn.FindStringSubmatch(title)
	if m == nil {
		return nil
	}
	n, err := strconv.Atoi(m[1])
	if err != nil || n >= len(in.drafts) {
		return nil
	}
	return in.drafts[n]
}

// columns of what townships hand in, in turn: some with one step, some with two.
var townColumns = []string{"township", "headline", "photo", "notice", "department", "policy", "township"}

// readInput reads the real county and real texts from ZHANQUN_DATA. Where there
// are none, the day is played in the small county of the demonstration.
func readInput(t *testing.T) input {
	t.Helper()
	var in input
	var texts []article
	each := 37 // for each of 28 townships: 1,036 texts
	if dir := testenv.Data(t); dir != "" {
		in.name, in.units = "思南县", filepath.Join(dir, "sinan.csv")
		texts = readArticles(t, filepath.Join(dir, "items.jsonl.gz"), 28*each)
	} else {
		t.Log("ZHANQUN_DATA names no folder with a real county; this is the small one of the demonstration")
		in.name, in.units, each = "the sample county", writeUnits(t, sample.Units()), 20
		texts = sampleArticles(t)
	}
	in.readUnits(t)
	for i := range in.towns {
		for range each {
			d := newDraft(t, len(in.drafts), texts[len(in.drafts)%len(texts)], in.towns[i])
			in.drafts = append(in.drafts, d)
			in.towns[i].drafts = append(in.towns[i].drafts, d)
		}
	}
	return in
}

func newDraft(t *testing.T, n int, a article, at town) *draft {
	t.Helper()
	d := &draft{n: n, title: a.Title, body: a.Body, column: townColumns[n%len(townColumns)], fate: fates[n%len(fates)], late: n%3 == 0}
	if n%4 == 1 {
		d.village, d.column = at.villages[0], "village"
	}
	if d.column == "photo" {
		picture, err := sample.Photo(n)
		if err != nil {
			t.Fatal(err)
		}
		d.picture = picture
	}
	return d
}

func writeUnits(t *testing.T, units []catalog.Unit) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("code,name,level,parent\n")
	for _, u := range units {
		fmt.Fprintf(&b, "%s,%s,%s,%s\n", u.Code, u.Name, u.Level, u.Parent)
	}
	path := filepath.Join(t.TempDir(), "units.csv")
	writeFile(t, path, b.String())
	return path
}

// readUnits reads the list that the hub is to import.
func (in *input) readUnits(t *testing.T) {
	t.Helper()
	f, err := os.Open(in.units)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	in.count = len(rows) - 1 // but the head
	byCode := map[string]int{}
	for _, row := range rows[1:] {
		u := catalog.Unit{Code: row[0], Name: row[1], Level: row[2], Parent: row[3]}
		switch u.Level {
		case catalog.LevelTownship:
			byCode[u.Code] = len(in.towns)
			in.towns = append(in.towns, town{Unit: u})
		case catalog.LevelVillage:
			at := &in.towns[byCode[u.Parent]]
			at.villages = append(at.villages, u.Code)
		}
	}
}

type article struct{ Title, Body string }

// readArticles cuts official texts into pieces as long as news are, until there
// are n. Pieces that speak of a telephone or carry a mark of secrecy are left
// out: those are refused, which other tests hold.
func readArticles(t *testing.T, path string, n int) []article {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var list []article
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	left := 0
	for lines.Scan() && len(list) < n {
		var a article
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			t.Fatal(err)
		}
		body, rest := "", 0
		for p := range strings.SplitSeq(a.Body, "\n") {
			if body += p + "\n"; len(body) < 1200 {
				continue
			}
			if len(content.Scan(a.Title+"\n"+body)) > 0 {
				left++
			} else if rest++; rest <= 3 { // of one text three pieces at most
				list = append(list, article{cut(a.Title, 60), body})
			}
			body = ""
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if len(list) < n {
		t.Fatalf("only %d texts in %s", len(list), path)
	}
	t.Logf("%d pieces of real texts, %d left out for what they speak of", n, left)
	return list[:n]
}

func cut(s string, runes int) string {
	if r := []rune(s); len(r) > runes {
		return string(r[:runes])
	}
	return s
}

func sampleArticles(t *testing.T) []article {
	t.Helper()
	items, err := sample.Items()
	if err != nil {
		t.Fatal(err)
	}
	var list []article
	for _, i := range items {
		if a := (article{i.Title, strings.Join(i.Body, "\n")}); len(content.Scan(a.Title+"\n"+a.Body)) == 0 {
			list = append(list, a)
		}
	}
	return list
}

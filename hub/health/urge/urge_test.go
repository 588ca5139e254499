package urge

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhanqun/internal/chinatime"
	"zhanqun/protocol"
)

var update = flag.Bool("update", false, "write testdata anew")

func day(text string) time.Time {
	at, err := time.ParseInLocation("2006-01-02 15:04", text, chinatime.Zone)
	if err != nil {
		panic(err)
	}
	return at
}

func TestDeadline(t *testing.T) {
	for _, tt := range []struct{ told, class, want string }{
		{"2026-11-02 09:00", "死链", "2026-11-16 23:59"},   // Monday: ten working days, two weekends
		{"2026-11-06 23:59", "死链", "2026-11-20 23:59"},   // Friday night is still Friday
		{"2026-11-07 10:00", "死链", "2026-11-20 23:59"},   // Saturday: day one is Monday
		{"2026-11-06 10:00", "外链变异", "2026-11-10 23:59"}, // two working days
		{"2026-11-06 10:00", "暗链", "2026-11-10 23:59"},
	} {
		if got := Defaults.Deadline(day(tt.told), tt.class).Format("2006-01-02 15:04"); got != tt.want {
			t.Errorf("told %s of %s: due %s, want %s", tt.told, tt.class, got, tt.want)
		}
	}
	calendar := Rules{Days: 1, Add: func(d time.Time, n int) time.Time { return d.AddDate(0, 0, 7*n) }}
	if got := calendar.Deadline(day("2026-11-06 10:00"), ""); !got.Equal(day("2026-11-14 00:00").Add(-time.Second)) {
		t.Errorf("the county's calendar is not used: %v", got)
	}
}

// Holidays do not count, and the weekend days worked for them do.
func TestHolidays(t *testing.T) {
	for _, tt := range []struct {
		from string
		n    int
		want string
	}{{"2026-11-06", 1, "2026-11-09"}, {"2026-11-09", -1, "2026-11-06"}, {"2026-11-07", 1, "2026-11-09"}, {"2026-09-30", 1, "2026-10-08"}, {"2026-10-09", 1, "2026-10-10"}} {
		if got := Defaults.add(day(tt.from+" 00:00"), tt.n).Format(time.DateOnly); got != tt.want {
			t.Errorf("%s %+d: %s, want %s", tt.from, tt.n, got, tt.want)
		}
	}
}

// The stages come in order, each once, at the times the rhythm has.
func TestStages(t *testing.T) {
	term := Term{From: day("2026-11-02 09:00"), Due: Defaults.Deadline(day("2026-11-02 09:00"), "")}
	want := map[string]string{
		protocol.StageReminded: "2026-11-12 08:00", protocol.StageOverdue: "2026-11-17 00:00", protocol.StageExposed: "2026-11-23 00:00",
		protocol.StageSupervised: "2026-12-01 00:00", protocol.StageCirculated: "2027-01-01 00:00",
	}
	before := ""
	now := term.From
	for _, stage := range Stages() {
		at := Defaults.At(stage, term)
		if got := at.Format("2006-01-02 15:04"); got != want[stage] {
			t.Errorf("%s at %s, want %s", stage, got, want[stage])
		}
		if got := Defaults.Next(term, now); !got.Equal(at) {
			t.Errorf("after %v comes %v, want %v", now, got, at)
		}
		if got := Defaults.Reached(term, at.Add(-time.Second)); got != before {
			t.Errorf("just before %s: %q, want %q", stage, got, before)
		}
		if got := Defaults.Reached(term, at); got != stage {
			t.Errorf("at %s: %q", stage, got)
		}
		before, now = stage, at
	}
	if got := Defaults.Next(term, now); !got.IsZero() {
		t.Errorf("after the last stage: %v", got)
	}
	if Defaults.Reached(Term{}, now) != "" || !Defaults.Next(Term{}, now).IsZero() {
		t.Error("something without a deadline is urged")
	}
}

// A unit is not reminded on the day on which it is told.
func TestReminderOfShortTerms(t *testing.T) {
	told := day("2026-11-02 09:00")
	short := Term{From: told, Due: Defaults.Deadline(told, "暗链")} // Wednesday
	if got := Defaults.At(protocol.StageReminded, short); !got.Equal(day("2026-11-03 08:00")) {
		t.Errorf("reminded at %v", got)
	}
	if got := (Rules{RemindDays: 2}).At(protocol.StageReminded, Term{From: told, Due: day("2026-11-02 23:59")}); !got.IsZero() {
		t.Errorf("reminded at %v", got)
	}
	if got := (Rules{}).At(protocol.StageReminded, short); !got.IsZero() {
		t.Errorf("reminded at %v although nobody is to be", got)
	}
}

func TestPeriods(t *testing.T) {
	now := day("2026-11-29 10:00") // a Sunday
	for _, tt := range []struct{ kind, day, id, name, before, after string }{
		{"", "", "2026-11-29", "2026年11月29日", "2026-11-28", "2026-11-30"},
		{"week", "", "2026-11-23", "2026年11月23日至11月29日", "2026-11-16", "2026-11-30"},
		{"week", "2026-11-23", "2026-11-23", "2026年11月23日至11月29日", "2026-11-16", "2026-11-30"},
		{"week", "2027-01-01", "2026-12-28", "2026年12月28日至1月3日", "2026-12-21", "2027-01-04"},
		{"month", "2026-01-31", "2026-01-01", "2026年1月", "2025-12-01", "2026-02-01"},
		{"quarter", "2026-12-31", "2026-10-01", "2026年四季度", "2026-07-01", "2027-01-01"},
	} {
		p, err := ParsePeriod(tt.kind, tt.day, now)
		if err != nil || p.ID != tt.id || p.Name != tt.name || p.Shift(-1).ID != tt.before || p.Shift(1).ID != tt.after || !p.Shift(1).From.Equal(p.Until) {
			t.Errorf("%s %s: %+v, %v", tt.kind, tt.day, p, err)
		}
	}
	for _, wrong := range [][2]string{{"hour", ""}, {"day", "29.11.2026"}, {"day", "1026-11-29"}} {
		if _, err := ParsePeriod(wrong[0], wrong[1], now); err == nil {
			t.Errorf("%v was read", wrong)
		}
	}
}

// cases are findings of two units, at every point of their lives.
func cases() []Case {
	due := day("2026-11-10 23:59")
	one := func(id, unit string, edit func(*Case)) Case {
		c := Case{ID: id, Unit: unit, UnitName: map[string]string{"u1": "塘头镇", "u2": "=思唐街道"}[unit], URL: "http://example.gov.cn/" + id, Class: "死链",
			State: protocol.FindingOpen, Opened: day("2026-10-27 09:00"), Due: due}
		edit(&c)
		return c
	}
	return []Case{
		one("a-open", "u1", func(*Case) {}),
		one("b-new", "u1", func(c *Case) { c.Opened, c.Due = day("2026-11-18 09:00"), day("2026-12-02 23:59") }),
		one("c-mended", "u2", func(c *Case) {
			c.State, c.Closed, c.Ending = protocol.FindingClosed, day("2026-11-09 12:00"), protocol.EndingRemoved
		}),
		one("d-late", "u2", func(c *Case) {
			c.State, c.Closed, c.Ending = protocol.FindingClosed, day("2026-11-18 12:00"), protocol.EndingRecovered
		}),
		one("e-struck", "u2", func(c *Case) {
			c.State, c.Closed, c.Ending = protocol.FindingStruck, day("2026-11-19 12:00"), protocol.EndingStruck
		}),
		one("f-disputed", "u2", func(c *Case) { c.State, c.Answered = protocol.FindingDisputed, day("2026-11-05 12:00") }),
		one("g-answered-late", "u2", func(c *Case) { c.State, c.Answered = protocol.FindingFixing, day("2026-11-12 12:00") }),
		one("h-later", "u2", func(c *Case) { c.Opened, c.Due = day("2027-02-01 09:00"), day("2027-02-15 23:59") }),
	}
}

// The reports of one set of findings, as they come out of each kind.
func TestReports(t *testing.T) {
	now := day("2027-02-02 12:00")
	for _, tt := range []struct {
		kind, day, listed string
	}{
		{"day", "2026-11-18", "a-open b-new e-struck g-answered-late"},
		{"week", "2026-11-18", "a-open g-answered-late"},
		{"week", "2026-11-04", ""},
		{"month", "2026-11-18", "a-open g-answered-late"},
		{"quarter", "2026-11-18", "a-open g-answered-late"},
		{"quarter", "2026-07-18", ""},
	} {
		p, err := ParsePeriod(tt.kind, tt.day, now)
		if err != nil {
			t.Fatal(err)
		}
		r := Defaults.Report(p, cases(), now)
		var ids []string
		for _, e := range r.Cases {
			ids = append(ids, e.ID)
		}
		if got := strings.Join(ids, " "); got != tt.listed {
			t.Errorf("%s %s lists %q, want %q", tt.kind, tt.day, got, tt.listed)
		}
	}
}

// The week's report is the same whoever asks for it when, down to the letter.
func TestReportForSpreadsheets(t *testing.T) {
	p, err := ParsePeriod("week", "2026-11-18", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := Defaults.Report(p, cases(), day("2026-11-23 00:00")).WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", "week.csv")
	if *update {
		if err := os.MkdirAll("testdata", 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Error(diff)
	}
	b.Reset()
	if err := Defaults.Report(p, cases(), day("2027-01-04 00:00")).WriteCSV(&b); err != nil || b.String() != string(want) {
		t.Errorf("asked for later it is another: %v\n%s", err, b.String())
	}
}

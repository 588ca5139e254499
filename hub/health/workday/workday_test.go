package workday_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"zhanqun/hub/health/workday"
	"zhanqun/internal/chinatime"
)

func day(text string) time.Time {
	d, err := time.ParseInLocation(time.DateOnly, text, chinatime.Zone)
	if err != nil {
		panic(err)
	}
	return d
}

func TestIs(t *testing.T) {
	c := workday.Default()
	for _, v := range []struct {
		day            string
		working, known bool
	}{
		{"2026-01-01", false, true}, // New Year, a Thursday
		{"2026-01-04", true, true},  // a Sunday worked for it
		{"2026-01-05", true, true},
		{"2026-02-14", true, true}, // Saturday before the Spring Festival
		{"2026-02-23", false, true},
		{"2026-02-24", true, true},
		{"2026-02-28", true, true},
		{"2026-09-20", true, true},
		{"2026-10-07", false, true},
		{"2026-10-08", true, true},
		{"2026-11-28", false, true}, // a plain Saturday
		{"2025-10-08", false, true}, // the eighth day of two holidays in one
		{"2022-12-31", false, true},
		{"2027-01-01", true, false}, // no notice: by the weekday, and not known
		{"2020-05-01", true, false},
	} {
		if working, known := c.Is(day(v.day)); working != v.working || known != v.known {
			t.Errorf("%s: working %v known %v, want %v %v", v.day, working, known, v.working, v.known)
		}
	}
}

// A year has its weekdays less the public holidays of the law, 11 until 2024
// and 13 since, however the notice moves them: those on a weekend are made up.
func TestYearsAddUp(t *testing.T) {
	c := workday.Default()
	if len(c.Years()) != 6 {
		t.Fatalf("years %v", c.Years())
	}
	for _, y := range c.Years() {
		working, weekdays := 0, 0
		for d := day("2000-01-01").AddDate(y.Year-2000, 0, 0); d.Year() == y.Year; d = d.AddDate(0, 0, 1) {
			if is, _ := c.Is(d); is {
				working++
			}
			if d.Weekday() != time.Saturday && d.Weekday() != time.Sunday {
				weekdays++
			}
		}
		public := 11
		if y.Year >= 2025 {
			public = 13
		}
		if working != weekdays-public {
			t.Errorf("%d has %d working days, want %d", y.Year, working, weekdays-public)
		}
		if !strings.Contains(y.Source, "国办发明电") {
			t.Errorf("%d does not name its notice: %q", y.Year, y.Source)
		}
	}
}

func TestAddAndBetween(t *testing.T) {
	c := workday.Default()
	for _, v := range []struct {
		from  string
		n     int
		to    string
		known bool
	}{
		{"2026-11-27", 1, "2026-11-30", true}, // Friday
		{"2026-11-28", 1, "2026-11-30", true}, // Saturday: day 1 is the next working day
		{"2026-09-30", 1, "2026-10-08", true}, // over the National Day
		{"2026-09-30", 3, "2026-10-10", true}, // the Saturday worked in exchange counts
		{"2026-02-13", 2, "2026-02-24", true},
		{"2026-12-30", 1, "2026-12-31", true},
		{"2026-12-30", 2, "2027-01-01", false}, // no notice for 2027: counted by the weekday, and said
		{"2026-10-08", -1, "2026-09-30", true},
		{"2026-10-03", 0, "2026-10-03", true},
	} {
		got, known := c.Add(day(v.from), v.n)
		if !got.Equal(day(v.to)) || known != v.known {
			t.Errorf("%s + %d = %s known %v, want %s %v", v.from, v.n, got.Format(time.DateOnly), known, v.to, v.known)
		}
		if v.n > 0 {
			if n, known := c.Between(day(v.from), day(v.to)); n != v.n || known != v.known {
				t.Errorf("between %s and %s: %d known %v, want %d", v.from, v.to, n, known, v.n)
			}
		}
	}
	if n, _ := c.Between(day("2026-10-10"), day("2026-09-30")); n != -3 {
		t.Errorf("backwards: %d", n)
	}
}

// Half past eleven at night in London is the next day in Beijing.
func TestDaysAreBeijingDays(t *testing.T) {
	c := workday.Default()
	london := time.Date(2026, 9, 30, 17, 30, 0, 0, time.UTC)
	if working, _ := c.Is(london); working {
		t.Error("1 October in Beijing was taken for 30 September")
	}
	if got := workday.Date(london); !got.Equal(day("2026-10-01")) {
		t.Errorf("date %v", got)
	}
}

func TestMissing(t *testing.T) {
	c := workday.Default()
	if got := c.Missing(day("2026-12-01"), day("2028-01-01")); !slices.Equal(got, []int{2027, 2028}) {
		t.Errorf("missing %v", got)
	}
	if got := c.Missing(day("2026-12-01"), day("2026-01-01")); got != nil {
		t.Errorf("missing %v", got)
	}
}

func TestFolder(t *testing.T) {
	const good = `year = 2027
source = "某通知"
holiday = [{ name = "元旦", off = ["2026-12-31", "2027-01-02"], work = ["2027-01-03"] }]`
	write := func(name, text string) string {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	c, err := workday.Load(write("2027.toml", good))
	if err != nil {
		t.Fatal(err)
	}
	if d, known := c.Add(day("2026-12-30"), 1); !d.Equal(day("2027-01-03")) || !known {
		t.Errorf("with a file for 2027: %v known %v", d, known)
	}
	for name, bad := range map[string][2]string{
		"wrong name":     {"2028.toml", good},
		"unknown key":    {"2027.toml", good + "\nfoo = 1"},
		"no source":      {"2027.toml", strings.Replace(good, `source = "某通知"`, "", 1)},
		"no such day":    {"2027.toml", strings.Replace(good, "2027-01-02", "2027-02-30", 1)},
		"other year":     {"2027.toml", strings.Replace(good, "2027-01-02", "2029-01-02", 1)},
		"backwards":      {"2027.toml", strings.Replace(good, "2027-01-02", "2026-12-30", 1)},
		"work on Monday": {"2027.toml", strings.Replace(good, "2027-01-03", "2027-01-04", 1)},
		"not UTF-8":      {"2027.toml", good + "# \xd6\xd0"},
		"no TOML":        {"2027.toml", "year"},
	} {
		if _, err := workday.Load(write(bad[0], bad[1])); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := workday.Load(filepath.Join(t.TempDir(), "absent")); err == nil {
		t.Error("a folder that does not exist was accepted")
	}
}

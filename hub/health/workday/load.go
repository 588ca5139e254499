package workday

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"zhanqun/internal/chinatime"
	"zhanqun/internal/tomldir"
)

//go:embed years/*.toml
var embedded embed.FS

// file is one year as it is written.
type file struct {
	Year    int    `toml:"year"`
	Source  string `toml:"source"`
	Holiday []struct {
		Name string   `toml:"name"`
		Off  []string `toml:"off"`  // first and last day
		Work []string `toml:"work"` // worked in exchange
	} `toml:"holiday"`
}

// Default returns the calendar with the years known when the program was made.
func Default() *Calendar {
	c, err := Load("")
	if err != nil { // embedded, and held by a test
		panic(err)
	}
	return c
}

// Load returns the embedded years and, if dir is not empty, those of the *.toml
// files in it; a file there replaces the embedded year. Its errors are meant for
// whoever wrote the files.
func Load(dir string) (*Calendar, error) {
	years := map[int]file{}
	sub, err := fs.Sub(embedded, "years")
	if err != nil {
		return nil, fmt.Errorf("reading embedded working days: %w", err)
	}
	if err := readYears(sub, years); err != nil {
		return nil, err
	}
	if dir != "" {
		own := map[int]file{}
		if err := readYears(os.DirFS(dir), own); err != nil {
			return nil, err
		}
		for y, f := range own {
			years[y] = f
		}
	}
	c := &Calendar{years: map[int]Year{}, off: map[int]string{}, work: map[int]bool{}}
	for _, f := range years {
		if err := c.take(f); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// limits bound what is read of a folder.
var limits = tomldir.Limits{Files: 200, Bytes: 64 << 10}

func readYears(folder fs.FS, into map[int]file) error {
	return tomldir.Each(folder, "工作日数据", limits, func(name string, text []byte) error {
		var f file
		meta, err := toml.Decode(string(text), &f)
		if err != nil {
			return err
		}
		if extra := meta.Undecoded(); len(extra) > 0 {
			return fmt.Errorf("没有 %s 这一项", extra[0])
		}
		if strings.TrimSuffix(path.Base(name), ".toml") != fmt.Sprint(f.Year) {
			return fmt.Errorf("文件名与里面的年份 %d 不一致", f.Year)
		}
		into[f.Year] = f
		return nil
	})
}

// take adds one year to the calendar.
func (c *Calendar) take(f file) error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("工作日数据 %d.toml：%s", f.Year, fmt.Sprintf(format, args...))
	}
	if f.Source == "" || len(f.Holiday) == 0 {
		return bad("要写明依据的通知 source 和节日 holiday")
	}
	near := func(text string) (time.Time, error) {
		day, err := time.ParseInLocation(time.DateOnly, text, chinatime.Zone)
		if err != nil {
			return day, bad("日期 %q 应写成 2026-01-01", text)
		}
		// A holiday may begin in the last days of the year before.
		if d := day.AddDate(0, 0, 15).Year(); d != f.Year && day.Year() != f.Year {
			return day, bad("日期 %s 不在这一年", text)
		}
		return day, nil
	}
	for _, h := range f.Holiday {
		if h.Name == "" || len(h.Off) != 2 {
			return bad("每个节日要有名称 name，以及放假的第一天和最后一天 off")
		}
		first, err := near(h.Off[0])
		if err != nil {
			return err
		}
		last, err := near(h.Off[1])
		if err != nil {
			return err
		}
		if last.Before(first) || last.Sub(first) > 30*24*time.Hour {
			return bad("%s的放假日期前后颠倒或太长", h.Name)
		}
		for d := first; !d.After(last); d = d.AddDate(0, 0, 1) {
			c.off[dateKey(d)] = h.Name
		}
		for _, text := range h.Work {
			d, err := near(text)
			if err != nil {
				return err
			}
			if wd := d.Weekday(); wd != time.Saturday && wd != time.Sunday {
				return bad("调休上班的 %s 不是周末", text)
			}
			c.work[dateKey(d)] = true
		}
	}
	c.years[f.Year] = Year{Year: f.Year, Source: f.Source}
	return nil
}

package main

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"time"

	"zhanqun/hub/health/fresh"
	"zhanqun/internal/chinatime"
	"zhanqun/internal/cli"
	"zhanqun/internal/fault"
)

// columnCheck is what hub check --column is asked.
type columnCheck struct {
	on         bool
	class, now string
}

func (k *columnCheck) flags(f *flag.FlagSet) {
	f.BoolVar(&k.on, "column", false, "把网址当作栏目列表页，判断最近更新和是否空白；超期或空白时返回 1")
	f.StringVar(&k.class, "class", "", "栏目`类别`：news 动态要闻（14 天），notice 通知公告、policy 政策文件（6 个月），personnel 人事信息、plan 规划计划、other 其他（1 年）；不写则按栏目名称判断")
	f.StringVar(&k.now, "now", "", "监测`时间点`，如 2026-11-28 或 2026-11-28T10:00，默认现在（北京时间）")
}

// run reads the column and says what it found. The exit code is 1 for a column
// that is overdue or blank: an unknown one accuses nobody.
func (k *columnCheck) run(ctx context.Context, c *call, pages fresh.Reader) error {
	o := fresh.Options{Now: fresh.DefaultNow(), Class: fresh.Class(k.class)}
	if k.class != "" && !o.Class.Known() {
		return fmt.Errorf("%w: --class 只能是 %s", cli.ErrUsage, fresh.ClassNames)
	}
	if k.now != "" {
		at, err := checkPoint(k.now)
		if err != nil {
			return err
		}
		o.Now = at
	}
	r := fresh.Look(ctx, pages, c.Args[0], o)
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := sayReading(c, r); err != nil {
		return err
	}
	switch r.State {
	case fresh.Stale:
		return fault.New(fault.Invalid, "这个栏目超期未更新。")
	case fresh.Blank:
		return fault.New(fault.Invalid, "这个栏目是空白栏目。")
	}
	return nil
}

// checkPoint reads a time in Beijing; a day alone means its noon.
func checkPoint(text string) (time.Time, error) {
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04"} {
		if t, err := time.ParseInLocation(form, text, chinatime.Zone); err == nil {
			return t.In(chinatime.Zone), nil
		}
	}
	t, err := time.ParseInLocation("2006-01-02", text, chinatime.Zone)
	if err != nil {
		return time.Time{}, fmt.Errorf("%w: --now 写成 2026-11-28 或 2026-11-28T10:00", cli.ErrUsage)
	}
	return t.Add(12 * time.Hour), nil
}

// maxShown is how many items are shown to a person.
const maxShown = 10

func sayReading(c *call, r fresh.Reading) error {
	if c.JSON {
		return cli.WriteJSON(c.Out, r)
	}
	last := string(r.LastUpdate)
	if last == "" {
		last = "没有读到"
	}
	rows := [][]string{{"栏目", r.Title}, {"网址", r.URL}}
	if r.Final != "" && r.Final != r.URL {
		rows = append(rows, []string{"读自", r.Final})
	}
	rows = append(rows,
		[]string{"编码", r.Charset},
		[]string{"结论", r.State.Label()},
		[]string{"最近更新", last},
		[]string{"类别", fmt.Sprintf("%s，期限 %s", r.Class.Label(), r.Class.Period())},
	)
	for i, line := range r.Evidence {
		head := ""
		if i == 0 {
			head = "依据"
		}
		rows = append(rows, []string{head, line})
	}
	for i, it := range r.Items {
		if i == maxShown {
			rows = append(rows, []string{"", fmt.Sprintf("……共 %d 条", len(r.Items))})
			break
		}
		day := string(it.Day)
		if day == "" {
			day = "没有日期  "
		}
		for _, f := range it.Flags {
			day += "（" + f.Label() + "）"
		}
		head := ""
		if i == 0 {
			head = "条目"
		}
		rows = append(rows, []string{head, strings.TrimSpace(day + "  " + it.Title)})
	}
	return cli.Table(c.Out, rows)
}

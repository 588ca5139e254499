package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"
	"unicode/utf8"

	"zhanqun/hub/health/crawl"
	"zhanqun/internal/cli"
)

// checkOutput writes what a check finds: for programs every link as a line of
// JSON as soon as it is known, in no particular order; for people, at the end,
// what is wrong.
type checkOutput struct {
	json     bool
	out      *bufio.Writer
	buf      []byte
	progress func(crawl.Totals)
	clear    func()     // what progress has written
	start    crawl.Line // what became of the address itself
	report   checkReport
}

func newCheckOutput(c *call) *checkOutput {
	o := &checkOutput{json: c.JSON, out: bufio.NewWriterSize(c.Out, 64<<10), progress: func(crawl.Totals) {}, clear: func() {}}
	if f, ok := c.Err.(*os.File); ok && terminal(f) {
		last := time.Now()
		o.clear = func() { fmt.Fprint(c.Err, "\r\033[K") }
		o.progress = func(t crawl.Totals) {
			if now := time.Now(); now.Sub(last) >= time.Second {
				last = now
				fmt.Fprintf(c.Err, "\r已读 %d 页，%d 处链接，打不开 %d 处 ", t.Pages, t.Links, t.Dead)
			}
		}
	}
	return o
}

func terminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (o *checkOutput) line(l crawl.Line) error {
	if l.Page == "" {
		o.start = l
	}
	if !o.json {
		o.report.take(&l)
		return nil
	}
	b := o.buf[:0]
	b = append(b, '{')
	field := func(name, value string, always bool) {
		if value == "" && !always {
			return
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), name...), `":`...)
		b = appendJSON(b, value)
	}
	field("page", l.Page, true)
	field("url", l.URL, true)
	field("raw", l.Raw, true)
	field("verdict", string(l.Verdict), true)
	field("class", string(l.Class), true)
	field("reason", string(l.Reason), true)
	b = append(b, `,"status":`...)
	b = strconv.AppendInt(b, int64(l.Status), 10)
	field("final", l.Final, true)
	field("element", l.Element, false)
	field("attr", l.Attr, false)
	field("label", l.Label, false)
	field("errorKind", string(l.Kind), false)
	field("fault", string(l.Fault), false)
	field("certificate", l.Certificate, false)
	field("missingFragment", l.Fragment, false)
	field("detail", l.Detail, false)
	b = append(b, "}\n"...)
	o.buf = b
	_, err := o.out.Write(b)
	return err
}

// appendJSON appends a string as JSON; all but the rare odd one as it is.
func appendJSON(b []byte, s string) []byte {
	plain := utf8.ValidString(s)
	for i := 0; i < len(s) && plain; i++ {
		plain = s[i] >= ' ' && s[i] != '"' && s[i] != '\\'
	}
	if !plain {
		text, _ := json.Marshal(s) // a string always can be
		return append(b, text...)
	}
	return append(append(append(b, '"'), s...), '"')
}

// idle lets what is known be seen while nothing else comes.
func (o *checkOutput) idle(t crawl.Totals) {
	_ = o.out.Flush() // end tells
	o.progress(t)
}

// end writes the totals.
func (o *checkOutput) end(t crawl.Totals) error {
	o.clear()
	if o.json {
		line := struct {
			Is bool `json:"totals"` // tells this line from the others
			crawl.Totals
			Seconds float64 `json:"elapsed"`
		}{true, t, t.Elapsed.Seconds()}
		if err := cli.WriteJSON(o.out, line); err != nil {
			return err
		}
		return o.out.Flush()
	}
	o.report.write(o.out)
	rows := [][]string{
		{"读了", fmt.Sprintf("%d 页，%d 处链接，%d 个不同网址，用时 %s", t.Pages, t.Links, t.Targets, t.Elapsed.Round(time.Millisecond))},
		{"正常", strconv.Itoa(t.OK)}, {"打不开", fmt.Sprintf("%d（%d 个网址）", t.Dead, t.DeadTargets)}, {"可疑", strconv.Itoa(t.Suspect)},
		{"无法判断", strconv.Itoa(t.Inconclusive)}, {"不检查", strconv.Itoa(t.Excluded)},
	}
	if t.Unchecked > 0 {
		rows = append(rows, []string{"没有查到", strconv.Itoa(t.Unchecked)})
	}
	for _, cut := range t.Cut {
		rows = append(rows, []string{"略去", fmt.Sprintf("%s：%s（%d 个网址）", cut.Where, cutWords[cut.Kind], cut.Left)})
	}
	if !t.Complete {
		rows = append(rows, []string{"注意", stopWords[t.Stopped]})
	}
	if err := cli.Table(o.out, rows); err != nil {
		return err
	}
	return o.out.Flush()
}

var cutWords = map[string]string{
	crawl.CutNumbers: "没有尽头的日历、页码之类，内容重复", crawl.CutChain: "没有尽头的连续页面", crawl.CutFilters: "筛选条件的各种组合，没有新内容",
	crawl.CutMaze: "网页是随网址现编的，没有尽头", crawl.CutNesting: "目录一层套一层", crawl.CutCatch: "对任何网址都返回同一页面", crawl.CutAlias: "同一页面的别名（会话编号、循环目录）",
	crawl.CutTargets: "超出网址数量上限", crawl.CutPages: "超出页数上限",
}

var stopWords = map[string]string{
	"interrupted": "检查被中断，没有做完。", "time": "到了时间上限，没有做完。", "pages": "到了页数上限，没有做完。", "targets": "到了网址数量上限，没有做完。",
	"site_silent": "网站中途不再应答，没有做完。", "failed": "检查出错，没有做完。",
}

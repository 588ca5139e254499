package fresh

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"golang.org/x/net/html/atom"

	"zhanqun/internal/chinatime"
)

// Class is the kind of a column; it sets how often the column must be updated.
type Class string

// The classes of columns.
const (
	News      Class = "news"      // 动态要闻类: 14 days
	Notice    Class = "notice"    // 通知公告类: 6 months
	Policy    Class = "policy"    // 政策文件类: 6 months
	Personnel Class = "personnel" // 人事信息类: 1 year
	Plan      Class = "plan"      // 规划计划类: 1 year
	Other     Class = "other"     // all others: 1 year
)

// Classes are all classes, in the order they are shown.
var Classes = []Class{News, Notice, Policy, Personnel, Plan, Other}

// ClassNames are the classes as a person writes them, for messages.
var ClassNames = func() string {
	names := make([]string, len(Classes))
	for i, c := range Classes {
		names[i] = string(c)
	}
	return strings.Join(names, "、")
}()

// Known tells whether c is one of Classes.
func (c Class) Known() bool { return c.Label() != "" }

// Label is the class's name in Chinese; empty for an unknown one.
func (c Class) Label() string {
	return map[Class]string{News: "动态要闻类", Notice: "通知公告类", Policy: "政策文件类", Personnel: "人事信息类", Plan: "规划计划类", Other: "其他栏目"}[c]
}

// Rule is how often a column has to be updated: as often as its class, or, where
// the county demands more of it, within so many days. It never demands less.
type Rule struct {
	Class Class
	Days  int // 0 for the class's period alone
}

// Longest returns the days of the class's period, as monitoring products count.
func (c Class) Longest() int {
	switch c {
	case News:
		return 14
	case Notice, Policy:
		return 180
	}
	return 365
}

// Own tells whether it demands more than the class.
func (r Rule) Own() bool { return r.Days > 0 && r.Days < r.Class.Longest() }

// Period is the time limit in Chinese.
func (r Rule) Period() string {
	if r.Own() {
		return fmt.Sprintf("%d 天", r.Days)
	}
	return r.Class.Period()
}

// Since is Class.Since of a column with a rule of its own.
func (r Rule) Since(checkPoint time.Time, calendar bool) Day {
	since := r.Class.Since(checkPoint, calendar)
	if r.Own() {
		since = max(since, DayOf(checkPoint).Add(-r.Days))
	}
	return since
}

// Last is Class.Last of a column with a rule of its own.
func (r Rule) Last(day Day) Day {
	last := r.Class.Last(day)
	if r.Own() && last != "" {
		last = min(last, day.Add(r.Days))
	}
	return last
}

// Period is the class's time limit in Chinese.
func (c Class) Period() string {
	switch c {
	case News:
		return "14 天"
	case Notice, Policy:
		return "6 个月"
	}
	return "1 年"
}

// Since returns the first day of the window that ends at the check point: an
// update on that day or later is in time. calendar counts months and years by
// the calendar; otherwise they have 180 and 365 days, as monitoring products
// count.
func (c Class) Since(checkPoint time.Time, calendar bool) Day {
	now := checkPoint.In(chinatime.Zone)
	months := 12
	switch c {
	case Notice, Policy:
		months = 6
	case News:
		calendar = false
	}
	if !calendar {
		return DayOf(now.AddDate(0, 0, -c.Longest()))
	}
	back := now.AddDate(0, -months, 0)
	if back.Day() != now.Day() { // 31 August less six months is the end of February
		back = back.AddDate(0, 0, -back.Day())
	}
	return DayOf(back)
}

// Last returns the last day on which a column updated on day is still in time,
// counted by the calendar; empty for no day.
func (c Class) Last(day Day) Day {
	t, ok := day.Time()
	if !ok {
		return ""
	}
	switch c {
	case News:
		return DayOf(t.AddDate(0, 0, 14))
	case Notice, Policy:
		t = t.AddDate(0, 6, 0)
	default:
		t = t.AddDate(1, 0, 0)
	}
	// The month may be shorter than the day: follow Since to the very day.
	for c.Since(t, true) > day {
		t = t.AddDate(0, 0, -1)
	}
	for c.Since(t.AddDate(0, 0, 1), true) <= day {
		t = t.AddDate(0, 0, 1)
	}
	return DayOf(t)
}

var classWords = []struct {
	class   Class
	pattern *regexp.Regexp
}{
	{Policy, regexp.MustCompile(`政策|文件|法规|规章|规范性|解读`)},
	{Personnel, regexp.MustCompile(`人事|任免|任前|招考|招录|招聘|录用|公务员|遴选`)},
	{Plan, regexp.MustCompile(`规划计划|计划规划|计划总结|发展规划|(?:规划|计划)(?:信息|纲要|要点)?$`)},
	{Notice, regexp.MustCompile(`通知|公告|公示|通告|告示|预告`)},
	{News, regexp.MustCompile(`要闻|动态|新闻|快讯|资讯|头条|传真|时政|播报|简讯|快报|信息速递|政务信息`)},
}

// GuessClass reads a column's class off its name, which may be a page's title:
// the column's own name is the first part of it. why says in Chinese what the
// guess rests on.
func GuessClass(name string) (c Class, why string) {
	parts := titleParts(name)
	if len(parts) > 0 {
		for _, w := range classWords {
			if word := w.pattern.FindString(parts[0]); word != "" {
				return w.class, fmt.Sprintf("栏目类别按名称“%s”中的“%s”判断为%s，可用 --class 指定。", parts[0], word, w.class.Label())
			}
		}
	}
	return Other, "从名称看不出栏目类别，按其他栏目处理，可用 --class 指定。"
}

// addressWords are the ways the folder of a class is called, by the first
// letters of its syllables or in English.
var addressWords = []struct {
	class   Class
	pattern *regexp.Regexp
}{
	{Policy, regexp.MustCompile(`(?i)(?:^|[/_-])(?:zcwj|zcfg|zfwj|gfxwj|zcjd|zcjdu|flfg|polic(?:y|ies))(?:[/_.-]|$)`)},
	{Personnel, regexp.MustCompile(`(?i)(?:^|[/_-])(?:rsxx|rsrm|rszk|zkly|renshi|recruit(?:ment)?)(?:[/_.-]|$)`)},
	{Plan, regexp.MustCompile(`(?i)(?:^|[/_-])(?:ghjh|jhgh|fzgh|gh|guihua|plans?)(?:[/_.-]|$)`)},
	{Notice, regexp.MustCompile(`(?i)(?:^|[/_-])(?:tzgg|gsgg|gggs|tzgs|ggtz|gonggao|tongzhi|notices?|announcements?)(?:[/_.-]|$)`)},
	{News, regexp.MustCompile(`(?i)(?:^|[/_-])(?:xwdt|gzdt|dtxx|xwzx|zwdt|zwyw|bmdt|jcdt|xzdt|xzcz|dongtai|yaowen|news)(?:[/_.-]|$)`)},
}

// guess reads the class of a column off whatever names it: the page's title
// first, then its path from the home page, its heading and its address.
func (t *tree) guess(p Page, names ...string) (c Class, why string) {
	const unknown = "从名称看不出栏目类别，按其他栏目处理，可用 --class 指定。"
	for _, name := range append(names, t.crumb()) {
		if c, why := GuessClass(name); c != Other {
			return c, why
		}
	}
	// A name that is not the site's is the column's, and says what it is not.
	for _, name := range names {
		if parts := titleParts(name); len(parts) > 0 && !siteName.MatchString(parts[0]) {
			return Other, unknown
		}
	}
	if c, why := GuessClass(t.topHeading()); c != Other {
		return c, why
	}
	for _, w := range addressWords {
		if word := w.pattern.FindString(p.URL); word != "" {
			return w.class, fmt.Sprintf("栏目类别按网址中的“%s”判断为%s，可用 --class 指定。", strings.Trim(word, "/_.-"), w.class.Label())
		}
	}
	return Other, unknown
}

// siteName is a title that names the site rather than the column.
var siteName = regexp.MustCompile(`(?i)政府|网站|门户|政务网|官网|公众网|信息网|首页|^(?:index|list|column|untitled|无标题.*)$`)

var here = regexp.MustCompile(`(?:您|你)?(?:当前|现在|所在|的)*位置\s?[:：]?`)

// crumb returns the last step of the path from the home page to this one.
func (t *tree) crumb() string {
	for i := range t.nodes {
		n := &t.nodes[i]
		if n.text == "" || n.hidden || !here.MatchString(n.text) {
			continue
		}
		for p, steps := n.parent, 0; p > 0 && steps < 3; p, steps = t.nodes[p].parent, steps+1 {
			text := plain(t.textOf(p, " > ", 200))
			parts := strings.FieldsFunc(here.ReplaceAllString(text, ""), func(r rune) bool { return strings.ContainsRune("><»›/\\|", r) })
			if len(parts) > 1 {
				return strings.TrimSpace(parts[len(parts)-1])
			}
		}
		return ""
	}
	return ""
}

// topHeading returns the first short heading of the page's main part.
func (t *tree) topHeading() string {
	for i := range t.nodes {
		n := &t.nodes[i]
		if n.off || n.atom != atom.H1 && n.atom != atom.H2 && n.atom != atom.H3 {
			continue
		}
		if size := t.length(int32(i)); size > 0 && size <= 16 {
			return t.textOf(int32(i), "", 16)
		}
	}
	return ""
}

// titleParts splits a title at what separates a page's own name from the site's.
func titleParts(title string) []string {
	var parts []string
	for _, p := range strings.FieldsFunc(title, func(r rune) bool { return strings.ContainsRune("-_|—–·•»>:：｜/\\", r) }) {
		if p = strings.TrimSpace(p); p != "" {
			parts = append(parts, p)
		}
	}
	return parts
}

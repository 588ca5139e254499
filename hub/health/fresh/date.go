package fresh

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"zhanqun/internal/chinatime"
)

// stamp is a date as it was written. Without a year it is one of several.
type stamp struct {
	year, month, day int
	clock            string // "14:05", empty for none
	ago              string // a word relative to now, with n of its unit
	n                int
	weekday          bool // it names the day of the week, as clocks do
	bare             bool // eight digits and nothing else, which may be a number
}

// The parts a written date is made of, after plain.
const (
	yearPart  = `(?P<y>(?:19|20)\d\d)`
	monthPart = `(?P<m>1[0-2]|0?[1-9])`
	dayPart   = `(?P<d>3[01]|[12]\d|0?[1-9])`
	month2    = `(?P<m>1[0-2]|0[1-9])`
	day2      = `(?P<d>3[01]|[12]\d|0[1-9])`
	monthName = `(?P<mon>jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?`
	weekPart  = `(?:\s*[(\[]?(?P<w>(?:星期|周|礼拜)[一二三四五六日天])[)\]]?)?`
	clockPart = `(?:(?:\s*t\s*|\s*)(?P<ap>上午|下午|晚上|凌晨|中午|早上)?\s*(?P<h>[01]?\d|2[0-4])\s*[:时点]\s*(?P<i>[0-5]?\d)\s*(?:[:分]\s*(?:[0-5]?\d(?:\.\d+)?)?\s*秒?)?\s*(?:z|[+-]\d\d:?\d\d)?)?`

	fullDate = yearPart + `\s?[-/.年_]\s?` + monthPart + `\s?[-/.月_]\s?` + dayPart + `\s?[日号]?`
)

// whole are the ways a date fills a box by itself, also one that is made of
// several boxes: the parts have a blank between them then.
var whole = compile(
	fullDate,
	yearPart+month2+day2,
	`'?(?P<yy>\d\d)\s?[-/.年]\s?`+monthPart+`\s?[-/.月]\s?`+dayPart+`\s?[日号]?`,
	// year last, or in a box of its own
	monthPart+`\s?[-/.月]\s?`+dayPart+`\s?[日号]?[\s,]+`+yearPart+`年?`,
	yearPart+`年?\s+`+monthPart+`\s?[-/.月]\s?`+dayPart+`\s?[日号]?`,
	yearPart+`\s+`+monthPart+`\s+`+dayPart,
	dayPart+`\s?[-/.]\s?`+monthPart+`\s?[-/.]\s?`+yearPart,
	monthPart+`\s?[-/.]\s?`+dayPart+`\s?[-/.]\s?`+yearPart,
	// the day large in one box, month and year small in another
	dayPart+`\s?[日号/|]?\s*`+yearPart+`\s?[-/.年]\s?`+monthPart+`\s?月?`,
	yearPart+`\s?[-/.年]\s?`+monthPart+`\s?月?\s+`+dayPart+`\s?[日号]?`,
	dayPart+`(?:\s?[日号/]\s*|\s+)`+monthPart+`\s?月(?:\s*`+yearPart+`年?)?`,
	dayPart+`\s+`+monthPart+`\s?[-/.]\s?`+yearPart,
	// English
	monthName+`\s*`+dayPart+`(?:st|nd|rd|th)?(?:[\s,]+`+yearPart+`)?`,
	dayPart+`(?:st|nd|rd|th)?\s*[-/]?\s*`+monthName+`(?:[\s,/-]+`+yearPart+`)?`,
	// without a year
	monthPart+`\s?-\s?`+dayPart,
	monthPart+`/`+dayPart,
	month2+`\.`+day2,
	monthPart+`\s?月\s?`+dayPart+`\s?[日号]?`,
)

func compile(forms ...string) []*regexp.Regexp {
	list := make([]*regexp.Regexp, len(forms))
	for i, f := range forms {
		// A name may stand in a pattern once; the forms use each once.
		list[i] = regexp.MustCompile(`(?i)^` + f + weekPart + clockPart + weekTail + `$`)
	}
	return list
}

const weekTail = `(?:\s*[(\[]?(?:星期|周|礼拜)[一二三四五六日天][)\]]?)?`

// inText finds dates inside a longer text.
var inText = regexp.MustCompile(`(?i)` + fullDate + weekPart + clockPart)

// shortInText finds dates without a year; they count only behind a label.
var shortInText = regexp.MustCompile(`(?i)` + monthPart + `\s?[-/月]\s?` + dayPart + `[日号]?` + clockPart)

var (
	agoForm  = regexp.MustCompile(`^(?P<n>\d{1,4}|[一二两三四五六七八九十]|半|几)\s?个?(?P<unit>秒钟?|分钟?|小时|钟头|时|天|日|周|星期|礼拜|月|年)(?:之|以)?前$`)
	agoWords = regexp.MustCompile(`(?i)^(?P<word>刚刚|刚才|刚|今天|今日|昨天|昨日|前天|前日|just now|today|yesterday)` + clockPart + `$`)
	agoLatin = regexp.MustCompile(`(?i)^(?P<n>\d{1,4}|an?) (?P<unit>second|minute|min|hour|day|week|month|year)s? ago$`)
)

// edges are what may stand around a date in its box.
const edges = " []()<>|,.;:\"'*-_/~《》"

// readWhole reads a text that is a date and nothing else but brackets, a time
// and a word such as 发布时间 in front.
func readWhole(text string) (stamp, bool) {
	if len(text) > 120 {
		return stamp{}, false
	}
	if t, err := time.Parse(time.RFC3339, strings.TrimSpace(text)); err == nil && t.Year() > 1990 {
		t = t.In(chinatime.Zone) // it may be another day there
		return stamp{year: t.Year(), month: int(t.Month()), day: t.Day(), clock: t.Format("15:04")}, true
	}
	text = strings.Trim(plain(text), edges)
	if label := goodLabel.FindString(text); label != "" {
		text = strings.Trim(text[len(label):], edges)
	}
	text = strings.TrimRight(strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(text, "更新"), "发布"), "发表"), edges)
	if s, ok := readAgo(text); ok {
		return s, true
	}
	if !strings.ContainsAny(text, "0123456789") {
		return stamp{}, false
	}
	for _, form := range whole {
		if m := form.FindStringSubmatch(text); m != nil {
			if s, ok := build(form, m); ok {
				s.bare = len(text) == 8 && strings.Trim(text, "0123456789") == ""
				return s, true
			}
		}
	}
	return stamp{}, false
}

func readAgo(text string) (stamp, bool) {
	for _, form := range []*regexp.Regexp{agoForm, agoWords, agoLatin} {
		m := form.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		var s stamp
		for i, name := range form.SubexpNames() {
			switch name {
			case "unit", "word":
				s.ago = strings.ToLower(m[i])
			case "n":
				s.n = count(m[i])
			}
		}
		s.clock = clockOf(form, m)
		return s, true
	}
	return stamp{}, false
}

func count(word string) int {
	if n, err := strconv.Atoi(word); err == nil {
		return n
	}
	switch word {
	case "半":
		return 0
	case "两":
		return 2
	case "几":
		return 3
	case "十":
		return 10
	}
	if i := strings.Index("〇一二三四五六七八九", word); i > 0 {
		return i / len("〇")
	}
	return 1 // a, an
}

// build takes a stamp from a match of form, if there is such a day.
func build(form *regexp.Regexp, m []string) (stamp, bool) {
	var s stamp
	for i, name := range form.SubexpNames() {
		if i >= len(m) || m[i] == "" {
			continue
		}
		n, _ := strconv.Atoi(m[i])
		switch name {
		case "y":
			s.year = n
		case "yy":
			if s.year = 2000 + n; n > 49 {
				return stamp{}, false
			}
		case "m":
			s.month = n
		case "mon":
			s.month = strings.Index("janfebmaraprmayjunjulaugsepoctnovdec", strings.ToLower(m[i])[:3])/3 + 1
		case "d":
			s.day = n
		case "w":
			s.weekday = true
		}
	}
	s.clock = clockOf(form, m)
	year := s.year
	if year == 0 {
		year = 2024 // a leap year: 29 February is a day of some year
	}
	t := time.Date(year, time.Month(s.month), s.day, 0, 0, 0, 0, time.UTC)
	return s, s.month != 0 && t.Day() == s.day
}

func clockOf(form *regexp.Regexp, m []string) string {
	var hour, minute string
	var late bool
	for i, name := range form.SubexpNames() {
		if i >= len(m) || m[i] == "" {
			continue
		}
		switch name {
		case "h":
			hour = m[i]
		case "i":
			minute = m[i]
		case "ap":
			late = m[i] == "下午" || m[i] == "晚上"
		}
	}
	h, err := strconv.Atoi(hour)
	if err != nil {
		return ""
	}
	if late && h < 12 {
		h += 12
	}
	n, _ := strconv.Atoi(minute)
	return pad(h%24) + ":" + pad(n)
}

func pad(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

// firstYear is the first in which anything was published on the web.
const firstYear = 1995

// on returns the day a stamp means when read at now. A year that is not
// written is the latest that does not lie ahead, or, where near is a day the
// item is known to have been made, the year closest to that. guessed says that
// the year is such an inference, without near to hold it.
func (s stamp) on(now time.Time, near Day) (day Day, guessed bool) {
	now = now.In(chinatime.Zone)
	today := DayOf(now)
	switch {
	case s.ago != "":
		return DayOf(s.before(now)), false
	case s.year != 0 && s.year < firstYear:
		return "", false // what programs write for no date
	case s.year != 0:
		return dayAt(s.year, s.month, s.day), false
	}
	if t, ok := near.Time(); ok {
		best := Day("")
		for y := t.Year() - 1; y <= t.Year()+1; y++ {
			if d := dayAt(y, s.month, s.day); d != "" && d <= today && (best == "" || apart(d, near) < apart(best, near)) {
				best = d
			}
		}
		return best, false
	}
	for y := now.Year(); y > now.Year()-9; y-- {
		if d := dayAt(y, s.month, s.day); d != "" && d <= today {
			return d, true
		}
	}
	return "", true
}

// dayAt returns the day, none if the month has no such day.
func dayAt(y, m, d int) Day {
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, chinatime.Zone)
	if t.Day() != d {
		return ""
	}
	return DayOf(t)
}

// apart is how many days lie between two days.
func apart(a, b Day) int {
	x, _ := a.Time()
	y, _ := b.Time()
	return int(x.Sub(y).Abs() / (24 * time.Hour))
}

// before counts back from now.
func (s stamp) before(now time.Time) time.Time {
	switch s.ago {
	case "昨天", "昨日", "yesterday":
		return now.AddDate(0, 0, -1)
	case "前天", "前日":
		return now.AddDate(0, 0, -2)
	case "秒", "秒钟", "second":
		return now.Add(-time.Duration(s.n) * time.Second)
	case "分", "分钟", "minute", "min":
		return now.Add(-time.Duration(s.n) * time.Minute)
	case "小时", "钟头", "时", "hour":
		return now.Add(-time.Duration(s.n) * time.Hour)
	case "天", "日", "day":
		return now.AddDate(0, 0, -s.n)
	case "周", "星期", "礼拜", "week":
		return now.AddDate(0, 0, -7*s.n)
	case "月", "month":
		return now.AddDate(0, -s.n, 0)
	case "年", "year":
		return now.AddDate(-s.n, 0, 0)
	}
	return now // 刚刚, 今天
}

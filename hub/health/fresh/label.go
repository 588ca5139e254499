package fresh

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Words in front of a date say what happened on it.
var (
	// goodLabel begins a text that goes on with the day of publication.
	goodLabel = regexp.MustCompile(`(?i)^[\[(]?(?:信息|文章|最[新后近])?(?:发布|发文|发稿|发表|公开|公布|刊登|上传|录入|上网|推送|添加|提交|更新|创建|发|posted|published|updated|publish|pub)?\s?(?:时间|日期|于|on|date|time)?\s?[:|]\s?|^(?:发布|发表|公开|更新|刊登)(?:时间|日期|于)\s?`)

	// goodBefore ends a text after which the day of publication stands.
	goodBefore = regexp.MustCompile(`(?i)(?:(?:发布|发文|发稿|发表|公开|公布|刊登|上传|录入|上网|添加|提交|更新|创建)(?:时间|日期|于)?|^时间|^日期|[\s\]|;,。]时间|[\s\]|;,。]日期|published|posted|date)\s?[:|]?\s?$`)

	// goodInside is a text with the day of publication in it.
	goodInside = regexp.MustCompile(`(?:发布|发文|发稿|发表|公开|公布|刊登|上传|录入|上网)(?:时间|日期|于)?\s?[:|]?\s?(?:19|20)\d\d`)

	// badWord says that a date is that of an event, a deadline, a document, or
	// of the page itself.
	badWord = regexp.MustCompile(`截止|截至|会议|活动|开标|投标|报名|有效|到期|施行|实施|生效|考试|举办|召开|起止|起始|受理|结束|开始|公示期|公示时间|征集时间|办理时间|开放时间|期限|失效|废止|当前|现在|系统时间|服务器|今天是|今日是|今天：|欢迎|建站|运行|备案|生日|出生|任职|统计时间|生成时间|页面生成|本页|到访|访问时间|(?:本页|页面|网站|全站|最后)更新`)

	// madeWord says that a date is that of a document's making. Its publication
	// is no earlier.
	madeWord = regexp.MustCompile(`成文|印发|生成日期|形成日期|签发|发文日期`)

	// clockWord marks the date in a page's head.
	clockWord = regexp.MustCompile(`今天是|今日是|现在是|现在时间|当前时间|当前日期|北京时间|欢迎您|农历`)
)

// besides are what may stand beside a date in an item: who, how often read.
var besides = regexp.MustCompile(`(?i)(?:来源|作者|编辑|责编|点击|浏览|阅读|访问|人气|查看|评论|次数|字号|栏目|类别|分类|发布者|发布人|发布单位|发布机构|单位|部门|责任编辑|编号|文号|索引号|hits?|views?|author|source)(?:量|数|次数)?\s?[:(]?\s?[^\s:]{0,30}(?:\s?次)?`)

// readBeside reads the date in a text that stands outside an item's title and
// holds more than a date. A label decides; without one the date must stand by
// itself, between blanks or brackets, in a text that is no prose.
func readBeside(text string) (s stamp, made, event, ok bool) {
	if len(text) > 600 {
		return stamp{}, false, false, false
	}
	text = plain(text)
	for _, m := range inText.FindAllStringSubmatchIndex(text, 4) {
		found, valid := build(inText, groups(text, m))
		if !valid {
			continue
		}
		before, after := text[:m[0]], text[m[0]+len(strings.TrimRight(text[m[0]:m[1]], " ")):]
		label := tail(before, 12)
		switch {
		case clockWord.MatchString(label):
			return stamp{}, false, true, false
		case madeWord.MatchString(label):
			if !ok {
				s, made, ok = found, true, true
			}
		case badWord.MatchString(label):
			event = true
		case goodBefore.MatchString(before):
			return found, false, event, true
		case !ok && standsAlone(before, after) && !prose(before+" "+after):
			s, ok = found, true
		}
	}
	if ok {
		return s, made, event, true
	}
	for _, m := range shortInText.FindAllStringSubmatchIndex(text, 4) {
		if found, valid := build(shortInText, groups(text, m)); valid && goodBefore.MatchString(text[:m[0]]) &&
			!badWord.MatchString(tail(text[:m[0]], 12)) && edge(text[m[1]:], true) {
			return found, false, event, true
		}
	}
	return stamp{}, false, event, false
}

// readEnd reads a date at the very end or beginning of a title, set off from it
// by a bracket or blank.
func readEnd(title string) (stamp, bool) {
	title = plain(title)
	if m := endDate.FindStringSubmatchIndex(title); len(m) > 1 && m[0] > 0 {
		return build(endDate, groups(title, m))
	}
	if m := headDate.FindStringSubmatchIndex(title); len(m) > 1 && m[1] < len(title) {
		return build(headDate, groups(title, m))
	}
	return stamp{}, false
}

// A title ends in a year more often than in a day: a date of month and day
// alone must be bracketed there.
var (
	endDate = regexp.MustCompile(`(?i)(?:[\s\[(|](?:(?:发布)?(?:时间|日期)\s?:\s?)?(?P<y>(?:19|20)\d\d)[-/.年](?P<m>1[0-2]|0?[1-9])[-/.月](?P<d>3[01]|[12]\d|0?[1-9])日?` + clockPart +
		`|[\[(](?P<m>1[0-2]|0?[1-9])[-/](?P<d>3[01]|[12]\d|0?[1-9])|\s(?P<m>1[0-2]|0[1-9])-(?P<d>3[01]|[12]\d|0[1-9]))\s?[\])]?$`)
	headDate = regexp.MustCompile(`(?i)^[\[(]?(?:(?P<y>(?:19|20)\d\d)[-/.年])?(?P<m>1[0-2]|0?[1-9])[-/.月](?P<d>3[01]|[12]\d|0?[1-9])日?(?:[\])]\s?|\s[-|]?\s?)`)
)

// groups returns the texts of a match's parts.
func groups(text string, m []int) []string {
	list := make([]string, len(m)/2)
	for i := range list {
		if m[2*i] >= 0 {
			list[i] = text[m[2*i]:m[2*i+1]]
		}
	}
	return list
}

func tail(s string, runes int) string {
	for i := len(s); i > 0; {
		_, n := utf8.DecodeLastRuneInString(s[:i])
		i -= n
		if runes--; runes == 0 {
			return s[i:]
		}
	}
	return s
}

// standsAlone tells whether a date is set off from what is around it.
func standsAlone(before, after string) bool { return edge(before, false) && edge(after, true) }

func edge(s string, first bool) bool {
	if s == "" {
		return true
	}
	r, _ := utf8.DecodeLastRuneInString(s)
	if first {
		r, _ = utf8.DecodeRuneInString(s)
	}
	if r == '至' || r == '到' || r == '-' || r == '~' || r == '—' {
		return false // a range of days
	}
	return !unicode.IsLetter(r) && !unicode.IsDigit(r)
}

// prose tells whether text is more than the few words beside a date.
func prose(text string) bool {
	text = besides.ReplaceAllString(text, "")
	if strings.ContainsAny(text, "。；！？") || strings.Contains(text, "，") {
		return true
	}
	n := 0
	for _, r := range text {
		if unicode.IsLetter(r) {
			n++
		}
	}
	return n > 24
}

package linkcheck

import (
	"regexp"
	"strings"

	"zhanqun/internal/oneline"
)

// How little text beside a notice makes a page nothing but that notice, in
// letters and digits outside links.
const (
	fewWords  = 600 // under a title that says it
	fewerText = 300 // under a heading or line that says it
	goodWords = 400 // as much as a proper page has at least
)

// notice returns what a page says in place of its content, "" if it has some.
// home exempts home pages from "not found": sites that send everything to one
// page make that page look like an answer to a mistake.
func (f *facts) notice(home bool) Reason {
	if len(f.blocks) > 0 && dump.MatchString(f.blocks[0]) && f.prose < 5*goodWords {
		return ReasonErrorPage
	}
	if len(f.blocks) > 0 && f.prose < fewerText && warning.MatchString(f.blocks[0]) {
		return ReasonErrorPage
	}
	if f.prose >= fewWords {
		return "" // no line means anything beside so much text
	}
	for _, line := range f.lines() {
		if f.prose >= line.limit {
			continue
		}
		if !home && notFound(line.text) {
			return ReasonSoft404
		}
		w := plainWords(line.text)
		if w == "" || len(w) > 300 {
			continue
		}
		if reason := noticeIn(w); reason != "" && !(reason == ReasonMaintenance && (f.dated() || f.announces())) {
			return reason
		}
	}
	if f.text > 0 {
		return ""
	}
	if f.embeds == 0 && turnsBack.MatchString(f.script) {
		return ReasonEmpty
	}
	for _, sign := range challenge {
		if strings.Contains(f.script, sign) {
			return ReasonBotWall
		}
	}
	if m := alerted.FindStringSubmatch(f.script); m != nil {
		if !home && notFound(m[1]) {
			return ReasonSoft404
		}
		if reason := noticeIn(plainWords(m[1])); reason != "" {
			return reason
		}
	}
	// A page that sets a cookie and comes again wants to see a browser.
	if strings.Contains(f.script, "document.cookie") && strings.Contains(f.script, "location") {
		return ReasonBotWall
	}
	return ""
}

// announces tells whether a page says that something is going to be: a notice of a
// day to come is an item like others.
func (f *facts) announces() bool {
	for _, b := range f.blocks {
		if strings.Contains(b, "将于") || strings.Contains(b, "定于") {
			return true
		}
	}
	return false
}

// noticeIn returns what a line of plainWords means, if it is one of notices.
func noticeIn(w string) Reason {
	for _, n := range notices {
		if n.pattern.MatchString(w) {
			return n.reason
		}
	}
	return ""
}

// sent returns where a script sends the visitor of a page that has next to
// nothing else in it.
func (f *facts) sent() string {
	if f.prose > fewerText/3 || f.embeds > 0 {
		return ""
	}
	m := leaves.FindStringSubmatch(f.script)
	if m == nil || strings.Contains(f.script, "document.cookie") {
		return ""
	}
	return oneline.First(m[1], m[2])
}

// notFoundText tells whether a short text that is no page says that there is
// nothing here. What programs say to each other is not judged.
func notFoundText(contentType string, text []byte) bool {
	if len(text) == 0 || len(text) > 300 || text[0] == '{' || text[0] == '[' {
		return false
	}
	for _, program := range []string{"script", "css", "json", "xml"} {
		if strings.Contains(strings.ToLower(contentType), program) {
			return false
		}
	}
	plain, _ := Decode("", text)
	return notFound(string(plain))
}

type line struct {
	text  string
	limit int // prose beyond which the line means nothing
}

// lines returns what a page may say it with: its title and the parts of it, its
// headings, and its first lines unless it looks like a published item.
func (f *facts) lines() []line {
	lines := []line{{f.title, fewWords}}
	for _, s := range segments(f.title) {
		lines = append(lines, line{s, fewWords})
	}
	for _, h := range f.headings {
		lines = append(lines, line{h, fewerText})
	}
	for _, p := range f.pictured {
		lines = append(lines, line{p, fewerText / 3})
	}
	if !f.dated() {
		for _, b := range f.blocks[:min(len(f.blocks), 40)] {
			lines = append(lines, line{b, fewerText})
			for n, i := 0, 0; n < 3; n++ {
				next := strings.IndexAny(b[i:], "，。！!,;；")
				if next < 0 {
					break
				}
				lines = append(lines, line{b[:i+next], fewerText / 3})
				i += next + len("，")
				i = min(i, len(b))
			}
		}
	}
	return lines
}

// good tells whether there is a proper page in spite of an error status: a
// title, much text, and nothing that speaks of an error.
func (f *facts) good() bool {
	if f.title == "" || f.prose < goodWords || f.notice(false) != "" {
		return false
	}
	for _, l := range f.lines() {
		w := plainWords(l.text)
		if notFound(l.text) || strings.Contains(w, "404") || strings.Contains(w, "error") || strings.Contains(w, "notfound") ||
			strings.Contains(w, "不存在") || strings.Contains(w, "找不到") || strings.Contains(w, "出错") || strings.Contains(w, "错误") {
			return false
		}
	}
	return true
}

var (
	homePath     = regexp.MustCompile(`(?i)^/(?:(?:index|default|home|main)(?:\.[a-z]{2,5})?)?$`)
	articleQuery = regexp.MustCompile(`(?i)(?:^|&)(?:p|id|aid|cid|page_id|(?:article|news|info|doc|content)_?id)=\w`)
	loginPath    = regexp.MustCompile(`(?i)(?:^|[/_.-])(?:log-?in|sign-?in|passport|sso|cas|oauth2?|authorize|userlogin|logon)(?:[/_.?-]|$)`)
	errorPath    = regexp.MustCompile(`(?i)/(?:40[34]|50[0-3]|error(?:page)?|err|not-?_?found|page-?_?not-?_?found|nopage|nofound)[^/]{0,12}(?:\.\w{2,5})?$`)
)

// isHome tells whether an address is that of a home page.
func isHome(a address) bool { return homePath.MatchString(a.path) && a.query == "" }

// SentHome tells whether who asked for one address ended at a home page, though
// the address is not that of one.
func SentHome(asked, final string) bool {
	from, err := parseLoose(asked)
	if err != nil || isHome(from) || from.path == "/" {
		return false
	}
	to, err := parseLoose(final)
	return err == nil && isHome(to)
}

// isEntrance tells whether an address is that of a folder's first page.
func isEntrance(a address) bool {
	return a.query == "" && homePath.MatchString(a.path[strings.LastIndexByte(a.path, '/'):])
}

// isDeep tells whether an address names one page rather than a site or one of
// its entrances, such as /zwgk/, which may well be sent to the home page.
func isDeep(a address) bool {
	if homePath.MatchString(a.path) {
		// A home page with a query is one all the same, unless the query
		// plainly names an article.
		return articleQuery.MatchString(a.query)
	}
	return a.query != "" || extension(a) != "" || strings.Count(strings.TrimSuffix(a.path, "/"), "/") > 1
}

var signIn = regexp.MustCompile(`登[录陆]|身份(?:认证|验证)|(?i:\blog ?in\b|sign ?in\b)`)

// walled tells whether a page under the address of an article is one to sign in at.
func walled(from address, f *facts) bool {
	if !f.password || f.prose >= fewerText || !signIn.MatchString(f.title) || loginPath.MatchString(from.host+from.path) {
		return false
	}
	return articleQuery.MatchString(from.query) || articleNumber.MatchString(from.path)
}

// articleNumber is the name of a file as content systems number articles.
var articleNumber = regexp.MustCompile(`\d{4}[^/]*\.[sj]?html?$`)

// strayed tells whether redirects led away from what was asked for, and where.
func strayed(from, to address, f *facts) Reason {
	if from.String() == to.String() {
		return ""
	}
	switch {
	case loginPath.MatchString(to.host+to.path) && !loginPath.MatchString(from.host+from.path) && (f == nil || f.password || f.text < fewWords):
		return ReasonLogin
	case errorPath.MatchString(to.path) && !errorPath.MatchString(from.path):
		return ReasonErrorRedirect
	case isHome(to) && isDeep(from):
		return ReasonHomeRedirect
	}
	return ""
}

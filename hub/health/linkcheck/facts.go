package linkcheck

import (
	"regexp"
	"strings"
	"time"
)

// Bounds on what is kept of one page for judging it.
const (
	maxTitle   = 200 // runes
	maxBlocks  = 200
	maxBlock   = 200 // runes
	maxScripts = 8 << 10
)

// facts are what judging a page needs to know of it, found in one pass.
type facts struct {
	title    string
	headings []string // h1 to h3
	blocks   []string // paragraphs and the like outside links, the first ones, cut short
	pictured []string // what the first pictures show, in words
	text     int      // visible letters and digits
	prose    int      // of these, outside links
	scripts  int
	script   string // beginning of the inline scripts
	embeds   int    // pictures, frames, forms: content without words
	viewers  int    // frames, objects and players that may show a file
	cells    int    // of tables
	password bool   // has a field for one
	article  bool   // is marked as an article
	office   bool   // is an office document saved as a page
	app      bool   // is the shell of a script application
	closed   bool   // reached the end of its markup
	refresh  string // target of a meta refresh
	reloads  bool   // it names none: the page asks for itself
	after    time.Duration
	sums     // of the visible text, for comparing pages
}

var datePattern = regexp.MustCompile(`(?:19|20)\d\d\s*[-年/.]\s*\d{1,2}\s*[-月/.]\s*\d{1,2}|发布(?:时间|日期)|来源[:：]|浏览次数`)

// dated tells whether the page carries the marks of a published item.
func (f *facts) dated() bool {
	if f.article {
		return true
	}
	for _, b := range f.blocks {
		if maybeDated(b) && datePattern.MatchString(b) {
			return true
		}
	}
	return false
}

// maybeDated spares the pattern, which is slow, what it cannot match.
func maybeDated(s string) bool {
	return strings.Contains(s, "19") || strings.Contains(s, "20") || strings.Contains(s, "发布") || strings.Contains(s, "来源") || strings.Contains(s, "浏览次数")
}

// blank tells whether there is nothing to see and nothing that could make it.
func (f *facts) blank() bool { return f.text == 0 && f.embeds == 0 && f.scripts == 0 }

package fresh

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"zhanqun/internal/oneline"

	"golang.org/x/net/html/atom"
)

// entry is a link of the page that may be an item of a list.
type entry struct {
	at      int32  // the link
	box     int32  // the largest element that holds this entry and no other
	key     string // what tells entries apart: the address as written
	raw     string // address as written
	title   string
	article bool // leads to an article as far as the address and title show, not to a menu's page
	hollow  bool // its address leads nowhere
	marks   []mark
}

// pagerWords are the labels of links that turn pages.
var pagerWords = regexp.MustCompile(`(?i)^[<>«»|\s]*(?:首\s?页|尾\s?页|末\s?页|第一页|最后一页|上一?页|下一?页|前一页|后一页|跳转|go|first|last|next|prev(?:ious)?|更多|more|返回.{0,6}|查看更多|加载更多|点击加载更多|[\d.…]+)?[<>«»|\s]*$`)

// maxEntries bounds the links of a page that are looked at.
const maxEntries = 3000

// entries finds the links that may be items, in the order of the page.
func (t *tree) entries(marks []mark) []*entry {
	dated := make(map[int32]mark, len(marks))
	for _, m := range marks {
		dated[m.at] = m
	}
	var list []*entry
	for i := int32(1); i < int32(len(t.nodes)); i++ {
		n := &t.nodes[i]
		if n.off || n.atom != atom.A && !t.clickable(i) {
			continue
		}
		if _, isDate := dated[i]; isDate {
			continue
		}
		if e := t.entry(i, dated); e != nil {
			if list = append(list, e); len(list) == maxEntries {
				break
			}
		}
	}
	return list
}

// clickable tells whether an element that is no link acts as one: a row that
// opens an item when it is clicked.
func (t *tree) clickable(i int32) bool {
	n := &t.nodes[i]
	switch n.atom {
	case atom.Li, atom.Tr, atom.Dd, atom.P, atom.Div:
	default:
		return false
	}
	if !opens.MatchString(n.attr["onclick"]) || t.length(i) > 300 {
		return false
	}
	for j := i + 1; j < n.end; j++ {
		if t.nodes[j].atom == atom.A || t.nodes[j].attr["onclick"] != "" {
			return false
		}
	}
	return true
}

var opens = regexp.MustCompile(`(?i)location|open|goto|go\(|detail|show|view|jump|href`)

func (t *tree) entry(i int32, dated map[int32]mark) *entry {
	n := &t.nodes[i]
	href, ok := n.attr["href"]
	raw := strings.TrimSpace(href)
	if !ok {
		raw = strings.TrimSpace(oneline.First(n.attr["data-href"], n.attr["data-url"]))
	}
	if !ok && raw == "" && n.attr["onclick"] == "" || notContent(raw) {
		return nil
	}
	title := t.titleOf(i, dated)
	if pagerWords.MatchString(title) {
		return nil
	}
	e := &entry{at: i, raw: raw, title: title, key: raw, hollow: hollow(raw)}
	if e.hollow {
		if t.scripted(i) {
			e.hollow = false
		}
		e.key = raw + "\x00" + title + "\x00" + n.attr["onclick"]
	}
	letters := 0
	for _, r := range title {
		if unicode.IsLetter(r) {
			letters++
		}
	}
	e.article = articleLike(raw, letters)
	if letters < 2 || letters < 5 && !e.article {
		return nil
	}
	return e
}

// titleOf is what a reader takes for the title of link i: not the date and not
// the lead that a block link may hold as well.
func (t *tree) titleOf(i int32, dated map[int32]mark) string {
	n := &t.nodes[i]
	var b strings.Builder
	for j := i + 1; j < n.end; {
		c := &t.nodes[j]
		if m, ok := dated[j]; ok && !m.beside {
			j = m.end
			continue
		}
		if c.hidden {
			j = c.end
			continue
		}
		switch c.atom {
		case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
			if text := t.textOf(j, "", 200); utf8.RuneCountInString(text) > 3 {
				return text
			}
		}
		b.WriteString(c.text)
		j++
	}
	text := oneline.Of(b.String())
	full := oneline.Of(strings.Split(oneline.First(n.attr["title"], text), "\n")[0])
	if text == "" || len(full) > len(text) && len(full) < 600 && (strings.HasSuffix(text, "...") || strings.HasSuffix(text, "…")) {
		text = full
	}
	if text == "" {
		for j := i + 1; j < n.end; j++ {
			if alt := t.nodes[j].attr["alt"]; t.nodes[j].atom == atom.Img && alt != "" {
				return oneline.Clip(oneline.Of(alt), 200)
			}
		}
	}
	return oneline.Clip(text, 200)
}

func notContent(raw string) bool {
	scheme, _, found := strings.Cut(strings.ToLower(raw), ":")
	return found && (scheme == "mailto" || scheme == "tel" || scheme == "data" || scheme == "weixin" || scheme == "tencent")
}

// hollow tells whether an address leads nowhere: empty, a stub, or what a
// template should have filled in.
func hollow(raw string) bool {
	low := strings.ToLower(strings.ReplaceAll(raw, " ", ""))
	switch strings.TrimSuffix(low, ";") {
	case "", "#", "#none", "#nogo", "##", "###", "javascript:", "javascript:void(0)", "javascript:void(null)", "javascript:void(0);", "javascript:;",
		"about:blank", "undefined", "null", "/undefined", "/null", "http://", "https://", "javascript:undefined":
		return true
	}
	return leftover.MatchString(raw)
}

// leftover is what templates write where an address belongs.
var leftover = regexp.MustCompile(`\{\{|\}\}|\$\{|\{\$|<%|%>|&lt;%|\[!--|\[field:|\{dede:|\{pc:|\[@|#\{|\{[a-z]+\.[a-zA-Z_.]+\}|(?:^|/)(?:undefined|null)(?:\.s?html?)?$`)

// clientLeftover is one that a script in the browser fills in.
var clientLeftover = regexp.MustCompile(`\{\{[^{}]*\}\}|\$\{[^{}]*\}|<%=?[^%]*%>|v-for=|ng-repeat=`)

// scripted tells whether a click on link i is handled by a script that has
// something to go by.
func (t *tree) scripted(i int32) bool {
	for j, steps := i, 0; j > 0 && steps < 3; j, steps = t.nodes[j].parent, steps+1 {
		for name, value := range t.nodes[j].attr {
			if name == "onclick" && value != "" && !strings.HasPrefix(strings.TrimSpace(value), "return false") && !leftover.MatchString(value) ||
				strings.HasPrefix(name, "data-") && value != "" && !leftover.MatchString(value) {
				return true
			}
		}
		if a := t.nodes[j].atom; a == atom.Li || a == atom.Tr || a == atom.Ul || a == atom.Body {
			break
		}
	}
	return false
}

var (
	menuPath   = regexp.MustCompile(`(?i)(?:^|/)(?:index|default|home|main|list|column|channel|col|node|class|category|cate|more|catalog)[_-]?\d{0,6}(?:\.\w{2,5})?$|/$|/(?:col|column|channel|node|list|category)/[^/]*(?:/(?:index|list)[^/]*)?$`)
	articlePat = regexp.MustCompile(`(?i)\d{3}[^/]*$|(?:^|[?&])\w*id=\w|(?:art|article|info|content|detail|show|view|news|doc)[\w.]*\?|/(?:art|article|info|content|detail|show|view|doc)s?/`)
	pageLike   = regexp.MustCompile(`(?i)\.[sj]?html?$`)
	fileLike   = regexp.MustCompile(`(?i)\.(?:pdf|docx?|xlsx?|wps|ofd|zip|rar|pptx?)(?:[?#]|$)`)
)

// articleLike tells whether an address and the length of its title, in letters,
// are those of an article.
func articleLike(raw string, letters int) bool {
	low := strings.ToLower(raw)
	if strings.HasPrefix(low, "javascript:") || raw == "" || raw[0] == '#' {
		return letters >= 8 || strings.Contains(low, "(") && !strings.Contains(low, "void") && letters >= 4
	}
	path, _, _ := strings.Cut(raw, "#")
	bare, query, _ := strings.Cut(path, "?")
	if i := strings.Index(bare, "://"); i >= 0 {
		host := bare[i+3:]
		slash := strings.IndexByte(host, '/')
		if slash < 0 {
			return letters >= 14
		}
		bare = host[slash:]
	}
	switch {
	case fileLike.MatchString(bare):
		return true
	case addressDay(path) != "":
		return true
	case query == "" && menuPath.MatchString(bare):
		return letters >= 14
	case articlePat.MatchString(path):
		return true
	case pageLike.MatchString(bare):
		return letters >= 4
	}
	return letters >= 10
}

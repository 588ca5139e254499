package fresh

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html/atom"
)

// list is a run of items that stand together.
type list struct {
	parent  int32 // the element whose children hold the items
	entries []*entry
	heading string
	score   int
	dated   int
	own     bool // its address, its page numbers or its heading say that it is the column's
}

// lists sorts entries into lists: items whose boxes have the same parent, or
// whose parents stand side by side and are alike, with nothing between them
// that could be a heading.
func (t *tree) lists(entries []*entry) []*list {
	var all []*list
	open := map[string]*list{}
	for _, e := range entries {
		parent := t.nodes[e.box].parent
		key := t.likeness(parent)
		l := open[key]
		if l == nil || t.headingBetween(l.entries[len(l.entries)-1].box, e.box) {
			l = &list{parent: parent, heading: t.headingOf(e.box)}
			open[key] = l
			all = append(all, l)
		}
		l.parent = parent
		l.entries = append(l.entries, e)
		if e.published() != nil {
			l.dated++
		}
	}
	return all
}

// likeness names what elements that continue one list have in common.
func (t *tree) likeness(i int32) string {
	n := &t.nodes[i]
	name := n.tag
	switch n.atom {
	case atom.Li, atom.Tr, atom.Td, atom.Dd, atom.P, atom.Tbody, atom.Span:
	default:
		name += "." + strings.Trim(n.attr["class"], "0123456789")
	}
	return strconv.Itoa(int(n.parent)) + "/" + name
}

// headingBetween tells whether a heading stands between the end of one box and
// the beginning of the next.
func (t *tree) headingBetween(last, next int32) bool {
	for j := t.nodes[last].end; j < next; j++ {
		n := &t.nodes[j]
		if n.text == "" || n.hidden {
			continue
		}
		for p, steps := n.parent, 0; p > 0 && steps < 3 && !t.inside(next, p); p, steps = t.nodes[p].parent, steps+1 {
			if t.nodes[p].heads() && t.nodes[p].atom != atom.Dt {
				if periodHead.MatchString(plain(t.textOf(p, "", 20))) {
					break // one list put into years or months
				}
				return true
			}
		}
	}
	return false
}

// headingOf returns the words over the box in which a list stands.
func (t *tree) headingOf(box int32) string {
	for cur, steps := box, 0; cur > 0 && steps < 6; cur, steps = t.nodes[cur].parent, steps+1 {
		up := t.nodes[cur].parent
		if up < 0 {
			return ""
		}
		found := ""
		for j := up + 1; j < cur; j = t.nodes[j].end {
			if size := t.length(j); size > 0 && size <= 24 && (t.nodes[j].heads() || t.headed(j)) {
				found = t.textOf(j, " ", 24)
			}
		}
		if found != "" {
			return strings.TrimSpace(moreWords.ReplaceAllString(plain(found), ""))
		}
	}
	return ""
}

var moreWords = regexp.MustCompile(`(?i)[\[(]?(?:更多|more|查看全部)[\])]?[>»+.]*`)

// headed tells whether a small element holds a heading.
func (t *tree) headed(i int32) bool {
	for j := i + 1; j < t.nodes[i].end; j++ {
		if t.nodes[j].heads() || t.nodes[j].atom == atom.Strong || t.nodes[j].atom == atom.B {
			return true
		}
	}
	return false
}

// Weights of what speaks for a list being the column's own. The side heading
// outweighs everything else.
const (
	forDates, forPager, forPath, forName, forClass = 2, 3, 3, 2, 1
	againstSide, againstMenu                       = -20, -20
	enough                                         = -3
)

var mainClass = regexp.MustCompile(`(?i)list|main|content|article|news|right|con\b`)

// choose returns the lists that are the column's own: the one that most speaks
// for, and those that are as good.
func (t *tree) choose(lists []*list, address, name string) []*list {
	dir, ids := columnMarks(address)
	paged := t.paged(lists)
	best := enough
	for _, l := range lists {
		l.score = t.rate(l, dir, ids, name)
		if paged[l] {
			l.score += forPager
			l.own = true
		}
		best = max(best, l.score)
	}
	if best <= enough {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(lists), func(l *list) bool { return l.score <= enough || l.score < best-1 })
}

func (t *tree) rate(l *list, dir string, ids []string, name string) int {
	score, articles, near, hollow := 0, 0, 0, 0
	for _, e := range l.entries {
		if e.article {
			articles++
		}
		if e.hollow {
			hollow++
		}
		if belongs(e.raw, dir, ids) {
			near++
		}
	}
	n := len(l.entries)
	if l.dated > 0 {
		score += forDates
	} else if 2*articles < n && hollow < n {
		score += againstMenu
	}
	if 2*near >= n && near > 0 {
		score += forPath
		l.own = true
	}
	switch {
	case name != "" && l.heading == name:
		score += forName
		l.own = true
	case sideHeading.MatchString(l.heading):
		score += againstSide
	}
	for i, steps := l.parent, 0; i > 0 && steps < 4; i, steps = t.nodes[i].parent, steps+1 {
		if mainClass.MatchString(t.nodes[i].attr["class"] + " " + t.nodes[i].attr["id"]) {
			score += forClass
			break
		}
	}
	return score
}

var digits = regexp.MustCompile(`\d+`)

// columnMarks returns what the addresses of a column's items often share with
// the column's own: the folder, and the column's number.
func columnMarks(address string) (dir string, ids []string) {
	_, rest, ok := strings.Cut(address, "://")
	if !ok {
		return "", nil
	}
	slash := strings.IndexByte(rest, '/')
	if slash < 0 {
		return "", nil
	}
	path, query, _ := strings.Cut(rest[slash:], "?")
	dir = path[:strings.LastIndexByte(path, '/')+1]
	if dir == "/" {
		dir = ""
	}
	for _, id := range digits.FindAllString(path+"?"+query, 8) {
		if len(id) >= 2 && !yearLike(id) {
			ids = append(ids, id)
		}
	}
	return dir, ids
}

func yearLike(id string) bool { return len(id) == 4 && (id[:2] == "20" || id[:2] == "19") }

// belongs tells whether an item's address shares the column's folder or number.
// Addresses relative to the column do.
func belongs(raw, dir string, ids []string) bool {
	if raw == "" || raw[0] == '#' {
		return false
	}
	path := raw
	scheme, _, absolute := strings.Cut(raw, ":")
	if dir != "" && raw[0] != '/' && raw[0] != '?' && !strings.HasPrefix(raw, "..") && (!absolute || strings.ContainsAny(scheme, "/?.")) {
		return true // relative to the column's own address
	}
	if _, rest, ok := strings.Cut(raw, "://"); ok {
		slash := strings.IndexByte(rest, '/')
		if slash < 0 {
			return false
		}
		path = rest[slash:]
	}
	if dir != "" && strings.HasPrefix(path, dir) {
		return true
	}
	for _, id := range digits.FindAllString(path, 12) {
		if slices.Contains(ids, id) {
			return true
		}
	}
	return false
}

var pagerText = regexp.MustCompile(`(?i)^[\s<>«»|]*(?:下一?页|下页|尾\s?页|末\s?页|next(?: page)?)[\s<>«»|]*$|共\s?\d+\s?(?:页|条)|第\s?\d+\s?/\s?\d+\s?页`)

// maxPagers bounds the rows of page numbers that are looked at.
const maxPagers = 40

// paged finds the lists that a row of page numbers belongs to: the nearest one
// before it.
func (t *tree) paged(lists []*list) map[*list]bool {
	found, rows := map[*list]bool{}, 0
	for i := 0; i < len(t.nodes) && rows < maxPagers; i++ {
		n := &t.nodes[i]
		pages := n.text != "" && !n.hidden && len(n.text) <= 200 && pagerText.MatchString(n.text)
		if !pages && !strings.Contains(t.scripts[int32(i)], "createPage") {
			continue
		}
		rows++
		var near *list
		for _, l := range lists {
			if l.entries[0].at < int32(i) && !sideHeading.MatchString(l.heading) && (near == nil || t.closer(int32(i), l, near)) {
				near = l
			}
		}
		if near != nil {
			found[near] = true
		}
	}
	return found
}

// closer tells whether list a shares a smaller element with node i than b does,
// or stands nearer before it.
func (t *tree) closer(i int32, a, b *list) bool {
	x, y := t.common(i, a.entries[0].at), t.common(i, b.entries[0].at)
	if x != y {
		return x > y
	}
	return a.entries[len(a.entries)-1].at > b.entries[len(b.entries)-1].at
}

// common returns the smallest element that holds both nodes.
func (t *tree) common(i, j int32) int32 {
	for p := i; p >= 0; p = t.nodes[p].parent {
		if t.inside(j, p) {
			return p
		}
	}
	return 0
}

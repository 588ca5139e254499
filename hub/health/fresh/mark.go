package fresh

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"zhanqun/internal/oneline"

	"golang.org/x/net/html/atom"
)

// mark is a date that stands on the page as a date.
type mark struct {
	at, end int32 // the nodes it was read from
	stamp   stamp
	text    string // as printed
	made    bool   // when the document was made, not when it was published
	event   bool   // a deadline or the day of an event
	beside  bool   // in a longer text, not in a box of its own
	labeled bool   // words before it say that it is the day of publication
}

// longest text that may be nothing but a date, in runes
const maxBox = 48

// marks finds the dates outside titles: the outermost elements that hold a date
// and nothing else, and dates in the small print beside an item.
func (t *tree) marks() []mark {
	var list []mark
	year, month := 0, 0
	for i := int32(1); i < int32(len(t.nodes)) && len(list) < maxEntries; {
		n := &t.nodes[i]
		switch {
		case n.off:
			i = n.end
			continue
		case n.atom == atom.Time && n.attr["datetime"] != "":
			if s, ok := readWhole(n.attr["datetime"]); ok && s.year != 0 {
				list = append(list, t.settle(mark{at: i, end: n.end, stamp: s, text: n.attr["datetime"]}))
				i = n.end
				continue
			}
		case n.atom == atom.Script || n.atom == atom.Html || n.atom == atom.Body:
			i++
			continue
		}
		if y, m, ok := t.period(i); ok {
			if month = m; y > 0 {
				year = y
			}
		}
		if m, ok := t.dayBelow(i, year, month); ok {
			list = append(list, m)
			i = m.end
			continue
		}
		if m, ok := t.boxed(i); ok {
			list = append(list, t.settle(m))
			i = m.end
			continue
		}
		if n.text != "" && n.parent >= 0 && t.linkOf(i) < 0 {
			if s, made, event, ok := readBeside(n.text); ok || event {
				list = append(list, t.settle(mark{at: i, end: n.end, stamp: s, text: oneline.Clip(n.text, 60), made: made, event: !ok, beside: true,
					labeled: goodInside.MatchString(plain(n.text))}))
			}
		}
		i++
	}
	t.years(list)
	// One date with its weekday is a clock; a list names it with every item.
	if days := slices.IndexFunc(list, weekdayed); days >= 0 && !slices.ContainsFunc(list[days+1:], weekdayed) {
		list[days].event = true
	}
	return list
}

// periodHead is a heading that is a year or a month, dayAlone a day below one.
var (
	periodHead = regexp.MustCompile(`^(?:(20\d\d) ?(?:年度?|[-./])?)? ?(?:(1[0-2]|0?[1-9]) ?月份?|(1[0-2]|0[1-9]))?$`)
	dayAlone   = regexp.MustCompile(`^[\[(]?(3[01]|[12]\d|0?[1-9]) ?[日号][\])]?$`)
)

// period reads a heading that puts the items below it into a year or a month.
func (t *tree) period(i int32) (year, month int, ok bool) {
	n := &t.nodes[i]
	if n.text == "" || n.off || len(n.text) > 24 || !t.nodes[n.parent].heads() && !t.aloneInBold(i) || t.linkOf(i) >= 0 {
		return 0, 0, false
	}
	m := periodHead.FindStringSubmatch(strings.TrimSpace(plain(n.text)))
	if len(m) < 4 || m[1] == "" && m[2] == "" {
		return 0, 0, false
	}
	year, _ = strconv.Atoi(m[1])
	month, _ = strconv.Atoi(m[2] + m[3])
	return year, month, true
}

// dayBelow reads a day without its month, which a heading has given.
func (t *tree) dayBelow(i int32, year, month int) (mark, bool) {
	if size := t.length(i); month == 0 || size < 2 || size > 5 {
		return mark{}, false
	}
	text := t.textOf(i, "", 8)
	m := dayAlone.FindStringSubmatch(strings.TrimSpace(plain(text)))
	if m == nil {
		return mark{}, false
	}
	day, _ := strconv.Atoi(m[1])
	return mark{at: i, end: t.nodes[i].end, stamp: stamp{year: year, month: month, day: day}, text: text}, true
}

// years gives dates without a year that of the heading they stand under, if the
// page puts its items into years. Years one can choose from are links.
func (t *tree) years(list []mark) {
	year, at := 0, 0
	for i := range t.nodes {
		for at < len(list) && int(list[at].at) <= i {
			if s := &list[at].stamp; year > 0 && s.year == 0 && s.ago == "" {
				s.year = year
			}
			at++
		}
		if y, _, ok := t.period(int32(i)); ok && y > 0 {
			year = y
		}
	}
}

// aloneInBold tells whether text i is a paragraph of its own in bold, as headings
// are written by people who know no other way.
func (t *tree) aloneInBold(i int32) bool {
	bold := t.nodes[i].parent
	if a := t.nodes[bold].atom; a != atom.Strong && a != atom.B {
		return false
	}
	box := t.nodes[bold].parent
	return box >= 0 && t.nodes[box].atom == atom.P && t.length(box) == t.length(i)
}

func weekdayed(m mark) bool { return m.stamp.weekday }

// boxed reads the date that fills node i, or i together with the one or two
// nodes that stand beside it.
func (t *tree) boxed(i int32) (mark, bool) {
	size := t.length(i)
	if size == 0 || size > maxBox {
		return mark{}, false
	}
	text := t.textOf(i, " ", maxBox+16)
	s, ok := readWhole(text)
	m := mark{at: i, end: t.nodes[i].end, stamp: s, text: text}
	if size <= 12 && (!ok || s.year == 0 && s.ago == "") && strings.ContainsAny(plain(text), "0123456789") {
		joined, end := text, m.end
		for range 2 {
			if int(end) >= len(t.nodes) || t.nodes[end].parent != t.nodes[i].parent || t.length(end) > 12 || t.nodes[end].atom == atom.A {
				break
			}
			joined += " " + t.textOf(end, " ", 16)
			end = t.nodes[end].end
			if s, whole := readWhole(joined); whole && (!ok || s.year != 0) {
				m, ok = mark{at: i, end: end, stamp: s, text: oneline.Of(joined)}, true
			}
		}
	}
	words := strings.TrimLeft(plain(m.text), edges)
	m.labeled, m.event = goodLabel.MatchString(words), badWord.MatchString(words)
	return m, ok
}

// linkOf returns the link node i is or stands in, -1 if none.
func (t *tree) linkOf(i int32) int32 {
	if t.nodes[i].atom == atom.A {
		return i
	}
	return t.within(i, atom.A)
}

// settle looks at the words before a date, and at the head of its column in a
// table, for what the date is of.
func (t *tree) settle(m mark) mark {
	for j, steps := m.at-1, 0; j > 0 && steps < 6; j, steps = j-1, steps+1 {
		n := &t.nodes[j]
		if n.text == "" {
			continue
		}
		if label := plain(n.text); len([]rune(label)) <= 12 || hasColon(label) {
			last := tail(label, 12)
			m.event = m.event || badWord.MatchString(last) && hasColon(label) || clockWord.MatchString(last)
			m.made = m.made || madeWord.MatchString(last) && hasColon(label)
			m.labeled = m.labeled || hasColon(label) && goodBefore.MatchString(label)
		}
		break
	}
	if head := plain(t.columnHead(m.at)); len([]rune(head)) <= 8 { // else it is an item
		m.event = m.event || badWord.MatchString(head)
		m.made = m.made || madeWord.MatchString(head)
	}
	return m
}

func hasColon(label string) bool { return label != "" && label[len(label)-1] == ':' }

// columnHead returns the text over the table column in which node i stands, if
// the table has a line of heads.
func (t *tree) columnHead(i int32) string {
	cell := i
	if a := t.nodes[i].atom; a != atom.Td && a != atom.Th {
		cell = t.within(i, atom.Td, atom.Th)
	}
	if cell < 0 {
		return ""
	}
	row := t.within(cell, atom.Tr)
	table := t.within(cell, atom.Table)
	if row < 0 || table < 0 || row < table {
		return ""
	}
	place := t.placeIn(row, cell)
	for j := table + 1; j < row; j++ {
		if t.nodes[j].atom == atom.Tr {
			return t.cellText(j, place)
		}
	}
	return ""
}

// placeIn counts the cells of row before cell.
func (t *tree) placeIn(row, cell int32) int {
	n := 0
	for j := row + 1; j < cell; j = t.nodes[j].end {
		if a := t.nodes[j].atom; a == atom.Td || a == atom.Th {
			n++
		}
	}
	return n
}

func (t *tree) cellText(row int32, place int) string {
	n := 0
	for j := row + 1; j < t.nodes[row].end; j = t.nodes[j].end {
		if a := t.nodes[j].atom; a == atom.Td || a == atom.Th {
			if n == place {
				return t.textOf(j, "", 20)
			}
			n++
		}
	}
	return ""
}

// published returns the date of e that tells when it was published, nil if
// there is none.
func (e *entry) published() *mark {
	var best *mark
	for i := range e.marks {
		m := &e.marks[i]
		if m.event {
			continue
		}
		if best == nil || m.rank() > best.rank() {
			best = m
		}
	}
	return best
}

// latest returns, of the dates of e that tell as much as m does, the one that
// is latest without lying ahead: an answer is later than its question, a
// deadline lies ahead.
func (e *entry) latest(m *mark, now time.Time, near Day) *mark {
	today := DayOf(now)
	best, _ := m.stamp.on(now, near)
	for i := range e.marks {
		other := &e.marks[i]
		if other.event || other.rank() != m.rank() {
			continue
		}
		if day, _ := other.stamp.on(now, near); day <= today && day > best || best > today && day != "" && day < best {
			m, best = other, day
		}
	}
	return m
}

func (m *mark) rank() int {
	rank := 0
	if m.labeled {
		rank += 4
	}
	if !m.made {
		rank += 2
	}
	if !m.beside && !m.stamp.bare {
		rank++
	}
	return rank
}

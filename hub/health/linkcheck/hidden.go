package linkcheck

import (
	"bytes"
	"strconv"
	"strings"

	"golang.org/x/net/html/atom"
)

// Ways in which an element is hidden from people, as Link.Hidden names them. The
// first four are those of menus, tabs and texts for readers for the blind too.
const (
	hiddenNone      = "none"      // display: none, or the attribute
	hiddenInvisible = "invisible" // visibility or opacity
	hiddenClipped   = "clipped"   // a box without room
	hiddenStyle     = "style"     // in one of these ways, by a class or id that the page's style names
	hiddenOffscreen = "offscreen" // placed far off the page, by the element's own style
	hiddenTiny      = "tiny"      // letters without size
	hiddenColor     = "color"     // letters in the colour of what is behind them
	hiddenMarquee   = "marquee"   // running by without room, or too fast
	hiddenWritten   = "written"   // by a box that a script writes around it
)

// maxHiding bounds the hiding elements that are open at once, maxStyles the names
// remembered of styles that hide.
const (
	maxHiding = 64
	maxStyles = 2000
)

// hiding is an open element that hides what is in it.
type hiding struct {
	tag   atom.Atom
	level int // open elements of that tag, from it on
	how   string
}

// veils is what hides the element at hand.
type veils struct {
	open   []hiding
	styles map[string]bool // ".name" and "#name" that hide
	own    string
}

// hide looks at how the tag at hand hides itself and what is in it.
func (s *scanner) hide() {
	v := &s.veils
	v.own = ""
	if len(v.open) > 0 {
		v.nest(s.tag)
	}
	if len(s.z.attrs) == 0 && s.tag != atom.Marquee {
		return
	}
	how := s.hides()
	if v.own = how; how == "" || void(s.tag) || s.tag == 0 || s.tag == atom.A || how == hiddenTiny || how == hiddenColor || len(v.open) >= maxHiding {
		return // what is in it has letters and colours of its own
	}
	v.open = append(v.open, hiding{s.tag, 1, how})
}

// nest counts a start tag inside of what hides.
func (v *veils) nest(tag atom.Atom) {
	for i := range v.open {
		h := &v.open[i]
		if closes(tag, h.tag) {
			v.open = v.open[:i]
			return
		}
		if h.tag == tag {
			h.level++
		}
	}
}

// closes tells whether a start tag ends an open element that needs no end tag.
func closes(start, open atom.Atom) bool {
	switch open {
	case atom.P:
		switch start {
		case atom.P, atom.Div, atom.Ul, atom.Ol, atom.Table, atom.H1, atom.H2, atom.H3, atom.Section, atom.Header, atom.Footer, atom.Nav, atom.Form:
			return true
		}
	case atom.Td, atom.Th:
		return start == atom.Td || start == atom.Th || start == atom.Tr
	case atom.Dt, atom.Dd:
		return start == atom.Dt || start == atom.Dd
	case atom.Li, atom.Tr, atom.Option:
		return start == open
	}
	return false
}

// unhide counts an end tag.
func (v *veils) unhide(tag atom.Atom) {
	for i := range v.open {
		h := &v.open[i]
		if h.tag != tag {
			continue
		}
		if h.level--; h.level == 0 {
			v.open = v.open[:i]
			return
		}
	}
}

// how tells how the element at hand is hidden: what serves no reader counts more
// than what does.
func (v *veils) how() string {
	found := v.own
	for _, h := range v.open {
		if !weak(found) {
			break
		}
		if found == "" || !weak(h.how) {
			found = h.how
		}
	}
	return found
}

// weak tells of a way of hiding that menus and the like use it too, or that there
// is none.
func weak(how string) bool {
	switch how {
	case "", hiddenNone, hiddenInvisible, hiddenClipped, hiddenStyle:
		return true
	}
	return false
}

func void(tag atom.Atom) bool {
	switch tag {
	case atom.Img, atom.Input, atom.Br, atom.Hr, atom.Meta, atom.Link, atom.Area, atom.Base, atom.Col, atom.Embed, atom.Source, atom.Track, atom.Wbr, atom.Param, atom.Image:
		return true
	}
	return false
}

// hides tells how the tag at hand hides.
func (s *scanner) hides() string {
	found := ""
	for i := range s.z.attrs {
		a := &s.z.attrs[i]
		how := ""
		switch string(a.key) {
		case "style":
			how = hidingStyle(unescapedValue(a.value))
		case "hidden":
			how = hiddenNone
		case "class":
			if len(s.veils.styles) == 0 {
				continue
			}
			for name := range bytes.FieldsSeq(a.value) {
				if s.veils.styles["."+string(name)] {
					how = hiddenStyle
				}
			}
		case "id":
			if len(s.veils.styles) > 0 && s.veils.styles["#"+string(a.value)] {
				how = hiddenStyle
			}
		}
		switch {
		case !weak(how):
			return how
		case how != "":
			found = how
		}
	}
	switch {
	case s.tag == atom.Marquee && (small(s.get("height")) || small(s.get("width")) || beyond(s.get("scrollamount"))):
		return hiddenMarquee
	case s.tag == atom.Iframe && found == "" && small(s.get("height")) && small(s.get("width")):
		return hiddenClipped
	}
	return found
}

// small tells whether a length in an attribute leaves nothing to see.
func small(value []byte) bool {
	n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(string(value)), "px"))
	return err == nil && n >= 0 && n <= 2
}

// beyond tells whether a number is beyond anything a reader could follow.
func beyond(value []byte) bool {
	n, err := strconv.Atoi(strings.TrimSpace(string(value)))
	return err == nil && n >= 500
}

// hidingStyle tells how declarations hide an element.
func hidingStyle(style string) string {
	plain := ""
	var placed, cut, flat, narrow bool
	var away bool
	color, back := "", ""
	for d := range strings.SplitSeq(strings.ToLower(style), ";") {
		name, value, ok := strings.Cut(d, ":")
		if !ok {
			continue
		}
		value = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "!important"))
		switch strings.TrimSpace(name) {
		case "display":
			if value == "none" {
				plain = hiddenNone
			}
		case "visibility":
			if value == "hidden" {
				plain = hiddenInvisible
			}
		case "opacity":
			if n, err := strconv.ParseFloat(value, 64); err == nil && n == 0 {
				plain = hiddenInvisible
			}
		case "font-size":
			if n, ok := pixels(value); ok && n >= 0 && n <= 1 {
				return hiddenTiny
			}
		case "position":
			placed = value == "absolute" || value == "fixed"
		case "left", "top", "right":
			if n, ok := pixels(value); ok && n <= -999 {
				away = true
			}
		case "margin-left", "margin-top":
			if n, ok := pixels(value); ok && n <= -999 {
				return hiddenOffscreen
			}
		case "text-indent": // pictures in place of letters are made so
			if n, ok := pixels(value); ok && n <= -999 {
				plain = hiddenClipped
			}
		case "clip", "clip-path":
			cut = strings.HasPrefix(value, "rect(0") || strings.HasPrefix(value, "rect(1px") || strings.HasPrefix(value, "inset(50%") || strings.HasPrefix(value, "inset(100%")
		case "height", "max-height":
			n, ok := pixels(value)
			flat = flat || ok && n >= 0 && n <= 2
		case "width", "max-width":
			n, ok := pixels(value)
			narrow = narrow || ok && n >= 0 && n <= 2
		case "color":
			color = plainColor(value)
		case "background", "background-color":
			back = plainColor(value)
		}
	}
	switch {
	case away && placed:
		return hiddenOffscreen
	case color != "" && color == back:
		return hiddenColor
	case plain == "" && (cut || flat && narrow):
		return hiddenClipped
	}
	return plain
}

// pixels reads a length; ok is false for those that depend on something else.
func pixels(value string) (n float64, ok bool) {
	unit := strings.TrimLeft(value, "-+.0123456789")
	n, err := strconv.ParseFloat(strings.TrimSuffix(value, unit), 64)
	if err != nil {
		return 0, false
	}
	switch unit {
	case "", "px", "pt":
		return n, true
	case "em", "rem":
		return 16 * n, true
	}
	return 0, false
}

var colorNames = map[string]string{"white": "#ffffff", "black": "#000000", "red": "#ff0000", "blue": "#0000ff"}

// plainColor writes the commonest colours in one way; "" for what is none.
func plainColor(value string) string {
	if name, ok := colorNames[value]; ok {
		return name
	}
	if len(value) == 4 && value[0] == '#' {
		return string([]byte{'#', value[1], value[1], value[2], value[2], value[3], value[3]})
	}
	if len(value) == 7 && value[0] == '#' {
		return value
	}
	return ""
}

// learn remembers which classes and ids a style sheet of the page hides. Rules
// that hold for some screens only are passed over.
func (v *veils) learn(css string) {
	for len(css) > 0 && len(v.styles) < maxStyles {
		open := strings.IndexByte(css, '{')
		if open < 0 {
			return
		}
		selectors := css[:open]
		if at := strings.LastIndexAny(selectors, ";}"); at >= 0 {
			selectors = selectors[at+1:]
		}
		if at := strings.LastIndex(selectors, "*/"); at >= 0 {
			selectors = selectors[at+2:]
		}
		selectors = strings.TrimSpace(selectors)
		css = css[open+1:]
		if strings.HasPrefix(selectors, "@") {
			css = css[blockEnd(css):]
			continue
		}
		end := strings.IndexByte(css, '}')
		if end < 0 {
			return
		}
		declarations := css[:end]
		css = css[end+1:]
		if how := hidingStyle(declarations); how == "" || how == hiddenTiny || how == hiddenColor {
			continue
		}
		for one := range strings.SplitSeq(selectors, ",") {
			if one = strings.TrimSpace(one); plainSelector(one) {
				if v.styles == nil {
					v.styles = map[string]bool{}
				}
				v.styles[one] = true
			}
		}
	}
}

// blockEnd returns where a block ends whose brace has been opened.
func blockEnd(css string) int {
	depth := 1
	for i := range len(css) {
		switch css[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(css)
}

// plainSelector tells whether a selector is one class or one id alone.
func plainSelector(s string) bool {
	if len(s) < 2 || s[0] != '.' && s[0] != '#' {
		return false
	}
	return strings.IndexFunc(s[1:], func(r rune) bool {
		return r != '-' && r != '_' && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z')
	}) < 0
}

// written looks at what an inline script writes around what follows: a box that
// hides, or its end.
func (s *scanner) written(script string) {
	at := strings.Index(script, "document.write")
	if at < 0 {
		return
	}
	script = strings.ToLower(script[at:min(len(script), at+4096)])
	v := &s.veils
	if strings.Contains(script, "</div") || strings.Contains(script, `<\/div`) {
		for i, h := range v.open {
			if h.how == hiddenWritten {
				v.open = v.open[:i]
				return
			}
		}
		return
	}
	box := strings.Index(script, "<div")
	if box < 0 || len(v.open) >= maxHiding {
		return
	}
	_, style, ok := strings.Cut(script[box:], "style")
	if !ok {
		return
	}
	style, _, _ = strings.Cut(strings.TrimLeft(style, `= \"'`), ">")
	if hidingStyle(strings.TrimRight(style, `\"'`)) != "" {
		v.open = append(v.open, hiding{atom.Div, 1, hiddenWritten})
	}
}

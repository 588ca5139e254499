package protocol

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// quick reads a body written exactly as WriteBody writes it: all fields in
// order, no white space. A hub spends more time on reading bodies than on
// anything else it does with them, and a general decoder goes over each twice.
// False says nothing about the body, which is then for the general decoder.
func (m *Submit) quick(body []byte) bool {
	if !utf8.Valid(body) {
		return false
	}
	c := cursor{rest: string(body)}
	*m = Submit{
		Item:       c.text(`{"item":`),
		Revision:   c.number(`,"revision":`),
		Unit:       c.text(`,"unit":`),
		Origin:     c.optional(`,"origin":`),
		Column:     c.text(`,"column":`),
		Title:      c.text(`,"title":`),
		Body:       c.text(`,"body":`),
		Author:     c.text(`,"author":`),
		Source:     c.text(`,"source":`),
		Reviewer:   c.optional(`,"reviewer":`),
		Note:       c.optional(`,"note":`),
		Override:   c.optional(`,"override":`),
		CreatedAt:  c.time(`,"createdAt":`),
		EndorsedBy: c.optional(`,"endorsedBy":`),
	}
	if list, ok := strings.CutPrefix(c.rest, `,"attachments":`); ok && !c.lost {
		list, ok = strings.CutSuffix(list, "}")
		return ok && json.Unmarshal([]byte(list), &m.Attachments) == nil
	}
	return c.rest == "}" && !c.lost
}

// cursor goes through a JSON object of known form. Once lost it reads nothing.
type cursor struct {
	rest string
	lost bool
}

// skip passes what must come next.
func (c *cursor) skip(s string) bool {
	rest, ok := strings.CutPrefix(c.rest, s)
	if !ok || c.lost {
		c.lost = true
		return false
	}
	c.rest = rest
	return true
}

func (c *cursor) optional(name string) string {
	if !strings.HasPrefix(c.rest, name) {
		return ""
	}
	return c.text(name)
}

// text reads a string behind a name.
func (c *cursor) text(name string) string {
	if !c.skip(name) || !c.skip(`"`) {
		return ""
	}
	plain := true
	for i := 0; i < len(c.rest); i++ {
		switch b := c.rest[i]; {
		case b == '"':
			s := c.rest[:i]
			c.rest = c.rest[i+1:]
			if plain {
				return s
			}
			return c.unescape(s)
		case b == '\\':
			plain = false
			i++
		case b < ' ':
			c.lost = true
			return ""
		}
	}
	c.lost = true
	return ""
}

// unescape returns what s writes. Of \u there is so little that the general
// decoder can have it.
func (c *cursor) unescape(s string) string {
	const letters, meaning = `\"/ntrbf`, "\\\"/\n\t\r\b\f"
	var b strings.Builder
	b.Grow(len(s))
	for {
		before, after, found := strings.Cut(s, `\`)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		k := strings.IndexByte(letters, after[0]) // text has seen that one follows
		if k < 0 {
			c.lost = true
			return ""
		}
		b.WriteByte(meaning[k])
		s = after[1:]
	}
}

// number reads an integer behind a name.
func (c *cursor) number(name string) int {
	if !c.skip(name) {
		return 0
	}
	digits := len(c.rest) - len(strings.TrimLeft(c.rest, "0123456789"))
	n, err := strconv.Atoi(c.rest[:digits])
	if err != nil || strconv.Itoa(n) != c.rest[:digits] {
		c.lost = true
		return 0
	}
	c.rest = c.rest[digits:]
	return n
}

func (c *cursor) time(name string) (t time.Time) {
	if err := t.UnmarshalText([]byte(c.text(name))); err != nil {
		c.lost = true
	}
	return t
}

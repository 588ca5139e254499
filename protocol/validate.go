package protocol

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// checker collects the faults of one message.
type checker struct{ faults []Fault }

func (c *checker) add(field, detail string) {
	c.faults = append(c.faults, Fault{Code: CodeField, Field: field, Detail: detail})
}

func (c *checker) min(field string, n, least int) {
	if n < least {
		c.add(field, fmt.Sprintf("必须不小于 %d", least))
	}
}

func (c *checker) token(field, s string) {
	if !validToken(s, 40) {
		c.add(field, "必须是不含空格的短代码")
	}
}

// uuid wants the 36-character lower-case form of RFC 9562.
func (c *checker) uuid(field, s string) {
	if !ValidUUID(s) {
		c.add(field, "不是有效的编号")
	}
}

// ValidUUID reports whether s is a UUID in the lower-case text form of RFC 9562 §4.
func ValidUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, b := range []byte(s) {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if b != '-' {
				return false
			}
		} else if !isHex(b) {
			return false
		}
	}
	return true
}

func isHex(b byte) bool { return b >= '0' && b <= '9' || b >= 'a' && b <= 'f' }

// ValidSHA256 reports whether s is a SHA-256 in lower-case hex.
func ValidSHA256(s string) bool {
	return len(s) == 64 && strings.IndexFunc(s, func(r rune) bool { return r > 'f' || !isHex(byte(r)) }) < 0
}

// code wants a division code: 6, 9 or 12 digits in the national scheme, but any
// short token is taken, since departments have codes of their own.
func (c *checker) code(field, s string, required bool) {
	if s == "" && !required {
		return
	}
	if !validToken(s, 32) {
		c.add(field, "单位代码无效")
	}
}

func (c *checker) slug(field, s string) {
	if !ValidSlug(s) {
		c.add(field, "请选择栏目")
	}
}

// ValidSlug reports whether s can be the slug of a column: 1 to 40 lower-case
// letters, digits and hyphens.
func ValidSlug(s string) bool {
	if s == "" || len(s) > 40 {
		return false
	}
	for _, b := range []byte(s) {
		if (b < 'a' || b > 'z') && (b < '0' || b > '9') && b != '-' {
			return false
		}
	}
	return true
}

// line wants one line of visible text.
func (c *checker) line(field, s, name string, required bool, max int) {
	c.words(field, s, name, required, max, false, "%s里不能有换行和控制字符")
}

// text wants readable text that may have several lines. NUL and other control
// characters are refused: PostgreSQL, XML and readers all choke on them.
func (c *checker) text(field, s, name string, required bool, max int) {
	c.words(field, s, name, required, max, true, "%s里有无法显示的控制字符")
}

func (c *checker) words(field, s, name string, required bool, max int, lines bool, control string) {
	if required && strings.TrimSpace(s) == "" {
		c.add(field, name+"不能为空")
		return
	}
	if len(s) > max { // a rune has at least one byte
		if n := utf8.RuneCountInString(s); n > max {
			c.add(field, fmt.Sprintf("%s有 %d 个字，最多 %d 个字", name, n, max))
			return
		}
	}
	if hasControl(s, lines) {
		c.add(field, fmt.Sprintf(control, name))
	}
}

// hasControl reports whether s holds a control character (Unicode category Cc);
// with lines, those of line ends and tabs are none. It goes by bytes, because
// every body a hub takes in passes here: beyond ASCII the category is U+0080 to
// U+009F, which UTF-8 writes as C2 80 to C2 9F.
func hasControl(s string, lines bool) bool {
	for i := range len(s) {
		switch b := s[i]; {
		case b >= ' ' && b != 0x7f && b != 0xc2:
		case b == 0xc2:
			if i+1 < len(s) && s[i+1] >= 0x80 && s[i+1] <= 0x9f {
				return true
			}
		case lines && (b == '\n' || b == '\r' || b == '\t'):
		default:
			return true
		}
	}
	return false
}

func (c *checker) attachments(field string, list []Attachment) {
	amounts := WireLimits().Faults(list)
	if len(list) > MaxAttachments {
		c.faults = append(c.faults, amounts...)
		return
	}
	for i, a := range list {
		at := fmt.Sprintf("%s[%d].", field, i)
		if !ValidSHA256(a.SHA256) {
			c.add(at+"sha256", "附件摘要无效")
		}
		if !ValidFileName(a.Name) {
			c.add(at+"name", "附件名无效：不能为空，不能带路径，最长 200 字节")
		}
		if a.Size <= 0 {
			c.add(at+"size", "附件是空文件")
		}
		if !strings.Contains(a.Type, "/") || !validToken(a.Type, 120) {
			c.add(at+"type", "附件类型无效")
		}
		c.line(at+"alt", a.Alt, "图片说明", false, MaxLineRunes)
	}
	c.faults = append(c.faults, amounts...)
}

// ValidFileName reports whether s can be the name of an attachment: a base name
// without path parts, control characters or a leading dot.
func ValidFileName(s string) bool {
	return s != "" && len(s) <= MaxNameBytes && utf8.ValidString(s) && s[0] != '.' &&
		!strings.ContainsAny(s, `/\:*?"<>|`) && !strings.ContainsFunc(s, unicode.IsControl)
}

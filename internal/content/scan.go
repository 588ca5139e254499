package content

import (
	"slices"
	"unicode/utf8"
)

// Kind is what a Hit is.
type Kind string

// The kinds of hits. The values are what the API carries.
const (
	KindID      Kind = "id_card"   // resident identity card number
	KindPhone   Kind = "phone"     // mobile number; land lines of offices are no hit
	KindCard    Kind = "bank_card" // bank card number
	KindSecrecy Kind = "secrecy"   // secrecy or not-for-publication mark
)

// Blocks reports whether a hit of this kind can never be published. The other
// kinds need somebody to state a reason.
func (k Kind) Blocks() bool { return k == KindSecrecy }

// Name returns the Chinese name of the kind, which is its key for translation.
func (k Kind) Name() string {
	switch k {
	case KindID:
		return "身份证号"
	case KindPhone:
		return "手机号"
	case KindCard:
		return "银行卡号"
	case KindSecrecy:
		return "涉密或不公开标志"
	}
	return string(k)
}

// Hit is one finding of Scan.
type Hit struct {
	Kind   Kind   `json:"kind"`
	Start  int    `json:"start"` // in characters (runes) of the text, inclusive
	End    int    `json:"end"`   // exclusive
	Value  string `json:"value"` // the text between them; do not log it
	Masked string `json:"masked"`
}

// Scan finds numbers of persons and secrecy marks in plain text (of HTML, see
// ScanHTML and Shown). Hits come in the order of the text and do not overlap.
//
// The rules: identity numbers of 18 digits with a possible date of birth and
// the right check character (GB 11643), of 15 only where the text says what
// they are; mobile numbers; bank cards of 16 to 19 digits with the right check
// digit. Full-width digits count, blanks, hyphens and invisible marks inside a
// number do not hide it. A number inside an address of a page, inside a longer
// number or between letters is none, nor is one that the text calls an order,
// contract, voucher or the like, nor a sum of money.
func Scan(text string) []Hit {
	spans := findSpans(text)
	if len(spans) == 0 {
		return nil
	}
	slices.SortFunc(spans, func(a, b span) int { return a.start - b.start })
	hits := make([]Hit, 0, len(spans))
	at, runes := 0, 0
	for _, s := range spans {
		if s.start < at {
			continue // two marks that share words: the first names the place
		}
		runes += utf8.RuneCountInString(text[at:s.start])
		value := text[s.start:s.end]
		n := utf8.RuneCountInString(value)
		hits = append(hits, Hit{Kind: s.kind, Start: runes, End: runes + n, Value: value, Masked: Mask(s.kind, value)})
		at, runes = s.end, runes+n
	}
	return hits
}

// ScanHTML returns the hits in all that readers may meet of any HTML: of its
// clean form, and of its words as they came. The two differ where browsers and
// tokenizers see different things in bad markup.
func ScanHTML(s string) []Hit {
	clean, err := Sanitize(s)
	if err != nil { // nested too deep to be shown at all
		return Scan(ToText(s))
	}
	hits := Scan(Shown(clean))
	if clean != s {
		hits = append(hits, Scan(ToText(s))...)
	}
	return hits
}

// first marks the bytes something to find can begin with: digits of both widths,
// and the first bytes of ★, 公 and 内.
var first = func() (t [256]bool) {
	for _, c := range []byte("0123456789\xef\xe2\xe5") {
		t[c] = true
	}
	return t
}()

// second marks the second bytes of ★, 公 and 内: every fifth Chinese character
// begins like one of them.
var second = [256]bool{0x98: true, 0x85: true, 0x86: true}

// findSpans goes over the text once. Nearly all of it is passed by the first
// lines of the loop: an item without hits costs about a nanosecond a byte.
func findSpans(text string) []span {
	var out []span
	c := chain{text: text}
	for i := 0; i < len(text); {
		switch b := text[i]; {
		case !first[b]:
			i++
		case b == 0xe5 || b == 0xe2:
			if i+1 < len(text) && second[text[i+1]] {
				if s, ok := markAt(text, i); ok {
					out = append(out, s)
				}
			}
			i++
		default:
			if _, n := digitAt(text, i); n == 0 {
				i++
				continue
			}
			i = c.read(i)
			if len(c.digits) >= minDigits {
				out = c.match(out)
			}
		}
	}
	return out
}

// span is a hit by bytes of the text.
type span struct {
	kind       Kind
	start, end int
}

// Mask returns value with the digits in the middle hidden: of an identity
// number 2 and 3 stay, of a mobile number 3 and 4, of a bank card 6 and 4.
// Blanks and hyphens stay where they are. Secrecy marks are not hidden.
func Mask(kind Kind, value string) string {
	var head, tail int
	switch kind {
	case KindID:
		head, tail = 2, 3
	case KindPhone:
		head, tail = 3, 4
	case KindCard:
		head, tail = 6, 4
	default:
		return value
	}
	total := 0
	for _, r := range value {
		if maskable(r) {
			total++
		}
	}
	out := make([]rune, 0, len(value))
	at := 0
	for _, r := range value {
		if maskable(r) {
			if at >= head && at < total-tail {
				r = '*'
			}
			at++
		}
		out = append(out, r)
	}
	return string(out)
}

func maskable(r rune) bool {
	return r >= '0' && r <= '9' || r >= '０' && r <= '９' || r == 'X' || r == 'x' || r == 'Ｘ' || r == 'ｘ'
}

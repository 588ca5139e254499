package ui

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// What the areas and the other end of the line say of a fault comes as one
// finished Chinese sentence, "附件“名单.doc”已损坏": it was put together, stored
// or sent before anybody knew who would read it. To say it in another language
// it is held against the catalogue's keys with placeholders, 附件“%s”已损坏, and
// what stood in their place is put into the words of the other language.

// sayings finds the keys finished sentences were made from.
type sayings struct {
	once  sync.Once
	words map[string]string
	list  []saying
}

type saying struct {
	key   string
	match *regexp.Regexp
	verbs []byte // of each placeholder
	fixed int    // characters that are not placeholders
}

// leastFixed keeps keys that are hardly more than a placeholder for anything,
// such as %s后, from taking any sentence for theirs.
const leastFixed = 3

var verbPatterns = map[byte]string{'s': `(.*?)`, 'd': `(-?\d+)`, 'q': `(".*?")`}

var placeholder = regexp.MustCompile(`%([sdq])`)

func newSayings(words map[string]string) *sayings { return &sayings{words: words} }

func (s *sayings) prepare() {
	for _, key := range slices.Sorted(maps.Keys(s.words)) {
		at := placeholder.FindAllStringSubmatchIndex(key, -1)
		if len(at) == 0 {
			continue
		}
		one := saying{key: key}
		pattern, from := strings.Builder{}, 0
		pattern.WriteString(`(?s)\A`)
		for _, m := range at {
			fixed := key[from:m[0]]
			one.fixed += utf8.RuneCountInString(fixed)
			pattern.WriteString(regexp.QuoteMeta(fixed))
			verb := key[m[2]]
			pattern.WriteString(verbPatterns[verb])
			one.verbs = append(one.verbs, verb)
			from = m[1]
		}
		one.fixed += utf8.RuneCountInString(key[from:])
		if one.fixed < leastFixed && strings.Contains(key, "%s") || strings.Contains(placeholder.ReplaceAllString(key, ""), "%") {
			continue
		}
		pattern.WriteString(regexp.QuoteMeta(key[from:]) + `\z`)
		one.match = regexp.MustCompile(pattern.String())
		s.list = append(s.list, one)
	}
	// The key that says most of the sentence is the one it was made from.
	slices.SortStableFunc(s.list, func(a, b saying) int { return cmp.Compare(b.fixed, a.fixed) })
}

// find returns the key that text was made from and what was put into it.
func (s *sayings) find(text string) (key string, args []any, ok bool) {
	s.once.Do(s.prepare)
	for _, one := range s.list {
		m := one.match.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		if args, ok = one.values(m[1:]); ok {
			return one.key, args, true
		}
	}
	return "", nil, false
}

// values are the parts as they were before they were put into the sentence.
func (s *saying) values(parts []string) ([]any, bool) {
	args := make([]any, 0, len(parts))
	for i, part := range parts {
		var value any = part
		var err error
		switch s.verbs[i] {
		case 'd':
			value, err = strconv.Atoi(part)
		case 'q':
			value, err = strconv.Unquote(part)
		}
		if err != nil {
			return nil, false
		}
		args = append(args, value)
	}
	return args, true
}

// longestSaid bounds what is looked for, in bytes: no sentence of ours is longer.
const longestSaid = 2000

// said is a finished sentence in the language l. What was put into it is said in
// that language too where it has words for it. Text nobody knows stays as it is.
func said(l Lang, text string) string {
	if l.sayings == nil || text == "" || len(text) > longestSaid {
		return text
	}
	if key, args, ok := l.sayings.find(text); ok {
		for i, a := range args {
			if part, ok := a.(string); ok && part != text {
				args[i] = T(l, part)
			}
		}
		return T(l, key, args...)
	}
	if at, err := time.Parse("1月2日 15:04", text); err == nil {
		return at.Format("2 Jan 15:04")
	}
	// Some are stored without the full stop they are shown with, some the other
	// way round.
	if bare, ok := strings.CutSuffix(text, "。"); ok {
		if told := T(l, bare); told != bare {
			return strings.TrimSuffix(told, ".") + "."
		}
	} else if whole, ok := l.words[text+"。"]; ok {
		return strings.TrimSuffix(whole, ".")
	}
	if told, ok := list(l, text); ok {
		return told
	}
	return text
}

// list is a list of words, 甲、乙, in the language l, if it has words for all.
func list(l Lang, text string) (string, bool) {
	parts := strings.Split(text, "、")
	for i, part := range parts {
		told, ok := l.words[part]
		if !ok || len(parts) == 1 {
			return "", false
		}
		parts[i] = told
	}
	return strings.Join(parts, ", "), true
}

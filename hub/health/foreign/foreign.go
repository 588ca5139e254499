// Package foreign tells of a link whether a government page should lead there:
// links that are hidden from people but not from search engines (暗链), frames
// that load something unseen (挂马), and links that advertise gambling and the
// like. It promises that
//
//   - nothing is said of links that stay on the site or its cluster;
//   - what is hidden as menus and tabs are hidden is no sign by itself: only
//     together with words of advertising;
//   - a text that speaks of gambling, as news of its prosecution does, is not
//     taken for an advertisement.
//
// What it says is a suspicion for a person to look at, with the evidence. The
// words are data, which a county can replace.
package foreign

import (
	_ "embed"
	"fmt"
	"os"
	"strings"
	"unicode"

	"github.com/BurntSushi/toml"
)

//go:embed words.toml
var words string

// Bounds on a list.
const (
	maxFile  = 256 << 10 // bytes
	maxWords = 5000
	minWord  = 2 // characters
)

// List is what is looked for. It does not change.
type List struct {
	bad, guard []string
	hosts      map[string]bool
}

// Default returns the list the program carries.
func Default() *List {
	l, err := parse(words)
	if err != nil { // it is embedded and tested
		panic(err)
	}
	return l
}

// Load reads a list from a file; "" means Default.
func Load(path string) (*List, error) {
	if path == "" {
		return Default(), nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("读不了词表 %s：%w", path, err)
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("词表 %s 太大，最多 %d KB", path, maxFile>>10)
	}
	text, err := os.ReadFile(path) // #nosec G304 -- the operator names it
	if err != nil {
		return nil, fmt.Errorf("读不了词表 %s：%w", path, err)
	}
	l, err := parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("词表 %s 有误：%w", path, err)
	}
	return l, nil
}

func parse(text string) (*List, error) {
	var file struct {
		Bad   []string `toml:"bad"`
		Guard []string `toml:"guard"`
		Hosts []string `toml:"hosts"`
	}
	meta, err := toml.Decode(text, &file)
	if err != nil {
		return nil, err
	}
	if extra := meta.Undecoded(); len(extra) > 0 {
		return nil, fmt.Errorf("没有 %s 这一项，只有 bad、guard、hosts", extra[0])
	}
	if n := len(file.Bad) + len(file.Guard) + len(file.Hosts); n > maxWords {
		return nil, fmt.Errorf("有 %d 个词，最多 %d 个", n, maxWords)
	}
	l := &List{hosts: map[string]bool{}}
	for _, w := range file.Bad {
		if w = plain(w); len([]rune(w)) < minWord {
			return nil, fmt.Errorf("bad 里的“%s”太短，会误报", w)
		}
		l.bad = append(l.bad, w)
	}
	for _, w := range file.Guard {
		if w = plain(w); w != "" {
			l.guard = append(l.guard, w)
		}
	}
	for _, h := range file.Hosts {
		l.hosts[strings.ToLower(strings.TrimPrefix(strings.TrimSpace(h), "."))] = true
	}
	return l, nil
}

// plain lowers a text, makes full-width characters half-width and leaves out
// everything but letters and digits.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '！' && r <= '～' {
			r -= '！' - '!'
		}
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}

// Advertises returns the first words of advertising in a text, "" if there are
// none or it speaks of them rather than for them.
func (l *List) Advertises(text string) string {
	if found := l.found(text, 1); len(found) > 0 {
		return found[0]
	}
	return ""
}

// found returns up to most different words of a text.
func (l *List) found(text string, most int) (list []string) {
	text = plain(text)
	for _, w := range l.bad {
		if strings.Contains(text, w) {
			if list = append(list, w); len(list) == most {
				break
			}
		}
	}
	if len(list) == 0 {
		return nil
	}
	for _, w := range l.guard {
		if strings.Contains(text, w) {
			return nil
		}
	}
	return list
}

// Page returns the words of advertising for which a page is taken for one that a
// stranger has put there: in its title, and others in the title or in one of its
// lines. One alone proves nothing.
func (l *List) Page(title string, lines []string) []string {
	found := l.found(title, 3)
	if len(found) == 0 {
		return nil
	}
	for _, line := range lines {
		if len(found) > 1 {
			break
		}
		for _, w := range l.found(line, 3) {
			if w != found[0] {
				found = append(found, w)
				break
			}
		}
	}
	if len(found) < 2 {
		return nil
	}
	return found
}

// Harmless tells whether a host is known to mean no harm.
func (l *List) Harmless(host string) bool {
	host, _, _ = strings.Cut(strings.ToLower(host), ":")
	for {
		if l.hosts[host] {
			return true
		}
		_, rest, ok := strings.Cut(host, ".")
		if !ok {
			return false
		}
		host = rest
	}
}

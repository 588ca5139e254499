// Package robots reads robots.txt files (RFC 9309) and says what they let one
// visitor do. It promises that
//
//   - any bytes are a file: what cannot be understood is passed over, and only
//     the first 500 KiB count;
//   - an answer costs time linear in the length of rule and path, whatever
//     wildcards a rule is made of;
//   - a path is the same path however it is escaped.
//
// It fetches nothing: see Of for what the answer of a server means.
package robots

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/encoding/unicode"
)

const (
	// MaxBytes is how much of a file is read (RFC 9309, 2.5).
	MaxBytes = 500 << 10
	// MaxDelay is the longest pause between two requests that is kept. A
	// longer one is a slip, or a wish never to be visited in other words.
	MaxDelay = 5 * time.Minute
)

// Rules are what one visitor may do at one site. The zero value allows
// everything.
type Rules struct {
	// Delay is the least time between two requests, 0 for no wish.
	Delay time.Duration

	// Rules without wildcards are found by hash, longest first; the others
	// are tried one by one, longest first.
	plain   map[string]bool // pattern → allowed
	lengths []int           // of the patterns in plain, longest first
	wild    []rule
	never   bool
}

// Never returns rules that allow nothing but robots.txt itself.
func Never() *Rules { return &Rules{never: true} }

// Of returns what the answer to a request for /robots.txt means: a file in
// effect for agent, everything allowed if there is none (4xx and odd answers),
// nothing allowed for now if the server failed (5xx, or 0 for no answer).
func Of(status int, body []byte, agent string) (rules *Rules, forNow bool) {
	switch {
	case status >= 200 && status < 300:
		return Parse(body, agent), false
	case status == 0 || status >= 500 && status < 600:
		return Never(), true
	}
	return new(Rules), false
}

// Parse returns the rules of a file for agent, the product token of a visitor
// ("ZhanqunCheck") with or without a version. All groups that name it count
// together; if none does, those for "*" do.
func Parse(body []byte, agent string) *Rules {
	if len(body) > MaxBytes {
		body = body[:MaxBytes]
		body = body[:1+max(bytes.LastIndexByte(body, '\n'), bytes.LastIndexByte(body, '\r'))]
	}
	if bytes.HasPrefix(body, []byte("\xFF\xFE")) || bytes.HasPrefix(body, []byte("\xFE\xFF")) {
		// Not allowed (RFC 9309, 2.2), but what is forbidden is plain enough.
		body, _ = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(body)
	}
	body = bytes.TrimPrefix(body, []byte("\xEF\xBB\xBF"))
	p := parser{agent: strings.ToLower(token(agent))}
	for len(body) > 0 {
		end := bytes.IndexAny(body, "\r\n")
		if end < 0 {
			end = len(body)
		}
		p.line(body[:end])
		body = body[min(end+1, len(body)):]
	}
	if p.named {
		return p.mine.build()
	}
	return p.anyone.build()
}

// parser goes through a file line by line.
type parser struct {
	agent        string
	mine, anyone group
	named        bool // some group names the agent

	// The group being read: whom it is for, and whether its rules have begun.
	forMe, forAll, began bool
}

type group struct {
	rules []rule
	delay time.Duration
}

func (p *parser) line(text []byte) {
	text, _, _ = bytes.Cut(text, []byte("#"))
	key, value, ok := strings.Cut(string(text), ":")
	if !ok {
		return
	}
	value = strings.TrimSpace(value)
	switch strings.ToLower(strings.TrimSpace(key)) {
	case "user-agent", "useragent", "user agent":
		if p.began {
			p.forMe, p.forAll, p.began = false, false, false
		}
		if value == "*" {
			p.forAll = true
		} else if name := strings.ToLower(token(value)); name != "" && name == p.agent {
			p.forMe, p.named = true, true
		}
	case "allow":
		p.rule(value, true)
	case "disallow", "dissallow", "disalow":
		p.rule(value, false)
	case "crawl-delay", "crawldelay":
		p.began = true
		if d, ok := seconds(value); ok {
			p.each(func(g *group) { g.delay = max(g.delay, d) })
		}
	}
}

func (p *parser) rule(pattern string, allow bool) {
	p.began = true
	if pattern == "" || pattern[0] != '/' && pattern[0] != '*' {
		return // an empty rule forbids nothing; what is no path is none
	}
	p.each(func(g *group) { g.rules = append(g.rules, newRule(pattern, allow)) })
}

func (p *parser) each(f func(*group)) {
	if p.forMe {
		f(&p.mine)
	}
	if p.forAll {
		f(&p.anyone)
	}
}

// token returns the product token that a name begins with (RFC 9309, 2.2.1).
func token(s string) string {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '_' && c != '-' {
			return s[:i]
		}
	}
	return s
}

// seconds reads a Crawl-delay, whole or with a fraction.
func seconds(s string) (time.Duration, bool) {
	s, _, _ = strings.Cut(s, " ")
	s = strings.TrimSuffix(strings.ReplaceAll(s, ",", "."), "s")
	n, err := strconv.ParseFloat(s, 64)
	if !(n >= 0) || err != nil && !math.IsInf(n, 1) {
		return 0, false
	}
	if n >= MaxDelay.Seconds() {
		return MaxDelay, true
	}
	return time.Duration(n * float64(time.Second)), true
}

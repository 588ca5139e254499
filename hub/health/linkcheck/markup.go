package linkcheck

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"zhanqun/internal/oneline"
)

// loads tells whether a <link> of these relations is one to check.
func loads(rel string) bool {
	for _, r := range strings.Fields(strings.ToLower(rel)) {
		if linkRels[r] {
			return true
		}
	}
	return false
}

// srcset returns the addresses of an image candidate list. Addresses may hold
// commas; only one at an end separates.
func srcset(s string) (list []string) {
	for len(list) < 200 {
		s = strings.TrimLeft(s, " \t\r\n\f,")
		if s == "" {
			return list
		}
		end := strings.IndexAny(s, " \t\r\n\f")
		if end < 0 {
			end = len(s)
		}
		candidate := s[:end]
		s = s[end:]
		if trimmed := strings.TrimRight(candidate, ","); trimmed != candidate {
			list = append(list, trimmed)
			continue
		}
		list = append(list, candidate)
		// What follows up to the next comma outside parentheses describes it.
		depth := 0
		next := len(s)
		for i := range len(s) {
			if s[i] == '(' {
				depth++
			} else if s[i] == ')' {
				depth = max(depth-1, 0)
			} else if s[i] == ',' && depth == 0 {
				next = i
				break
			}
		}
		s = s[next:]
	}
	return list
}

var refreshPattern = regexp.MustCompile(`(?i)^\s*(\d{1,9}|\.\d)[\d.]*\s*(?:[;,\s]\s*(?:url\s*=\s*)?(?:"([^"]*)"?|'([^']*)'?|(.*)))?$`)

// parseRefresh reads the value of a meta refresh or Refresh header. An empty
// target means that the page reloads itself.
func parseRefresh(value string) (after time.Duration, target string, ok bool) {
	m := refreshPattern.FindStringSubmatch(strings.TrimSpace(value))
	if m == nil {
		return 0, "", false
	}
	seconds, _ := strconv.Atoi(m[1])
	return time.Duration(seconds) * time.Second, strings.TrimSpace(oneline.First(m[2], m[3], m[4])), true
}

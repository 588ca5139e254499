package linkcheck

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxRetryAfter bounds what a server can ask for: a mistyped header must not
// put a link to sleep for years.
const maxRetryAfter = 24 * time.Hour

// parseRetryAfter reads a Retry-After header in both spellings, seconds and a
// date. It returns 0 for none, a broken one or a moment that has passed.
func parseRetryAfter(header http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if value == "" {
		return 0
	}
	if n, err := strconv.ParseFloat(value, 64); err == nil {
		if !(n > 0) {
			return 0
		}
		if n >= maxRetryAfter.Seconds() {
			return maxRetryAfter
		}
		return time.Duration(n * float64(time.Second))
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	// The server's own clock, where it is sent, makes the wait right even if
	// one of the two clocks is not.
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		now = date
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}

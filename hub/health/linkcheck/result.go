package linkcheck

import (
	"net/http"
	"strconv"
	"time"
)

// Result is everything one look at a URL brought to light: the verdict and its
// evidence.
type Result struct {
	URL          string        `json:"url"`   // as asked
	Final        string        `json:"final"` // where the redirects ended
	Status       int           `json:"status"`
	Verdict      Verdict       `json:"verdict"`
	Class        Class         `json:"class,omitempty"`
	Reason       Reason        `json:"reason,omitempty"`
	ErrorKind    ErrorKind     `json:"errorKind,omitempty"`
	Fault        Fault         `json:"fault,omitempty"` // slip in the address itself
	Detail       string        `json:"detail"`          // one sentence in Chinese for a person
	Hops         []Hop         `json:"hops,omitempty"`
	ContentType  string        `json:"contentType,omitempty"`
	Bytes        int64         `json:"bytes"`           // of the body read, after decompression
	Partial      bool          `json:"partial"`         // there was more than was read
	Tries        int           `json:"tries"`           // requests sent, all hops together
	Elapsed      time.Duration `json:"elapsedNs"`       // spent on the network, without waits for politeness
	CheckedAt    time.Time     `json:"checkedAt"`       // when the look began
	RetryAfter   time.Duration `json:"retryAfterNs"`    // what the server asked for, bounded; 0 for nothing
	Title        string        `json:"title,omitempty"` // of the page, at most 200 runes
	Certificates []Certificate `json:"certificates,omitempty"`
	Validators   Validators    `json:"-"` // that came with the last answer
	NotModified  bool          `json:"-"` // see Options.Remembered

	limit    time.Duration
	phase    phase
	evidence string // told in the sentence
}

// Validators are by what a server tells whether something has changed, as it
// sent them.
type Validators struct {
	ETag, Modified string
}

// maxValidator bounds one of them, in bytes.
const maxValidator = 256

func validatorsOf(h http.Header) (v Validators) {
	if tag := h.Get("Etag"); len(tag) <= maxValidator {
		v.ETag = tag
	}
	if at := h.Get("Last-Modified"); len(at) <= maxValidator {
		v.Modified = at
	}
	return v
}

// Hop is one request on the way to the final page.
type Hop struct {
	URL      string        `json:"url"`
	Status   int           `json:"status"`             // 0 when no answer came
	Location string        `json:"location,omitempty"` // target as sent, at most 512 runes
	Meta     bool          `json:"meta,omitempty"`     // redirected by the page, not by the status
	Elapsed  time.Duration `json:"elapsedNs"`
}

// Moved tells whether every redirect on the way said that it is permanent, so
// that the editor may as well write Final into the page.
func (r *Result) Moved() bool {
	if len(r.Hops) < 2 || r.Verdict != OK {
		return false
	}
	for _, h := range r.Hops[:len(r.Hops)-1] {
		if h.Status != 301 && h.Status != 308 {
			return false
		}
	}
	return true
}

// CertificateFault returns the first certificate on the way that browsers warn
// of; nil if there is none.
func (r *Result) CertificateFault() *Certificate {
	for i := range r.Certificates {
		if len(r.Certificates[i].Problems) > 0 {
			return &r.Certificates[i]
		}
	}
	return nil
}

// Look returns what Policy.Next needs to remember of r.
func (r *Result) Look() Look {
	return Look{At: r.CheckedAt, Verdict: r.Verdict, Reason: r.Reason, RetryAfter: r.RetryAfter}
}

// say sets the verdict.
func (r *Result) say(v Verdict, class Class, reason Reason) {
	r.Verdict, r.Class, r.Reason = v, class, reason
}

func seconds(d time.Duration) string {
	if d%time.Second == 0 {
		return strconv.FormatInt(int64(d/time.Second), 10) + " 秒"
	}
	return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + " 秒"
}

package linkcheck

import (
	"net/http"

	"zhanqun/internal/oneline"
)

// Elsewhere is what somebody else saw of an address from another line.
type Elsewhere struct {
	URL         string // as asked
	Final       string // where redirects ended; empty for the same
	Status      int
	ContentType string
	Bytes       int64  // of the whole answer
	Body        []byte // its beginning, if it is a page
	More        bool   // there was more of it
}

// Judge judges what was seen elsewhere as a look of the checker's own. A page of
// which nothing was handed on proves nothing.
func (e Elsewhere) Judge() Result {
	r := Result{URL: e.URL, Final: e.URL, Status: e.Status, ContentType: oneline.Clip(e.ContentType, maxTitle), Bytes: e.Bytes, Partial: e.More}
	from, err := parseLoose(e.URL)
	if err != nil {
		judgeAddress(&r, e.URL, err)
		return r
	}
	to := from
	if e.Final != "" {
		r.Final = e.Final
		if to, err = parseLoose(e.Final); err != nil {
			to = from
		}
	}
	ans := &answer{status: e.Status, header: http.Header{"Content-Type": {e.ContentType}}, body: e.Body, more: e.More}
	var f *facts
	switch {
	case len(e.Body) == 0 && e.Bytes > 0 && e.Status < 400:
		if e.ContentType == "" || isPage(e.ContentType, nil) {
			r.say(Inconclusive, "", ReasonUntestable)
			return r
		}
		ans.opaque = true // a file: that it is there is all that can be said
	case ans.page():
		f = factsOf(e.ContentType, e.Body)
		r.Title = f.title
	}
	judge(&r, from, to, ans, f)
	r.Detail = r.sentence()
	return r
}

package linkcheck_test

import (
	"strings"
	"testing"

	"zhanqun/hub/health/linkcheck"
)

// What a township saw is judged like a look of the county's own: a page that says
// that there is nothing is none.
func TestElsewhere(t *testing.T) {
	const html = "text/html; charset=utf-8"
	page := "<title>办事指南</title><h1>办事指南</h1><p>" + strings.Repeat("请携带身份证和户口簿到便民服务中心办理。", 30) + "</p>"
	for _, v := range []struct {
		name   string
		seen   linkcheck.Elsewhere
		want   linkcheck.Verdict
		reason linkcheck.Reason
	}{
		{"a page", linkcheck.Elsewhere{Status: 200, ContentType: html, Body: []byte(page)}, linkcheck.OK, ""},
		{"its beginning", linkcheck.Elsewhere{Status: 200, ContentType: html, Body: []byte(page[:600]), Bytes: 90_000, More: true}, linkcheck.OK, ""},
		{"a page that says there is none", linkcheck.Elsewhere{Status: 200, ContentType: html, Body: []byte("<title>404</title><h1>您访问的页面不存在</h1>")}, linkcheck.Suspect, linkcheck.ReasonSoft404},
		{"sent home", linkcheck.Elsewhere{Status: 200, ContentType: html, Body: []byte(page), Final: "http://town.example/"}, linkcheck.Suspect, linkcheck.ReasonHomeRedirect},
		{"an empty one", linkcheck.Elsewhere{Status: 200, ContentType: html}, linkcheck.Suspect, linkcheck.ReasonEmpty},
		{"a page of which nothing was handed on", linkcheck.Elsewhere{Status: 200, ContentType: html, Bytes: 900}, linkcheck.Inconclusive, linkcheck.ReasonUntestable},
		{"something of which nothing is known", linkcheck.Elsewhere{Status: 200, Bytes: 900}, linkcheck.Inconclusive, linkcheck.ReasonUntestable},
		{"a file", linkcheck.Elsewhere{Status: 200, ContentType: "application/pdf", Bytes: 90_000}, linkcheck.OK, ""},
		{"gone", linkcheck.Elsewhere{Status: 404, ContentType: html, Bytes: 19}, linkcheck.Dead, linkcheck.ReasonGone},
		{"refused", linkcheck.Elsewhere{Status: 403, Bytes: 19}, linkcheck.Inconclusive, linkcheck.ReasonForbidden},
	} {
		v.seen.URL = "http://town.example/2026/11/a.html"
		if v.seen.Bytes == 0 {
			v.seen.Bytes = int64(len(v.seen.Body))
		}
		if r := v.seen.Judge(); r.Verdict != v.want || r.Reason != v.reason {
			t.Errorf("%s: %s %s, want %s %s", v.name, r.Verdict, r.Reason, v.want, v.reason)
		}
	}
}

package linkcheck

import (
	"context"
	"errors"
	"net/http"
	"net/http/cookiejar"
	"regexp"
	"strings"
	"time"

	"zhanqun/internal/oneline"
)

// maxRefreshWait is the longest a page may wait before its meta refresh counts
// as a redirect.
const maxRefreshWait = 5 * time.Second

// browserRedirects is the longest chain browsers follow.
const browserRedirects = 20

// visit is one look on its way: the redirects are followed by hand, so that
// each hop is recorded, judged and asked at its host's pace.
type visit struct {
	checker  *Checker
	result   Result
	from     address // as asked
	at       address // now
	answer   *answer // the last one; nil if none came
	facts    *facts  // of the last answer, if it is a page
	page     *page   // the same with its links, if they are wanted
	links    bool
	cookies  http.CookieJar
	seen     map[string]bool
	arrived  bool       // the last answer is where the way ends
	free     bool       // ask without asking Permit
	reloaded bool       // see reload
	peek     int64      // read so much of what is no page; 0 for the option
	since    Validators // what the present address was asked with
	referer  string     // the same; see told
}

// visit goes to rawURL and to wherever that leads. Links are read on the way
// if they are wanted.
func (c *Checker) visit(ctx context.Context, rawURL string, links bool) *visit {
	v := &visit{checker: c, links: links, seen: map[string]bool{}}
	v.run(ctx, rawURL)
	return v
}

func (v *visit) run(ctx context.Context, rawURL string) {
	c := v.checker
	written := oneline.Clip(rawURL, maxAddress)
	v.result = Result{URL: written, Final: written, CheckedAt: c.opts.Now(), limit: c.opts.Timeout}
	v.cookies, _ = cookiejar.New(nil) // fails never without options
	a, err := parseLoose(rawURL)
	if slip := slipIn(rawURL); err != nil || slip == FaultDoubledScheme || slip == FaultLocalPath {
		judgeAddress(&v.result, rawURL, err)
		return
	}
	v.from, v.at = a, a
	for v.step(ctx) {
	}
	v.result.Final = v.at.String()
}

// step asks the present address and tells whether it leads on.
func (v *visit) step(ctx context.Context) bool {
	r := &v.result
	if blockedPorts[v.at.port] {
		r.say(Excluded, ClassWrong, ReasonPort)
		return false
	}
	if permit := v.checker.opts.Permit; permit != nil && !v.free {
		if verdict, reason := permit(ctx, v.at.String()); verdict != "" {
			r.phase = phaseWait
			r.say(verdict, "", reason)
			return false
		}
	}
	before := r.Elapsed
	ans, fail := v.ask(ctx)
	hop := Hop{URL: v.at.String(), Elapsed: r.Elapsed - before}
	r.Status = 0
	if fail != nil {
		r.Hops = append(r.Hops, hop)
		if ctx.Err() != nil {
			fail.kind = KindCancelled
		}
		judgeFailure(r, fail)
		return false
	}
	v.answer, v.facts, v.page = ans, nil, nil
	r.Status, hop.Status, hop.Location = ans.status, ans.status, oneline.Clip(ans.location, maxRaw)
	v.remember(ans)
	r.Validators = validatorsOf(ans.header)
	if ans.status == http.StatusNotModified && v.since != (Validators{}) {
		r.Hops = append(r.Hops, hop)
		r.NotModified = true
		r.say(OK, "", "")
		return false
	}
	if ans.redirects() {
		r.Hops = append(r.Hops, hop)
		return v.follow(ans.location)
	}
	v.read(ans)
	if target := oneline.First(v.refresh(), v.reload()); target != "" {
		hop.Location, hop.Meta = oneline.Clip(target, maxRaw), true
		r.Hops = append(r.Hops, hop)
		return v.follow(target)
	}
	r.Hops = append(r.Hops, hop)
	v.arrived = true
	judge(r, v.from, v.at, ans, v.facts)
	v.stranger()
	return false
}

// remember keeps cookies and certificates met on the way.
func (v *visit) remember(ans *answer) {
	if cookies := (&http.Response{Header: ans.header}).Cookies(); len(cookies) > 0 {
		v.cookies.SetCookies(v.at.place(), cookies[:min(len(cookies), 50)])
	}
	if ans.cert != nil {
		for _, known := range v.result.Certificates {
			if known.Host == ans.cert.Host {
				return
			}
		}
		v.result.Certificates = append(v.result.Certificates, *ans.cert)
	}
}

// read takes from the answer what the result tells of it.
func (v *visit) read(ans *answer) {
	r := &v.result
	r.ContentType = oneline.Clip(ans.header.Get("Content-Type"), maxTitle)
	r.Bytes, r.Partial = int64(len(ans.body)), ans.more
	if ans.status >= 400 {
		r.RetryAfter = parseRetryAfter(ans.header, v.checker.opts.Now())
	}
	if ans.page() {
		v.page = survey(v.at, r.ContentType, ans.body, v.links)
		v.facts = &v.page.facts
		r.Title = v.facts.title
	}
}

// refresh returns where a page sends its reader by itself, if it does so soon
// and says nothing that could be judged.
func (v *visit) refresh() string {
	if v.facts == nil || v.answer.status >= 300 || v.facts.notice(isHome(v.at)) != "" {
		return ""
	}
	target, after := v.facts.refresh, v.facts.after
	if header := v.answer.header.Get("Refresh"); target == "" && header != "" {
		after, target, _ = parseRefresh(header)
	}
	if target == "" {
		target, after = v.facts.sent(), 0
	}
	if target == "" || after > maxRefreshWait {
		return ""
	}
	next, err := parseAddress(target, &v.at, nil)
	if err != nil || next.String() == v.at.String() {
		return ""
	}
	return target
}

// reload returns the page's own address if all that the page has is the wish to be
// asked for once more, with the cookie that came with it.
func (v *visit) reload() string {
	f := v.facts
	if f == nil || v.reloaded || v.answer.status >= 300 || f.text > 0 || f.embeds > 0 || v.seen[v.state()] || strings.Contains(f.script, "document.cookie") {
		return ""
	}
	again := f.reloads && f.after <= maxRefreshWait || reloads.MatchString(f.script)
	if next, err := parseAddress(f.refresh, &v.at, nil); f.refresh != "" && err == nil {
		again = next.String() == v.at.String() && f.after <= maxRefreshWait
	}
	if !again {
		return ""
	}
	v.reloaded = true
	return v.at.String()
}

// reloads finds in a script that it asks for its page again.
var reloads = regexp.MustCompile(`\blocation\.reload\(|\blocation(?:\.href)?\s*=\s*(?:window\.|self\.|document\.)*location\b`)

// follow moves on to a redirect's target and tells whether it can be asked.
func (v *visit) follow(location string) bool {
	r := &v.result
	next, err := parseAddress(location, &v.at, nil)
	var other *schemeError
	switch {
	case errors.As(err, &other) && excludedScheme(other.scheme) != "":
		r.say(Excluded, "", excludedScheme(other.scheme))
		return false
	case err != nil:
		judgeFailure(r, &failure{kind: KindBadTarget})
		return false
	}
	v.at = next
	if len(r.Hops) > v.checker.opts.MaxRedirects {
		judgeFailure(r, &failure{kind: KindTooMany})
		if v.checker.opts.MaxRedirects >= browserRedirects {
			r.say(Dead, ClassDead, ReasonNetwork) // browsers give up as well
		}
		return false
	}
	if known := v.checker.opts.Known; known != nil {
		if there, ok := known(next.String()); ok {
			v.believe(there)
			return false
		}
	}
	return true
}

// believe ends the way at an address of which the result is known.
func (v *visit) believe(there Result) {
	r := &v.result
	r.Status, r.ContentType, r.Title = there.Status, there.ContentType, there.Title
	r.Hops = append(r.Hops, Hop{URL: v.at.String(), Status: there.Status})
	if there.Final != "" {
		if a, err := parseLoose(there.Final); err == nil {
			v.at = a
		}
	}
	r.ErrorKind = there.ErrorKind
	r.say(there.Verdict, there.Class, there.Reason)
	if r.Verdict != OK {
		return
	}
	switch reason := strayed(v.from, v.at, nil); {
	case reason == "" && (promised(v.from) == fileImage || promised(v.from) == fileDocument) && isPage(there.ContentType, nil):
		r.say(Suspect, ClassSoft, ReasonWrongType)
	case reason == ReasonLogin:
		r.say(Inconclusive, "", reason)
	case reason != "":
		r.say(Suspect, ClassSoft, reason)
	}
}

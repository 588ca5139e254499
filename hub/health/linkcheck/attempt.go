package linkcheck

import (
	"context"
	"errors"
	"net/http"

	"github.com/go-resty/resty/v2"
)

// ask sends the request for the present address, twice if the connection was
// lost the first time or the answer needs a tolerant reader.
func (v *visit) ask(ctx context.Context) (*answer, *failure) {
	c := v.checker
	cookies := v.cookies.Cookies(v.at.place())
	state := v.state()
	if v.seen[state] {
		return nil, &failure{kind: KindLoop}
	}
	v.seen[state] = true
	v.since = Validators{}
	if ask := c.opts.Remembered; ask != nil && len(v.result.Hops) == 0 {
		v.since, _ = ask(v.at.String())
	}
	if v.referer = ""; c.referers.of(v.at.hostPort()) == wantsReferer {
		v.referer = c.referer(v.at)
	}
	client := c.ordinary
	ans, fail := v.once(ctx, client, cookies)
	if fail != nil && (fail.kind == KindReset || fail.kind == KindProtocol || fail.kind == KindDNSPassing) {
		client = c.tolerant
		ans, fail = v.once(ctx, client, cookies)
	}
	if ans != nil && ans.status == http.StatusForbidden {
		ans = v.told(ctx, client, cookies, ans)
	}
	if fail != nil && (fail.kind == KindReset || fail.kind == KindRefused) {
		c.throttle.Lost(v.at.hostPort())
	}
	return ans, fail
}

// state is the present address with the cookies that would be sent there.
func (v *visit) state() string {
	state := v.at.String()
	for _, cookie := range v.cookies.Cookies(v.at.place()) {
		state += "\n" + cookie.Name + "=" + cookie.Value
	}
	return state
}

// once sends one request at the host's pace.
func (v *visit) once(ctx context.Context, client *resty.Client, cookies []*http.Cookie) (*answer, *failure) {
	c := v.checker
	budget := c.opts.Timeout - v.result.Elapsed
	if budget <= 0 {
		return nil, &failure{kind: KindTimeout, phase: phaseRedirects}
	}
	release, err := c.throttle.Acquire(ctx, v.at.hostPort())
	var rest *RestError
	switch {
	case errors.As(err, &rest):
		return nil, &failure{kind: KindResting, after: rest.For}
	case err != nil:
		return nil, &failure{kind: KindCancelled}
	}
	defer release()
	began := c.opts.Now()
	v.result.Tries++
	peek := v.peek
	if peek == 0 {
		peek = c.opts.PeekBytes
	}
	ans, fail := c.ask(ctx, client, v.at, sent{cookies, v.since, v.referer}, budget, peek)
	took := max(c.opts.Now().Sub(began), 0)
	v.result.Elapsed += took
	if ans != nil {
		c.throttle.Report(v.at.hostPort(), ans.status, parseRetryAfter(ans.header, c.opts.Now()), took)
	}
	return ans, fail
}

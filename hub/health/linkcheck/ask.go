package linkcheck

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"time"

	"github.com/go-resty/resty/v2"
)

// answer is what a server sent for one request.
type answer struct {
	status   int
	header   http.Header
	body     []byte
	more     bool      // the body went on beyond what was read
	opaque   bool      // the body is in an encoding not read here
	flaw     ErrorKind // how the body broke off, if it did
	cert     *Certificate
	location string
}

// wireFactor times MaxBytes is the most read off the wire: a compressed stream
// can also unpack to nothing for ever.
const wireFactor = 4

// sent is what a request carries besides its address.
type sent struct {
	cookies []*http.Cookie
	since   Validators
	referer string
}

// ask sends one GET and reads what is wanted of the answer, within budget.
func (c *Checker) ask(ctx context.Context, client *resty.Client, a address, with sent, budget time.Duration, peek int64) (*answer, *failure) {
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	t := &trip{target: a.request()}
	ctx = httptrace.WithClientTrace(context.WithValue(ctx, tripKey{}, t), &httptrace.ClientTrace{
		TLSHandshakeStart: func() { t.enter(phaseTLS) },
		WroteRequest:      func(httptrace.WroteRequestInfo) { t.enter(phaseWait) },
	})
	began := c.opts.Now()
	request := client.R().SetContext(ctx).SetCookies(with.cookies)
	for name, value := range map[string]string{"If-None-Match": with.since.ETag, "If-Modified-Since": with.since.Modified, "Referer": with.referer} {
		if value != "" {
			request.SetHeader(name, value)
		}
	}
	resp, err := request.Get("http://target/")
	if err != nil {
		return nil, &failure{kind: kindOf(ctx, err), phase: t.phase()}
	}
	raw := resp.RawResponse
	defer raw.Body.Close()
	t.enter(phaseBody)

	ans := &answer{status: raw.StatusCode, header: raw.Header, location: strings.TrimSpace(t.redirected())}
	state := raw.TLS
	if state == nil {
		state = t.kept()
	}
	ans.cert = c.inspect(state, a.host, c.opts.Now())
	late := func() bool { return c.opts.Now().Sub(began) >= budget }
	if late() {
		return nil, &failure{kind: KindTimeout, phase: phaseWait}
	}
	if ans.redirects() {
		return ans, nil // the body is for people with old browsers
	}
	if err := c.readInto(ans, raw.Body, peek); err != nil {
		switch kind := kindOf(ctx, err); {
		case kind == KindCancelled, kind == KindTimeout && (ans.page() || len(ans.body) == 0):
			return nil, &failure{kind: kind, phase: phaseBody}
		case kind == KindTimeout:
			ans.flaw, ans.more = "", true // a slow download is under way
		}
	}
	if ans.page() && late() {
		return nil, &failure{kind: KindTimeout, phase: phaseBody}
	}
	return ans, nil
}

// redirects tells whether browsers follow the status to its target.
func (a *answer) redirects() bool {
	switch a.status {
	case 301, 302, 303, 307, 308:
		return a.location != ""
	}
	return false
}

// page tells whether the answer is text a reader reads in the browser, as far
// as can be seen of it.
func (a *answer) page() bool {
	return !a.opaque && isPage(a.header.Get("Content-Type"), a.body)
}

// readInto fills in the body and how it broke off.
func (c *Checker) readInto(ans *answer, body io.Reader, peek int64) error {
	wire := &io.LimitedReader{R: body, N: wireFactor * c.opts.MaxBytes}
	plain, known, err := unpack(wire, ans.header.Get("Content-Encoding"))
	if err == nil && !known {
		ans.opaque, plain = true, wire
	}
	if err == nil {
		contentType := ans.header.Get("Content-Type")
		looks := func(head []byte) bool { return !ans.opaque && isPage(contentType, head) }
		ans.body, ans.more, err = readBody(plain, looks, peek, c.opts.MaxBytes)
	}
	switch {
	case err == nil || wire.N <= 0:
		ans.more = ans.more || wire.N <= 0
		return nil
	case errors.Is(err, errEncoding):
		ans.flaw = KindBadEncoding
	default:
		ans.flaw = KindTruncated
	}
	return err
}

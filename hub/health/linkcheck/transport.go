package linkcheck

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-resty/resty/v2"
)

// maxHeader is the most a response header may weigh, in bytes.
const maxHeader = 256 << 10

// trip travels with a request's context from the checker to the connection and
// brings back what only the connection knows.
type trip struct {
	target *url.URL
	at     atomic.Int32

	mu       sync.Mutex
	tls      *tls.ConnectionState
	location string
}

type tripKey struct{}

// tripFrom returns the trip in ctx; one nobody looks at if there is none.
func tripFrom(ctx context.Context) *trip {
	if t, ok := ctx.Value(tripKey{}).(*trip); ok {
		return t
	}
	return &trip{}
}

func (t *trip) enter(p phase) { t.at.Store(int32(p)) }

func (t *trip) phase() phase { return phase(t.at.Load()) }

func (t *trip) keep(state tls.ConnectionState) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tls = &state
}

func (t *trip) kept() *tls.ConnectionState {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.tls
}

func (t *trip) redirect(location string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.location = location
}

func (t *trip) redirected() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.location
}

// newClient returns a resty client over rt that sends a trip's target exactly
// as it is and follows nothing.
func newClient(rt http.RoundTripper, o *Options) *resty.Client {
	client := resty.NewWithClient(&http.Client{Transport: unfollowed{rt}})
	client.SetDoNotParseResponse(true).SetLogger(quiet{})
	client.SetHeaders(map[string]string{
		"User-Agent":      o.UserAgent,
		"Accept":          "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
		"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5",
		"Accept-Encoding": "gzip, deflate",
	})
	client.SetPreRequestHook(func(_ *resty.Client, r *http.Request) error {
		// resty and net/url would refuse or rewrite addresses that browsers
		// send as they are, so the real one is put in after they are done.
		r.URL = tripFrom(r.Context()).target
		r.Host = r.URL.Host
		// Kept connections are worth it where a handshake is dear. Elsewhere
		// they only let servers that send more than they said confuse the next
		// request.
		r.Close = r.URL.Scheme == "http"
		return nil
	})
	return client
}

// newTransport returns the ordinary way to the network.
func newTransport(d *dialer) *http.Transport {
	return &http.Transport{
		Proxy:                  nil, // never from the environment: a proxy would dial for us, unjudged
		DialContext:            d.DialContext,
		TLSClientConfig:        tlsConfig(),
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // bodies are unpacked here, within bounds
		MaxResponseHeaderBytes: maxHeader,
		TLSHandshakeTimeout:    d.opts.Timeout,
		MaxIdleConns:           64,
		MaxIdleConnsPerHost:    2,
		IdleConnTimeout:        10 * time.Second,
	}
}

// newTolerantTransport returns the way for a second try: HTTP/1 on a fresh
// connection, with headers repaired as browsers repair them.
func newTolerantTransport(d *dialer) *http.Transport {
	t := newTransport(d)
	t.ForceAttemptHTTP2, t.DisableKeepAlives = false, true
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := d.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return newTolerant(conn), nil
	}
	t.DialTLSContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := d.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeout(ctx, d.opts.Timeout)
		defer cancel()
		trip := tripFrom(ctx)
		trip.enter(phaseTLS)
		config := tlsConfig()
		config.ServerName, _, _ = net.SplitHostPort(address)
		secure := tls.Client(conn, config)
		if err := secure.HandshakeContext(ctx); err != nil {
			conn.Close() //nolint:errcheck // the handshake's error tells more
			return nil, err
		}
		trip.keep(secure.ConnectionState())
		return newTolerant(secure), nil
	}
	return t
}

// unfollowed takes redirect targets out of http.Client's sight, which would parse
// them by its own stricter rules and fail on some that browsers understand. The
// trip carries them past it.
type unfollowed struct{ http.RoundTripper }

func (u unfollowed) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := u.RoundTripper.RoundTrip(r)
	if err == nil {
		tripFrom(r.Context()).redirect(resp.Header.Get("Location"))
		resp.Header.Del("Location")
	}
	return resp, err
}

// quiet swallows what resty would log: every failure is in the Result.
type quiet struct{}

func (quiet) Errorf(string, ...any) {}
func (quiet) Warnf(string, ...any)  {}
func (quiet) Debugf(string, ...any) {}

// Package look fetches addresses the county asks about from the township's own
// line, so that what only the county's line cannot reach is not called dead.
//
// It promises to connect to public addresses only, to ask with GET and nothing
// else, to spend little time and little of the line on each, and to tell the
// county facts, the beginning of a page where it asks for that, and never what
// files hold.
package look

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"github.com/go-resty/resty/v2"

	"zhanqun/internal/pause"
	"zhanqun/internal/reach"
	"zhanqun/protocol"
)

// What one look may cost; the wire's specification has the same numbers.
const (
	timeout      = 15 * time.Second
	maxBody      = 256 << 10
	maxRedirects = 5
)

// userAgent is what a node calls itself: honest, and without the words for which
// firewalls turn visitors away.
const userAgent = "ZhanqunCheck/1.0"

// Queue is where looks wait and answers go.
type Queue interface {
	Looks(ctx context.Context, limit int) ([]protocol.Look, error)
	Looked(ctx context.Context, m *protocol.Looked) error
}

// Options set up a Service.
type Options struct {
	Queue Queue
	Told  func()                // called after an answer was queued; may be nil
	Every time.Duration         // how often the queue is looked at; 20 s
	Pause time.Duration         // between two looks; 2 s
	Allow func(netip.Addr) bool // which addresses may be connected to; nil for public ones
	Now   func() time.Time      // nil for time.Now
	Log   *slog.Logger          // nil for slog.Default
	Roots *x509.CertPool        // nil for the system's
}

// Service looks at addresses.
type Service struct {
	Options
	client *http.Client
}

// New returns a service. It does nothing by itself until Run.
func New(o Options) *Service {
	if o.Told == nil {
		o.Told = func() {}
	}
	if o.Every == 0 {
		o.Every = 20 * time.Second
	}
	if o.Pause == 0 {
		o.Pause = 2 * time.Second
	}
	if o.Allow == nil {
		o.Allow = func(ip netip.Addr) bool { return reach.Of(ip) == reach.Public }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	s := &Service{Options: o}
	dialer := &net.Dialer{Timeout: timeout, Control: s.control}
	s.client = &http.Client{Timeout: timeout, Transport: &http.Transport{
		DialContext: dialer.DialContext, TLSHandshakeTimeout: timeout, DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10,
		TLSClientConfig: &tls.Config{RootCAs: o.Roots, MinVersion: tls.VersionTLS12},
	}}
	return s
}

var errPrivate = errors.New("address is not public")

// control is asked with the address a name has come to, just before the
// connection: a name cannot change in between.
func (s *Service) control(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !s.Allow(at.Addr()) {
		return errPrivate
	}
	return nil
}

// Run looks at what is asked for until ctx ends.
func (s *Service) Run(ctx context.Context) {
	for ctx.Err() == nil {
		if err := s.RunOnce(ctx); err != nil && ctx.Err() == nil {
			s.Log.Error("look: round failed", "err", err)
		}
		pause.For(ctx, s.Every)
	}
}

// batch is how many looks are taken up at once.
const batch = 20

// RunOnce looks at what waits, one after the other.
func (s *Service) RunOnce(ctx context.Context) error {
	list, err := s.Queue.Looks(ctx, batch)
	if err != nil {
		return err
	}
	for i, l := range list {
		if i > 0 && !pause.For(ctx, s.Pause) {
			return nil
		}
		m := s.Look(ctx, l)
		if ctx.Err() != nil {
			return ctx.Err() // cut off by our own end: it is done next time
		}
		if err := s.Queue.Looked(ctx, m); err != nil {
			return err
		}
		s.Told()
	}
	return nil
}

// Look fetches one address once.
func (s *Service) Look(ctx context.Context, l protocol.Look) *protocol.Looked {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	began := s.Now()
	m := &protocol.Looked{Look: l.ID}
	err := s.fetch(ctx, l, m)
	m.Millis = max(0, s.Now().Sub(began).Milliseconds())
	if err != nil {
		m.Status, m.Final, m.Bytes, m.SHA256, m.Cut, m.Type, m.Page = 0, "", 0, "", false, "", nil
		m.Error = kindOf(err)
	}
	return m
}

func (s *Service) fetch(ctx context.Context, l protocol.Look, m *protocol.Looked) error {
	client := resty.NewWithClient(s.client).SetDoNotParseResponse(true).SetLogger(silent{}).
		SetRedirectPolicy(resty.RedirectPolicyFunc(func(r *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return errLoop
			}
			if r.URL.Scheme != "http" && r.URL.Scheme != "https" {
				return fmt.Errorf("sent on to %s", r.URL.Scheme)
			}
			return nil
		}))
	answer, err := client.R().SetContext(ctx).SetHeader("User-Agent", userAgent).SetHeader("Accept", "text/html,*/*;q=0.8").Get(l.URL)
	if err != nil {
		return err
	}
	body := answer.RawBody()
	defer body.Close()
	hash := sha256.New()
	var read io.Writer = hash
	var held bytes.Buffer
	m.Type = typeOf(answer.Header().Get("Content-Type"))
	page := l.Page && isPage(m.Type)
	if page {
		read = io.MultiWriter(hash, &held)
	}
	m.Bytes, err = io.Copy(read, io.LimitReader(body, maxBody))
	if err != nil {
		return err
	}
	if m.Bytes == maxBody {
		n, _ := io.ReadFull(body, make([]byte, 1))
		m.Cut = n > 0
	}
	m.Status, m.SHA256 = answer.StatusCode(), hex.EncodeToString(hash.Sum(nil))
	if page {
		m.Page = lean(held.Bytes(), protocol.MaxLookPage)
	}
	if final := finalOf(answer); final != l.URL && len(final) <= protocol.MaxURLBytes {
		m.Final = final
	}
	return nil
}

// finalOf is where redirects ended.
func finalOf(answer *resty.Response) string {
	if r := answer.RawResponse; r != nil && r.Request != nil && r.Request.URL != nil {
		u := *r.Request.URL
		u.User = nil
		return u.String()
	}
	return ""
}

var errLoop = errors.New("sent on too often")

// kindOf names why no answer came.
func kindOf(err error) string {
	var dns *net.DNSError
	var timed net.Error
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.Is(err, errPrivate):
		return protocol.ErrorPrivate
	case errors.Is(err, errLoop):
		return protocol.ErrorLoop
	case errors.As(err, &dns) && !dns.Timeout():
		return protocol.ErrorDNS
	case errors.As(err, &timed) && timed.Timeout() || errors.Is(err, context.DeadlineExceeded):
		return protocol.ErrorTimeout
	case errors.As(err, &certificate) || errors.As(err, &record) || errors.Is(err, http.ErrSchemeMismatch):
		return protocol.ErrorTLS
	case errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET):
		return protocol.ErrorConnect
	}
	return protocol.ErrorOther
}

// silent keeps the client from logging addresses.
type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}

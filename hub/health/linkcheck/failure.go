package linkcheck

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

// failure is a request that brought no usable answer.
type failure struct {
	kind  ErrorKind
	phase phase         // how far it came, for timeouts
	after time.Duration // how long the host wants to rest
}

// phase is how far a request has come.
type phase int32

const (
	phaseResolve phase = iota
	phaseConnect
	phaseTLS
	phaseWait
	phaseBody
	phaseRedirects
)

func (p phase) label() string {
	return [...]string{"域名解析", "建立连接", "加密握手", "等待应答", "接收内容", "多次跳转"}[p]
}

var (
	errPrivate = errors.New("address is not public")
	errNoAddr  = errors.New("name has no address")
)

// Windows names the same network errors by other numbers than syscall's
// portable constants.
const (
	wsaNetUnreachable  = syscall.Errno(10051)
	wsaConnReset       = syscall.Errno(10054)
	wsaConnRefused     = syscall.Errno(10061)
	wsaHostUnreachable = syscall.Errno(10065)
)

// kindOf tells what went wrong in a request.
func kindOf(ctx context.Context, err error) ErrorKind {
	var dns *net.DNSError
	switch {
	case errors.Is(err, errPrivate):
		return KindPrivate
	case errors.Is(err, context.Canceled) && ctx.Err() == context.Canceled:
		return KindCancelled
	case errors.Is(err, errNoAddr):
		return KindDNS
	case errors.As(err, &dns):
		if dns.IsNotFound {
			return KindDNS
		}
		return KindDNSPassing
	case isTimeout(ctx, err):
		return KindTimeout
	case isErrno(err, syscall.ECONNREFUSED, wsaConnRefused):
		return KindRefused
	case isErrno(err, syscall.ENETUNREACH, wsaNetUnreachable, syscall.EAFNOSUPPORT, syscall.EADDRNOTAVAIL):
		return KindNoRoute
	case isErrno(err, syscall.EHOSTUNREACH, wsaHostUnreachable):
		return KindUnreachable
	}
	if kind := tlsKind(err); kind != "" {
		return kind
	}
	if isErrno(err, syscall.ECONNRESET, wsaConnReset, syscall.EPIPE, syscall.ECONNABORTED) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) {
		return KindReset
	}
	if strings.Contains(err.Error(), "server closed") || strings.Contains(err.Error(), "connection reset") {
		return KindReset
	}
	return KindProtocol
}

func isTimeout(ctx context.Context, err error) bool {
	var timeout net.Error
	return ctx.Err() == context.DeadlineExceeded || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, os.ErrDeadlineExceeded) || isErrno(err, syscall.ETIMEDOUT) ||
		errors.As(err, &timeout) && timeout.Timeout()
}

func isErrno(err error, numbers ...syscall.Errno) bool {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return false
	}
	for _, n := range numbers {
		if errno == n {
			return true
		}
	}
	return false
}

// tlsKind tells failures of the handshake apart; empty for other errors.
func tlsKind(err error) ErrorKind {
	var record tls.RecordHeaderError
	if errors.As(err, &record) {
		return KindTLS
	}
	text := err.Error()
	if strings.Contains(text, "server gave HTTP response to HTTPS client") {
		return KindTLS
	}
	if !strings.Contains(text, "tls: ") && !strings.Contains(text, "x509: ") {
		return ""
	}
	// A server that speaks only national ciphers (SM2), wants a client
	// certificate, or is too old for this machine is not shown to be down.
	for _, sign := range []string{
		"handshake failure", "protocol version", "unsupported protocol", "insufficient security",
		"elliptic curve", "unsupported", "unconfigured cipher suite", "certificate required", "bad certificate",
	} {
		if strings.Contains(text, sign) {
			return KindTLSForeign
		}
	}
	return KindTLS
}

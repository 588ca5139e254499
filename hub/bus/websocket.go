package bus

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// inner is where the embedded server takes WebSockets: on this machine only, and
// plain, because they arrive through the hub's HTTP side, which encrypts.
func inner() server.WebsocketOpts {
	return server.WebsocketOpts{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoTLS: true, HandshakeTimeout: innerLimit}
}

// innerLimit bounds the way from one part of this process to another.
const innerLimit = 10 * time.Second

// innerWarning is what the embedded server says of that.
const innerWarning = "Websocket not configured with TLS"

// WebSocket answers nodes that come over HTTP with NATS over WebSocket: it hands
// their connections to the embedded server, where they have the rights they have
// on its own port. There has to be one.
func (b *Bus) WebSocket() http.Handler {
	target := &url.URL{Scheme: "http", Host: strings.TrimPrefix(b.server.WebsocketURL(), "ws://"), Path: "/"}
	dial := &net.Dialer{Timeout: innerLimit}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetXForwarded() // the server shows it as the node's address
			r.Out.URL, r.Out.Host = target, target.Host
			r.Out.Header.Del("Origin")
		},
		// Its own, so that no setting of the environment leads elsewhere.
		Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dial.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return b.guests.bring(conn, ctx.Value(guestKey{})), nil
		}},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if r.Context().Err() == nil {
				b.log.Warn("bus: a WebSocket did not come about", "err", err)
			}
			w.WriteHeader(http.StatusServiceUnavailable)
		},
		ErrorLog: slog.NewLogLogger(b.log.Handler(), slog.LevelDebug), // a connection that broke off: the server says it too
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") || r.Header.Get("Origin") != "" {
			// No browser has a key to sign in with, so none has business here.
			if r.ProtoMajor < 2 { // where that is a word
				w.Header().Set("Upgrade", "websocket")
			}
			w.WriteHeader(http.StatusUpgradeRequired)
			return
		}
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil {
			host = r.RemoteAddr
		}
		proxy.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), guestKey{}, host)))
	})
}

// guestKey is of the address a request came from.
type guestKey struct{}

// guests knows who is behind the connections that the server sees coming from
// this machine.
type guests struct {
	mu sync.Mutex
	at map[string]string // an address by that of our end
}

// bring notes that conn is a connection of from's until it is closed.
func (g *guests) bring(conn net.Conn, from any) net.Conn {
	address, ok := from.(string)
	if !ok {
		return conn
	}
	own := conn.LocalAddr().String()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.at == nil {
		g.at = map[string]string{}
	}
	g.at[own] = address
	return &guest{Conn: conn, gone: sync.OnceFunc(func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		delete(g.at, own)
	})}
}

// address is where the other end of a connection really is.
func (g *guests) address(c *server.ConnInfo) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if address, ok := g.at[net.JoinHostPort(c.IP, strconv.Itoa(c.Port))]; ok {
		return address
	}
	return c.IP
}

type guest struct {
	net.Conn
	gone func()
}

// Close ends the connection, before anybody else can have its address.
func (g *guest) Close() error {
	g.gone()
	return g.Conn.Close()
}

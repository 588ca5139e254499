package bus

import (
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
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
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetXForwarded() // the server shows it as the node's address
			r.Out.URL, r.Out.Host = target, target.Host
			r.Out.Header.Del("Origin")
		},
		// Its own, so that no setting of the environment leads elsewhere.
		Transport: &http.Transport{DialContext: (&net.Dialer{Timeout: innerLimit}).DialContext, DisableKeepAlives: true},
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
		proxy.ServeHTTP(w, r)
	})
}

package bus_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"zhanqun/hub/bus"
	"zhanqun/hub/store/storetest"
	"zhanqun/internal/ca"
	"zhanqun/internal/testenv"
	"zhanqun/internal/testline"
	"zhanqun/internal/trust"
	"zhanqun/internal/web"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// webSocket serves the county's pages' port, for as long as the test lasts, and
// returns where nodes reach the broker through it.
func (c *county) webSocket() string {
	c.t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { c.bus.WebSocket().ServeHTTP(w, r) }))
	c.t.Cleanup(s.Close)
	return "ws" + strings.TrimPrefix(s.URL, "http") + protocol.WebSocketPath
}

// certificates are those of the hub's own CA.
func (c *county) certificates() *ca.Server {
	c.t.Helper()
	certs, err := ca.New(ca.Options{Dir: c.t.TempDir(), Vouch: trust.By(c.key), Log: quiet()})
	if err != nil {
		c.t.Fatal(err)
	}
	return certs
}

// secureWebSocket is webSocket with a certificate of the hub's own CA.
func (c *county) secureWebSocket() string {
	c.t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { c.bus.WebSocket().ServeHTTP(w, r) }))
	s.Listener = web.SecureListener(s.Listener, c.certificates().Config("h2", "http/1.1"))
	s.Start()
	c.t.Cleanup(s.Close)
	return "wss" + strings.TrimPrefix(s.URL, "http") + protocol.WebSocketPath
}

// Nobody but a node has business at the address.
func TestWebSocketIsForNodes(t *testing.T) {
	c := newCounty(t)
	url := "http" + strings.TrimPrefix(c.webSocket(), "ws")
	upgrade := http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"AAAAAAAAAAAAAAAAAAAAAA=="}}
	page := upgrade.Clone()
	page.Set("Origin", "https://elsewhere.example")
	for name, tt := range map[string]struct {
		method string
		header http.Header
		want   int
	}{
		"a browser":      {http.MethodGet, http.Header{}, http.StatusUpgradeRequired},
		"another method": {http.MethodPost, upgrade, http.StatusUpgradeRequired},
		"a page":         {http.MethodGet, page, http.StatusUpgradeRequired},
		"a node":         {http.MethodGet, upgrade, http.StatusSwitchingProtocols},
	} {
		r, err := http.NewRequestWithContext(t.Context(), tt.method, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header = tt.header
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		if answer.Body.Close(); answer.StatusCode != tt.want {
			t.Errorf("%s: %s", name, answer.Status)
		}
	}
}

// Connections that come by WebSocket and never say who they are do not pile up,
// and those of one address cost no other one's a place.
func TestStrangersByWebSocket(t *testing.T) {
	c := newCounty(t)
	c.stop()
	c.limits = bus.Limits{Strangers: 20}
	c.start()
	at := strings.TrimSuffix(strings.TrimPrefix(c.webSocket(), "ws://"), protocol.WebSocketPath)
	come := func(from string) net.Conn {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
		conn, err := d.DialContext(t.Context(), "tcp", at)
		if err != nil {
			testenv.Skip(t, "this system has one loopback address: "+err.Error())
		}
		t.Cleanup(func() { _ = conn.Close() })
		_, err = io.WriteString(conn, "GET /nats HTTP/1.1\r\nHost: hub\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}
	first := come("127.0.0.1")
	for range 100 {
		come("127.0.0.2")
	}
	c.await("few are left", func() bool { return c.connections() <= 22 })
	if !c.log.says("connections that have not signed in", "127.0.0.2") {
		t.Error("the log does not say where they came from")
	}
	answer, err := http.ReadResponse(bufio.NewReader(first), nil)
	if err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
		t.Errorf("the one from elsewhere: %v, %v", answer, err)
	}
	if c.log.says("connections that have not signed in", "127.0.0.1") {
		t.Error("the one from elsewhere was taken for one of them")
	}
}

// When the broker's own port is closed, or swallows what comes back, the line
// runs through the web's port, in order and once as ever; it comes back to the
// broker's own as soon as that can be reached.
func TestWayRound(t *testing.T) {
	for name, shut := range map[string]testline.Weather{"closed": {Down: true}, "filtered": {Mute: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCounty(t)
			p := testline.New(t, c.addr, 1)
			p.Set(shut)
			tn := c.newTown(storetest.Sitang, "nats://"+p.Addr()+","+c.secureWebSocket())
			tn.start()
			tn.line("the web's port is used", func(l queue.Line) bool { return l.Way == queue.WayWebTLS })
			ids := tn.post(20)
			tn.confirmed()
			p.Set(testline.Weather{})
			tn.line("the broker's own port is used again", func(l queue.Line) bool { return l.Way == queue.WayDirect })
			ids = append(ids, tn.post(20)...)
			tn.confirmed()
			p.Set(shut)
			p.Cut()
			tn.line("the web's port is used once more", func(l queue.Line) bool { return l.Way == queue.WayWebTLS })
			ids = append(ids, tn.post(20)...)
			tn.confirmed()
			tn.stop()
			c.once(map[*town][]string{tn: ids})
		})
	}
}

// A node that joined before the broker spoke TLS goes on when it does.
func TestEncryptedLater(t *testing.T) {
	c := newCounty(t)
	tn := c.newTown(storetest.Sitang, c.addr)
	tn.start()
	tn.line("the line stands", func(l queue.Line) bool { return l.Way == queue.WayDirect })
	c.stop()
	c.tls = c.certificates().Config()
	c.start()
	tn.line("the line is encrypted", func(l queue.Line) bool { return l.Way == queue.WayDirectTLS })
	ids := tn.post(20)
	tn.confirmed()
	tn.stop()
	c.once(map[*town][]string{tn: ids})
}

// A node says nothing to who cannot show a certificate of its hub's, and tells
// its people so.
func TestForeignCertificate(t *testing.T) {
	c := newCounty(t)
	stranger, err := protocol.NewHubKey()
	if err != nil {
		t.Fatal(err)
	}
	certs, err := ca.New(ca.Options{Dir: t.TempDir(), Vouch: trust.By(stranger), Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	said := make(chan string, 100)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { said <- r.URL.Path }),
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	go func() { _ = s.Serve(tls.NewListener(l, certs.Config())) }()
	t.Cleanup(func() { s.Close() })
	tn := c.newTown(storetest.Sitang, "wss://"+l.Addr().String()+"/nats")
	tn.start()
	tn.line("the line says why", func(l queue.Line) bool { return strings.Contains(l.Error, "证书") && !l.Connected })
	select {
	case path := <-said:
		t.Errorf("asked for %s", path)
	default:
	}
}

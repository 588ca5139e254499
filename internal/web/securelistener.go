package web

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// SecureListener speaks TLS on what l accepts. Who comes with plain HTTP, because
// an address was typed or written down without https, is sent to the same address
// with it.
func SecureListener(l net.Listener, c *tls.Config) net.Listener {
	return tls.NewListener(plainListener{l}, c)
}

// SecureOutside is SecureListener for what other machines say. Who comes from this
// machine's own loopback is served plainly: nobody else can listen there, and its
// browsers need not be taught to trust a certificate.
func SecureOutside(l net.Listener, c *tls.Config) net.Listener {
	return outsideListener{l, c}
}

type outsideListener struct {
	net.Listener
	config *tls.Config
}

func (l outsideListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if from, ok := c.RemoteAddr().(*net.TCPAddr); ok && from.IP.IsLoopback() {
		return c, nil
	}
	return tls.Server(&plainConn{Conn: c}, l.config), nil
}

type plainListener struct{ net.Listener }

func (l plainListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &plainConn{Conn: c}, nil
}

// plainConn looks at the first bytes that are read: a TLS handshake begins with 22.
type plainConn struct {
	net.Conn
	looked bool
}

// handshake is the first byte of TLS.
const handshake = 22

func (c *plainConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.looked || n == 0 {
		return n, err
	}
	c.looked = true
	if p[0] == handshake {
		return n, err
	}
	c.redirect(p[:n])
	return 0, io.EOF
}

// plainHead bounds what is read of a request in plain HTTP.
const plainHead = 16 << 10

// redirect answers a request whose beginning was read. What is no request gets
// no answer.
func (c *plainConn) redirect(begun []byte) {
	_ = c.SetDeadline(time.Now().Add(headerTimeout)) // a connection that ended answers nothing either
	head := bufio.NewReader(io.LimitReader(io.MultiReader(bytes.NewReader(begun), c.Conn), plainHead))
	r, err := http.ReadRequest(head)
	if err != nil || r.Host == "" || r.URL.Host != "" {
		return
	}
	u := *r.URL
	u.Scheme, u.Host = "https", r.Host
	_, _ = fmt.Fprintf(c.Conn, "HTTP/1.1 308 Permanent Redirect\r\nLocation: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", u.String())
	if t, ok := c.Conn.(*net.TCPConn); ok { // closed with something unread, the system would take the answer back
		_ = t.CloseWrite()
		_ = c.SetDeadline(time.Now().Add(lingerTime))
		_, _ = io.Copy(io.Discard, head)
	}
}

// lingerTime is how long an asker who was sent elsewhere has to hang up.
const lingerTime = time.Second

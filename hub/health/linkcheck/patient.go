package linkcheck

import (
	"net"
	"sync"
)

// patient is a connection that hears nothing before it has spoken. Some servers
// answer as soon as they are connected to; browsers take that as the answer,
// while net/http would drop the connection and log what it heard.
type patient struct {
	net.Conn
	once  sync.Once
	spoke chan struct{}
}

func newPatient(conn net.Conn) net.Conn {
	return &patient{Conn: conn, spoke: make(chan struct{})}
}

func (p *patient) speak() { p.once.Do(func() { close(p.spoke) }) }

// Read waits for the first Write, or for Close.
func (p *patient) Read(b []byte) (int, error) {
	<-p.spoke
	return p.Conn.Read(b)
}

// Write sends b and lets Read begin.
func (p *patient) Write(b []byte) (int, error) {
	n, err := p.Conn.Write(b)
	p.speak()
	return n, err
}

// Close closes the connection and ends a Read that waits.
func (p *patient) Close() error {
	err := p.Conn.Close()
	p.speak()
	return err
}

package main

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-resty/resty/v2"

	"zhanqun/hub/ca"
	"zhanqun/node/queue"
)

// outward lets the hub listen for other machines, while the tests' traffic stays
// on this one.
func (b binary) outward() (_ binary, web string) {
	web, broker := fixedPort(b.t), fixedPort(b.t)
	everywhere := func(addr string) string { return "0.0.0.0" + strings.TrimPrefix(addr, "127.0.0.1") }
	return b.with("ZHANQUN_HTTP_ADDR="+everywhere(web), "ZHANQUN_NATS_LISTEN="+everywhere(broker),
		"ZHANQUN_HTTP_PUBLIC_URL=https://"+web, "ZHANQUN_NATS_PUBLIC_URL=tls://"+broker), web
}

// trusting lets a client believe the CA of the hub in a data folder, as a browser
// into which an administrator has put its certificate.
func trusting(t *testing.T, client *resty.Client, dir string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, ca.CertName))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		t.Fatal("no certificate of the CA")
	}
	client.SetTLSClientConfig(&tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12})
}

// way is how the node's line runs.
func (p *pair) way(t *testing.T, want queue.Way) func() (bool, error) {
	return func() (bool, error) {
		var line struct{ Way queue.Way }
		err := ask(p.node.R(), http.MethodGet, "/api/v1/queue", nil, &line)
		return line.Way == want, err
	}
}

// A hub that other machines can reach makes itself a CA. A node joins with what
// its code says of it, and everything travels encrypted.
func TestEncryptedOutsideThisMachine(t *testing.T) {
	hub, node := programs(t)
	hub, web := hub.outward()
	p := newPair(t, hub, node)
	p.until(t, "the line is encrypted", p.way(t, queue.WayDirectTLS))
	id := p.handIn(t, "加密的线路")
	p.until(t, "it is in review", p.itemIs(t, id, "received"))
	if err := p.decide(id); err != nil {
		t.Fatal(err)
	}
	p.until(t, "the answer is back", p.itemIs(t, id, "adopted"))

	info, err := os.Stat(filepath.Join(hub.dir(), ca.KeyName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the CA's file: %v %v", info.Mode(), err)
	}
	plain := resty.New().SetRedirectPolicy(resty.NoRedirectPolicy())
	if answer, _ := plain.R().Get("http://" + web + "/items?q=1"); answer.Header().Get("Location") != "https://"+web+"/items?q=1" {
		t.Errorf("plain HTTP is answered %s %v", answer.Status(), answer.Header())
	}
	if answer, err := p.hub.R().Get("/signin"); err != nil || answer.Header().Get("Strict-Transport-Security") != "" {
		t.Errorf("HSTS with a CA browsers do not know: %v %v", answer.Header(), err)
	} else if c := answer.Cookies(); len(c) == 0 || !c[0].Secure {
		t.Errorf("cookies %v", c)
	}
	if conn, err := tls.Dial("tcp", web, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}); err == nil {
		conn.Close()
		t.Error("TLS 1.1 is spoken")
	}
	if out, err := hub.run(t.Context(), "", "doctor"); err != nil || !strings.Contains(out, "自建") {
		t.Errorf("doctor: %v\n%s", err, out)
	}
	if out, err := node.run(t.Context(), "", "queue"); err != nil || !strings.Contains(out, "直连，已加密") {
		t.Errorf("queue: %v\n%s", err, out)
	}
}

// Where only the web's port is open the line runs through it.
func TestOnlyTheWebPort(t *testing.T) {
	hub, node := programs(t)
	hub, _ = hub.outward()
	nobody := fixedPort(t)
	p := newPair(t, hub.with("ZHANQUN_NATS_PUBLIC_URL=tls://"+nobody), node)
	p.until(t, "the line runs through the web's port", p.way(t, queue.WayWebTLS))
	id := p.handIn(t, "只开网页端口")
	p.until(t, "it is in review", p.itemIs(t, id, "received"))
	if err := p.decide(id); err != nil {
		t.Fatal(err)
	}
	p.until(t, "the answer is back", p.itemIs(t, id, "adopted"))
	if out, err := node.run(t.Context(), "", "doctor"); err != nil || !strings.Contains(out, "走网页端口，已加密") {
		t.Errorf("doctor: %v\n%s", err, out)
	}
}

package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/go-resty/resty/v2"

	"zhanqun/config"
	"zhanqun/internal/ca"
	"zhanqun/internal/cli"
	"zhanqun/internal/fault"
	"zhanqun/internal/testenv"
	"zhanqun/node/queue"
	"zhanqun/node/station"
)

// outward lets the hub listen for other machines, while the tests' traffic stays
// on this one.
func (b binary) outward() (_ binary, web string) {
	web, broker := testenv.Port(b.t), testenv.Port(b.t)
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

// thereAndBack hands an item in, decides on it and waits for the answer.
func (p *pair) thereAndBack(t *testing.T, title string) {
	t.Helper()
	id := p.handIn(t, title)
	p.until(t, "it is in review", p.itemIs(t, id, "received"))
	if err := p.decide(id); err != nil {
		t.Fatal(err)
	}
	p.until(t, "the answer is back", p.itemIs(t, id, "adopted"))
}

// A hub that other machines can reach makes itself a CA. A node joins with what
// its code says of it, and everything travels encrypted.
func TestEncryptedOutsideThisMachine(t *testing.T) {
	t.Parallel()
	hub, node := programs(t)
	hub, web := hub.outward()
	p := newPair(t, hub, node)
	p.until(t, "the line is encrypted", p.way(t, queue.WayDirectTLS))
	p.thereAndBack(t, "加密的线路")

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

// outwards is outward for a program in this process.
func (p *countyProgram) outwards() {
	b, _ := binary{t: p.t}.outward()
	p.env = append(p.env, b.env...)
}

// joinWith lets a new machine join with a code.
func joinWith(t *testing.T, code string) error {
	t.Helper()
	q, err := queue.Open(t.Context(), queue.Options{Dir: t.TempDir(), Reserve: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	_, err = station.Join(t.Context(), q, code, "办公室电脑", "test")
	return err
}

// A join code names the hub's CA: it is good for a hub that was restored with
// its CA, and for no other.
func TestJoinCodeNamesTheCA(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.outwards()
	file := filepath.Join(t.TempDir(), "单位.csv")
	writeFile(t, file, units)
	p.must("unit", "import", file)
	r := p.serve()
	codes := []string{p.must("node", "invite", "520624001"), p.must("node", "invite", "520624001"), p.must("node", "invite", "520624001")}
	if err := joinWith(t, codes[0]); err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(t.TempDir(), "hub.tar.zst")
	p.must("backup", kept)
	r.stop()

	p.env = append(p.env, "ZHANQUN_DIR="+filepath.Join(t.TempDir(), "another disk"))
	p.must("restore", kept)
	r = p.serve()
	if err := joinWith(t, codes[1]); err != nil {
		t.Errorf("after a restore: %v", err)
	}
	r.stop()

	dir, _ := strings.CutPrefix(p.env[len(p.env)-1], "ZHANQUN_DIR=")
	for _, name := range []string{ca.KeyName, ca.CertName} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	p.serve()
	if err := joinWith(t, codes[2]); !strings.Contains(fault.Message(err), "指纹不符") {
		t.Errorf("with another CA: %v", err)
	}
	if err := joinWith(t, p.must("node", "invite", "520624001")); err != nil {
		t.Errorf("with a new code: %v", err)
	}
}

// The administrator's certificate is used, its end is told, and with tls.mode off
// nothing is encrypted, which is said.
func TestCertificateFilesAndOff(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.outwards()
	p.env = append(p.env, "ZHANQUN_TLS_CERT_FILE=/nowhere/zq.crt", "ZHANQUN_TLS_KEY_FILE=/nowhere/zq.key")
	if _, errs, code := p.run("", "serve"); code != cli.Failed || !strings.Contains(errs, "/nowhere/zq.crt") || strings.Count(errs, "\n") != 1 {
		t.Errorf("without the files: exit %d: %s", code, errs)
	}
	p = newProgram(t, "ZHANQUN_TLS_MODE=off", "ZHANQUN_HTTP_ADDR=0.0.0.0:0", "ZHANQUN_NATS_LISTEN=0.0.0.0:0")
	r := p.serve()
	if !strings.HasPrefix(r.Hub, "http://") || !strings.HasPrefix(r.NATS[0], "nats://") || strings.Count(r.errs.String(), "tls.mode is off") != 1 {
		t.Errorf("off: %+v\n%s", r.addresses, r.errs)
	}
	if out, _, _ := p.run("", "doctor"); !strings.Contains(out, "没有加密，因为 tls.mode 是 off") {
		t.Errorf("doctor: %s", out)
	}
	r = newProgram(t, "ZHANQUN_TLS_MODE=on").serve()
	if !strings.HasPrefix(r.Hub, "https://127.0.0.1:") || len(r.NATS) != 2 || !strings.HasPrefix(r.NATS[0], "tls://") || !strings.HasPrefix(r.NATS[1], "wss://") {
		t.Errorf("on: %+v", r.addresses)
	}
}

// Behind a proxy with a certificate the system trusts a node joins without a
// fingerprint, and its line runs through the proxy as well.
func TestBehindAProxy(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		testenv.Skip(t, "where a program looks for trusted certificates can be told on Linux only")
	}
	web := testenv.Port(t)
	proxy := httptest.NewTLSServer(httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: web}))
	t.Cleanup(proxy.Close)
	trusted := filepath.Join(t.TempDir(), "roots.pem")
	writeFile(t, trusted, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: proxy.Certificate().Raw})))
	hub, node := programs(t)
	p := newPair(t, hub.with("ZHANQUN_HTTP_ADDR="+web, "ZHANQUN_HTTP_PUBLIC_URL="+proxy.URL, "ZHANQUN_NATS_PUBLIC_URL=tls://"+testenv.Port(t)),
		node.with("SSL_CERT_FILE="+trusted))
	p.until(t, "the line runs through the proxy", p.way(t, queue.WayWebTLS))
	id := p.handIn(t, "经过反向代理")
	p.until(t, "it is received", p.itemIs(t, id, "received"))
}

// What nodes are told: the broker's own port and the pages' one, as far as they
// are of use to another machine.
func TestWays(t *testing.T) {
	for _, tt := range []struct {
		name string
		http string // where the pages listen, and their public address
		nats config.NATS
		at   string
		want []string
	}{
		{"this machine only", "127.0.0.1:0", config.NATS{Listen: "127.0.0.1:4222"}, "nats://127.0.0.1:4222", []string{"nats://127.0.0.1:4222", "wss://hub/nats"}},
		{"a proxy in front", "127.0.0.1:0 https://hub", config.NATS{Listen: "127.0.0.1:4222"}, "nats://127.0.0.1:4222", []string{"wss://hub/nats"}},
		{"both open", "0.0.0.0:0", config.NATS{Listen: "0.0.0.0:4222"}, "tls://10.0.0.1:4222", []string{"tls://10.0.0.1:4222", "wss://hub/nats"}},
		{"the pages' only", "0.0.0.0:0", config.NATS{Listen: "127.0.0.1:4222"}, "nats://127.0.0.1:4222", []string{"wss://hub/nats"}},
		{"forwarded by something else", "0.0.0.0:0", config.NATS{Listen: "127.0.0.1:4222", PublicURL: "tls://gate:4222"}, "tls://gate:4222", []string{"tls://gate:4222", "wss://hub/nats"}},
		{"both named", "0.0.0.0:0", config.NATS{Listen: "0.0.0.0:4222", PublicURL: "tls://gate:4222,wss://gate/zq"}, "tls://gate:4222,wss://gate/zq", []string{"tls://gate:4222", "wss://gate/zq"}},
		{"external", "0.0.0.0:0", config.NATS{URL: "nats://n1:4222"}, "nats://n1:4222", []string{"nats://n1:4222"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			addr, public, _ := strings.Cut(tt.http, " ")
			l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			c := &county{cfg: config.Hub{NATS: tt.nats, HTTP: config.HubHTTP{PublicURL: public}}, listener: l, base: "https://hub", nats: splitList(tt.at)}
			if got := c.ways(); !slices.Equal(got, tt.want) {
				t.Errorf("told %v, want %v", got, tt.want)
			}
		})
	}
}

// A certificate for an external broker is one nodes take for the hub's.
func TestNATSCertificate(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	out := t.TempDir()
	p.must("nats", "cert", "10.0.0.5", "nats1.example.gov.cn", "--out", out)
	pair, err := tls.LoadX509KeyPair(filepath.Join(out, "server.crt"), filepath.Join(out, "server.key"))
	if err != nil || pair.Leaf.VerifyHostname("10.0.0.5") != nil || pair.Leaf.VerifyHostname("nats1.example.gov.cn") != nil || len(pair.Certificate) != 2 {
		t.Errorf("%+v, %v", pair.Leaf, err)
	}
	if _, errs, code := p.run("", "nats", "cert", "10.0.0.5:4222", "--out", out); code != cli.Failed || !strings.Contains(errs, "不是主机名或 IP 地址") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if _, errs, code := p.run("", "nats", "cert", "10.0.0.5", "--out", filepath.Join(out, "nowhere")); code != cli.Failed || !strings.Contains(errs, "nowhere") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

// Where only the web's port is open the line runs through it.
func TestOnlyTheWebPort(t *testing.T) {
	t.Parallel()
	hub, node := programs(t)
	hub, _ = hub.outward()
	nobody := testenv.Port(t)
	p := newPair(t, hub.with("ZHANQUN_NATS_PUBLIC_URL=tls://"+nobody), node)
	p.until(t, "the line runs through the web's port", p.way(t, queue.WayWebTLS))
	p.thereAndBack(t, "只开网页端口")
	if out, err := node.run(t.Context(), "", "doctor"); err != nil || !strings.Contains(out, "走网页端口，已加密") {
		t.Errorf("doctor: %v\n%s", err, out)
	}
	// A line through the pages' port does not hold up their end.
	if err := p.hubRuns.stop(); err != nil || strings.Contains(p.hubRuns.errs.String(), "stopping takes too long") {
		t.Errorf("stopping: %v\n%s", err, p.hubRuns.errs)
	}
}

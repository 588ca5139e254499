package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"zhanqun/hub/store/storetest"
	"zhanqun/internal/cli"
	"zhanqun/internal/testenv"
	"zhanqun/protocol"
)

const units = `code,name,level,parent
520624,思南县,county,5206
520624001,思唐街道,township,520624
520624001001,城北社区,village,520624001
`

// countyProgram is a county's program in this process.
type countyProgram struct {
	t   *testing.T
	env []string
}

func newProgram(t *testing.T, env ...string) *countyProgram {
	return &countyProgram{t, append([]string{
		"ZHANQUN_DIR=" + filepath.Join(t.TempDir(), "county 县"), "ZHANQUN_HTTP_ADDR=127.0.0.1:0", "ZHANQUN_NATS_LISTEN=127.0.0.1:0",
		"ZHANQUN_LOG_LEVEL=warn", "ZHANQUN_LIMITS_DISK_RESERVE_BYTES=0",
	}, env...)}
}

// run runs one command to its end.
func (p *countyProgram) run(stdin string, args ...string) (stdout, stderr string, code int) {
	p.t.Helper()
	var out, errs testWriter
	code = program().Run(p.t.Context(), args, &cli.System{In: strings.NewReader(stdin), Out: &out, Err: &errs, Environ: p.env, User: "clerk"})
	return out.String(), errs.String(), code
}

// must runs a command that must succeed and returns what it printed.
func (p *countyProgram) must(args ...string) string {
	p.t.Helper()
	out, errs, code := p.run("", args...)
	if code != cli.Done {
		p.t.Fatalf("hub %s: exit %d: %s", strings.Join(args, " "), code, errs)
	}
	return out
}

// running is a serve.
type running struct {
	addresses
	stop func() // waits for the end
	errs *testWriter
}

func (p *countyProgram) serve() running {
	p.t.Helper()
	ctx, cancel := context.WithCancel(p.t.Context())
	read, write := io.Pipe()
	r := running{errs: new(testWriter)}
	code := make(chan int, 1)
	go func() {
		code <- program().Run(ctx, []string{"serve", "--json"}, &cli.System{Out: write, Err: r.errs, Environ: p.env, User: "clerk"})
		write.Close()
	}()
	if err := json.NewDecoder(read).Decode(&r.addresses); err != nil {
		cancel()
		p.t.Fatalf("serve ended with %d before it was ready: %s", <-code, r.errs)
	}
	go io.Copy(io.Discard, read) // ends with the writer
	stopped := false
	r.stop = func() {
		p.t.Helper()
		if stopped {
			return
		}
		stopped = true
		cancel()
		if c := <-code; c != cli.Done {
			p.t.Errorf("serve ended with %d: %s", c, r.errs)
		}
	}
	p.t.Cleanup(r.stop)
	return r
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

func TestServe(t *testing.T) {
	for _, tt := range []struct {
		name string
		env  func(t *testing.T) []string
	}{
		{"SQLite", func(*testing.T) []string { return nil }},
		{"PostgreSQL", func(t *testing.T) []string { return []string{"ZHANQUN_DATABASE_URL=" + testenv.Postgres(t)} }},
	} {
		t.Run(tt.name, func(t *testing.T) { testServe(t, newProgram(t, tt.env(t)...)) })
	}
}

func testServe(t *testing.T, p *countyProgram) {
	r := p.serve()
	if r.Login != "admin" || r.Password == "" {
		t.Errorf("first start: %+v", r.addresses)
	}
	for path, want := range map[string]string{"/healthz": "ok", "/readyz": "ready", "/metrics": "zhanqun_ready 1"} {
		if status, body := get(t, r.Hub+path); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d %q", path, status, body)
		}
	}

	if _, body := get(t, r.Hub+"/metrics"); !strings.Contains(body, `zhanqun_http_answers_total{`) {
		t.Errorf("/metrics counts no answers:\n%s", body)
	}

	// A second one is told who is first.
	_, errs, code := p.run("", "serve")
	if code != cli.Failed || !strings.Contains(errs, "已有一个 hub serve 在运行") || !strings.Contains(errs, r.Hub) || strings.Count(errs, "\n") != 1 {
		t.Errorf("a second serve: exit %d: %s", code, errs)
	}

	// Commands beside the running program.
	file := filepath.Join(t.TempDir(), "单位.csv")
	writeFile(t, file, units)
	p.must("unit", "import", file)
	if out := p.must("doctor"); !strings.Contains(out, r.Hub+" 正在服务") {
		t.Errorf("doctor: %s", out)
	}
	code1, err := protocol.ParseJoinCode(p.must("node", "invite", "520624001"))
	if err != nil || code1.Hub != r.Hub {
		t.Fatalf("code %+v, %v", code1, err)
	}
	answer, key := enrol(t, code1)
	nc := connect(t, answer, key)
	p.must("node", "revoke", answer.Node, "--reason", "电脑被盗")
	<-nc.closed // by the hub, while the node holds on
	if _, err := nats.Connect(answer.NATS[0], byKey(key)); err == nil {
		t.Error("a revoked node came back")
	}

	// A visitor who never finishes his request does not hold the end up.
	slow, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(r.Hub, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	if _, err := io.WriteString(slow, "GET / HTTP/1.1\r\nHost: x\r\nX-"); err != nil {
		t.Fatal(err)
	}

	// Once more: nothing is made a second time.
	r.stop()
	again := p.serve()
	if again.Password != "" {
		t.Error("a second start made another administrator")
	}
	if out := p.must("node", "list", "--json"); !strings.Contains(out, `"state":"revoked"`) {
		t.Errorf("nodes: %s", out)
	}
}

// A port that is taken is said in words, and the data folder is free again.
func TestServeCannotListen(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	first := newProgram(t).serve()
	taken := strings.TrimPrefix(first.Hub, "http://")
	if _, errs, code := p.run("", "serve", "--addr", taken); code != cli.Failed || !strings.Contains(errs, "无法在 "+taken+" 上监听") {
		t.Errorf("exit %d: %s", code, errs)
	}
	taken = strings.TrimPrefix(first.NATS[0], "nats://")
	p.env = append(p.env, "ZHANQUN_NATS_LISTEN="+taken)
	if _, errs, code := p.run("", "serve"); code != cli.Failed || !strings.Contains(errs, taken) {
		t.Errorf("exit %d: %s", code, errs)
	}
	p.env = p.env[:len(p.env)-1]
	p.serve()
}

func enrol(t *testing.T, code protocol.JoinCode) (protocol.EnrolAnswer, protocol.Key) {
	t.Helper()
	key, err := protocol.NewNodeKey()
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(storetest.EnrolRequest(code.Secret, key))
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, code.Hub+protocol.EnrolPath, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var e protocol.EnrolAnswer
	if err := json.NewDecoder(answer.Body).Decode(&e); err != nil || e.Node == "" {
		t.Fatalf("enrolling: %s, %+v, %v", answer.Status, e, err)
	}
	return e, key
}

// watched is a connection and when it was lost.
type watched struct {
	*nats.Conn
	closed chan struct{}
}

func byKey(key protocol.Key) nats.Option {
	return nats.Nkey(key.Public(), func(nonce []byte) ([]byte, error) { return key.Sign(nonce), nil })
}

func connect(t *testing.T, e protocol.EnrolAnswer, key protocol.Key) watched {
	t.Helper()
	w := watched{closed: make(chan struct{})}
	var err error
	w.Conn, err = nats.Connect(e.NATS[0], byKey(key), nats.NoReconnect(), nats.CustomInboxPrefix(protocol.InboxPrefix(e.Node)),
		nats.ClosedHandler(func(*nats.Conn) { close(w.closed) }))
	if err != nil {
		t.Fatal(fmt.Errorf("connecting to %v: %w", e.NATS, err))
	}
	t.Cleanup(w.Close)
	return w
}

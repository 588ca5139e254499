package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"zhanqun/internal/testenv"
	"zhanqun/internal/testline"
	"zhanqun/protocol"
)

// broker is a NATS server of its own, configured as config/README.md says.
type broker struct {
	*kept
	t      *testing.T
	dir    string
	addr   string
	forHub []string       // the hub's settings
	line   *testline.Line // from the hub
	roads  roads
}

const brokerPassword = "sichuan-20-nats"

func newBroker(t *testing.T, seed uint64) *broker {
	b := &broker{t: t, dir: t.TempDir(), addr: testenv.Port(t)}
	b.line = testline.New(t, b.addr, seed)
	b.roads.line = b.line
	b.forHub = []string{"ZHANQUN_NATS_URL=nats://" + b.line.Addr(), "ZHANQUN_NATS_USER=hub", "ZHANQUN_NATS_PASSWORD=" + brokerPassword}
	writeFile(t, filepath.Join(b.dir, "nats.conf"), fmt.Sprintf("listen: %s\njetstream { store_dir: %q, sync_interval: always, max_file_store: 1GB }\ninclude ./users.conf\n",
		b.addr, filepath.Join(b.dir, "data")))
	path := testenv.NATSServer(t)
	b.kept = &kept{name: "broker", run: func(ctx context.Context) (*process, error) { return b.start(ctx, path) }}
	return b
}

// start runs the server and waits until it takes connections.
func (b *broker) start(ctx context.Context, path string) (*process, error) {
	p := &process{Cmd: exec.CommandContext(b.t.Context(), path, "-c", filepath.Join(b.dir, "nats.conf")), errs: new(testWriter), ended: make(chan struct{})} // #nosec G204 -- built here
	p.Env = append(os.Environ(), "ZHANQUN_NATS_PASSWORD="+brokerPassword)
	p.Stderr = p.errs
	if err := p.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.err = p.Wait()
		close(p.ended)
	}()
	b.t.Cleanup(func() { <-p.ended })
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		if c, err := new(net.Dialer).DialContext(ctx, "tcp", b.addr); err == nil {
			return p, c.Close()
		}
		select {
		case <-again.C:
		case <-p.ended:
			return nil, fmt.Errorf("nats-server ended: %w: %s", p.err, p.errs)
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), p.kill())
		}
	}
}

// admit makes the list of users the server's; nkeys and all.
func (b *broker) admit(users string) error {
	if err := os.WriteFile(filepath.Join(b.dir, "users.conf"), []byte(users), 0o600); err != nil || b.p == nil {
		return err
	}
	if err := b.p.Process.Signal(syscall.SIGHUP); err != nil {
		return err
	}
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for !strings.Contains(b.p.errs.String(), "Reloaded server configuration") {
		select {
		case <-again.C:
		case <-b.t.Context().Done():
			return errors.New("the broker does not read its list")
		}
	}
	return nil
}

// stream does something to the intake stream as an operator could.
func (b *broker) stream(ctx context.Context, do func(context.Context, jetstream.JetStream) error) error {
	b.hands.Lock() // it lives meanwhile
	defer b.hands.Unlock()
	ctx, cancel := context.WithTimeout(ctx, time.Minute) // its disk may be slow, as those of others are
	defer cancel()
	nc, err := nats.Connect("nats://"+b.addr, nats.UserInfo("hub", brokerPassword))
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	if err = do(ctx, js); errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil // lost already
	}
	return err
}

func purgeStream(ctx context.Context, js jetstream.JetStream) error {
	s, err := js.Stream(ctx, protocol.Stream)
	if err != nil {
		return err
	}
	return s.Purge(ctx)
}

func deleteStream(ctx context.Context, js jetstream.JetStream) error {
	return js.DeleteStream(ctx, protocol.Stream)
}

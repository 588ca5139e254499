package bus

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"zhanqun/protocol"
)

// fetchBytes bounds one request for frames; maxPending, what the server holds
// for one connection, has to be larger.
const (
	fetchBytes = 2 << 20
	maxPending = 8 << 20
)

// What one connection may do. They bind our own as well.
const (
	maxPayload = 512 << 10 // a message; the largest of ours is a Recall
	maxSubs    = 64        // subscriptions
	authTime   = 20        // seconds to sign in
)

// What the broker's store may hold at most. The disk is watched; see watchRoom.
const (
	maxStore  = 1 << 44
	maxMemory = 64 << 20
)

// serve starts the embedded server and connects to it in process.
func (b *Bus) serve(ctx context.Context) error {
	own, err := protocol.NewNodeKey() // a user key of our own, for this run only
	if err != nil {
		return err
	}
	b.gate.own = own.Public()
	b.gate.end = func(_ context.Context, c connection) { _ = b.server.DisconnectClientByID(c.id) }
	o, err := b.serverOptions()
	if err != nil {
		return err
	}
	s, err := server.NewServer(o)
	if err != nil {
		return err
	}
	s.SetLoggerV2(serverLog{b.log, b.gate}, false, false, false)
	b.server = s
	b.run(func() { b.gate.kick(ctx) })
	s.Start()
	if !s.ReadyForConnections(30 * time.Second) {
		return errors.New("the server did not come up within 30 s")
	}
	if !s.JetStreamEnabled() || !s.JetStreamConfig().SyncAlways {
		return errors.New("the server does not sync every write")
	}
	for _, nc := range []**nats.Conn{&b.nc, &b.mail} {
		*nc, err = nats.Connect("", nats.InProcessServer(s), nats.Name("zhanqun hub"), nats.MaxReconnects(-1),
			nats.ReconnectBufSize(-1), nats.ErrorHandler(b.asyncError),
			nats.Nkey(own.Public(), func(nonce []byte) ([]byte, error) { return own.Sign(nonce), nil }))
		if err != nil {
			return err
		}
	}
	w := &watch{server: s, gate: b.gate, guests: &b.guests, log: b.log}
	b.run(func() { w.run(ctx) })
	return nil
}

func (b *Bus) serverOptions() (*server.Options, error) {
	host, port, err := net.SplitHostPort(b.o.Listen)
	if err != nil {
		return nil, fmt.Errorf("address to listen on: %w", err)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("address to listen on: %w", err)
	}
	number := int(n)
	if number == 0 {
		number = server.RANDOM_PORT
	}
	if host == "" {
		host = "0.0.0.0"
	}
	o := &server.Options{
		ServerName: "hub-" + rand.Text()[:8], Host: host, Port: number, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: b.o.Dir, SyncAlways: true, JetStreamMaxStore: maxStore, JetStreamMaxMemory: maxMemory,
		MaxConn: 100_000, MaxPayload: maxPayload, MaxPending: maxPending, MaxSubs: maxSubs, WriteDeadline: 30 * time.Second,
		PingInterval: 30 * time.Second, MaxPingsOut: 2, AuthTimeout: authTime, TLSTimeout: 60, TLSConfig: b.guard.tls(b.o.TLS),
		AlwaysEnableNonce: true, CustomClientAuthentication: b.gate, Websocket: inner(),
		// A client that waits for its turn to sign in takes a ping for a refusal.
		DisableShortFirstPing: true,
	}
	o.JetStreamLimits = server.JSLimitOpts{DefaultMaxConsumers: -1}
	return o, nil
}

// serverLog sends what the server has to say into our log, and what it says about
// nodes to the gate.
type serverLog struct {
	log  *slog.Logger
	gate *gate
}

func (l serverLog) say(level slog.Level, format string, v []any) {
	if strings.HasPrefix(format, innerWarning) {
		level = slog.LevelDebug
	}
	line := fmt.Sprintf(format, v...)
	if level > slog.LevelDebug && l.gate.heard(line) {
		return
	}
	l.log.Log(context.Background(), level, "bus: NATS server", "says", line)
}

// Noticef takes among others that a connection was closed for reading slowly.
func (l serverLog) Noticef(format string, v ...any) {
	if line := fmt.Sprintf(format, v...); strings.Contains(line, "Slow Consumer") && l.gate.heard(line) {
		return
	}
	l.say(slog.LevelDebug, format, v)
}
func (l serverLog) Warnf(format string, v ...any)  { l.say(slog.LevelWarn, format, v) }
func (l serverLog) Errorf(format string, v ...any) { l.say(slog.LevelWarn, format, v) }
func (l serverLog) Fatalf(format string, v ...any) { l.say(slog.LevelError, format, v) }
func (l serverLog) Debugf(format string, v ...any) { l.say(slog.LevelDebug, format, v) }
func (l serverLog) Tracef(format string, v ...any) { l.say(slog.LevelDebug, format, v) }

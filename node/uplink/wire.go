package uplink

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// Names the connections call themselves by; the hub keeps one of each per node.
const (
	lineName  = "zhanqun line"
	filesName = "zhanqun files"
)

var (
	errUnsigned = errors.New("an answer is not signed by the hub")
	errNobody   = errors.New("nobody answers at the broker")
	errNoStream = errors.New("the broker has no stream for frames")
	errFull     = errors.New("the broker has no room")
	errDown     = errors.New("the line is down")
)

// reply is an answer, or why there is none.
type reply struct {
	m   *nats.Msg
	err error
}

// natsWire is one connection with a signed way of asking. The client library's
// own requests choose the reply subject themselves; ours has to be signed.
type natsWire struct {
	nc     *nats.Conn
	node   string
	key    protocol.Key
	hub    protocol.PublicKey
	prefix string        // of our reply subjects
	ups    chan struct{} // a connection was made
	downs  chan struct{} // it was lost
	bell   chan protocol.Bell
	redial redial

	mu      sync.Mutex
	pending map[string]chan reply
}

// connect makes a connection that comes by itself, now or later, until ctx ends.
func connect(ctx context.Context, id queue.Identity, name string, o Options, book *lineBook) (*natsWire, error) {
	hub, err := protocol.ParsePublic(id.HubKey)
	if err != nil {
		return nil, fmt.Errorf("reading hub key: %w", err)
	}
	w := &natsWire{node: id.Node, key: id.Key, hub: hub, prefix: protocol.InboxPrefix(id.Node) + "." + rand.Text() + ".",
		ups: make(chan struct{}, 1), downs: make(chan struct{}, 1), bell: make(chan protocol.Bell, 1), pending: map[string]chan reply{},
		redial: redial{now: time.Now}}
	url := o.URL
	if url == "" {
		url = strings.Join(id.NATS, ",")
	}
	if w.nc, err = nats.Connect(url, w.options(ctx, name, o, book)...); err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	if _, err := w.nc.Subscribe(w.prefix+"*", w.arrived); err != nil {
		w.nc.Close()
		return nil, fmt.Errorf("subscribing: %w", err)
	}
	if name == lineName {
		if _, err := w.nc.Subscribe(protocol.BellSubject(id.Node), w.rung); err != nil {
			w.nc.Close()
			return nil, fmt.Errorf("subscribing: %w", err)
		}
	}
	return w, nil
}

func (w *natsWire) options(ctx context.Context, name string, o Options, book *lineBook) []nats.Option {
	options := []nats.Option{
		nats.Name(name), nats.Nkey(w.key.Public(), func(nonce []byte) ([]byte, error) { return w.key.Sign(nonce), nil }),
		nats.CustomInboxPrefix(protocol.InboxPrefix(w.node)),
		// With the default buffer a publish that has returned a timeout may still
		// be delivered, minutes later and out of order.
		nats.ReconnectBufSize(-1),
		nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true), nats.IgnoreAuthErrorAbort(), nats.IgnoreDiscoveredServers(),
		nats.SetCustomDialer(dialer{ctx}), nats.Timeout(dialLimit), nats.PingInterval(25 * time.Second), nats.MaxPingsOutstanding(2),
		nats.CustomReconnectDelay(func(tries int) time.Duration {
			d := w.redial.next(tries)
			if name == lineName {
				book.disconnected("", d)
			}
			return d
		}),
		nats.ConnectHandler(func(*nats.Conn) { w.up(name, book) }),
		nats.ReconnectHandler(func(*nats.Conn) { w.up(name, book) }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { w.down(name, book, err) }),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) {
			if name == lineName {
				book.disconnected(words(err), 0)
			}
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			// Being turned away at a later connect is told here and nowhere else.
			if errors.Is(err, nats.ErrAuthorization) && name == lineName {
				book.disconnected(words(err), 0)
			}
			o.Log.Warn("uplink: connection trouble", "connection", name, "err", err)
		}),
	}
	if o.TLS != nil {
		options = append(options, nats.Secure(o.TLS))
	}
	return options
}

// dialLimit is for reaching the broker and its greeting.
const dialLimit = 20 * time.Second

// dialer makes connections that end with a context. The library's own would
// hold a program that wants to stop for as long as a silent address takes.
type dialer struct{ ctx context.Context }

// Dial implements nats.CustomDialer.
func (d dialer) Dial(network, address string) (net.Conn, error) {
	plain := net.Dialer{Timeout: dialLimit}
	c, err := plain.DialContext(d.ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &boundConn{Conn: c, release: context.AfterFunc(d.ctx, func() { _ = c.Close() })}, nil
}

// boundConn is closed when its context ends.
type boundConn struct {
	net.Conn
	release func() bool
}

// Close closes the connection and lets go of the context.
func (c *boundConn) Close() error {
	c.release()
	return c.Conn.Close()
}

func (w *natsWire) up(name string, book *lineBook) {
	w.redial.connected()
	if name == lineName {
		book.connected()
	}
	signal(w.ups)
}

// down fails everything that waits: what became of it is unknown.
func (w *natsWire) down(name string, book *lineBook, err error) {
	w.redial.lost()
	if name == lineName {
		book.disconnected(words(err), 0)
	}
	w.mu.Lock()
	pending := w.pending
	w.pending = map[string]chan reply{}
	w.mu.Unlock()
	for _, c := range pending {
		c <- reply{err: errDown}
	}
	signal(w.downs)
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (w *natsWire) close() { w.nc.Close() }

// send publishes a message that will be answered. sign adds the signature, which
// covers the reply subject. Messages go out in the order of the calls.
func (w *natsWire) send(subject string, header nats.Header, body []byte, sign func(reply string) []byte) (answer <-chan reply, cancel func(), sig string, err error) {
	token := rand.Text()
	m := nats.NewMsg(subject)
	m.Reply, m.Data, m.Header = w.prefix+token, body, header
	m.Header.Set(protocol.HeaderVersion, strconv.Itoa(protocol.Version))
	if sign != nil {
		sig = base64.StdEncoding.EncodeToString(w.key.Sign(sign(m.Reply)))
		m.Header.Set(protocol.HeaderSig, sig)
	}
	c := make(chan reply, 1) // exactly one answer is put in
	w.mu.Lock()
	w.pending[token] = c
	w.mu.Unlock()
	cancel = func() { w.take(token) }
	if err := w.nc.PublishMsg(m); err != nil {
		cancel()
		return nil, nil, "", fmt.Errorf("%w: %w", errDown, err)
	}
	if !w.nc.IsConnected() { // it may have gone down before we were listed
		cancel()
		return nil, nil, "", errDown
	}
	return c, cancel, sig, nil
}

func (w *natsWire) take(token string) chan reply {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.pending[token]
	delete(w.pending, token)
	return c
}

// arrived hands an answer to whom it belongs.
func (w *natsWire) arrived(m *nats.Msg) {
	c := w.take(strings.TrimPrefix(m.Subject, w.prefix))
	if c == nil {
		return // given up meanwhile
	}
	if len(m.Data) == 0 && m.Header.Get("Status") == "503" {
		c <- reply{err: errNobody}
		return
	}
	c <- reply{m: m}
}

func (w *natsWire) rung(m *nats.Msg) {
	var b protocol.Bell
	if err := json.Unmarshal(m.Data, &b); err != nil {
		return
	}
	w.ring(b)
}

// ring passes a bell on to whoever waits for one.
func (w *natsWire) ring(b protocol.Bell) {
	select {
	case w.bell <- b:
		return
	default:
	}
	// Full: what is in it says "pull" already; a hello must not get lost.
	if b.Hello {
		select {
		case <-w.bell:
		default:
		}
		select {
		case w.bell <- b:
		default:
		}
	}
}

// ask sends a signed request and returns the hub's signed answer. A Fault of the
// hub is the error.
func (w *natsWire) ask(ctx context.Context, verb string, request any) (*nats.Msg, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", verb, err)
	}
	subject := protocol.AskSubject(w.node, verb)
	answer, cancel, sig, err := w.send(subject, nats.Header{}, body, func(reply string) []byte { return protocol.RequestText(subject, reply, body) })
	if err != nil {
		return nil, err
	}
	defer cancel()
	select {
	case r := <-answer:
		return w.checked(r, sig)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// checked verifies the hub's signature and turns its refusals into errors.
func (w *natsWire) checked(r reply, sig string) (*nats.Msg, error) {
	if r.err != nil {
		return nil, r.err
	}
	code := r.m.Header.Get(protocol.HeaderError)
	own, err := base64.StdEncoding.DecodeString(r.m.Header.Get(protocol.HeaderSig))
	if err != nil || !w.hub.Verify(protocol.AnswerText(sig, code, r.m.Data), own) {
		return nil, errUnsigned
	}
	if code == "" {
		return r.m, nil
	}
	f := protocol.Fault{Code: protocol.Code(code)}
	if err := json.Unmarshal(r.m.Data, &f); err != nil {
		return nil, fmt.Errorf("reading refusal %s: %w", code, err)
	}
	return nil, f
}

// publish hands a frame to the broker; the function waits for its
// acknowledgement.
func (w *natsWire) publish(frame []byte, epoch string, first, last uint64) (func(context.Context) error, error) {
	header := nats.Header{}
	header.Set(protocol.HeaderEpoch, epoch)
	header.Set(protocol.HeaderFirst, strconv.FormatUint(first, 10))
	header.Set(protocol.HeaderLast, strconv.FormatUint(last, 10))
	answer, cancel, _, err := w.send(protocol.UpSubject(w.node), header, frame, nil)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		defer cancel()
		select {
		case r := <-answer:
			err := acknowledged(r)
			if err == nil {
				w.redial.carried()
			}
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}, nil
}

// acknowledged reads the broker's answer to a frame.
func acknowledged(r reply) error {
	if errors.Is(r.err, errNobody) {
		return errNoStream
	}
	if r.err != nil {
		return r.err
	}
	var ack struct {
		Stream string `json:"stream"`
		Seq    uint64 `json:"seq"`
		Error  *struct {
			Code        int    `json:"code"`
			ErrCode     int    `json:"err_code"`
			Description string `json:"description"`
		} `json:"error"`
	}
	if err := json.Unmarshal(r.m.Data, &ack); err != nil {
		return fmt.Errorf("reading the broker's acknowledgement: %w", err)
	}
	switch {
	case ack.Error != nil && ack.Error.ErrCode == 10077: // maximum messages or bytes exceeded
		return fmt.Errorf("%w: %s", errFull, ack.Error.Description)
	case ack.Error != nil:
		return fmt.Errorf("the broker refuses: %s", ack.Error.Description)
	case ack.Stream != protocol.Stream || ack.Seq == 0:
		return errors.New("the broker's acknowledgement names no position")
	}
	return nil
}

// chunk sends a piece of a file; the function waits for the answer.
func (w *natsWire) chunk(sha string, offset int64, data []byte) (func(context.Context) (protocol.OfferAnswer, error), error) {
	subject := protocol.AskSubject(w.node, protocol.VerbChunk)
	header := nats.Header{}
	header.Set(protocol.HeaderFile, sha)
	header.Set(protocol.HeaderOffset, strconv.FormatInt(offset, 10))
	answer, cancel, sig, err := w.send(subject, header, data, func(reply string) []byte {
		return protocol.ChunkText(subject, reply, sha, offset, data)
	})
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (a protocol.OfferAnswer, err error) {
		defer cancel()
		select {
		case r := <-answer:
			m, err := w.checked(r, sig)
			if err == nil {
				w.redial.carried()
				err = json.Unmarshal(m.Data, &a)
			}
			return a, err
		case <-ctx.Done():
			return a, ctx.Err()
		}
	}, nil
}

// offer asks how much of a file the hub has.
func (w *natsWire) offer(ctx context.Context, o protocol.Offer) (a protocol.OfferAnswer, err error) {
	m, err := w.ask(ctx, protocol.VerbOffer, o)
	if err != nil {
		return a, err
	}
	err = json.Unmarshal(m.Data, &a)
	return a, err
}

// beat says "still here". Nobody answers.
func (w *natsWire) beat(b protocol.Beat) error {
	body, err := json.Marshal(b)
	if err != nil {
		return fmt.Errorf("writing heartbeat: %w", err)
	}
	m := nats.NewMsg(protocol.BeatSubject(w.node))
	m.Data = body
	m.Header.Set(protocol.HeaderVersion, strconv.Itoa(protocol.Version))
	m.Header.Set(protocol.HeaderSig, base64.StdEncoding.EncodeToString(w.key.Sign(protocol.RequestText(m.Subject, "", body))))
	return w.nc.PublishMsg(m)
}

// hello says the first word on a connection.
func (w *natsWire) hello(ctx context.Context, h protocol.Hello) (a protocol.HelloAnswer, err error) {
	m, err := w.ask(ctx, protocol.VerbHello, h)
	if err != nil {
		return a, err
	}
	err = json.Unmarshal(m.Data, &a)
	return a, err
}

// recall gives entries of the down log back.
func (w *natsWire) recall(ctx context.Context, r protocol.Recall) (a protocol.RecallAnswer, err error) {
	m, err := w.ask(ctx, protocol.VerbRecall, r)
	if err != nil {
		return a, err
	}
	err = json.Unmarshal(m.Data, &a)
	return a, err
}

// pull asks for down entries. It returns them with the newest number there is.
func (w *natsWire) pull(ctx context.Context, p protocol.Pull) ([]protocol.Entry, uint64, error) {
	m, err := w.ask(ctx, protocol.VerbPull, p)
	if err != nil {
		return nil, 0, err
	}
	head, err := strconv.ParseUint(m.Header.Get(protocol.HeaderHead), 10, 64)
	if err != nil {
		return nil, 0, fmt.Errorf("reading answer to pull: %w", err)
	}
	entries, fault := protocol.DecodeFrame(m.Data)
	if fault != nil {
		return nil, 0, *fault
	}
	if len(entries) > 0 {
		w.redial.carried()
	}
	return entries, head, nil
}

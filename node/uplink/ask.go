package uplink

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"

	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// asked is what an answer is checked by: the signature of its request, and the key
// of the hub that named.
type asked struct {
	sig string
	hub queue.HubKeys
}

// send publishes a message that will be answered. sign adds the signature, which
// covers the reply subject. Messages go out in the order of the calls.
func (w *natsWire) send(subject string, header nats.Header, body []byte, sign func(reply string) []byte) (answer <-chan reply, cancel func(), by asked, err error) {
	token := rand.Text()
	m := nats.NewMsg(subject)
	m.Reply, m.Data, m.Header = w.prefix+token, body, header
	m.Header.Set(protocol.HeaderVersion, strconv.Itoa(protocol.Version))
	if sign != nil {
		by = asked{base64.StdEncoding.EncodeToString(w.keys.now().Sign(sign(m.Reply))), w.hub.now()}
		m.Header.Set(protocol.HeaderSig, by.sig)
		m.Header.Set(protocol.HeaderHub, by.hub.Present.String())
	}
	c := make(chan reply, 1) // exactly one answer is put in
	w.mu.Lock()
	w.pending[token] = c
	w.mu.Unlock()
	cancel = func() { w.take(token) }
	if err := w.deliver(m); err != nil {
		cancel()
		return nil, nil, by, err
	}
	if !w.isUp() { // it may have gone down before we were listed
		cancel()
		return nil, nil, by, errDown
	}
	return c, cancel, by, nil
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
	answer, cancel, by, err := w.send(subject, nats.Header{}, body, func(reply string) []byte { return protocol.RequestText(subject, reply, body) })
	if err != nil {
		return nil, err
	}
	defer cancel()
	select {
	case r := <-answer:
		return w.checked(r, by)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// askFor is ask for an answer in JSON.
func (w *natsWire) askFor(ctx context.Context, verb string, request, into any) error {
	m, err := w.ask(ctx, verb, request)
	if err != nil {
		return err
	}
	return json.Unmarshal(m.Data, into)
}

// checked verifies the hub's signature and turns its refusals into errors.
func (w *natsWire) checked(r reply, by asked) (*nats.Msg, error) {
	if r.err != nil {
		return nil, r.err
	}
	code := r.m.Header.Get(protocol.HeaderError)
	own, err := base64.StdEncoding.DecodeString(r.m.Header.Get(protocol.HeaderSig))
	text := protocol.AnswerText(by.sig, code, r.m.Data)
	if err != nil || !by.hub.Present.Verify(text, own) {
		if err == nil && slices.ContainsFunc(by.hub.Former, func(k protocol.PublicKey) bool { return k.Verify(text, own) }) {
			return nil, queue.ErrFormerHub
		}
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
	case ack.Error != nil && (ack.Error.ErrCode == 10077 || ack.Error.ErrCode == 10167): // maximum messages or bytes exceeded, or too much on its way into the stream
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
	answer, cancel, by, err := w.send(subject, header, data, func(reply string) []byte {
		return protocol.ChunkText(subject, reply, sha, offset, data)
	})
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (a protocol.OfferAnswer, err error) {
		defer cancel()
		select {
		case r := <-answer:
			m, err := w.checked(r, by)
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
	err = w.askFor(ctx, protocol.VerbOffer, o, &a)
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
	m.Header.Set(protocol.HeaderSig, base64.StdEncoding.EncodeToString(w.keys.now().Sign(protocol.RequestText(m.Subject, "", body))))
	return w.deliver(m)
}

// hello says the first word on a connection.
func (w *natsWire) hello(ctx context.Context, h protocol.Hello) (a protocol.HelloAnswer, err error) {
	err = w.askFor(ctx, protocol.VerbHello, h, &a)
	return a, err
}

// recall gives entries of the down log back.
func (w *natsWire) recall(ctx context.Context, r protocol.Recall) (a protocol.RecallAnswer, err error) {
	err = w.askFor(ctx, protocol.VerbRecall, r, &a)
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

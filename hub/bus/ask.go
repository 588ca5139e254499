package bus

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"zhanqun/protocol"
)

// Bounds on requests. Those of one node are answered one after another, by the
// worker its id falls to: chunks of a file arrive in order that way.
const (
	askWorkers = 8
	askWaiting = 128 // per worker
	askPerNode = 64  // of one node and verb: the rest of a worker's queue is for others
	askLimit   = 20 * time.Second
)

// answer is what a handler has to say.
type answer struct {
	body   []byte
	header nats.Header
}

// listen subscribes to what nodes ask and say.
func (b *Bus) listen(ctx context.Context) error {
	verbs := map[string]func(context.Context, string, *nats.Msg) (answer, error){
		protocol.VerbHello: b.hello, protocol.VerbPull: b.pull, protocol.VerbOffer: b.offer, protocol.VerbChunk: b.chunk,
		protocol.VerbRecall: b.recall, protocol.VerbRekey: b.rekey,
	}
	for verb, handle := range verbs {
		lanes := b.workers(ctx, func(ctx context.Context, m *nats.Msg) { b.respond(ctx, m, handle) })
		_, err := b.nc.QueueSubscribe("zq.ask.*."+verb, "hub", func(m *nats.Msg) {
			if !b.honest(m) {
				return
			}
			if err := b.take(m, lanes); err != nil {
				b.say(ctx, m, answer{}, err)
			}
		})
		if err != nil {
			return fmt.Errorf("subscribing to %s: %w", verb, err)
		}
	}
	lanes := b.workers(ctx, b.beat)
	_, err := b.nc.QueueSubscribe(protocol.BeatWildcard, "hub", func(m *nats.Msg) { _ = b.take(m, lanes) })
	if err != nil {
		return fmt.Errorf("subscribing to heartbeats: %w", err)
	}
	return nil
}

// take hands a message to its worker, or returns what to tell the node. Of a
// flood only so much is answered.
func (b *Bus) take(m *nats.Msg, l *lanes) error {
	verdict := ignored
	node, err := protocol.NodeOf(m.Subject)
	if err == nil {
		verdict = b.guard.spend(node, len(m.Data))
	}
	switch verdict {
	case refused:
		return protocol.Fault{Code: protocol.CodeBusy, Detail: "本节点发得太快，超过了县级平台的限额，稍后会自动重试"}
	case ignored:
		return nil
	}
	if !l.push(node, m) {
		return protocol.Fault{Code: protocol.CodeBusy, Detail: "县级平台正忙，稍后会自动重试"}
	}
	return nil
}

// honest reports whether the answer to a request may be sent. One that would go
// anywhere but into the asking node's inbox goes nowhere: the hub may publish
// where the node may not.
func (b *Bus) honest(m *nats.Msg) bool {
	node, err := protocol.NodeOf(m.Subject)
	if err == nil && strings.HasPrefix(m.Reply, protocol.InboxPrefix(node)+".") {
		return true
	}
	if err == nil {
		b.guard.offend(node, offReply, m.Reply)
	}
	return false
}

// respond checks who asks, lets handle answer, and signs the answer.
func (b *Bus) respond(ctx context.Context, m *nats.Msg, handle func(context.Context, string, *nats.Msg) (answer, error)) {
	node, err := protocol.NodeOf(m.Subject)
	if err != nil {
		return
	}
	a := answer{}
	by, err := b.verify(ctx, node, m)
	if err == nil && strings.HasSuffix(m.Subject, "."+protocol.VerbHello) {
		err = b.spoke(ctx, node, by)
	}
	if err == nil {
		a, err = handle(ctx, node, m)
	}
	b.say(ctx, m, a, err)
}

// verify checks the signature of a request or beat and returns the key it is made
// with.
func (b *Bus) verify(ctx context.Context, node string, m *nats.Msg) (by string, err error) {
	if len(m.Data) > mostBytes(m.Subject) {
		return "", protocol.Fault{Code: protocol.CodeTooLarge, Detail: "请求太大"}
	}
	if v := m.Header.Get(protocol.HeaderVersion); v != "" {
		if n, err := strconv.Atoi(v); err != nil || !protocol.Speaks(n) {
			return "", protocol.Fault{Code: protocol.CodeVersion, Detail: "协议版本无法识别，请升级程序"}
		}
	}
	text, err := b.o.Registry.KeyOfNode(ctx, node)
	if err != nil {
		return "", fmt.Errorf("looking up node %s: %w", node, err)
	}
	if text == "" {
		return "", protocol.Fault{Code: protocol.CodeRevoked, Detail: "本节点没有登记，或已被停用，请联系县级管理员"}
	}
	sig, err := base64.StdEncoding.DecodeString(m.Header.Get(protocol.HeaderSig))
	if err == nil && speaks(text, m, sig) {
		return text, nil
	}
	// A node that takes another key speaks with either until it has used the new one.
	former, lookup := b.o.Registry.FormerKey(ctx, node)
	if lookup != nil {
		return "", fmt.Errorf("looking up node %s: %w", node, lookup)
	}
	if err == nil && former != "" && speaks(former, m, sig) {
		return former, nil
	}
	b.guard.offend(node, offSigned, m.Subject)
	return "", protocol.Fault{Code: protocol.CodeSignature, Detail: "签名与登记的密钥不符"}
}

// speaks reports whether a message is signed with a key.
func speaks(public string, m *nats.Msg, sig []byte) bool {
	key, err := protocol.ParsePublic(public)
	return err == nil && key.Verify(signedText(m), sig)
}

// spoke notes with which key a node has said hello. If it has taken it only now,
// the connections it has made with the former one end.
func (b *Bus) spoke(ctx context.Context, node, by string) error {
	ended, err := b.o.Registry.KeyUsed(ctx, node, by)
	if ended {
		b.gate.dropOthers(node, by)
	}
	return err
}

// rekey lets a node take another key.
func (b *Bus) rekey(ctx context.Context, node string, m *nats.Msg) (answer, error) {
	var r protocol.Rekey
	if err := read(m.Data, &r); err != nil {
		return answer{}, err
	}
	if b.server == nil && b.door == nil {
		// Who may connect to such a server stands in its own settings.
		return answer{}, protocol.Fault{Code: protocol.CodeState, Detail: "县级平台用的外部 NATS 由它自己的设置放行，不能在线换密钥。请向县里要换机入网码，运行 node join 入网码 --again"}
	}
	by, err := b.verify(ctx, node, m)
	if err != nil {
		return answer{}, err
	}
	if err := b.o.Registry.Rekey(ctx, node, by, r); err != nil {
		return answer{}, err
	}
	return answer{body: jsonOf(protocol.RekeyAnswer{Key: r.Key})}, nil
}

// mostBytes is how large a request may be. The broker bounds all messages.
func mostBytes(subject string) int {
	switch {
	case strings.HasSuffix(subject, "."+protocol.VerbChunk):
		return maxMessage
	case strings.HasSuffix(subject, "."+protocol.VerbRecall):
		return protocol.MaxRecallBytes
	}
	return protocol.MaxAskBytes
}

// signedText is what the node has signed.
func signedText(m *nats.Msg) []byte {
	file := m.Header.Get(protocol.HeaderFile)
	if file == "" {
		return protocol.RequestText(m.Subject, m.Reply, m.Data)
	}
	offset, err := strconv.ParseInt(m.Header.Get(protocol.HeaderOffset), 10, 64)
	if err != nil {
		offset = -1 // signed by nobody
	}
	return protocol.ChunkText(m.Subject, m.Reply, file, offset, m.Data)
}

// signer returns the key an answer is signed with: the one the asker knows.
func (b *Bus) signer(ctx context.Context, m *nats.Msg) protocol.Key {
	if given, stolen := b.o.Keys.Former(); len(given)+len(stolen) == 0 {
		return b.o.Keys.Present()
	}
	known := m.Header.Get(protocol.HeaderHub)
	if known == "" { // said by a program older than the header
		node, err := protocol.NodeOf(m.Subject)
		if err == nil {
			known, err = b.o.Registry.KnownHubKey(ctx, node)
		}
		if err != nil {
			b.log.Warn("bus: which key of the hub is known is not known", "subject", m.Subject, "err", err)
		}
	}
	return b.o.Keys.For(known)
}

// say sends an answer, or why there is none.
func (b *Bus) say(ctx context.Context, m *nats.Msg, a answer, err error) {
	code := ""
	if err != nil {
		fault := protocol.Fault{Code: protocol.CodeBusy, Detail: "县级平台暂时无法处理，稍后会自动重试"}
		if !errors.As(err, &fault) && !errors.Is(err, context.Canceled) {
			b.log.Error("bus: request failed", "subject", m.Subject, "err", err)
		}
		code = string(fault.Code)
		a = answer{body: jsonOf(fault)}
	}
	r := nats.NewMsg(m.Reply)
	r.Data = a.body
	for k, v := range a.header {
		r.Header[k] = v
	}
	r.Header.Set(protocol.HeaderVersion, strconv.Itoa(protocol.Version))
	if code != "" {
		r.Header.Set(protocol.HeaderError, code)
	}
	sig := b.signer(ctx, m).Sign(protocol.AnswerText(m.Header.Get(protocol.HeaderSig), code, a.body))
	r.Header.Set(protocol.HeaderSig, base64.StdEncoding.EncodeToString(sig))
	if err := b.nc.PublishMsg(r); err != nil {
		b.log.Debug("bus: answer not sent", "subject", m.Subject, "err", err)
	}
}

// jsonOf writes values of this package's and protocol's types, which always can
// be written.
func jsonOf(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}

// read reads the body of a request.
func read(data []byte, into any) error {
	if err := json.Unmarshal(data, into); err != nil {
		return protocol.Fault{Code: protocol.CodeMalformed, Detail: "请求无法读取"}
	}
	return nil
}

func (b *Bus) hello(ctx context.Context, node string, m *nats.Msg) (answer, error) {
	var h protocol.Hello
	if err := read(m.Data, &h); err != nil {
		return answer{}, err
	}
	// The backlog first: a frame committed in between is then counted in the
	// cursor and not missed in both.
	backlog, err := b.backlog(ctx, node)
	if err != nil {
		return answer{}, err
	}
	got, err := b.o.Hub.Hello(ctx, node, h, backlog)
	if err != nil {
		return answer{}, err
	}
	b.gate.letIn(node) // somebody has, perhaps with another program
	return answer{body: jsonOf(got)}, nil
}

func (b *Bus) pull(ctx context.Context, node string, m *nats.Msg) (answer, error) {
	var p protocol.Pull
	if err := read(m.Data, &p); err != nil {
		return answer{}, err
	}
	entries, head, err := b.o.Hub.Pull(ctx, node, p)
	if err != nil {
		return answer{}, err
	}
	var f protocol.Frame
	for _, e := range entries {
		if !f.Add(e, protocol.MaxFrameBytes) {
			break // asked for again
		}
	}
	header := nats.Header{}
	header.Set(protocol.HeaderHead, strconv.FormatUint(head, 10))
	header.Set(protocol.HeaderEpoch, p.HubEpoch)
	return answer{body: f.Bytes(), header: header}, nil
}

func (b *Bus) offer(ctx context.Context, node string, m *nats.Msg) (answer, error) {
	var o protocol.Offer
	if err := read(m.Data, &o); err != nil {
		return answer{}, err
	}
	got, err := b.o.Hub.Offer(ctx, node, o)
	if err != nil {
		return answer{}, err
	}
	return answer{body: jsonOf(got)}, nil
}

func (b *Bus) chunk(ctx context.Context, node string, m *nats.Msg) (answer, error) {
	file := m.Header.Get(protocol.HeaderFile)
	offset, err := strconv.ParseInt(m.Header.Get(protocol.HeaderOffset), 10, 64)
	if err != nil || !protocol.ValidSHA256(file) {
		return answer{}, protocol.Fault{Code: protocol.CodeMalformed, Detail: "文件片段没有写明属于哪个文件的哪一处"}
	}
	got, err := b.o.Hub.Chunk(ctx, node, file, offset, m.Data)
	if err != nil {
		return answer{}, err
	}
	return answer{body: jsonOf(got)}, nil
}

func (b *Bus) recall(ctx context.Context, node string, m *nats.Msg) (answer, error) {
	var r protocol.Recall
	if err := read(m.Data, &r); err != nil {
		return answer{}, err
	}
	got, err := b.o.Hub.Recall(ctx, node, r)
	if err != nil {
		return answer{}, err
	}
	return answer{body: jsonOf(got)}, nil
}

func (b *Bus) beat(ctx context.Context, m *nats.Msg) {
	node, err := protocol.NodeOf(m.Subject)
	if err != nil {
		return
	}
	var beat protocol.Beat
	if _, err = b.verify(ctx, node, m); err == nil {
		err = read(m.Data, &beat)
	}
	if err != nil {
		b.log.Debug("bus: heartbeat ignored", "node", node, "err", err)
		return
	}
	b.o.Hub.Beat(node, beat)
}

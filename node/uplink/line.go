package uplink

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"zhanqun/internal/fault"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// contactEvery is how often a mere "the hub has answered" is written to disk.
const contactEvery = time.Minute

// lineBook keeps how the line stands and writes it into the queue: changes at
// once, contacts now and then. Writing happens beside the line, never in its way.
type lineBook struct {
	q    *queue.Queue
	now  func() time.Time
	log  *slog.Logger
	wake chan struct{}

	mu      sync.Mutex
	line    queue.Line
	box     string // why the mailbox takes nothing, whatever else is answered
	told    string // what the hub has against this machine, until it says something else
	written queue.Line
}

func newLineBook(q *queue.Queue, now func() time.Time, log *slog.Logger) *lineBook {
	return &lineBook{q: q, now: now, log: log, wake: make(chan struct{}, 1)}
}

func (b *lineBook) change(f func(*queue.Line)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before := b.line
	f(&b.line)
	if before.Connected != b.line.Connected || b.line.Since.IsZero() {
		b.line.Since = b.now()
	}
	due := before.Connected != b.line.Connected || before.Error != b.line.Error || before.Way != b.line.Way || before.Pending != b.line.Pending || b.written.Since.IsZero() ||
		b.line.LastContact.Sub(b.written.LastContact) >= contactEvery
	if due {
		select {
		case b.wake <- struct{}{}:
		default:
		}
	}
}

// connected notes that the broker can be reached, and how.
func (b *lineBook) connected(way queue.Way) {
	b.change(func(l *queue.Line) {
		l.Connected, l.Way, l.NextTry = true, way, time.Time{}
		if !l.Pending {
			l.Error = b.told
		}
	})
}

// disconnected notes that it cannot, why, and when the next try is due.
func (b *lineBook) disconnected(why string, next time.Duration) {
	b.change(func(l *queue.Line) {
		l.Connected, l.Way = false, ""
		switch {
		case why == wordsStranger && l.Pending:
			l.Error = wordsNotLetIn
		case why == wordsLost && b.told != "":
			l.Error = b.told // of two that use one identity each pushes the other off the line
		case why != "" && !l.Pending: // what it waits for is what it waits for
			l.Error = why
		}
		if next > 0 {
			l.NextTry = b.now().Add(next)
		}
	})
}

// contact notes that the hub itself has answered, and what its clock showed.
func (b *lineBook) contact(hub time.Time) {
	b.change(func(l *queue.Line) {
		b.told = ""
		l.LastContact, l.Error, l.Pending = b.now(), b.box, false
		if !hub.IsZero() {
			l.Skew = b.now().Sub(hub).Round(time.Second)
		}
	})
}

// mailbox notes why the broker takes no frames for now, or with nothing that it
// does. The hub's answers to other questions do not end that trouble.
func (b *lineBook) mailbox(why string) {
	b.change(func(l *queue.Line) {
		if why != b.box && (why != "" || l.Error == b.box) {
			l.Error = why
		}
		b.box = why
	})
}

// failed notes why nothing moves although the broker can be reached. What the
// machine waits for stays until the hub says something else.
func (b *lineBook) failed(err error) {
	var f protocol.Fault
	told := errors.As(err, &f) && f.Code != protocol.CodeBusy
	b.change(func(l *queue.Line) {
		switch {
		case told && f.Code == protocol.CodePending:
			l.Error, l.Pending, l.LastContact = queue.PendingWords, true, b.now()
		case told:
			b.told = words(err)
			l.Error, l.Pending = b.told, false
		case !l.Pending:
			l.Error = words(err)
		}
	})
}

// resume goes on with what was noted before the program started.
func (b *lineBook) resume(l queue.Line) {
	if l.Pending {
		b.change(func(now *queue.Line) { now.Pending, now.Error = true, queue.PendingWords })
	}
}

// waits reports whether the county has to let this machine in first.
func (b *lineBook) waits() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.line.Pending
}

// troubled reports whether something keeps a connected line from working.
func (b *lineBook) troubled() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.line.Error != ""
}

// closed notes that the program is stopping.
func (b *lineBook) closed() {
	b.change(func(l *queue.Line) {
		l.Connected, l.Way = false, ""
		if !l.Pending {
			l.Error = ""
		}
	})
}

// run writes until ctx ends, and once more then.
func (b *lineBook) run(ctx context.Context) {
	for done := false; !done; {
		select {
		case <-b.wake:
		case <-ctx.Done():
			done = true
		}
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		b.write(limited)
		cancel()
	}
}

func (b *lineBook) write(ctx context.Context) {
	b.mu.Lock()
	line := b.line
	changed := line != b.written
	b.mu.Unlock()
	if !changed {
		return
	}
	if err := b.q.SetLine(ctx, line); err != nil {
		if ctx.Err() == nil { // cut off by stopping, it is written once more
			b.log.Error("uplink: state of the line not written", "err", err)
		}
		return
	}
	b.mu.Lock()
	b.written = line
	b.mu.Unlock()
}

// What is said when there is no connection, and when the broker turns this machine
// away.
const (
	wordsLost     = "暂时连不上县级平台，内容都在本机，会自动重试。"
	wordsStranger = "县级平台不认识本机、已停用本机，或因本机发送过多暂不让连接。内容都在本机，不会丢失；过几分钟还连不上，请联系县级管理员。"
	wordsNotLetIn = "县级管理员没有批准本机入网。内容都在本机，不会丢失，请联系县级管理员，要一个新的入网码，在本机运行 node join 入网码 --again。"
)

// words says in plain Chinese what keeps the line from working.
func words(err error) string {
	var f protocol.Fault
	switch {
	case errors.As(err, &f):
		switch f.Code {
		case protocol.CodeFrozen, protocol.CodeRevoked, protocol.CodeNode, protocol.CodeVersion:
			return f.Detail
		case protocol.CodeSignature:
			return "县级平台不认本机的签名，请联系县级管理员核对本机的入网信息。"
		case protocol.CodeBusy:
			return "县级平台正忙，稍后会自动重试。"
		}
		return "县级平台没有接受本机的请求：" + f.Detail
	case errors.Is(err, errUnsigned):
		return "应答的不是本机入网时的县级平台（签名不符），已停止收发，内容都在本机。请联系县级管理员；县里的密钥失窃、已经作废的，要一个换机入网码重新入网，内容会保留。"
	case errors.Is(err, queue.ErrFormerHub):
		return fault.Message(queue.ErrFormerHub)
	case errors.Is(err, errNobody), errors.Is(err, context.DeadlineExceeded):
		return "县级平台暂时没有应答，内容会先存在平台的信箱里，平台恢复后自动处理。"
	case errors.Is(err, errNoStream):
		return "县级平台的信箱暂时不收，可能还没有准备好，也可能那里的磁盘满了。内容留在本机，会自动重发。"
	case errors.Is(err, errFull):
		return "县级平台的信箱满了，内容留在本机，稍后会自动重发。"
	case turnedAway(err):
		return wordsStranger
	}
	if telling(err) {
		return fault.Message(err)
	}
	return wordsLost
}

// turnedAway reports whether the broker did not let this node in.
func turnedAway(err error) bool {
	return errors.Is(err, nats.ErrAuthorization) || err != nil && strings.Contains(strings.ToLower(err.Error()), "authorization")
}

// telling reports whether an error has words of its own for a person.
func telling(err error) bool {
	var told *fault.Error
	return errors.As(err, &told)
}

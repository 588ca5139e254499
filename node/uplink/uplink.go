// Package uplink carries the queue to the hub and the hub's answers back, over a
// line that comes and goes.
//
// It promises:
//   - Without an address of a broker (a node behind an air gap) it does nothing
//     and says so.
//   - It goes to the broker's own port, or while that cannot be reached to the
//     hub's web port (WebSocket), and comes back when it can be again.
//   - Who answers is believed only with the hub's certificate (package trust).
//   - Starting needs no hub: it connects whenever one can be reached, for ever,
//     with growing and jittered pauses, and stops within two seconds.
//   - Nothing is buffered in the client. An entry counts as sent after the
//     broker's acknowledgement and as received after the hub's receipt; what
//     happened to a frame without acknowledgement is unknown, so the hub is asked
//     (hello) and sending goes on from its cursor.
//   - With the broker up and the hub down, entries still go into the broker.
//   - Frames adapt to the line: about a second of its time each, a few under way
//     at once.
//   - Files have a connection of their own, and only while there are any. One
//     piece of a file is under way at a time, as small as the line's speed allows,
//     and none begins while words are on their way: no text and no decision waits
//     for more than one piece. Texts, withdrawals and answers share the one log:
//     its order is what tells the hub that nothing is missing, so none of them
//     overtakes another.
//   - What keeps the line from working is noted in the queue in words a clerk
//     understands.
package uplink

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"zhanqun/internal/fault"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// Options are what an Uplink is made of.
type Options struct {
	Queue   *queue.Queue
	Program string           // name and version, for people at the hub
	URL     string           // of the broker, instead of what the hub told when joining; several parted by commas
	Window  int              // frames under way without an answer; 0 for 8
	Poll    time.Duration    // how often to ask without a bell; 0 for 5 minutes
	Beat    time.Duration    // how often to say "still here"; 0 for 45 s
	Back    time.Duration    // on the web's port, how soon to look for the broker's own again, at first; 0 for 2 minutes
	Now     func() time.Time // nil for time.Now
	Log     *slog.Logger     // nil for slog.Default
}

// Uplink is the node's end of the line.
type Uplink struct {
	o    Options
	q    *queue.Queue
	log  *slog.Logger
	line *lineBook
	keys *keys // of the run
	hub  *hubKeys

	notBefore time.Time // another key is not tried before; set between sessions
	words     traffic
	main      atomic.Pointer[natsWire] // nil while there is none to nudge
}

// New returns an uplink; Run makes it work.
func New(o Options) *Uplink {
	if o.Poll == 0 {
		o.Poll = 5 * time.Minute
	}
	if o.Beat == 0 {
		o.Beat = 45 * time.Second
	}
	if o.Back == 0 {
		o.Back = 2 * time.Minute
	}
	if o.Window == 0 {
		o.Window = 8
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Uplink{o: o, q: o.Queue, log: o.Log, keys: &keys{}, hub: &hubKeys{}, line: newLineBook(o.Queue, o.Now, o.Log)}
}

// Run carries until ctx ends, and is done with everything it started when it
// returns. It waits for the node to join if it has not.
func (u *Uplink) Run(ctx context.Context) error {
	id, err := u.identity(ctx)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return err
	}
	noted, err := u.q.Line(ctx)
	if err != nil {
		return err
	}
	u.line.resume(noted)
	if u.keys, err = speakers(u.q, id); err != nil {
		return err
	}
	if err := u.hub.refresh(ctx, u.q); err != nil {
		return err
	}
	var work sync.WaitGroup
	defer work.Wait()
	book, closeBook := context.WithCancel(context.WithoutCancel(ctx))
	defer closeBook()
	work.Go(func() { u.line.run(book) })
	if u.o.URL == "" && len(id.NATS) == 0 {
		u.line.disconnected("本机没有接县里的线路，内容用摆渡包与县里交换。", 0)
		<-ctx.Done()
		u.line.closed()
		return nil
	}
	addresses := id.NATS
	if u.o.URL != "" {
		addresses = strings.Split(u.o.URL, ",")
	}
	ways, err := newWays(addresses, u.o.Back, u.o.Now)
	if err != nil {
		return err // settings nobody could connect with
	}
	main := connect(ctx, id, u.keys, u.hub, lineName, u.o, ways, u.line)
	defer main.close()
	u.main.Store(main)
	defer u.main.Store(nil)
	files := newLane(u, func() (fileWire, error) { return connect(ctx, id, u.keys, u.hub, filesName, u.o, ways, u.line), nil }, func() bool { return main.isUp() && !u.line.waits() })
	work.Go(func() { files.run(ctx) })
	work.Go(func() { u.beats(ctx, main) })
	u.sessions(ctx, main)
	u.line.closed()
	return nil
}

// Nudge tries at once what would be tried after a pause: to connect, or to say
// hello to a hub that does not answer. Somebody wants to know now, or has mended
// something. On a line that works it does nothing.
func (u *Uplink) Nudge() {
	w := u.main.Load()
	switch {
	case w == nil, w.nudge():
	case u.line.troubled():
		w.ring(protocol.Bell{Hello: true})
	}
}

// identity waits until the node has joined.
func (u *Uplink) identity(ctx context.Context) (queue.Identity, error) {
	w := u.watch()
	for {
		id, err := u.q.Identity(ctx)
		if err == nil {
			return id, nil
		}
		if !fault.Is(err, fault.Conflict) && ctx.Err() == nil {
			return id, err
		}
		if err := w.wait(ctx, time.Hour); err != nil {
			return id, err
		}
	}
}

// watcher waits for changes of the queue, whoever makes them.
type watcher struct {
	q       *queue.Queue
	changed <-chan struct{}
	version int64
}

// watch begins to look out for changes: what is read afterwards is not missed.
func (u *Uplink) watch() *watcher {
	return &watcher{q: u.q, changed: u.q.Changed()}
}

// otherProcess is how often to look for commits of the command line.
const otherProcess = time.Second

// wait returns nil when the queue has changed since the last call, or after
// most, and an error when ctx ends.
func (w *watcher) wait(ctx context.Context, most time.Duration) error {
	until := time.NewTimer(most)
	defer until.Stop()
	tick := time.NewTicker(otherProcess)
	defer tick.Stop()
	for {
		select {
		case <-w.changed:
			w.changed = w.q.Changed()
			return nil
		case <-tick.C:
			if v, err := w.q.DataVersion(ctx); err == nil && v != w.version {
				w.version = v
				return nil
			}
		case <-until.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

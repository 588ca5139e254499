// Package station is a whole township node: its queue, its line to the hub or
// its folders for bundles, and its pages, started and stopped together.
//
// It promises:
//   - Open either gives a node that can answer, or an error that says in plain
//     words what is in the way, and then leaves nothing behind.
//   - One data folder is served by one node. The pages work before the node has
//     joined and while no hub can be reached.
//   - When Run returns nothing of the node is running any more; an idle node
//     stops within two seconds.
package station

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"zhanqun/config"
	"zhanqun/internal/account"
	"zhanqun/internal/ca"
	"zhanqun/internal/fault"
	"zhanqun/internal/pause"
	"zhanqun/internal/web"
	"zhanqun/node/bundle"
	"zhanqun/node/look"
	"zhanqun/node/queue"
	"zhanqun/node/uplink"
	nodeweb "zhanqun/node/web"
)

// Options say what the node is made of.
type Options struct {
	Dir     string           // data folder; made when it is not there
	Addr    string           // of the pages, host:port; port 0 picks a free one
	TLS     config.TLS       // whether the pages speak TLS; the zero value is config.TLSAuto
	Secure  bool             // something in front speaks HTTPS for the pages
	Hosts   []string         // names the pages are served under, beside those of Addr
	Rules   account.Rules    // of passwords
	Idle    time.Duration    // a sign-in ends after that long without a click; 0 for web.SessionIdle
	Reserve int64            // bytes of disk to keep free; see queue.Options
	NoLooks bool             // the hub is not to ask for second opinions
	Line    Line             // how to keep in touch with the hub
	Gap     Gap              // and how without a line
	Version string           // of the program
	Now     func() time.Time // nil for time.Now
	Log     *slog.Logger     // nil for slog.Default
}

// Line says how the node keeps in touch with the hub. Zero values mean the
// defaults of package uplink.
type Line struct {
	Poll   time.Duration // between two questions for news, beside the doorbell
	Window int           // frames under way without an answer
	URL    string        // of the broker, instead of what the hub told when joining
}

// Gap says which folders carry bundles across an air gap. Zero values mean the
// defaults of package bundle; without folders nothing is carried by itself.
type Gap struct {
	bundle.Folders
	Resend   time.Duration // without an answer that long, things are carried again
	MaxBytes int64         // of one bundle, before compression
}

// Station is an open node.
type Station struct {
	Queue *queue.Queue

	o        Options
	listener net.Listener
	web      *nodeweb.Server
	line     *uplink.Uplink
	certs    *ca.Server // nil while the pages speak no TLS
}

// Open opens the data folder for serving and listens. Afterwards either Run or
// Close has to be called.
func Open(ctx context.Context, o Options) (_ *Station, err error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Station{o: o}
	if s.Queue, err = queue.Open(ctx, queue.Options{Dir: o.Dir, Now: o.Now, Log: o.Log, Reserve: o.Reserve, Rules: o.Rules, NoLooks: o.NoLooks}); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err := s.Queue.Lock(ctx); err != nil {
		return nil, err
	}
	if s.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", o.Addr); err != nil {
		return nil, fault.Wrap(fault.Unavailable,
			"无法在 "+o.Addr+" 上提供网页，这个地址可能已被别的程序占用。请停掉那个程序，或者把设置里的 http.addr 换一个端口。", err)
	}
	if err := s.secure(); err != nil {
		return nil, err
	}
	s.line = uplink.New(s.lineOptions())
	if s.web, err = nodeweb.New(s.webOptions()); err != nil {
		return nil, fmt.Errorf("preparing the pages: %w", err)
	}
	return s, nil
}

func (s *Station) lineOptions() uplink.Options {
	return uplink.Options{
		Queue: s.Queue, Program: Program(s.o.Version), URL: s.o.Line.URL, Window: s.o.Line.Window, Poll: s.o.Line.Poll,
		Now: s.o.Now, Log: s.o.Log,
	}
}

func (s *Station) webOptions() nodeweb.Options {
	return nodeweb.Options{
		Queue: s.Queue, Hosts: append(hostNames(s.o.Addr, s.listener.Addr()), s.o.Hosts...), Push: s.line.Nudge,
		Secure: s.o.Secure, Strict: s.strict, Certificate: s.Certificate,
		Version: s.o.Version, Idle: s.o.Idle, Now: s.o.Now, Log: s.o.Log,
	}
}

func (s *Station) bundles() *bundle.Service {
	return bundle.New(bundle.Options{Queue: s.Queue, Program: Program(s.o.Version), MaxBytes: s.o.Gap.MaxBytes, Resend: s.o.Gap.Resend, Now: s.o.Now, Log: s.o.Log})
}

// Program is what a node of the given version calls itself at the hub.
func Program(version string) string { return "zhanqun-node/" + version }

// Addr is where the pages listen.
func (s *Station) Addr() net.Addr { return s.listener.Addr() }

// Run serves until ctx ends, then closes everything. The error is nil after an
// orderly end.
func (s *Station) Run(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, s.Close()) }()
	ctx, stop := context.WithCancel(ctx)
	var work sync.WaitGroup
	defer work.Wait()
	defer stop()
	work.Go(func() { s.carry(ctx) })
	work.Go(func() { s.tidy(ctx) })
	if !s.o.NoLooks {
		work.Go(func() {
			look.New(look.Options{Queue: s.Queue, Told: s.line.Nudge, Now: s.o.Now, Log: s.o.Log}).Run(ctx)
		})
	}
	if s.certs != nil {
		work.Go(func() { s.certs.Run(ctx) })
	}
	if s.o.Gap.In != "" || s.o.Gap.Out != "" {
		work.Go(func() { bundle.NewWatcher(s.bundles(), s.o.Gap.Folders).Run(ctx) })
	}
	return web.Serve(ctx, s.listener, s.web.Handler(), s.o.Log)
}

// Close gives back what Open took. Run does it by itself.
func (s *Station) Close() error {
	var listening error
	if s.listener != nil {
		if listening = s.listener.Close(); errors.Is(listening, net.ErrClosed) {
			listening = nil
		}
	}
	return errors.Join(listening, s.Queue.Close())
}

// lineAgain is the pause before a line that gave up is begun anew.
const lineAgain = 30 * time.Second

// carry keeps the line going. The pages live on without it: a clerk can write
// while somebody finds out why the node's identity cannot be read.
func (s *Station) carry(ctx context.Context) {
	for {
		err := s.line.Run(ctx)
		if ctx.Err() != nil {
			return
		}
		s.o.Log.Error("station: the line gave up", "err", err)
		if !pause.For(ctx, lineAgain) {
			return
		}
	}
}

// tidyEvery is how often what nobody needs any more is looked for.
const tidyEvery = 6 * time.Hour

// tidy removes what has been confirmed long ago. The first round waits until
// the node has had time to start.
func (s *Station) tidy(ctx context.Context) {
	for wait := time.Minute; pause.For(ctx, wait); wait = tidyEvery {
		switch p, err := s.Queue.Prune(ctx); {
		case ctx.Err() != nil:
		case err != nil:
			s.o.Log.Error("station: old entries not removed", "err", err)
		case p != (queue.Pruned{}):
			s.o.Log.Info("station: old entries removed", "entries", p.Entries, "receipts", p.Receipts, "files", p.Files)
		}
	}
}

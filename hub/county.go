package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"zhanqun/config"
	"zhanqun/hub/access"
	"zhanqun/hub/bus"
	"zhanqun/hub/feed"
	"zhanqun/hub/health"
	"zhanqun/hub/health/prober"
	"zhanqun/hub/health/verdict"
	calendar "zhanqun/hub/health/workday"
	"zhanqun/hub/intake"
	"zhanqun/hub/ranking"
	"zhanqun/hub/review"
	"zhanqun/hub/store"
	"zhanqun/hub/webhook"
	"zhanqun/internal/blob"
	"zhanqun/internal/ca"
	"zhanqun/internal/dirlock"
	"zhanqun/internal/fault"
	"zhanqun/internal/idle"
	"zhanqun/internal/web"
)

// county is the county's program with every part built and listening.
type county struct {
	cfg      config.Hub
	log      *slog.Logger
	lock     *dirlock.Lock // nil when nothing in the data folder is served
	store    *store.Store
	access   *access.Service
	files    *blob.Store
	intake   *intake.Service
	review   *review.Service
	health   *health.Service
	prober   *prober.Service
	inspect  *verdict.Service
	workdays *calendar.Calendar
	hooks    *webhook.Service
	bus      *bus.Bus
	feed     *feed.Service
	ranking  *ranking.Service
	pages    http.Handler
	listener net.Listener
	certs    *ca.Server   // nil while no listener speaks TLS
	vouched  string       // public key that vouches for the certificate; of followKey
	own      []netip.Addr // of this machine

	base     string   // where readers and nodes reach the pages
	local    string   // where this machine does
	nats     []string // where nodes connect
	password string   // of the first administrator, if this start made him

	now func() time.Time // of certificates; nil for the clock

	closers []func() error // in the order of making
}

// build makes every part, in the order they need each other. When it returns,
// the pages' listener and the line are open; run answers the pages.
func build(ctx context.Context, cfg config.Hub, log *slog.Logger) (*county, error) {
	c := &county{cfg: cfg, log: log}
	for _, part := range []func(context.Context) error{
		c.lockFolder, c.openStore, c.openFiles, c.listen, c.buildAccess, c.secureListener, c.buildReview, c.buildRanking, c.buildHealth, c.buildUptime, c.buildHooks,
		c.buildIntake, c.startBus, c.buildFeed, c.buildPages,
	} {
		if err := part(ctx); err != nil {
			return nil, errors.Join(err, c.close())
		}
	}
	return c, nil
}

func (c *county) onClose(f func() error) { c.closers = append(c.closers, f) }

// close ends what build made, last made first. It may be called twice.
func (c *county) close() error {
	var failed []error
	for i := len(c.closers) - 1; i >= 0; i-- {
		failed = append(failed, c.closers[i]())
	}
	c.closers = nil
	return errors.Join(failed...)
}

// watchEvery is how soon this program notices what a command beside it did.
const watchEvery = 500 * time.Millisecond

// run works until ctx ends, or until a part fails, and then ends everything in
// good order.
func (c *county) run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	loop := func(f func(context.Context)) {
		g.Go(func() error {
			f(ctx)
			return nil
		})
	}
	g.Go(func() error { return web.Serve(ctx, c.listener, c.pages, c.log) })
	loop(c.intake.Run)
	loop(func(ctx context.Context) { c.review.Run(ctx, c.log) })
	if c.cfg.Links.Enabled || c.cfg.Uptime.Enabled {
		loop(c.watchSites)
	}
	loop(c.hooks.Run)
	loop(func(ctx context.Context) {
		c.access.Watch(ctx, watchEvery, func(err error) { c.log.Error("watching the database", "error", err) })
	})
	loop(c.followKey)
	loop(c.tidy)
	loop(idle.Run)
	if c.certs != nil {
		loop(c.certs.Run)
	}
	if w := c.watchFolders(); w != nil {
		loop(w.Run)
	}
	g.Go(func() error { // ends beside the pages, so that stopping takes no longer than either
		<-ctx.Done()
		return c.bus.Close()
	})
	return errors.Join(g.Wait(), c.close())
}

// watchSites asks, reads and judges the sites until ctx ends. On a database that
// several programs may use, one of them does.
func (c *county) watchSites(ctx context.Context) {
	work := func(ctx context.Context) {
		var parts sync.WaitGroup
		parts.Go(func() { c.health.Run(ctx) })
		parts.Go(func() { c.inspect.Run(ctx, c.log) })
		if c.cfg.Uptime.Enabled {
			parts.Go(func() { c.prober.Run(ctx) })
		}
		parts.Wait()
	}
	if !c.cfg.Database.URL.IsSet() {
		work(ctx) // the data folder is this program's alone
		return
	}
	l := leader{leases: c.store, name: "watch", holder: holderOf(c.listener), work: work, held: c.health.Wake, log: c.log}
	l.run(ctx)
}

// tidyEvery is how often what has expired is deleted.
const tidyEvery = time.Hour

// tidy deletes what has expired, and anchors the audit log, until ctx ends.
func (c *county) tidy(ctx context.Context) {
	tick := time.NewTicker(tidyEvery)
	defer tick.Stop()
	for {
		if err := errors.Join(c.dropUnfinished(ctx), c.access.Prune(ctx)); err != nil && ctx.Err() == nil {
			c.log.Error("tidying", "error", err)
		}
		c.anchor(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// dropUnfinished removes the pieces of files that never became whole: their nodes
// send them from the start, if they come back to them.
func (c *county) dropUnfinished(ctx context.Context) error {
	before := c.store.Now().Add(-c.cfg.Limits.Unfinished())
	list, err := c.store.DropUnfinished(ctx, before)
	if err != nil {
		return err
	}
	for _, d := range list {
		c.log.Warn("files that were begun and not ended are dropped", "node", d.Node, "files", d.Files, "bytes", d.Bytes)
	}
	_, _, err = c.files.Sweep(ctx, before)
	return err
}

// ready reports what keeps the hub from doing its work, or nil.
func (c *county) ready(ctx context.Context) error {
	if err := c.store.Ping(ctx); err != nil {
		return fault.Wrap(fault.Unavailable, "数据库没有回答。", err)
	}
	if err := c.bus.Health(); err != nil {
		return fault.Wrap(fault.Unavailable, "与乡镇的线路没有就绪。", err)
	}
	if w := c.intake.Waiting(); w != nil {
		return fault.Wrap(fault.Unavailable, "收件正在等待数据库。", w.Err)
	}
	return nil
}

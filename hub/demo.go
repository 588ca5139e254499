package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"zhanqun/hub/access"
)

func demoCommand() command {
	var o demoOptions
	return command{
		Name: "demo", Lists: true,
		Short:   "一条命令看全貌：一个小县在一个进程里运行，带示例内容和账号",
		Example: "hub demo\nhub demo --dir ./demo\nhub demo --json --addr 127.0.0.1:0",
		Flags: func(f *flag.FlagSet) {
			f.StringVar(&o.addr, "addr", "", "县级平台的监听地址 `HOST:PORT`；端口 0 表示全部自动选择")
			f.StringVar(&o.dir, "dir", "", "数据留在目录 `DIR`，下次接着用；不写则用临时目录，停止时删除")
			f.StringVar(&o.database, "database", "", "用这个 PostgreSQL 数据库 `URL`，代替内置的 SQLite")
			f.BoolVar(&o.empty, "empty", false, "不放示例内容")
			f.BoolVar(&o.quiet, "no-browser", false, "不打开浏览器")
		},
		Run: func(ctx context.Context, c *call) error {
			o.quiet = o.quiet || c.JSON
			return newDemo(c, o).run(ctx)
		},
	}
}

type demoOptions struct {
	addr, dir, database string
	empty, quiet        bool
}

// demo is a small county in one process: the hub, its townships' nodes and two
// sites with faults. Everything in it happened the way it happens in earnest:
// nodes joined with codes, clerks handed in, reviewers decided.
type demo struct {
	o    demoOptions
	call *call
	log  *slog.Logger
	book *demoBook
	root access.User // who sets the county up

	county   *county
	nodes    []*demoNode
	sites    []*demoSite
	accounts []demoAccount
}

func newDemo(c *call, o demoOptions) *demo {
	cfg := c.Cfg.Log
	if cfg.Level == "info" { // what people should see is printed
		cfg.Level = "warn"
	}
	return &demo{o: o, call: c, log: cfg.Logger(c.Err), root: actor(c)}
}

// seedTime is how long the sample items may hold up the moment the addresses
// are printed. What is not done by then goes on behind it.
const seedTime = 6 * time.Second

// run shows the county until ctx ends, or until a part of it fails.
func (d *demo) run(ctx context.Context) (err error) {
	began := time.Now()
	d.progress("正在准备演示……")
	if d.book, err = openDemoBook(d.o); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.book.close()) }()
	if err := d.build(ctx); err != nil {
		return err
	}
	// Whatever ends the demonstration ends all of it, in the order given up.
	g, parts := errgroup.WithContext(ctx)
	g.Go(func() error { return d.county.run(parts) })
	for _, s := range d.sites {
		g.Go(func() error { return s.run(parts, d.log) })
	}
	g.Go(func() error { return d.play(parts, g, began) })
	err = g.Wait()
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil // stopped in the middle of something
	}
	return err
}

// play brings people, nodes and items into the running county and says where
// everything is.
func (d *demo) play(ctx context.Context, g *errgroup.Group, began time.Time) error {
	if err := d.settle(ctx); err != nil {
		return err
	}
	for _, n := range d.nodes {
		g.Go(func() error { return n.station.Run(ctx) })
	}
	seeded := make(chan error, 1)
	g.Go(func() error {
		seeded <- d.seed(ctx)
		return nil
	})
	wait := time.NewTimer(seedTime)
	defer wait.Stop()
	done := false
	select {
	case err := <-seeded:
		if err != nil {
			return err
		}
		done = true
	case <-wait.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := d.say(time.Since(began), done); err != nil {
		return err
	}
	if !d.o.quiet {
		openBrowser(d.county.base)
	}
	if !done {
		if err := <-seeded; err != nil {
			return err
		}
		d.progress("示例内容已全部备好。")
	}
	return d.watchFindings(ctx)
}

// progress tells a person who waits what goes on.
func (d *demo) progress(text string) {
	if !d.call.JSON {
		_, _ = io.WriteString(d.call.Out, fmt.Sprintln(text)) // nobody to tell if the terminal is gone
	}
}

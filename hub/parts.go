package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"zhanqun/config"
	"zhanqun/hub/access"
	"zhanqun/hub/bundle"
	"zhanqun/hub/bus"
	"zhanqun/hub/feed"
	"zhanqun/hub/health"
	"zhanqun/hub/health/crawl"
	"zhanqun/hub/health/foreign"
	"zhanqun/hub/health/fresh"
	"zhanqun/hub/health/linkcheck"
	"zhanqun/hub/health/prober"
	"zhanqun/hub/health/rules"
	"zhanqun/hub/health/uptime"
	"zhanqun/hub/health/urge"
	"zhanqun/hub/health/verdict"
	calendar "zhanqun/hub/health/workday"
	"zhanqun/hub/intake"
	"zhanqun/hub/ranking"
	"zhanqun/hub/review"
	"zhanqun/hub/web"
	"zhanqun/hub/webhook"
	"zhanqun/internal/blob"
	"zhanqun/internal/cli"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

func (c *county) lockFolder(context.Context) error {
	if err := makeFolder(c.cfg.Dir); err != nil || !embedded(c.cfg) {
		return err
	}
	lock, err := lockFolder(c.cfg.Dir)
	if err != nil {
		return err
	}
	c.lock = lock
	c.onClose(lock.Release)
	return lock.Note(fmt.Sprintf("进程 %d", os.Getpid()))
}

func (c *county) openStore(ctx context.Context) (err error) {
	if c.store, err = openStore(ctx, c.cfg, c.log); err != nil {
		return err
	}
	c.onClose(c.store.Close)
	off, err := c.store.Forgetful(ctx)
	if len(off) > 0 {
		c.log.Warn("the database forgets what it has confirmed when the power fails: hub doctor says what to do", "off", strings.Join(off, " "))
	}
	return err
}

func (c *county) openFiles(context.Context) (err error) {
	if c.files, err = blob.Open(filepath.Join(c.cfg.Dir, filesName)); err != nil {
		return fmt.Errorf("打不开附件目录：%w", err)
	}
	c.onClose(c.files.Close)
	return nil
}

// listen opens the pages' port, so that the hub's address is known to all that
// follows.
func (c *county) listen(ctx context.Context) (err error) {
	c.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", c.cfg.HTTP.Addr)
	if err != nil {
		return fault.Wrap(fault.Internal, "无法在 "+c.cfg.HTTP.Addr+" 上监听，可能已被别的程序占用。可以用 --addr 换一个端口。", err)
	}
	c.onClose(func() error {
		if err := c.listener.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil // the server has closed it
	})
	c.own = ownAddresses()
	at := reachable(c.listener.Addr(), c.own)
	scheme := "http"
	if c.cfg.TLS.Secures(c.listener.Addr()) {
		scheme, c.cfg.HTTP.SecureCookies = "https", true
	}
	c.local = scheme + "://" + at
	c.base = baseURL(c.cfg.HTTP, c.local)
	if c.lock == nil {
		return nil
	}
	return c.lock.Note(fmt.Sprintf("进程 %d， %s", os.Getpid(), c.local))
}

func (c *county) portal() string { return c.base }

func (c *county) buildAccess(ctx context.Context) (err error) {
	c.access = newAccess(c.store, c.ways, rulesOf(c.cfg.Accounts))
	c.access.Approval = c.cfg.Enrol.Approval
	if c.password, err = c.access.Prepare(ctx); err != nil {
		return err
	}
	return errors.Join(c.access.SetPortal(ctx, c.base), c.access.SetLimits(ctx, *limits(c.cfg)))
}

// limits are what the settings take of attachments.
func limits(cfg config.Hub) *protocol.Limits {
	l := cfg.Limits
	return &protocol.Limits{Attachments: l.MaxAttachments, AttachmentBytes: l.MaxAttachmentBytes, ItemBytes: l.MaxItemBytes}
}

func (c *county) buildReview(context.Context) error {
	undo := c.cfg.Review.Undo()
	if undo == 0 {
		undo = time.Nanosecond // none; 0 would mean the default
	}
	c.review = review.New(review.Options{
		Store: c.store, Portal: c.portal, Now: c.store.Now, ClaimFor: c.cfg.Review.Claim(), UndoFor: undo,
	})
	return nil
}

func (c *county) buildRanking(context.Context) error {
	o := ranking.Options{Store: c.store, Now: c.store.Now}
	if path := c.cfg.Ranking.Rules; path != "" {
		text, err := os.ReadFile(path) // #nosec G304 -- the operator names it
		if err != nil {
			return fault.Wrap(fault.Invalid, "读不了计分规则 "+path+"，请检查设置 ranking.rules。", err)
		}
		if o.Rules, err = ranking.ParseRules(text); err != nil {
			return fault.Wrap(fault.Invalid, "计分规则 "+path+" 有误："+err.Error(), err)
		}
	}
	c.ranking = ranking.New(o)
	return nil
}

func (c *county) buildHealth(context.Context) (err error) {
	if c.workdays, err = calendar.Load(c.cfg.Inspect.WorkdaysDir); err != nil {
		return fault.Wrap(fault.Invalid, err.Error()+"。请检查设置 inspect.workdays_dir 指定的目录。", err)
	}
	list, err := wordList(c.cfg.Links)
	if err != nil {
		return err
	}
	look := checkOptions(c.cfg.Links)
	look.Advertises = list.Page
	checker := crawl.Obedient(look, func(ctx context.Context, host string) bool { return c.health.OnCluster(ctx, host) })
	c.onClose(func() error {
		checker.Close()
		return nil
	})
	policy := linkcheck.DefaultPolicy
	policy.Gap = max(c.cfg.Links.Confirm(), time.Millisecond) // 0 would mean the default
	policy.Fresh = c.cfg.Links.Interval()
	c.health = health.New(health.Options{
		Store: c.store, Checker: checker, Policy: policy, Rules: deadlines(c.cfg.Findings, c.workdays), Portal: c.portal, SiteEvery: c.cfg.Links.Interval(),
		Crawl: siteReading(c.cfg, list), Slice: c.cfg.Links.Slice(), Sites: c.cfg.Links.SitesAtOnce,
		Sleep: sleep(c.cfg.Inspect), Watched: c.cfg.Uptime.Enabled, Idle: !c.cfg.Links.Enabled, Now: c.store.Now, Log: c.log,
	})
	c.store.OnEvent(func(uint64) { c.health.Wake() })
	return nil
}

// wordList are the words of what no government page leads to.
func wordList(l config.Links) (*foreign.List, error) {
	list, err := foreign.Load(l.WordsFile)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err.Error()+"。请检查设置 links.words_file。", err)
	}
	return list, nil
}

// sitesName is where in the data folder the reading of sites has its work.
const sitesName = "sites"

// siteReading shapes the reading of whole sites as the settings say.
func siteReading(cfg config.Hub, list *foreign.List) crawl.Options {
	l := cfg.Links
	o := crawl.Options{
		Dir: filepath.Join(cfg.Dir, sitesName), Foreign: list, SlowPace: l.PerHostDelay(), IgnoreRobots: l.IgnoreRobots,
		MaxPages: l.MaxPages, MaxTargets: l.MaxAddresses, MaxFile: int64(l.MaxSiteMB) << 20,
	}
	o.Check.UserAgent, o.Check.Timeout = linkcheck.UserAgent(l.UserAgentContact), l.Timeout()
	o.Check.MaxRedirects, o.Check.MaxBytes = browserHops, sitePage
	if l.AllowPrivate {
		o.Check.AllowPrivate = anyPrivate
	}
	return o
}

// sitePage is how much is read of one page of a site, in bytes.
const sitePage = 4 << 20

// buildUptime makes what asks the home pages of sites, always by the official
// limit whatever is set for links, and what judges sites by it.
func (c *county) buildUptime(context.Context) error {
	checker := newChecker(c.cfg.Links, func(o *linkcheck.Options) { o.Timeout, o.Probe = uptime.Limit, false })
	c.onClose(func() error {
		checker.Close()
		return nil
	})
	c.prober = prober.New(prober.Options{Store: c.store, Checker: checker, Controls: c.cfg.Uptime.Controls, Home: readHome(checker, c.store, c.store.Now), Now: c.store.Now, Log: c.log})
	if c.cfg.Uptime.SecondOpinion {
		c.prober.Elsewhere = c.health.Elsewhere
	}
	c.health.Ask = c.prober.Ask
	sets, err := rules.Load(c.cfg.Inspect.RulesDir)
	if err != nil {
		return fault.Wrap(fault.Invalid, err.Error()+"。请检查设置 inspect.rules_dir 指定的目录。", err)
	}
	c.inspect, err = verdict.New(verdict.Options{Store: c.store, Sets: sets, Set: c.cfg.Inspect.Rules, Portal: c.cfg.Inspect.Portal,
		Watched: c.cfg.Uptime.Enabled, Links: c.cfg.Links.Enabled, Sleep: sleep(c.cfg.Inspect), Now: c.store.Now})
	if err != nil {
		return fault.Wrap(fault.Invalid, err.Error()+"，请检查设置 inspect.rules。", err)
	}
	return nil
}

func (c *county) buildHooks(context.Context) error {
	o := linkcheck.Options{}
	if c.cfg.Webhooks.AllowPrivate {
		o.AllowPrivate = func(netip.Addr) bool { return true }
	}
	c.hooks = webhook.New(webhook.Options{Store: c.store, Report: c.health, Base: c.portal, County: c.countyName, Dial: linkcheck.Guarded(o), Now: c.store.Now, Log: c.log})
	c.store.OnEvent(func(uint64) { c.hooks.Wake() })
	return nil
}

// countyName is the name of the county, as far as it is registered.
func (c *county) countyName(ctx context.Context) string {
	unit, err := c.access.County(ctx)
	if err != nil {
		return "" // what needs a name does without
	}
	return unit.Name
}

// sleep is when neglect is called so.
func sleep(i config.Inspect) fresh.Limits {
	return fresh.Limits{ColumnSleeps: i.ColumnSleepDays, SiteSleeps: i.SiteSleepDays, SiteZombie: i.SiteZombieDays}
}

// deadlines are how long units have to deal with what was found.
func deadlines(f config.Findings, days *calendar.Calendar) urge.Rules {
	return urge.Rules{Days: f.Days, UrgentDays: f.UrgentDays, RemindDays: f.RemindDays, Add: urge.Workdays(days)}
}

func (c *county) buildIntake(context.Context) error {
	c.intake = intake.New(intake.Options{
		Store: c.store, Files: c.files, Limits: limits(c.cfg), Unfinished: c.cfg.Limits.NodeUnfinishedBytes, Room: room(c.cfg), Scan: scan, Inspect: inspect(c.files), Now: c.store.Now, Log: c.log,
	})
	return nil
}

// reserve is the room on disk, in bytes, below which nothing new is accepted.
func reserve(cfg config.Hub) uint64 {
	return uint64(max(0, cfg.Limits.DiskReserveBytes)) // #nosec G115 -- not negative
}

// room returns what gives a fault if files of that many bytes are not to be begun.
func room(cfg config.Hub) func(bytes int64) error {
	return func(bytes int64) error {
		free, err := blob.Free(cfg.Dir)
		if err != nil || free >= reserve(cfg)+uint64(max(0, bytes)) { // #nosec G115 -- not negative
			return err
		}
		return fault.New(fault.Full, "县级平台磁盘空间不足。")
	}
}

// watchFolders returns what carries bundles in and out, or nil without folders.
func (c *county) watchFolders() *bundle.Watcher {
	o := c.cfg.Bundle
	if o.InDir == "" && o.OutDir == "" {
		return nil
	}
	s := newBundles(c.cfg, c.store, c.intake, c.access)
	s.Arrived, s.Log = c.review.Wake, c.log
	return bundle.NewWatcher(s, bundle.Folders{In: o.InDir, Out: o.OutDir, Every: o.Every(), Resend: o.Resend()})
}

// lineLimits are what one node may do to the line.
func lineLimits(g config.Guard) bus.Limits {
	return bus.Limits{Messages: g.NodeMessages, Bytes: g.NodeBytes, Unread: int64(g.NodeUnread), Strangers: g.Strangers, Bar: g.Bar()}
}

// startTime bounds the wait for the embedded broker.
const startTime = 30 * time.Second

func (c *county) startBus(ctx context.Context) error {
	o := bus.Options{
		Listen: c.cfg.NATS.Listen, Dir: filepath.Join(c.cfg.Dir, "nats"), URL: c.cfg.NATS.URL, Replicas: c.cfg.NATS.Replicas,
		Reserve: reserve(c.cfg), Limits: lineLimits(c.cfg.Guard), Keys: c.store.Keys(), Hub: line{c.intake, c.review}, Registry: registry{c.access}, Log: c.log,
	}
	var err error
	if o.Connect, o.Own, err = credentials(c.cfg.NATS); err != nil {
		return err
	}
	o.Connect = append(o.Connect, trustingOwn(c.cfg.Dir, c.cfg.NATS.URL)...)
	if c.cfg.NATS.Embedded() {
		if err := c.secureBroker(&o); err != nil {
			return err
		}
		if err := free(ctx, c.cfg.NATS.Listen); err != nil {
			return fault.Wrap(fault.Internal, "内置 NATS 无法在 "+c.cfg.NATS.Listen+" 上监听，可能已被别的程序占用。可以用设置 nats.listen 换一个端口。", err)
		}
	}
	if c.bus, err = bus.Start(o); err != nil {
		return fault.Wrap(fault.Internal, "与 NATS 的连接没有建立："+cli.OneLine(err.Error()), err)
	}
	c.onClose(c.bus.Close)
	c.store.OnDown(c.bus.Ring)
	c.access.OnRevoked(func(n access.Node) { c.bus.Drop(n.ID) })
	c.access.OnApproved(func(n access.Node) { c.bus.Drop(n.ID) }) // it comes back at once, with all it may do
	c.nats = natsAddresses(c.cfg.NATS, c.bus.Address(), c.own)
	if o.TLS != nil {
		c.nats = insist(c.nats)
	}
	if !c.cfg.NATS.Embedded() {
		return nil // it may come up later than we do
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	if err := c.bus.WaitReady(ctx); err != nil {
		return fault.Wrap(fault.Unavailable, "内置 NATS 没有就绪："+cli.OneLine(err.Error()), err)
	}
	return nil
}

// free reports whether an address can be listened on. The embedded server only
// tries again and again when it cannot, without saying why.
func free(ctx context.Context, addr string) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	return l.Close()
}

func (c *county) buildFeed(context.Context) (err error) {
	c.feed, err = feed.New(feed.Options{
		Store: c.store, Files: c.files, Title: c.cfg.Feed.Title, Author: c.cfg.Feed.Author, PageSize: c.cfg.Feed.PageSize,
		Base: c.address, Now: c.store.Now, Log: c.log, Explain: c.store.Explain,
	})
	if err != nil {
		return err
	}
	c.store.OnEvent(func(uint64) { c.feed.Changed() })
	return nil
}

// address is where the hub is reached, whatever name a request came under.
func (c *county) address(*http.Request) string { return c.base }

func (c *county) buildPages(context.Context) error {
	metrics, count := c.metrics()
	proxies, err := c.cfg.HTTP.Proxies()
	if err != nil {
		return err
	}
	server, err := web.New(web.Options{
		Access: c.access, Review: c.review, Health: c.health, Uptime: c.prober, Inspect: c.inspect, PublicStatus: c.cfg.Inspect.PublicStatus, Intake: c.intake, Ranking: c.ranking, Hooks: c.hooks, Feed: c.feed, Files: c.feed,
		Log: c.store, Sessions: c.store.Sessions(), Ready: c.ready, Explain: c.store.Explain, Metrics: metrics, Count: count,
		Base:  c.address,
		Hosts: hostNames(c.cfg.HTTP, c.listener.Addr(), c.own), Secure: c.cfg.HTTP.SecureCookies, Strict: c.strict, Idle: c.cfg.Accounts.Idle(), Proxies: proxies,
		Version: version, Now: c.store.Now, Logger: c.log,
	})
	if err != nil {
		return err
	}
	c.store.OnEvent(server.Changed)
	c.pages = c.withBroker(server.Handler())
	return nil
}

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"zhanqun/config"
	"zhanqun/hub/health/crawl"
	"zhanqun/hub/health/linkcheck"
	"zhanqun/internal/cli"
	"zhanqun/internal/dirlock"
	"zhanqun/internal/fault"
)

// browserHops is the longest chain of redirects a browser follows.
const browserHops = 20

// checkFlags are what can be asked of one check.
type checkFlags struct {
	crawl.Options
	private bool
	robots  string
	delay   time.Duration
	page    int // MiB
}

func (k *checkFlags) define(f *flag.FlagSet) {
	f.IntVar(&k.Depth, "depth", 0, "检查几层：0 只查这一页和它的链接，`N` 再往下 N 层，-1 整个网站")
	f.BoolVar(&k.private, "allow-private", false, "这次允许访问本机和内网地址")
	f.StringVar(&k.robots, "robots", "obey", "对被查网站的 robots.txt：`obey` 遵守，ignore 不理会（只在网站主办单位同意时）；别的网站一律遵守")
	f.DurationVar(&k.delay, "delay", 0, "同一主机两次访问至少相隔多久（如 `500ms`）；0 按对方应答快慢自动调整，负数不停顿")
	f.IntVar(&k.Site, "connections", 4, "同时与被查网站建立的连接数 `N`")
	f.IntVar(&k.MaxPages, "max-pages", 200_000, "最多读多少页 `N`")
	f.IntVar(&k.MaxTargets, "max-links", 2_000_000, "最多检查多少个不同网址 `N`")
	f.DurationVar(&k.MaxTime, "max-time", 0, "最多用多长时间（如 `30m`）；0 不限")
	f.IntVar(&k.page, "max-page-mib", 16, "一页最多读多少 `MiB`")
	f.IntVar(&k.Check.MaxRedirects, "max-redirects", browserHops, "最多跟随多少次跳转 `N`")
	f.DurationVar(&k.Check.Timeout, "timeout", 0, "一个网址最多等多久（如 `15s`）；0 用设置里的")
	f.IntVar(&k.Looks, "looks", 3, "打不开的网址一共看 `N` 次，都打不开才算死链")
	f.DurationVar(&k.Pause, "pause", 3*time.Second, "隔多久再看打不开的网址（如 `3s`）")
	f.StringVar(&k.Dir, "dir", "", "工作文件夹 `DIR`：中断后用同样的命令可以接着查")
}

// options turns flags and settings into those of a crawl.
func (k *checkFlags) options(l config.Links) (crawl.Options, error) {
	o := k.Options
	switch {
	case k.Depth < crawl.WholeSite:
		return o, fmt.Errorf("%w: --depth 只能是 -1、0 或正数", cli.ErrUsage)
	case k.robots != "obey" && k.robots != "ignore":
		return o, fmt.Errorf("%w: --robots 只能是 obey 或 ignore", cli.ErrUsage)
	case k.Site < 1 || k.Site > 64 || k.MaxPages < 1 || k.MaxTargets < 1 || k.page < 1 || k.page > 256 || k.Looks < 1 || k.Looks > 10,
		k.Check.MaxRedirects < 1 || k.Check.MaxRedirects > 100, k.Check.Timeout < 0, k.Pause < 0, k.MaxTime < 0:
		return o, fmt.Errorf("%w: 选项的值太小或太大", cli.ErrUsage)
	}
	list, err := wordList(l)
	if err != nil {
		return o, err
	}
	o.Foreign = list
	o.IgnoreRobots = k.robots == "ignore"
	o.Pace, o.SlowPace = k.delay, l.PerHostDelay()
	o.Workers = max(16, o.Site+8)
	if o.Pause == 0 {
		o.Pause = time.Nanosecond // none; 0 would mean the default
	}
	o.Check.UserAgent = linkcheck.UserAgent(l.UserAgentContact)
	o.Check.MaxBytes = int64(k.page) << 20
	if o.Check.Timeout == 0 {
		o.Check.Timeout = l.Timeout()
	}
	if k.private || l.AllowPrivate {
		o.Check.AllowPrivate = anyPrivate
	}
	return o, nil
}

func anyPrivate(netip.Addr) bool { return true }

func checkCommand() command {
	k := new(checkFlags)
	var column columnCheck
	return command{
		Name: "check", Args: "网址", Min: 1, Max: 1, Lists: true,
		Short:   "检查一页、几层或整个网站的链接，说明每个链接能不能打开（不登记，不通知）",
		Codes:   "0 查完，没有打不开的链接；1 有打不开的链接（--column：栏目超期或空白）；2 命令写错；3 没有查成（被中断、没有获准访问内网地址、这一页没有读到、工作文件夹不能用），已查到的部分里没有打不开的",
		Example: "hub check https://www.gov.cn/\nhub check --depth 2 www.example.gov.cn/tzgg/\nhub check --depth -1 --json --dir ./work www.example.gov.cn > links.jsonl\nhub check --column --class notice www.example.gov.cn/tzgg/",
		Flags: func(f *flag.FlagSet) {
			k.define(f)
			column.flags(f)
		},
		Run: func(ctx context.Context, c *call) error {
			if column.on {
				return k.column(ctx, c, &column)
			}
			if strings.TrimSpace(c.Args[0]) == "" {
				return fmt.Errorf("%w: 网址是空的", cli.ErrUsage)
			}
			o, err := k.options(c.Cfg.Links)
			if err != nil {
				return err
			}
			if o.Dir == "" {
				return runCheck(ctx, c, o)
			}
			lock, err := lockWork(o.Dir)
			if err != nil {
				return &unchecked{err}
			}
			defer lock.Release() //nolint:errcheck // it ends with the program at the latest
			return runCheck(ctx, c, o)
		},
	}
}

// column looks at one column with the flags that mean something to it.
func (k *checkFlags) column(ctx context.Context, c *call, column *columnCheck) error {
	c.Cfg.Links.AllowPrivate = c.Cfg.Links.AllowPrivate || k.private
	checker := newChecker(c.Cfg.Links)
	defer checker.Close()
	return column.run(ctx, c, checker)
}

// lockWork keeps a second check out of a work folder.
func lockWork(dir string) (*dirlock.Lock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making work folder: %w", err)
	}
	lock, _, err := dirlock.Try(filepath.Join(dir, "lock"))
	if errors.Is(err, dirlock.ErrHeld) {
		return nil, fault.Wrap(fault.Conflict, "另一个检查正在使用这个工作文件夹，请等它结束，或换一个文件夹。", err)
	}
	return lock, err
}

// checkMemory is what a check keeps itself to, pages of many megabytes apart: its
// garbage is collected oftener before it takes more.
const checkMemory = 64 << 20

// runCheck checks, tells and says at last what there is to say by exit code.
func runCheck(ctx context.Context, c *call, o crawl.Options) error {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(checkMemory))
	out := newCheckOutput(c)
	o.Tell, o.Idle = out.line, out.idle
	totals, err := crawl.Run(ctx, c.Args[0], o)
	switch {
	case errors.Is(err, crawl.ErrOther):
		return &unchecked{fault.Wrap(fault.Conflict, "这个工作文件夹属于另一次检查（网址、层数或 robots 选项不同），请换一个文件夹，或清空后再试。", err)}
	case err != nil:
		return &unchecked{err}
	}
	if err := out.end(totals); err != nil {
		return &unchecked{err}
	}
	switch {
	case totals.Dead > 0:
		return fault.New(fault.Invalid, fmt.Sprintf("有 %d 处链接打不开（%d 个网址）。", totals.Dead, totals.DeadTargets))
	case totals.Stopped == "interrupted":
		return &unchecked{context.Canceled}
	case out.start.Reason == linkcheck.ReasonPrivate:
		return &unchecked{fault.New(fault.Invalid, "这个网址在本机或内部网络上，没有访问。要检查它，请加 --allow-private。")}
	case totals.Pages == 0 && (out.start.Verdict == linkcheck.Inconclusive || out.start.Verdict == linkcheck.Excluded):
		return &unchecked{fault.New(fault.Invalid, "这个网址没有查成："+out.start.Detail)}
	}
	return nil
}

// notChecked is the exit code of a check that found nothing dead but did not
// come to its end, so that 1 says one thing only.
const notChecked = 3

// unchecked is why a check could not be carried out.
type unchecked struct{ error }

func (u *unchecked) Unwrap() error { return u.error }

// ExitCode ends the program with notChecked.
func (u *unchecked) ExitCode() int { return notChecked }

// newChecker makes what looks at links as the settings say; change sets what is
// otherwise for one use.
func newChecker(l config.Links, change ...func(*linkcheck.Options)) *linkcheck.Checker {
	o := checkOptions(l)
	for _, f := range change {
		f(&o)
	}
	return linkcheck.New(o)
}

// checkOptions are the settings for looking at single links.
func checkOptions(l config.Links) linkcheck.Options {
	o := linkcheck.Options{
		UserAgent: linkcheck.UserAgent(l.UserAgentContact),
		Timeout:   l.Timeout(), PerHostInterval: l.PerHostDelay(), Probe: true,
	}
	if l.PerHostDelayMS == 0 {
		o.PerHostInterval = -1 // none; 0 would mean the default
	}
	if l.AllowPrivate {
		o.AllowPrivate = anyPrivate
	}
	return o
}

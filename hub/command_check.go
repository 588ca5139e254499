package main

import (
	"context"
	"flag"
	"fmt"
	"net/netip"
	"time"

	"zhanqun/config"
	"zhanqun/hub/health/linkcheck"
	"zhanqun/internal/cli"
	"zhanqun/internal/fault"
)

// verdicts are what a look at a link can end in, in words.
var verdicts = map[linkcheck.Verdict]string{
	linkcheck.OK: "正常", linkcheck.Suspect: "可疑，需要人看", linkcheck.Dead: "打不开",
	linkcheck.Inconclusive: "无法判断", linkcheck.Excluded: "没有访问",
}

func checkCommand() command {
	var private bool
	var column columnCheck
	return command{
		Name: "check", Args: "网址", Min: 1, Max: 1, Lists: true,
		Short:   "看一眼一个网址能不能打开，说明原因（不登记，不通知）",
		Example: "hub check https://www.gov.cn/\nhub check --json www.example.gov.cn/tzgg/\nhub check --column --class notice www.example.gov.cn/tzgg/",
		Flags: func(f *flag.FlagSet) {
			f.BoolVar(&private, "allow-private", false, "这次允许访问内网地址")
			column.flags(f)
		},
		Run: func(ctx context.Context, c *call) error {
			c.Cfg.Links.AllowPrivate = c.Cfg.Links.AllowPrivate || private
			checker := newChecker(c.Cfg.Links)
			defer checker.Close()
			if column.on {
				return column.run(ctx, c, checker)
			}
			r := checker.Check(ctx, c.Args[0])
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := sayResult(c, r); err != nil {
				return err
			}
			if r.Verdict == linkcheck.Dead {
				return fault.New(fault.Invalid, "这个网址打不开。看一次不能定为死链，平台会隔一段时间再看。")
			}
			return nil
		},
	}
}

func sayResult(c *call, r linkcheck.Result) error {
	if c.JSON {
		return cli.WriteJSON(c.Out, r)
	}
	rows := [][]string{{"网址", r.URL}, {"结论", verdicts[r.Verdict]}, {"说明", r.Detail}}
	if r.Final != "" && r.Final != r.URL {
		rows = append(rows, []string{"最后到达", r.Final})
	}
	if r.Title != "" {
		rows = append(rows, []string{"标题", r.Title})
	}
	rows = append(rows, []string{"用时", r.Elapsed.Round(time.Millisecond).String()})
	for _, cert := range r.Certificates {
		if text := cert.Text(); text != "" {
			rows = append(rows, []string{"证书", fmt.Sprintf("%s：%s", cert.Host, text)})
		}
	}
	return cli.Table(c.Out, rows)
}

// newChecker makes what looks at links as the settings say; change sets what is
// otherwise for one use.
func newChecker(l config.Links, change ...func(*linkcheck.Options)) *linkcheck.Checker {
	o := linkcheck.Options{
		UserAgent: linkcheck.UserAgent(l.UserAgentContact),
		Timeout:   l.Timeout(), PerHostInterval: l.PerHostDelay(), Probe: true,
	}
	if l.PerHostDelayMS == 0 {
		o.PerHostInterval = -1 // none; 0 would mean the default
	}
	if l.AllowPrivate {
		o.AllowPrivate = func(netip.Addr) bool { return true }
	}
	for _, f := range change {
		f(&o)
	}
	return linkcheck.New(o)
}

package main

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"zhanqun/hub/access"
	"zhanqun/internal/ca"
	"zhanqun/internal/cli"
)

func serveCommand() command {
	var addr string
	return command{
		Name: "serve", Lists: true,
		Short:   "运行县级平台：收乡镇的信息，供审核，对外发布",
		Example: "hub serve\nhub serve --addr 0.0.0.0:8080 --config /etc/zhanqun/hub.toml",
		Flags: func(f *flag.FlagSet) {
			f.StringVar(&addr, "addr", "", "监听地址 `HOST:PORT`，代替设置 http.addr；端口 0 表示自动选择")
		},
		Run: func(ctx context.Context, c *call) error {
			if addr != "" {
				c.Cfg.HTTP.Addr = addr
			}
			county, err := build(ctx, c.Cfg, c.Log)
			if err != nil {
				return err
			}
			county.sayUnprotected()
			if err := county.say(c); err != nil {
				return err
			}
			defer watchdog(ctx, c)()
			return county.run(ctx)
		},
	}
}

// addresses is what serve prints when it is ready.
type addresses struct {
	Hub      string   `json:"hub"`
	Feed     string   `json:"feed"`
	NATS     []string `json:"nats"`
	Login    string   `json:"login,omitempty"`
	Password string   `json:"password,omitempty"`
}

// say prints the addresses, one on a line, and on the first start the
// administrator's password.
func (c *county) say(to *call) error {
	a := addresses{Hub: c.base, Feed: c.base + "/feed.atom", NATS: c.ways()}
	if c.password != "" {
		a.Login, a.Password = access.FirstLogin, c.password
	}
	if to.JSON {
		return cli.WriteJSON(to.Out, a)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "县级平台 %s\n聚合订阅 %s\n节点线路 %s\n", a.Hub, a.Feed, strings.Join(a.NATS, " "))
	if c.certs != nil && c.certs.State().Own {
		fmt.Fprintf(&b, "网页证书 自建，浏览器要信任它请导入 %s\n", filepath.Join(c.cfg.Dir, ca.CertName))
	}
	if a.Password != "" {
		fmt.Fprintf(&b, "首次启动：管理员用户名 %s，一次性密码 %s（只显示这一次，登录后必须修改）\n", a.Login, a.Password)
	}
	_, err := fmt.Fprint(to.Out, b.String())
	return err
}

// stopTime is how long stopping may take.
const stopTime = 5 * time.Second

// watchdog says so when stopping takes longer than it may. The returned
// function ends it.
func watchdog(ctx context.Context, c *call) (end func()) {
	done := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-ctx.Done():
		case <-done:
			return
		}
		late := time.NewTimer(stopTime)
		defer late.Stop()
		select {
		case <-late.C:
			c.Log.Error("stopping takes too long; everything acknowledged is on disk, so ending the process is safe")
		case <-done:
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}

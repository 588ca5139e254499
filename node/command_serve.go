package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"sync"

	"zhanqun/config"
	"zhanqun/internal/account"
	"zhanqun/internal/cli"
	"zhanqun/internal/fault"
	"zhanqun/internal/idle"
	"zhanqun/node/bundle"
	"zhanqun/node/queue"
	"zhanqun/node/station"
	"zhanqun/protocol"
)

// withQueue opens the data folder for one command and closes it again.
func withQueue(ctx context.Context, c *call, f func(*queue.Queue) error) (err error) {
	q, err := queue.Open(ctx, queue.Options{Dir: c.Cfg.Dir, Log: c.Log, Reserve: diskReserve(c),
		Rules: rulesOf(c.Cfg.Accounts)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, q.Close()) }()
	return f(q)
}

// diskReserve is the setting as package queue has it, where 0 means the default and
// less that nothing is kept back.
func diskReserve(c *call) int64 {
	if c.Cfg.Limits.DiskReserveBytes == 0 {
		return -1
	}
	return c.Cfg.Limits.DiskReserveBytes
}

// local is who gives commands on the node's own machine: whoever can open the
// data folder may speak for the township.
func local(c *call) queue.Actor {
	who := c.User
	if who == "" {
		who = "local"
	}
	return queue.Actor{Login: "local:" + who, Name: "本机 " + who, Role: account.RoleLiaison}
}

// mostGroups is in how many pieces a join code may be typed.
const mostGroups = 400

func joinCommand() command {
	var name string
	var later, again bool
	return command{
		Name: "join", Args: "入网码", Min: 1, Max: mostGroups, Lists: true,
		Short:   "用县里给的入网码入网，只需一次",
		Example: "node join zq1-eyJoIjoiaHR0cDovLzEwLjAuMC4xOjgwODAi…\nnode join zq1-eyJoIjoiaHR0cDovLzEwLjAuMC4xOjgwODAi… --offline\nnode join zq1-eyJoIjoiaHR0cDovLzEwLjAuMC4xOjgwODAi… --again",
		Flags: func(f *flag.FlagSet) {
			f.StringVar(&name, "name", "", "这台机器的`名称`，县里看得到；不写就用计算机名")
			f.BoolVar(&later, "offline", false, "没有线路：把入网请求放进下一个摆渡包，由县里的回包带回身份")
			f.BoolVar(&again, "again", false, "本机已入网，用新的入网码换一个身份，内容都保留（换机、硬盘被复制、县里恢复旧备份后用）")
		},
		Run: func(ctx context.Context, c *call) error {
			if later && again {
				return fault.New(fault.Invalid, "换身份（--again）要能连上县级平台，不能用摆渡包（--offline）。请把机器拿到有线路的地方换好身份，再拿回来。")
			}
			// From paper it is typed in groups, with blanks between.
			code := strings.Join(c.Args, "")
			return withQueue(ctx, c, func(q *queue.Queue) error {
				join := station.Join
				switch {
				case later:
					return joinLater(ctx, c, q, code, name)
				case again:
					join = station.Rejoin
				}
				id, err := join(ctx, q, code, name, station.Program(version))
				if err != nil {
					return err
				}
				if c.JSON {
					return cli.WriteJSON(c.Out, id)
				}
				line, err := q.Line(ctx)
				if err != nil {
					return err
				}
				text := fmt.Sprintf("已入网：%s（节点 %s）。", id.Unit.Name, id.Node)
				if line.Pending {
					text = fmt.Sprintf("入网码有效：%s（节点 %s）。还要等县级管理员批准，请把本机的密钥指纹告诉他：%s。批准后自动开始收发。",
						id.Unit.Name, id.Node, protocol.KeyFingerprint(id.Key.Public()))
				}
				_, err = fmt.Fprintln(c.Out, text+"接下来运行 node serve。")
				return err
			})
		},
	}
}

func joinLater(ctx context.Context, c *call, q *queue.Queue, code, name string) error {
	if err := station.JoinLater(ctx, q, code, name); err != nil {
		return err
	}
	if c.JSON {
		return cli.WriteJSON(c.Out, map[string]bool{"offline": true})
	}
	text := "已记下入网码。请运行 node bundle export，把导出的摆渡包拿到县里导入，再导入县里的回包。\n"
	if c.Cfg.Bundle.OutDir != "" {
		text = "已记下入网码。node serve 会把入网请求写进 " + c.Cfg.Bundle.OutDir + "，收到县里的回包就入网了。\n"
	}
	_, err := fmt.Fprint(c.Out, text)
	return err
}

// started is what serve prints when it is ready.
type started struct {
	URL         string   `json:"url"`
	Others      []string `json:"others,omitempty"`      // the same on other machines
	Fingerprint string   `json:"fingerprint,omitempty"` // of the own CA, which these have to trust
	Unit        string   `json:"unit,omitempty"`
	Login       string   `json:"login,omitempty"`
	Password    string   `json:"password,omitempty"`
}

func serveCommand() command {
	var addr string
	return command{
		Name: "serve", Lists: true,
		Short:   "运行节点：提供网页，把信息报到县里",
		Example: "node serve\nnode serve --addr 127.0.0.1:8090",
		Flags: func(f *flag.FlagSet) {
			f.StringVar(&addr, "addr", "", "监听地址 `HOST:PORT`，代替设置 http.addr；端口 0 表示自动选择")
		},
		Run: func(ctx context.Context, c *call) error {
			cfg := c.Cfg
			if addr == "" {
				addr = cfg.HTTP.Addr
			}
			s, err := station.Open(ctx, station.Options{
				Dir: cfg.Dir, Addr: addr, TLS: cfg.TLS, Secure: cfg.HTTP.SecureCookies, Hosts: cfg.HTTP.AllowedHosts, Reserve: diskReserve(c), Version: version, Log: c.Log,
				Rules: rulesOf(cfg.Accounts), Idle: cfg.Accounts.Idle(),
				Line: station.Line{Poll: cfg.Line.Poll(), Window: cfg.Line.Window, URL: cfg.Line.HubURL}, NoLooks: !cfg.Line.SecondOpinions,
				Gap: station.Gap{
					Folders: bundle.Folders{In: cfg.Bundle.InDir, Out: cfg.Bundle.OutDir, Every: cfg.Bundle.Every()},
					Resend:  cfg.Bundle.Resend(), MaxBytes: cfg.Bundle.MaxBytes,
				},
			})
			if err != nil {
				return err
			}
			if err := say(ctx, c, s); err != nil {
				return errors.Join(err, s.Close())
			}
			ctx, stop := context.WithCancel(ctx)
			var work sync.WaitGroup
			defer work.Wait()
			defer stop()
			work.Go(func() { idle.Run(ctx) })
			return s.Run(ctx)
		},
	}
}

// say prints the address and, on the first start, the first liaison's password.
func say(ctx context.Context, c *call, s *station.Station) error {
	out := started{URL: s.URL(), Others: s.Others(), Fingerprint: s.Certificate().Fingerprint()}
	if id, err := s.Queue.Identity(ctx); err == nil {
		out.Unit = id.Unit.Name
	}
	password, err := s.Prepare(ctx)
	if err != nil {
		return err
	}
	if password != "" {
		out.Login, out.Password = station.FirstLogin, password
	}
	if c.JSON {
		return cli.WriteJSON(c.Out, out)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "节点网页 %s\n", out.URL)
	if len(out.Others) > 0 {
		fmt.Fprintf(&b, "别的电脑用 %s\n", strings.Join(out.Others, " "))
	}
	if out.Fingerprint != "" {
		fmt.Fprintf(&b, "网页证书 自建，指纹（SHA-256）%s\n　　　　 怎样让村里的浏览器信任它，见 %s/trust\n", out.Fingerprint, out.URL)
	}
	if out.Unit != "" {
		fmt.Fprintf(&b, "本机单位 %s\n", out.Unit)
	} else {
		b.WriteString("还没有入网：信息可以先写好存着。拿到县里的入网码后运行 node join 入网码。\n")
	}
	if out.Password != "" {
		fmt.Fprintf(&b, "首次启动：用户名 %s，一次性密码 %s（只显示这一次，登录后必须修改）\n", out.Login, out.Password)
	}
	_, err = fmt.Fprint(c.Out, b.String())
	return err
}

func rulesOf(a config.Accounts) account.Rules {
	return account.Rules{Days: a.PasswordDays, Past: a.PasswordPast, Second: account.Demand(a.SecondFactor)}
}

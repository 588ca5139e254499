package main

import (
	"context"
	"flag"
	"fmt"
	"time"

	"zhanqun/hub/access"
)

const day = 24 * time.Hour

func tokenCreateCommand() command {
	var name string
	var days int
	return command{
		name: "token create", args: "用户名", min: 1, max: 1, lists: true,
		short:   "生成一个接口令牌，程序用它以这个账号的身份调用接口",
		example: "hub token create wangli --name 统计程序 --days 90\ncurl -H \"Authorization: Bearer 令牌\" http://127.0.0.1:8080/api/v1/items",
		flags: func(f *flag.FlagSet) {
			f.StringVar(&name, "name", "命令行生成", "用途 `TEXT`")
			f.IntVar(&days, "days", int(access.TokenLife/day), "有效天数 `N`")
		},
		run: func(ctx context.Context, c *call) error {
			if days < 1 || days > 3650 {
				return fmt.Errorf("%w: --days 要在 1 到 3650 之间", errUsage)
			}
			return withAccess(ctx, c, func(a *access.Service) error {
				secret, t, err := a.NewToken(ctx, c.actor(), c.args[0], name, time.Duration(days)*day)
				if err != nil {
					return noUser(err, c.args[0])
				}
				if c.json {
					return writeJSON(c.out, struct {
						access.Token
						Secret string `json:"token"`
					}{t, secret})
				}
				// The token alone on stdout, so that a script can take it as it is.
				if _, err := fmt.Fprintln(c.out, secret); err != nil {
					return err
				}
				_, err = fmt.Fprintf(c.err, "令牌只显示这一次，有效期到 %s。\n", when(t.ExpiresAt))
				return err
			})
		},
	}
}

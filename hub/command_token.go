package main

import (
	"context"
	"flag"
	"fmt"
	"time"

	"zhanqun/hub/access"
	"zhanqun/internal/cli"
)

const day = 24 * time.Hour

func tokenCreateCommand() command {
	var name string
	var days int
	return command{
		Name: "token create", Args: "用户名", Min: 1, Max: 1, Lists: true,
		Short:   "生成一个接口令牌，程序用它以这个账号的身份调用接口",
		Example: "hub token create wangli --name 统计程序 --days 90\ncurl -H \"Authorization: Bearer 令牌\" http://127.0.0.1:8080/api/v1/items",
		Flags: func(f *flag.FlagSet) {
			f.StringVar(&name, "name", "命令行生成", "用途 `TEXT`")
			f.IntVar(&days, "days", int(access.TokenLife/day), "有效天数 `N`")
		},
		Run: func(ctx context.Context, c *call) error {
			if days < 1 || days > 3650 {
				return fmt.Errorf("%w: --days 要在 1 到 3650 之间", cli.ErrUsage)
			}
			return withAccess(ctx, c, func(a *access.Service) error {
				secret, t, err := a.NewToken(ctx, actor(c), c.Args[0], name, time.Duration(days)*day)
				if err != nil {
					return noUser(err, c.Args[0])
				}
				if c.JSON {
					return cli.WriteJSON(c.Out, struct {
						access.Token
						Secret string `json:"token"`
					}{t, secret})
				}
				// The token alone on stdout, so that a script can take it as it is.
				if _, err := fmt.Fprintln(c.Out, secret); err != nil {
					return err
				}
				_, err = fmt.Fprintf(c.Err, "令牌只显示这一次，有效期到 %s。\n", cli.When(t.ExpiresAt))
				return err
			})
		},
	}
}

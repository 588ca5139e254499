package main

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"time"

	"zhanqun/hub/bus"
	"zhanqun/hub/store"
	"zhanqun/internal/ca"
	"zhanqun/internal/cli"
	"zhanqun/internal/disk"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

func natsSeedCommand() command {
	return command{
		Name:    "nats seed",
		Short:   "生成县级平台在外部 NATS 上的密钥种子，用作设置 nats.seed",
		Example: "hub nats seed > /etc/zhanqun/nats.seed\nZHANQUN_NATS_SEED_FILE=/etc/zhanqun/nats.seed hub serve",
		Run: func(_ context.Context, c *call) error {
			key, err := protocol.NewNodeKey() // the same kind: a user's
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintf(c.Out, "%s\n", key.Seed()); err != nil {
				return err
			}
			_, err = fmt.Fprintln(c.Err, "这是密钥，请存成只有管理员能读的文件，不要外传。")
			return err
		},
	}
}

func natsCertCommand() command {
	var out string
	days := 730
	return command{
		Name: "nats cert", Args: "地址…", Min: 1, Max: 20,
		Short:   "给外部 NATS 签发证书：节点和县级平台都认它，不用另装证书",
		Example: "hub nats cert 10.0.0.5 --out /etc/nats\nhub nats cert nats1.example.gov.cn 10.0.0.5 --days 365 --out /etc/nats",
		Flags: func(f *flag.FlagSet) {
			f.StringVar(&out, "out", ".", "写入的`文件夹`：server.crt 和 server.key，已有的会换新")
			f.IntVar(&days, "days", days, "有效天数 `N`")
		},
		Run: func(ctx context.Context, c *call) error {
			if days < 1 || days > 3650 {
				return fmt.Errorf("%w: --days 要在 1 到 3650 之间", cli.ErrUsage)
			}
			return withStore(ctx, c, func(s *store.Store) error {
				own, err := ca.Open(c.Cfg.Dir, certificateOwner, s.Keys().Vouch, s.Now())
				if err != nil {
					return err
				}
				key, chain, err := own.Issue(c.Args, time.Duration(days)*day, s.Now())
				if err != nil {
					return err
				}
				for name, text := range map[string][]byte{"server.key": key, "server.crt": chain} {
					if err := disk.WriteSecret(filepath.Join(out, name), text); err != nil {
						return fault.Wrap(fault.Invalid, "无法写入文件夹 "+out+"，请检查路径和权限："+err.Error(), err)
					}
				}
				_, err = fmt.Fprintf(c.Out, "已写入 %s（只有当前用户能读），有效 %d 天；到期前重新生成，再运行 nats-server --signal reload。\n", out, days)
				return err
			})
		},
	}
}

func natsConfCommand() command {
	return command{
		Name:    "nats conf",
		Short:   "写出外部 NATS 的身份设置：由县级平台决定让谁连接（只含公钥）",
		Example: "hub nats conf > /etc/nats/zhanqun.conf",
		Run: func(_ context.Context, c *call) error {
			if !c.Cfg.NATS.Seed.IsSet() {
				return fault.New(fault.Invalid, "还没有设置 nats.seed。请先运行 hub nats seed 生成，写进设置后再运行本命令。")
			}
			key, err := ownKey(c.Cfg.NATS)
			if err != nil {
				return err
			}
			text, err := bus.DoorConfig(key)
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(c.Out, "# 由 hub nats conf 生成，只含公钥。换了 nats.seed 才需要重新生成。\n"+text)
			return err
		},
	}
}

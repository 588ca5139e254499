package main

import (
	"context"
	"fmt"

	"zhanqun/hub/bus"
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

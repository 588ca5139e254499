package main

import (
	"context"
	"fmt"
)

func migrateCommand() command {
	return command{
		name:    "migrate",
		short:   "把数据库升级到本程序的结构（serve 启动时也会自动升级）",
		example: "hub migrate\nhub migrate --config /etc/zhanqun/hub.toml",
		run: func(ctx context.Context, c *call) error {
			s, _, err := openStore(ctx, c.cfg, c.log)
			if err != nil {
				return err
			}
			if err := s.Close(); err != nil {
				return fmt.Errorf("关闭数据库时出错：%w", err)
			}
			_, err = fmt.Fprintln(c.out, "数据库已是最新结构。")
			return err
		},
	}
}

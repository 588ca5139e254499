package main

import (
	"context"
	"fmt"
)

func migrateCommand() command {
	return command{
		Name:    "migrate",
		Short:   "把数据库升级到本程序的结构（serve 启动时也会自动升级）",
		Example: "hub migrate\nhub migrate --config /etc/zhanqun/hub.toml",
		Run: func(ctx context.Context, c *call) error {
			s, err := openStore(ctx, c.Cfg, c.Log)
			if err != nil {
				return err
			}
			if err := s.Close(); err != nil {
				return fmt.Errorf("关闭数据库时出错：%w", err)
			}
			_, err = fmt.Fprintln(c.Out, "数据库已是最新结构。")
			return err
		},
	}
}

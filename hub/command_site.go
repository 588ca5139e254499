package main

import (
	"context"
	"fmt"
	"os"

	"zhanqun/hub/health"
	"zhanqun/hub/store"
	"zhanqun/internal/cli"
)

func siteImportCommand() command {
	return command{
		Name: "site import", Args: "文件.csv", Min: 1, Max: 1, Lists: true,
		Short:   "登记要检查的网站（unit、name、url 三栏，可加 code 网站标识码），可以反复导入",
		Example: "hub site import 网站.csv",
		Run: func(ctx context.Context, c *call) error {
			f, err := os.Open(c.Args[0])
			if err != nil {
				return cannotRead(c.Args[0], err)
			}
			defer f.Close()
			return withStore(ctx, c, func(s *store.Store) error {
				total, added, err := health.New(health.Options{Store: s, Log: c.Log}).ImportSites(ctx, actor(c), f)
				if err != nil {
					return err
				}
				if c.JSON {
					return cli.WriteJSON(c.Out, map[string]int{"sites": total, "added": added})
				}
				_, err = fmt.Fprintf(c.Out, "文件里有 %d 个网站，新登记 %d 个。\n", total, added)
				return err
			})
		},
	}
}

func siteColumnsCommand() command {
	return command{
		Name: "site columns", Args: "文件.csv", Min: 1, Max: 1, Lists: true,
		Short:   "登记网站的栏目（site 首页地址、name、url 三栏，可加 class 类别、unit 责任单位、channel 频道），可以反复导入",
		Example: "hub site columns 栏目.csv",
		Run: func(ctx context.Context, c *call) error {
			f, err := os.Open(c.Args[0])
			if err != nil {
				return cannotRead(c.Args[0], err)
			}
			defer f.Close()
			return withStore(ctx, c, func(s *store.Store) error {
				total, added, err := health.New(health.Options{Store: s, Log: c.Log}).ImportColumns(ctx, actor(c), f)
				if err != nil {
					return err
				}
				if c.JSON {
					return cli.WriteJSON(c.Out, map[string]int{"columns": total, "added": added})
				}
				_, err = fmt.Fprintf(c.Out, "文件里有 %d 个栏目，新登记 %d 个。\n", total, added)
				return err
			})
		},
	}
}

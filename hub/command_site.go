package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"zhanqun/hub/access"
	"zhanqun/hub/health"
	"zhanqun/hub/store"
	"zhanqun/internal/cli"
)

func siteImportCommand() command {
	return command{
		Name: "site import", Args: "文件.csv", Min: 1, Max: 1, Lists: true,
		Short:   "登记要检查的网站（unit、name、url 三栏，可加 code 网站标识码、parent 上级线路、kind 种类），可以反复导入",
		Example: "hub site import 网站.csv",
		Run: func(ctx context.Context, c *call) error {
			return register(ctx, c, "sites", "文件里有 %d 个网站，新登记 %d 个。\n", (*health.Service).ImportSites)
		},
	}
}

func siteColumnsCommand() command {
	return command{
		Name: "site columns", Args: "文件.csv", Min: 1, Max: 1, Lists: true,
		Short:   "登记网站的栏目（site 首页地址、name、url 三栏，可加 class 类别、unit 责任单位、channel 频道、days 本栏目自己的期限天数），可以反复导入",
		Example: "hub site columns 栏目.csv",
		Run: func(ctx context.Context, c *call) error {
			return register(ctx, c, "columns", "文件里有 %d 个栏目，新登记 %d 个。\n", (*health.Service).ImportColumns)
		},
	}
}

// register takes a list of what is watched from a file, and says how much there
// is of it and how much of that is new.
func register(ctx context.Context, c *call, what, words string,
	take func(*health.Service, context.Context, access.User, io.Reader) (total, added int, err error)) error {
	f, err := os.Open(c.Args[0])
	if err != nil {
		return cannotRead(c.Args[0], err)
	}
	defer f.Close()
	return withStore(ctx, c, func(s *store.Store) error {
		total, added, err := take(health.New(health.Options{Store: s, Log: c.Log}), ctx, actor(c), f)
		if err != nil {
			return err
		}
		if c.JSON {
			return cli.WriteJSON(c.Out, map[string]int{what: total, "added": added})
		}
		_, err = fmt.Fprintf(c.Out, words, total, added)
		return err
	})
}

package main

import (
	"context"
	"fmt"
	"os"

	"zhanqun/hub/health"
	"zhanqun/hub/store"
)

func siteImportCommand() command {
	return command{
		name: "site import", args: "文件.csv", min: 1, max: 1, lists: true,
		short:   "登记要检查的网站（unit、name、url 三栏，可加 code 网站标识码），可以反复导入",
		example: "hub site import 网站.csv",
		run: func(ctx context.Context, c *call) error {
			f, err := os.Open(c.args[0])
			if err != nil {
				return cannotRead(c.args[0], err)
			}
			defer f.Close()
			return withStore(ctx, c, func(s *store.Store) error {
				total, added, err := health.New(health.Options{Store: s, Log: c.log}).ImportSites(ctx, c.actor(), f)
				if err != nil {
					return err
				}
				if c.json {
					return writeJSON(c.out, map[string]int{"sites": total, "added": added})
				}
				_, err = fmt.Fprintf(c.out, "文件里有 %d 个网站，新登记 %d 个。\n", total, added)
				return err
			})
		},
	}
}

package main

import (
	"context"
	"fmt"
	"os"

	"zhanqun/hub/access"
	"zhanqun/internal/cli"
	"zhanqun/internal/fault"
)

func unitImportCommand() command {
	return command{
		Name: "unit import", Args: "文件.csv", Min: 1, Max: 1, Lists: true,
		Short:   "导入单位（代码、名称、级别、上级代码四栏），可以反复导入",
		Example: "hub unit import 单位.csv",
		Run: func(ctx context.Context, c *call) error {
			f, err := os.Open(c.Args[0])
			if err != nil {
				return cannotRead(c.Args[0], err)
			}
			defer f.Close()
			return withAccess(ctx, c, func(a *access.Service) error {
				total, changed, err := a.ImportUnits(ctx, actor(c), f)
				if err != nil {
					return err
				}
				if c.JSON {
					return cli.WriteJSON(c.Out, map[string]int{"units": total, "changed": changed})
				}
				_, err = fmt.Fprintf(c.Out, "文件里有 %d 个单位，新增或改动 %d 个。\n", total, changed)
				return err
			})
		},
	}
}

func cannotRead(path string, err error) error {
	return fault.Wrap(fault.Invalid, "读不了文件 "+path+"，请检查路径和权限。", err)
}

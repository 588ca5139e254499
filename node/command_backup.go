package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"zhanqun/internal/cli"
	"zhanqun/internal/fault"
	"zhanqun/node/queue"
	"zhanqun/node/station"
)

func backupCommand() command {
	return command{
		Name: "backup", Args: "文件", Min: 1, Max: 1, Lists: true,
		Short:   "把本机的信息、附件和密钥备份到一个文件；serve 运行时也可以做",
		Example: "node backup E:\\node-2026-11-03.tar.zst\nnode backup /media/usb/node.tar.zst",
		Run: func(ctx context.Context, c *call) error {
			if _, err := os.Stat(c.Cfg.Dir); errors.Is(err, fs.ErrNotExist) {
				return fault.Wrap(fault.NotFound, "没有数据目录 "+c.Cfg.Dir+"。请用 --config 指定设置文件。", err)
			}
			return withQueue(ctx, c, func(q *queue.Queue) error {
				b, err := q.Backup(ctx, c.Args[0], station.Program(version), cli.Progress(c.Err, "已备份"))
				if err != nil {
					return err
				}
				if c.JSON {
					err = cli.WriteJSON(c.Out, b)
				} else {
					_, err = fmt.Fprintf(c.Out, "已备份到 %s：%d 个附件，共 %s；已重新读出核对。\n这个文件里有本机密钥，谁有它就能冒充本单位，请妥善保管。\n",
						c.Args[0], b.Files, cli.Size(b.Bytes))
				}
				if err == nil && b.Lost > 0 {
					err = fault.New(fault.Internal, fmt.Sprintf("备份已写好，但有 %d 个附件在磁盘上丢失或损坏，没能备份：%s。", b.Lost, strings.Join(b.Missing, " ")))
				}
				return err
			})
		},
	}
}

func restoreCommand() command {
	return command{
		Name: "restore", Args: "文件", Min: 1, Max: 1, Lists: true,
		Short:   "用备份恢复本机，只能写入空的数据目录",
		Example: "node restore E:\\node-2026-11-03.tar.zst\nnode restore /media/usb/node.tar.zst",
		Run: func(ctx context.Context, c *call) error {
			b, err := queue.Restore(ctx, c.Args[0], c.Cfg.Dir, cli.Progress(c.Err, "已恢复"))
			if err != nil {
				return err
			}
			if c.JSON {
				return cli.WriteJSON(c.Out, b)
			}
			who := b.Unit
			if who == "" {
				who = "还没有入网的本机"
			}
			_, err = fmt.Fprintf(c.Out, `已恢复到 %s：%s，%d 个附件，是 %s 的备份。
接下来运行 node serve：备份时还没有报到县里的会接着报，县里已有的不会重复；备份之后县里的答复会自动取回。
备份之后报过、县里已收到的，本机没有底稿，会在“通知”里说明有几项；请不要重新报送。
原来的电脑或数据目录不要再用。如果它丢失或被盗，请先向县里要换机入网码，运行 node join 入网码 --again，再运行 node serve。
`, c.Cfg.Dir, who, b.Files, cli.When(b.At))
			return err
		},
	}
}

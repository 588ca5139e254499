package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"zhanqun/internal/cli"
	"zhanqun/internal/fault"
	"zhanqun/node/queue"
)

// rotateLook is how often the command looks whether the service has done it, and
// rotatePatience how long.
const (
	rotateLook     = 300 * time.Millisecond
	rotatePatience = 45 * time.Second
)

func keyRotateCommand() command {
	return command{
		Name: "key rotate", Lists: true,
		Short:   "换本机的密钥，收发不停；怀疑密钥泄露或定期更换时用",
		Example: "node key rotate",
		Run: func(ctx context.Context, c *call) error {
			return withQueue(ctx, c, func(q *queue.Queue) error {
				before, err := q.Rotation(ctx)
				if err != nil {
					return err
				}
				if offline(ctx, c, q) {
					return fault.New(fault.Conflict, "没有线路的节点不能在线换密钥。请向县里要换机入网码，在有线路的地方运行 node join 入网码 --again。")
				}
				if err := q.AskRotate(ctx); err != nil {
					return err
				}
				now, err := rotated(ctx, q, before)
				if err != nil {
					return err
				}
				if c.JSON {
					return cli.WriteJSON(c.Out, now)
				}
				text := "已换密钥，新的指纹是 " + now.Key + "。原来的密钥已经作废。以前的备份里是原来的密钥，请马上运行 node backup 重新备份。"
				if now.Wanted {
					text = "已记下。node serve 连上县里就换密钥，在那以前一切照旧。用 node doctor 查看密钥指纹。"
				}
				_, err = fmt.Fprintln(c.Out, text)
				return err
			})
		},
	}
}

// rotated waits until the service has changed the key, and no longer than makes
// sense: without a service it does not wait.
func rotated(ctx context.Context, q *queue.Queue, before queue.Rotation) (queue.Rotation, error) {
	limited, cancel := context.WithTimeout(ctx, rotatePatience)
	defer cancel()
	tick := time.NewTicker(rotateLook)
	defer tick.Stop()
	for {
		now, err := q.Rotation(ctx)
		if err != nil {
			return now, err
		}
		line, err := q.Line(ctx)
		switch {
		case err != nil:
			return now, err
		case now.Error != "":
			return now, fault.New(fault.Conflict, "县里没有接受新密钥，原来的密钥照常使用："+now.Error+"。")
		case !now.Wanted && now.Key != before.Key, !line.Serving, !line.Connected:
			return now, nil
		}
		select {
		case <-tick.C:
		case <-limited.Done():
			if errors.Is(limited.Err(), context.DeadlineExceeded) {
				return now, nil
			}
			return now, limited.Err()
		}
	}
}

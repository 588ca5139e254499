package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strconv"

	"zhanqun/hub/access"
	"zhanqun/internal/cli"
	"zhanqun/internal/fault"
)

var nodeStates = map[string]string{access.NodeActive: "正常", access.NodeFrozen: "冻结", access.NodeRevoked: "吊销"}

func nodeListCommand() command {
	var unit string
	var forNATS bool
	return command{
		Name: "node list", Lists: true,
		Short:   "列出入网的节点",
		Example: "hub node list\nhub node list --unit 520624001 --json\nhub node list --nats > users.conf",
		Flags: func(f *flag.FlagSet) {
			f.StringVar(&unit, "unit", "", "只列这个单位 `CODE`")
			f.BoolVar(&forNATS, "nats", false, "写成外部 NATS 的用户名单（见 config/README.md）")
		},
		Run: func(ctx context.Context, c *call) error {
			return withAccess(ctx, c, func(a *access.Service) error {
				list, err := everyNode(ctx, a, unit)
				if err != nil {
					return err
				}
				if forNATS {
					text, err := natsUsers(c.Cfg.NATS, list)
					if err != nil {
						return err
					}
					_, err = io.WriteString(c.Out, text)
					return err
				}
				if c.JSON {
					return cli.WriteJSON(c.Out, list)
				}
				rows := [][]string{{"节点", "单位", "名称", "状态", "已收到", "待发", "上次联系"}}
				for _, n := range list {
					rows = append(rows, []string{n.ID, n.UnitName, n.Name, nodeStates[n.State],
						strconv.FormatUint(n.UpSeq, 10), strconv.FormatInt(n.Queued+n.Sent, 10), cli.When(n.SeenAt)})
				}
				return cli.Table(c.Out, rows)
			})
		},
	}
}

// everyNode reads all pages.
func everyNode(ctx context.Context, a *access.Service, unit string) ([]access.Node, error) {
	all := []access.Node{}
	q := access.NodeQuery{Unit: unit, Limit: 500}
	for {
		list, err := a.Nodes(ctx, q)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
		if len(list) < q.Limit {
			return all, nil
		}
		q.After = list[len(list)-1].ID
	}
}

func nodeRevokeCommand() command {
	var reason string
	return command{
		Name: "node revoke", Args: "节点", Min: 1, Max: 1,
		Short:   "吊销一个节点：立即断开，密钥作废，不能恢复",
		Example: "hub node revoke n5bq3fz7k2c4x6w7e --reason 电脑被盗",
		Flags:   func(f *flag.FlagSet) { f.StringVar(&reason, "reason", "管理员吊销", "原因 `TEXT`") },
		Run: func(ctx context.Context, c *call) error {
			return withAccess(ctx, c, func(a *access.Service) error {
				n, err := a.RevokeNode(ctx, actor(c), c.Args[0], reason)
				if fault.Is(err, fault.NotFound) {
					return fault.Wrap(fault.NotFound, "没有节点 "+c.Args[0]+"。用 hub node list 查看全部节点。", err)
				}
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(c.Out, "已吊销 %s 的节点 %s（%s），原因：%s。\n", n.UnitName, n.ID, n.Name, n.Reason)
				return err
			})
		},
	}
}

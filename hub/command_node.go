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
	"zhanqun/protocol"
)

var nodeStates = map[string]string{access.NodePending: "待批准", access.NodeActive: "正常", access.NodeFrozen: "冻结", access.NodeRevoked: "吊销"}

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
				rows := [][]string{{"节点", "单位", "名称", "状态", "已收到", "待发", "上次联系", "密钥指纹"}}
				for _, n := range list {
					rows = append(rows, []string{n.ID, n.UnitName, n.Name, nodeStates[n.State],
						strconv.FormatUint(n.UpSeq, 10), strconv.FormatInt(n.Queued+n.Sent, 10), cli.When(n.SeenAt), protocol.KeyFingerprint(n.PublicKey)})
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

// nodeAct is a command that changes one node.
func nodeAct(name, short, example string, flags func(*flag.FlagSet), act func(context.Context, *call, *access.Service) (access.Node, string, error)) command {
	return command{
		Name: name, Args: "节点", Min: 1, Max: 1, Lists: true, Short: short, Example: example, Flags: flags,
		Run: func(ctx context.Context, c *call) error {
			return withAccess(ctx, c, func(a *access.Service) error {
				n, done, err := act(ctx, c, a)
				if fault.Is(err, fault.NotFound) {
					return fault.Wrap(fault.NotFound, "没有节点 "+c.Args[0]+"。用 hub node list 查看全部节点。", err)
				}
				if err != nil {
					return err
				}
				if c.JSON {
					return cli.WriteJSON(c.Out, n)
				}
				_, err = fmt.Fprintf(c.Out, "%s的节点 %s（%s）：%s\n", n.UnitName, n.ID, n.Name, done)
				return err
			})
		},
	}
}

func nodeApproveCommand() command {
	return nodeAct("node approve", "批准一台机器入网：先核对机器名称和密钥指纹", "hub node approve n5bq3fz7k2c4x6w7e", nil,
		func(ctx context.Context, c *call, a *access.Service) (access.Node, string, error) {
			n, err := a.ApproveNode(ctx, actor(c), c.Args[0])
			return n, "已批准入网，密钥指纹 " + protocol.KeyFingerprint(n.PublicKey) + "。它会在一两分钟内开始收发。", err
		})
}

func nodeRefuseCommand() command {
	var reason string
	return nodeAct("node refuse", "不批准一台机器入网，它用的入网码作废", "hub node refuse n5bq3fz7k2c4x6w7e --reason 不是本单位的电脑",
		func(f *flag.FlagSet) { f.StringVar(&reason, "reason", "没有批准入网", "原因 `TEXT`") },
		func(ctx context.Context, c *call, a *access.Service) (access.Node, string, error) {
			n, err := a.RefuseNode(ctx, actor(c), c.Args[0], reason)
			return n, "没有批准，原因：" + n.Reason + "。", err
		})
}

func nodeReleaseCommand() command {
	return nodeAct("node release", "解除一个节点的冻结，接着处理它报送的信息", "hub node release n5bq3fz7k2c4x6w7e", nil,
		func(ctx context.Context, c *call, a *access.Service) (access.Node, string, error) {
			n, err := a.ReleaseNode(ctx, actor(c), c.Args[0])
			return n, "已解除冻结。", err
		})
}

func nodeRotateCommand() command {
	return nodeAct("node rotate", "请一个节点换密钥：它下次联系时自己换，收发不停", "hub node rotate n5bq3fz7k2c4x6w7e", nil,
		func(ctx context.Context, c *call, a *access.Service) (access.Node, string, error) {
			n, err := a.RotateNode(ctx, actor(c), c.Args[0])
			return n, "已请它换密钥，现在的指纹是 " + protocol.KeyFingerprint(n.PublicKey) + "。换好后用 hub node list 可以看到新的指纹。", err
		})
}

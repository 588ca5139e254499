package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strconv"
	"time"

	"zhanqun/hub/access"
	"zhanqun/internal/cli"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

func nodeInviteCommand() command {
	var days int
	var replace string
	return command{
		Name: "node invite", Args: "单位代码", Min: 1, Max: 1, Lists: true,
		Short:   "生成一个入网码，交给一个乡镇或部门，只能用一次",
		Example: "hub node invite 520624001\nhub node invite 520624001 --days 3\nhub node invite 520624001 --replace n5bq3fz7k2c4x6w7e",
		Flags: func(f *flag.FlagSet) {
			f.IntVar(&days, "days", int(access.InviteLife/day), "有效天数 `N`")
			f.StringVar(&replace, "replace", "", "换机：用这个码入网的电脑接替`节点`，信息归它，原节点同时吊销")
		},
		Run: func(ctx context.Context, c *call) error {
			if days < 1 || days > 90 {
				return fmt.Errorf("%w: --days 要在 1 到 90 之间", cli.ErrUsage)
			}
			return withAccess(ctx, c, func(a *access.Service) error {
				code, invite, err := inviteFor(ctx, c, a, replace, time.Duration(days)*day)
				if err != nil {
					return err
				}
				if c.JSON {
					return cli.WriteJSON(c.Out, struct {
						access.Invite
						Code string `json:"code"`
						Hub  string `json:"hub"`
					}{invite, code.String(), code.Hub})
				}
				// The code alone on stdout, so that a script can take it as it is.
				if _, err := fmt.Fprintln(c.Out, code); err != nil {
					return err
				}
				_, err = fmt.Fprintf(c.Err, inviteWords(invite)+"只能用一次，有效期到 %s。\n", invite.UnitName, cli.When(invite.ExpiresAt))
				return err
			})
		},
	}
}

// inviteFor makes an invitation for the unit of the call, which has to be that of
// the node to replace, if there is one.
func inviteFor(ctx context.Context, c *call, a *access.Service, replace string, life time.Duration) (protocol.JoinCode, access.Invite, error) {
	unit, base := c.Args[0], c.Cfg.HTTP.PublicURL
	if replace == "" {
		code, invite, err := a.Invite(ctx, actor(c), unit, base, life)
		if fault.Is(err, fault.NotFound) {
			err = fault.Wrap(fault.NotFound, "没有代码为 "+unit+" 的单位。请核对代码，或先用 hub unit import 导入单位。", err)
		}
		return code, invite, err
	}
	n, err := a.NodeByID(ctx, replace)
	if err != nil {
		return protocol.JoinCode{}, access.Invite{}, err
	}
	if n.Unit != unit {
		return protocol.JoinCode{}, access.Invite{}, fault.New(fault.Invalid, "节点 "+n.ID+" 属于"+n.UnitName+"（"+n.Unit+"），不属于 "+unit+"。")
	}
	return a.InviteReplacement(ctx, actor(c), n.ID, base, life)
}

// inviteWords say where a code goes; %s stands for the unit.
func inviteWords(i access.Invite) string {
	if i.Replaces == "" {
		return "请把入网码交给%s，在那里的电脑上运行 node join 入网码。"
	}
	return "换机入网码，交给%s。新电脑上先用 node restore 恢复备份（没有备份就跳过），再运行 node join 入网码 --again；原节点 " + i.Replaces + " 随即吊销。"
}

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

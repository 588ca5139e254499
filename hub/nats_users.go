package main

import (
	"fmt"
	"strconv"
	"strings"

	"zhanqun/config"
	"zhanqun/hub/access"
	"zhanqun/internal/cli"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// natsUsers writes the part of an external NATS server's configuration that
// lets the hub and the nodes in, each to its own subjects. The hub's password
// is not in it: the server takes it from its environment.
func natsUsers(cfg config.NATS, nodes []access.Node) (string, error) {
	var b strings.Builder
	b.WriteString("# 由 hub node list --nats 生成。节点入网、批准或吊销后重新生成，再让 NATS 重新读取设置。\nauthorization {\n  users: [\n")
	switch {
	case cfg.Seed.IsSet():
		key, err := ownKey(cfg)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "    { nkey: %s } # 县级平台\n", key.Public())
	case cfg.User != "":
		fmt.Fprintf(&b, "    { user: %s, password: $ZHANQUN_NATS_PASSWORD } # 县级平台\n", strconv.Quote(cfg.User))
	default:
		return "", fault.New(fault.Invalid, "还没有写县级平台自己在外部 NATS 上的账号。请先设置 nats.url，以及 nats.user 和 nats.password（或 nats.seed）。")
	}
	for _, n := range nodes {
		if n.State == access.NodeRevoked {
			continue
		}
		g := protocol.GrantsOf(n.ID)
		if n.State == access.NodePending {
			g = protocol.GrantsOfPending(n.ID)
		}
		fmt.Fprintf(&b, "    { nkey: %s, permissions: { publish: %s, subscribe: %s } } # %s\n", n.PublicKey, quoted(g.Publish), quoted(g.Subscribe),
			cli.OneLine(n.UnitName+" "+n.Name))
	}
	b.WriteString("  ]\n}\n")
	return b.String(), nil
}

func quoted(list []string) string {
	parts := make([]string, len(list))
	for i, s := range list {
		parts[i] = strconv.Quote(s)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

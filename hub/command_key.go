package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"strconv"

	"zhanqun/hub/access"
	"zhanqun/hub/store"
	"zhanqun/internal/cli"
	"zhanqun/internal/dirlock"
	"zhanqun/protocol"
)

// keyState is one of the hub's keys, as people and programs see it.
type keyState struct {
	Fingerprint string `json:"fingerprint"`
	Present     bool   `json:"present"`
	Stolen      bool   `json:"stolen,omitempty"`
	Unknown     bool   `json:"unknown,omitempty"` // nodes name it, and this hub does not have it
	Nodes       int    `json:"nodes"`             // that know the hub by it and by no later one
}

func keyListCommand() command {
	return command{
		Name: "key list", Lists: true,
		Short:   "列出县级平台的密钥，各有多少节点认它",
		Example: "hub key list\nhub key list --json",
		Run: func(ctx context.Context, c *call) error {
			return withStore(ctx, c, func(s *store.Store) error {
				list, err := keyStates(ctx, s)
				if err != nil {
					return err
				}
				if c.JSON {
					return cli.WriteJSON(c.Out, list)
				}
				rows := [][]string{{"密钥指纹", "状态", "认它的节点"}}
				for _, k := range list {
					rows = append(rows, []string{k.Fingerprint, k.word(), strconv.Itoa(k.Nodes)})
				}
				return cli.Table(c.Out, rows)
			})
		},
	}
}

func (k keyState) word() string {
	switch {
	case k.Present:
		return "现用"
	case k.Unknown:
		return "本平台没有这把密钥"
	case k.Stolen:
		return "已声明失窃"
	}
	return "已换下"
}

// keyStates counts who knows which key. Nodes that have not said count for the key
// their log is signed with.
func keyStates(ctx context.Context, s *store.Store) ([]keyState, error) {
	uses, err := s.KeyUses(ctx)
	if err != nil {
		return nil, err
	}
	nodes := map[string]int{}
	for _, u := range uses {
		if u.Known == "" {
			u.Known = u.Signer
		}
		nodes[u.Known] += u.Nodes
	}
	_, stolen := s.Keys().Former()
	var list []keyState
	for i, key := range s.Keys().All() {
		k := keyState{Fingerprint: protocol.KeyFingerprint(key.Public()), Present: i == 0, Nodes: nodes[key.Public()]}
		for _, other := range stolen {
			k.Stolen = k.Stolen || other == key.Public()
		}
		list = append(list, k)
		delete(nodes, key.Public())
	}
	for public, n := range nodes {
		list = append(list, keyState{Fingerprint: protocol.KeyFingerprint(public), Unknown: true, Nodes: n})
	}
	return list, nil
}

func keyRotateCommand() command {
	var stolen bool
	return command{
		Name: "key rotate", Lists: true,
		Short:   "换县级平台的密钥，收发不停；定期更换或怀疑泄露时用",
		Example: "hub key rotate\nhub key rotate --stolen",
		Flags: func(f *flag.FlagSet) {
			f.BoolVar(&stolen, "stolen", false, "原来的密钥确已落入别人手里：它立即作废，不能再为新密钥作证，所有节点都要用新的入网码重新入网")
		},
		Run: func(ctx context.Context, c *call) (err error) {
			lock, err := dirlock.Wait(ctx, filepath.Join(c.Cfg.Dir, keyLock))
			if err != nil {
				return unwritable(c.Cfg.Dir, err)
			}
			defer func() { err = errors.Join(err, lock.Release()) }()
			return withStore(ctx, c, func(s *store.Store) error {
				if err := s.Keys().Rotate(stolen); err != nil {
					return err
				}
				if err := s.TakeKey(ctx, access.Local(c.User).Login); err != nil {
					return err
				}
				return sayRotated(ctx, c, s, stolen)
			})
		},
	}
}

func sayRotated(ctx context.Context, c *call, s *store.Store, stolen bool) error {
	list, err := keyStates(ctx, s)
	if err != nil {
		return err
	}
	if c.JSON {
		return cli.WriteJSON(c.Out, list)
	}
	text := `已换密钥，新的指纹是 %s。hub serve 会自动通知各节点，不用重启，也不用重新入网；久未联系的节点回来后自己跟上。
接下来：
1. 马上运行 hub backup 重新备份：以前的备份里没有新密钥，用它恢复的平台，节点不认。
2. 用 hub key list 看还有多少节点没有跟上。
`
	if !c.Cfg.NATS.Embedded() {
		text += "3. 外部 NATS 的证书是用 hub nats cert 签发的，马上重新签发并运行 nats-server --signal reload：跟上的节点重新连接时要看到新密钥的担保。\n"
	}
	if stolen {
		text = `已换密钥，新的指纹是 %s。原来的密钥已经作废，认它的节点不再相信任何一方，内容都留在节点上，不会丢。
接下来：
1. 马上运行 hub backup 重新备份，销毁以前的备份。
2. 给每个节点一个换机入网码（hub node invite 单位 --replace 节点），在节点上停掉 node serve，运行 node join 入网码 --again，再启动；内容会保留。
3. 用 hub key list 看还有多少节点没有重新入网。
`
	}
	_, err = fmt.Fprintf(c.Out, text, list[0].Fingerprint)
	return err
}

// examineKeys tells whether nodes know the hub by keys that are its own.
func examineKeys(ctx context.Context, s *store.Store) []cli.Symptom {
	const name = "平台密钥"
	list, err := keyStates(ctx, s)
	if err != nil {
		return []cli.Symptom{bad(name, cli.Words(err))}
	}
	behind, lost := 0, 0
	for _, k := range list {
		switch {
		case k.Unknown:
			return []cli.Symptom{bad(name, fmt.Sprintf("有 %d 个节点认的是本平台没有的密钥 %s。多半是恢复了换密钥以前的备份：请停掉 hub serve，把换密钥以后的 hub.seed（在原来的机器或较新的备份里）放回数据目录再启动；不是这样的，可能有人冒充过县级平台，请与这些节点核对密钥指纹", k.Nodes, k.Fingerprint))}
		case k.Stolen:
			lost += k.Nodes
		case !k.Present:
			behind += k.Nodes
		}
	}
	text := "指纹 " + list[0].Fingerprint
	switch {
	case lost > 0:
		return []cli.Symptom{warn(name, fmt.Sprintf("%s；有 %d 个节点只认已声明失窃的密钥，要用换机入网码重新入网", text, lost))}
	case behind > 0:
		text += fmt.Sprintf("；换过密钥，还有 %d 个节点没有跟上，联系上以后自动跟上", behind)
	}
	return []cli.Symptom{fine(name, text)}
}

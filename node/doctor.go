package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"zhanqun/internal/blob"
	"zhanqun/internal/cli"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

func doctorCommand() command {
	return command{
		Name: "doctor", Lists: true,
		Short:   "检查设置、磁盘、数据库、密钥和线路，说明哪里不对、怎么办",
		Example: "node doctor",
		Run: func(ctx context.Context, c *call) error {
			return cli.Report(c.Out, c.JSON, examine(ctx, c))
		},
	}
}

// examine looks at everything that can be looked at without changing anything
// but making what a first start would make.
func examine(ctx context.Context, c *call) []cli.Symptom {
	list := append([]cli.Symptom{{Name: "设置", Grade: cli.Fine, Detail: "没有错误"}}, examineTLS(c.Cfg)...)
	err := withQueue(ctx, c, func(q *queue.Queue) error {
		list = append(list, cli.Symptom{Name: "数据库", Grade: cli.Fine, Detail: "可以打开，结构是最新的"}, examineDisk(c), examineIdentity(ctx, c, q))
		list = append(list, examineLine(ctx, q, offline(ctx, c, q))...)
		list = append(list, examineGap(ctx, c, q)...)
		return nil
	})
	if err != nil {
		list = append(list, cli.Symptom{Name: "数据库", Grade: cli.Bad, Detail: cli.Words(err)})
	}
	return list
}

func examineDisk(c *call) cli.Symptom {
	s := cli.Symptom{Name: "磁盘"}
	free, err := blob.Free(c.Cfg.Dir)
	if err != nil {
		s.Grade, s.Detail = cli.Warn, "看不到剩余空间："+err.Error()
		return s
	}
	reserve := uint64(max(0, c.Cfg.Limits.DiskReserveBytes)) // #nosec G115 -- not negative
	s.Grade, s.Detail = cli.Fine, fmt.Sprintf("数据目录所在磁盘剩余 %.1f GiB", float64(free)/(1<<30))
	switch {
	case free < reserve:
		s.Grade, s.Detail = cli.Bad, s.Detail+"，低于保留空间，已不能写新信息。请腾出空间"
	case free < 2*reserve:
		s.Grade, s.Detail = cli.Warn, s.Detail+"，快到保留空间了"
	}
	return s
}

func examineIdentity(ctx context.Context, c *call, q *queue.Queue) cli.Symptom {
	id, err := q.Identity(ctx)
	if err != nil {
		return cli.Symptom{Name: "入网", Grade: cli.Warn, Detail: cli.Words(err)}
	}
	seed := filepath.Join(c.Cfg.Dir, "node.seed")
	if info, err := os.Stat(seed); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return cli.Symptom{Name: "入网", Grade: cli.Bad, Detail: "别的用户也能读密钥 " + seed + "，请运行 chmod 600 " + seed}
	}
	who := id.Unit.Name + "，节点 " + id.Node + "，密钥指纹 " + protocol.KeyFingerprint(id.Key.Public())
	if line, err := q.Line(ctx); err == nil && line.Pending {
		return cli.Symptom{Name: "入网", Grade: cli.Warn, Detail: who + "。" + line.Error}
	}
	return cli.Symptom{Name: "入网", Grade: cli.Fine, Detail: who}
}

// wayWords say how the line runs, after a word that says that it does.
func wayWords(w queue.Way) string {
	if words := w.Words(); words != "" {
		return "（" + words + "）"
	}
	return ""
}

// maxSkew is how far the clock may be off before it is worth a word. Nothing
// breaks with a wrong clock; the times on the pages are just wrong.
const maxSkew = 5 * time.Minute

func examineLine(ctx context.Context, q *queue.Queue, offline bool) []cli.Symptom {
	line, err := q.Line(ctx)
	if err != nil {
		return []cli.Symptom{{Name: "线路", Grade: cli.Bad, Detail: cli.Words(err)}}
	}
	s := cli.Symptom{Name: "线路", Grade: cli.Fine, Detail: "正常" + wayWords(line.Way) + "，最近联系 " + cli.When(line.LastContact)}
	switch {
	case offline:
		s.Detail = "没有线路，用摆渡包与县里交换"
	case !line.Serving:
		s.Grade, s.Detail = cli.Warn, "节点没有运行，请运行 node serve"
	case line.Pending:
		s.Grade, s.Detail = cli.Warn, "要等县级管理员批准本机入网"
	case !line.Connected && line.Error != "":
		s.Grade, s.Detail = cli.Warn, line.Error
	case !line.Connected:
		s.Grade, s.Detail = cli.Warn, "没有连上县里，会一直自动重试"
	}
	list := []cli.Symptom{s}
	if skew := line.Skew; skew > maxSkew || skew < -maxSkew {
		list = append(list, cli.Symptom{Name: "时钟", Grade: cli.Warn, Detail: "本机时间与县里相差 " + skew.Round(time.Second).String() + "，请校准"})
	}
	return list
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/go-resty/resty/v2"

	"zhanqun/hub/access"
	"zhanqun/hub/store"
	"zhanqun/internal/blob"
	"zhanqun/internal/dirlock"
	"zhanqun/internal/fault"
)

// Grades of a finding.
const (
	fine = "正常"
	warn = "注意"
	bad  = "错误"
)

// symptom is one thing doctor looked at.
type symptom struct {
	Name   string `json:"name"`
	Grade  string `json:"grade"`
	Detail string `json:"detail"`
}

func doctorCommand() command {
	return command{
		name: "doctor", lists: true,
		short:   "检查设置、数据目录、数据库和运行情况，说明哪里不对、怎么办",
		example: "hub doctor\nhub doctor --json",
		run: func(ctx context.Context, c *call) error {
			list := examine(ctx, c)
			if c.json {
				if err := writeJSON(c.out, list); err != nil {
					return err
				}
			} else {
				rows := make([][]string, len(list))
				for i, s := range list {
					rows[i] = []string{s.Grade, s.Name, s.Detail}
				}
				if err := table(c.out, rows); err != nil {
					return err
				}
			}
			n := 0
			for _, s := range list {
				if s.Grade == bad {
					n++
				}
			}
			if n > 0 {
				return fault.New(fault.Invalid, fmt.Sprintf("有 %d 处错误，请按上面的说明处理。", n))
			}
			return nil
		},
	}
}

// examine looks at everything that can be looked at without changing anything
// but making what a first start would make.
func examine(ctx context.Context, c *call) []symptom {
	list := []symptom{{"设置", fine, "没有错误"}}
	s, _, err := openStore(ctx, c.cfg, c.log)
	if err != nil {
		return append(list, symptom{"数据库", bad, words(err)})
	}
	defer s.Close()
	kind := "SQLite"
	if c.cfg.Database.URL.IsSet() {
		kind = "PostgreSQL"
	}
	list = append(list, symptom{"数据库", fine, kind + "，可以打开，结构是最新的"})
	list = append(list, examineSeed(c.cfg.Dir), examineDisk(c))
	list = append(list, examineCounty(ctx, s)...)
	return append(list, examineServe(ctx, c, s)...)
}

func examineSeed(dir string) symptom {
	path := filepath.Join(dir, seedName)
	info, err := os.Stat(path)
	if err != nil {
		return symptom{"密钥", bad, err.Error()}
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return symptom{"密钥", bad, "别的用户也能读 " + path + "，请运行 chmod 600 " + path}
	}
	return symptom{"密钥", fine, path + "，请记得备份"}
}

func examineDisk(c *call) symptom {
	free, err := blob.Free(c.cfg.Dir)
	if err != nil {
		return symptom{"磁盘", warn, "看不到剩余空间：" + err.Error()}
	}
	text := fmt.Sprintf("数据目录所在磁盘剩余 %.1f GiB", float64(free)/(1<<30))
	reserve := uint64(max(0, c.cfg.Limits.DiskReserveBytes)) // #nosec G115 -- not negative
	switch {
	case free < reserve:
		return symptom{"磁盘", bad, text + "，低于保留空间，已不再接收新内容。请腾出空间"}
	case free < 2*reserve:
		return symptom{"磁盘", warn, text + "，快到保留空间了"}
	}
	return symptom{"磁盘", fine, text}
}

// examineCounty looks at what an administrator has to have done.
func examineCounty(ctx context.Context, s *store.Store) []symptom {
	units, err := s.Units(ctx, access.UnitQuery{Limit: 1})
	if err != nil {
		return []symptom{{"单位", bad, err.Error()}}
	}
	if len(units) == 0 {
		return []symptom{{"单位", warn, "还没有单位。请运行 hub unit import 文件.csv"}}
	}
	list := []symptom{{"单位", fine, "已导入"}}
	nodes, err := s.Nodes(ctx, access.NodeQuery{Limit: 1})
	if err != nil {
		return append(list, symptom{"节点", bad, err.Error()})
	}
	if len(nodes) == 0 {
		return append(list, symptom{"节点", warn, "还没有乡镇入网。请用 hub node invite 单位代码 生成入网码"})
	}
	frozen, err := s.Nodes(ctx, access.NodeQuery{State: access.NodeFrozen, Limit: 100})
	switch {
	case err != nil:
		return append(list, symptom{"节点", bad, err.Error()})
	case len(frozen) > 0:
		ids := make([]string, len(frozen))
		for i, n := range frozen {
			ids[i] = n.UnitName + " " + n.ID + "：" + n.Reason
		}
		return append(list, symptom{"节点", warn, "有冻结的节点，请处理：" + strings.Join(ids, "；")})
	}
	return append(list, symptom{"节点", fine, "没有冻结的节点"})
}

// examineServe looks at the running program, if there is one.
func examineServe(ctx context.Context, c *call, s *store.Store) []symptom {
	base, running, err := serving(ctx, c, s)
	switch {
	case err != nil:
		return []symptom{{"运行", bad, err.Error()}}
	case !running:
		return []symptom{{"运行", warn, "hub serve 没有在运行"}}
	case base == "":
		return []symptom{{"运行", warn, "hub serve 正在启动"}}
	}
	client := resty.New().SetTimeout(5 * time.Second)
	defer client.GetClient().CloseIdleConnections()
	answer, err := client.R().SetContext(ctx).Get(base + "/readyz")
	if err != nil {
		return []symptom{{"运行", bad, base + " 没有回答：" + err.Error()}}
	}
	if !answer.IsSuccess() {
		return []symptom{{"运行", bad, base + " 还没有就绪（" + answer.Status() + "），请看它的日志"}}
	}
	return []symptom{{"运行", fine, base + " 正在服务"}}
}

// serving reports whether a serve runs on this data folder, and its address. A
// hub whose folder is not locked, because all its data is elsewhere, is looked
// for at its public address.
func serving(ctx context.Context, c *call, s *store.Store) (base string, running bool, err error) {
	if !embedded(c.cfg) {
		base, err = s.Portal(ctx)
		return base, base != "", err
	}
	l, holder, err := dirlock.Try(filepath.Join(c.cfg.Dir, serveLock))
	if err == nil {
		return "", false, l.Release()
	}
	if !errors.Is(err, dirlock.ErrHeld) {
		return "", false, err
	}
	for _, word := range strings.Fields(holder) {
		if strings.HasPrefix(word, "http://") {
			base = word
		}
	}
	return base, true, nil
}

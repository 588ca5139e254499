package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/go-resty/resty/v2"

	"zhanqun/config"
	"zhanqun/hub/access"
	"zhanqun/hub/health/rules"
	calendar "zhanqun/hub/health/workday"
	"zhanqun/hub/store"
	"zhanqun/internal/blob"
	"zhanqun/internal/cli"
	"zhanqun/internal/dirlock"
	"zhanqun/internal/dropbox"
	"zhanqun/protocol"
)

func doctorCommand() command {
	return command{
		Name: "doctor", Lists: true,
		Short:   "检查设置、数据目录、数据库和运行情况，说明哪里不对、怎么办",
		Example: "hub doctor\nhub doctor --json",
		Run: func(ctx context.Context, c *call) error {
			return cli.Report(c.Out, c.JSON, examine(ctx, c))
		},
	}
}

func fine(name, detail string) cli.Symptom {
	return cli.Symptom{Name: name, Grade: cli.Fine, Detail: detail}
}
func warn(name, detail string) cli.Symptom {
	return cli.Symptom{Name: name, Grade: cli.Warn, Detail: detail}
}
func bad(name, detail string) cli.Symptom {
	return cli.Symptom{Name: name, Grade: cli.Bad, Detail: detail}
}

// examine looks at everything that can be looked at without changing anything
// but making what a first start would make.
func examine(ctx context.Context, c *call) []cli.Symptom {
	list := []cli.Symptom{fine("设置", "没有错误")}
	s, err := openStore(ctx, c.Cfg, c.Log)
	if err != nil {
		return append(list, bad("数据库", cli.Words(err)))
	}
	defer func() { _ = s.Close() }() // it was only read
	list = append(list, examineDatabase(ctx, c.Cfg, s), examineSeed(c.Cfg.Dir), examineDisk(c),
		examineAudit(ctx, s))
	list = append(list, examineRules(c.Cfg.Inspect, s.Now())...)
	list = append(list, examineKeys(ctx, s)...)
	list = append(list, examineTLS(c.Cfg)...)
	list = append(list, examineCounty(ctx, s)...)
	list = append(list, examineRestored(ctx, s)...)
	for _, folder := range []struct{ name, dir string }{{"收包文件夹", c.Cfg.Bundle.InDir}, {"发包文件夹", c.Cfg.Bundle.OutDir}} {
		if folder.dir != "" {
			list = append(list, dropbox.Examine(folder.name, folder.dir))
		}
	}
	return append(list, examineServe(ctx, c, s)...)
}

// examineDatabase says which database it is, and whether it keeps what it confirms.
func examineDatabase(ctx context.Context, cfg config.Hub, s *store.Store) cli.Symptom {
	const name, opens = "数据库", "，可以打开，结构是最新的"
	if !cfg.Database.URL.IsSet() {
		return fine(name, "SQLite"+opens)
	}
	off, err := s.Forgetful(ctx)
	switch {
	case err != nil:
		return bad(name, cli.Words(err))
	case len(off) > 0:
		return warn(name, "PostgreSQL"+opens+"，但它的设置 "+strings.Join(off, "、")+" 关着：断电会丢掉或损坏已经确认过的内容。请在 postgresql.conf 里改成 on，再运行 SELECT pg_reload_conf()")
	}
	return fine(name, "PostgreSQL"+opens)
}

func examineSeed(dir string) cli.Symptom {
	path := filepath.Join(dir, seedName)
	info, err := os.Stat(path)
	if err != nil {
		return bad("密钥", err.Error())
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return bad("密钥", "别的用户也能读 "+path+"，请运行 chmod 600 "+path)
	}
	return fine("密钥", path+"，hub backup 会一起备份")
}

func examineDisk(c *call) cli.Symptom {
	free, err := blob.Free(c.Cfg.Dir)
	if err != nil {
		return warn("磁盘", "看不到剩余空间："+err.Error())
	}
	text := fmt.Sprintf("数据目录所在磁盘剩余 %.1f GiB", float64(free)/(1<<30))
	reserve := uint64(max(0, c.Cfg.Limits.DiskReserveBytes)) // #nosec G115 -- not negative
	switch {
	case free < reserve:
		return bad("磁盘", text+"，低于保留空间，已不再接收新内容。请腾出空间")
	case free < 2*reserve:
		return warn("磁盘", text+"，快到保留空间了")
	}
	return fine("磁盘", text)
}

// soon is how far ahead the working days should be known: deadlines reach there.
const soon = 45 * 24 * time.Hour

// examineRules looks at the rules sites are judged by, and at the years of
// working days.
func examineRules(i config.Inspect, now time.Time) []cli.Symptom {
	var list []cli.Symptom
	sets, err := rules.Load(i.RulesDir)
	switch {
	case err != nil:
		list = append(list, bad("检查指标", err.Error()))
	case sets[i.Rules] == nil:
		list = append(list, bad("检查指标", "没有编号为 "+i.Rules+" 的检查指标，请检查设置 inspect.rules"))
	default:
		list = append(list, fine("检查指标", sets[i.Rules].Name+"，依据 "+sets[i.Rules].Text))
	}
	days, err := calendar.Load(i.WorkdaysDir)
	if err != nil {
		return append(list, bad("工作日", err.Error()))
	}
	if missing := days.Missing(now, now.Add(soon)); len(missing) > 0 {
		return append(list, warn("工作日", fmt.Sprintf("没有 %d 年的放假安排，那一年按周一到周五算。国务院办公厅公布后，请在设置 inspect.workdays_dir 的目录里放一个 %d.toml", missing[0], missing[0])))
	}
	return append(list, fine("工作日", fmt.Sprintf("知道 %d 年的放假安排", now.Year())))
}

// examineAudit walks the audit log.
func examineAudit(ctx context.Context, s *store.Store) cli.Symptom {
	end, err := s.VerifyAudit(ctx, nil)
	if err != nil {
		return bad("操作记录", cli.Words(brokenChain(err)))
	}
	return fine("操作记录", fmt.Sprintf("%d 条，首尾相接，没有改动", end.Seq))
}

// examineCounty looks at what an administrator has to have done.
func examineCounty(ctx context.Context, s *store.Store) []cli.Symptom {
	units, err := s.Units(ctx, access.UnitQuery{Limit: 1})
	if err != nil {
		return []cli.Symptom{bad("单位", err.Error())}
	}
	if len(units) == 0 {
		return []cli.Symptom{warn("单位", "还没有单位。请运行 hub unit import 文件.csv")}
	}
	list := []cli.Symptom{fine("单位", "已导入")}
	nodes, err := s.Nodes(ctx, access.NodeQuery{Limit: 1})
	if err != nil {
		return append(list, bad("节点", err.Error()))
	}
	if len(nodes) == 0 {
		return append(list, warn("节点", "还没有乡镇入网。请用 hub node invite 单位代码 生成入网码"))
	}
	pending, err := s.Nodes(ctx, access.NodeQuery{State: access.NodePending, Limit: 100})
	if err != nil {
		return append(list, bad("节点", err.Error()))
	}
	for _, n := range pending {
		list = append(list, warn("节点", n.UnitName+"的机器 "+n.Name+"（节点 "+n.ID+"，密钥指纹 "+protocol.KeyFingerprint(n.PublicKey)+"）等待批准。核对后运行 hub node approve "+n.ID+"，或 hub node refuse "+n.ID))
	}
	frozen, err := s.Nodes(ctx, access.NodeQuery{State: access.NodeFrozen, Limit: 100})
	switch {
	case err != nil:
		return append(list, bad("节点", err.Error()))
	case len(frozen) > 0:
		ids := make([]string, len(frozen))
		for i, n := range frozen {
			ids[i] = n.UnitName + " " + n.ID + "：" + n.Reason
		}
		return append(list, warn("节点", "有冻结的节点，请处理："+strings.Join(ids, "；")+"。"+thaw))
	}
	return append(list, fine("节点", "没有冻结的节点"))
}

// thaw is what can be done about a frozen node.
const thaw = "查清可以接着用的，运行 hub node release 节点。两台电脑用了同一个身份的，选定由哪台接替，" +
	"运行 hub node invite 单位代码 --replace 节点，在那台上运行 node join 入网码 --again；另一台停用，或用 hub node invite 单位代码 的入网码同样重新入网，内容都保留"

// examineRestored tells how far the nodes have given back what a backup lacked.
func examineRestored(ctx context.Context, s *store.Store) []cli.Symptom {
	const name = "恢复"
	at, err := s.Restored(ctx)
	if err == nil && at == nil {
		return nil
	}
	var r store.Recalling
	if err == nil {
		r, err = s.Recalling(ctx)
	}
	if err != nil {
		return []cli.Symptom{bad(name, err.Error())}
	}
	var left []string
	if r.Nodes > 0 {
		left = append(left, fmt.Sprintf("%d 个节点还没有交回备份之后的内容，它们连上后会自动交回；不会再连上的，请吊销", r.Nodes))
	}
	if r.Items > 0 {
		left = append(left, fmt.Sprintf("%d 条信息等节点交完或附件到齐，就恢复原来的审核结果", r.Items))
	}
	if r.Kept > 0 {
		left = append(left, fmt.Sprintf("%d 条内容没能恢复，请看网页上的“拒收的报文”", r.Kept))
	}
	since := cli.When(at.At) + " 恢复过备份"
	if len(left) == 0 {
		return []cli.Symptom{fine(name, since+"，备份之后的内容已全部交回")}
	}
	return []cli.Symptom{warn(name, since+"；"+strings.Join(left, "；"))}
}

// examineServe looks at the running program, if there is one.
func examineServe(ctx context.Context, c *call, s *store.Store) []cli.Symptom {
	base, running, err := serving(ctx, c, s)
	switch {
	case err != nil:
		return []cli.Symptom{bad("运行", err.Error())}
	case !running:
		return []cli.Symptom{warn("运行", "hub serve 没有在运行")}
	case base == "":
		return []cli.Symptom{warn("运行", "hub serve 正在启动")}
	}
	client := resty.New().SetTimeout(5 * time.Second)
	// Whose certificate it is was looked at elsewhere, and nothing is told.
	client.SetTLSClientConfig(&tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true}) // #nosec G402 -- see above
	defer client.GetClient().CloseIdleConnections()
	answer, err := client.R().SetContext(ctx).Get(base + "/readyz")
	if err != nil {
		return []cli.Symptom{bad("运行", base+" 没有回答："+err.Error())}
	}
	if !answer.IsSuccess() {
		return []cli.Symptom{bad("运行", base+" 还没有就绪（"+answer.Status()+"），请看它的日志")}
	}
	return []cli.Symptom{fine("运行", base+" 正在服务")}
}

// serving reports whether a serve runs on this data folder, and its address. A
// hub whose folder is not locked, because all its data is elsewhere, is looked
// for at its public address.
func serving(ctx context.Context, c *call, s *store.Store) (base string, running bool, err error) {
	if !embedded(c.Cfg) {
		base, err = s.Portal(ctx)
		return base, base != "", err
	}
	l, holder, err := dirlock.Try(filepath.Join(c.Cfg.Dir, serveLock))
	if err == nil {
		return "", false, l.Release()
	}
	if !errors.Is(err, dirlock.ErrHeld) {
		return "", false, err
	}
	for _, word := range strings.Fields(holder) {
		if strings.HasPrefix(word, "http://") || strings.HasPrefix(word, "https://") {
			base = word
		}
	}
	return base, true, nil
}

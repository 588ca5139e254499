package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"zhanqun/hub/catalog"
	"zhanqun/hub/store"
	"zhanqun/internal/chinatime"
	"zhanqun/internal/cli"
	"zhanqun/internal/fault"
)

// anchor puts today's anchor into the audit log and says it in the program's
// own log, which is kept elsewhere: whoever changes the past in the database
// would have to change it there too.
func (c *county) anchor(ctx context.Context) {
	a, put, err := c.store.AnchorAudit(ctx, c.store.Now().In(chinatime.Zone).Format(time.DateOnly))
	switch {
	case err != nil && ctx.Err() == nil:
		c.log.Error("anchoring the audit log", "error", err)
	case put:
		c.log.Info("audit log anchored", "day", a.Ref, "seq", a.Seq, "hash", a.Hash)
	}
}

// noted is an anchor somebody wrote down, as --anchor takes it.
type noted []catalog.Link

func (n *noted) String() string { return "" }

func (n *noted) Set(text string) error {
	seq, hash, ok := strings.Cut(text, ":")
	number, err := strconv.ParseUint(seq, 10, 64)
	if !ok || err != nil || len(hash) < 8 {
		return errors.New("写作 序号:散列，例如 120:9f86d081884c7d65，散列至少写前 8 位")
	}
	*n = append(*n, catalog.Link{Seq: number, Hash: strings.ToLower(hash)})
	return nil
}

// verified is what audit verify found.
type verified struct {
	Acts    uint64         `json:"acts"`
	Last    catalog.Link   `json:"last"`
	Anchors []catalog.Link `json:"anchors"` // those asked for
	Newest  *anchored      `json:"newest,omitempty"`
}

type anchored struct {
	Day string `json:"day"`
	catalog.Link
}

func auditVerifyCommand() command {
	var anchors noted
	var file string
	return command{
		Name: "audit verify", Lists: true,
		Short:   "核对操作记录：每一条是否首尾相接、没有改动、没有缺少",
		Example: "hub audit verify\nhub audit verify --anchor 120:9f86d081884c7d65\nhub audit verify --file 操作记录.jsonl",
		Flags: func(f *flag.FlagSet) {
			anchors, file = nil, ""
			f.Var(&anchors, "anchor", "以前抄下的锚点 `序号:散列`，可以写多次；核对它是否还在链上")
			f.StringVar(&file, "file", "", "核对导出的文件 `FILE`，不看数据库")
		},
		Run: func(ctx context.Context, c *call) error {
			v := &verifier{wanted: anchors}
			var end catalog.Link
			var err error
			if file != "" {
				end, err = verifyFile(file, v.visit)
			} else {
				err = withStore(ctx, c, func(s *store.Store) (err error) {
					end, err = s.VerifyAudit(ctx, v.visit)
					return err
				})
			}
			if err == nil {
				err = v.missing()
			}
			if err != nil {
				return brokenChain(err)
			}
			return sayVerified(c, verified{Acts: end.Seq, Last: end, Anchors: v.found, Newest: v.newest})
		},
	}
}

// verifier looks for noted anchors among acts that fit.
type verifier struct {
	wanted noted
	found  []catalog.Link
	newest *anchored
}

func (v *verifier) visit(a catalog.Audit) error {
	if a.Act == catalog.ActAuditAnchor {
		v.newest = &anchored{Day: a.Ref, Link: catalog.Link{Seq: a.Seq, Hash: a.Hash}}
	}
	for _, w := range v.wanted {
		if w.Seq != a.Seq {
			continue
		}
		if !strings.HasPrefix(a.Hash, w.Hash) {
			return &catalog.Broken{Seq: a.Seq, What: "not what was noted as its anchor"}
		}
		v.found = append(v.found, catalog.Link{Seq: a.Seq, Hash: a.Hash})
	}
	return nil
}

func (v *verifier) missing() error {
	for _, w := range v.wanted {
		there := false
		for _, f := range v.found {
			there = there || f.Seq == w.Seq
		}
		if !there {
			return &catalog.Broken{Seq: w.Seq, What: "missing, but noted as an anchor"}
		}
	}
	return nil
}

// brokenChain says in words where a chain does not hold.
func brokenChain(err error) error {
	var b *catalog.Broken
	if !errors.As(err, &b) {
		return err
	}
	return fault.Wrap(fault.Conflict, fmt.Sprintf("操作记录从第 %d 条起对不上：这一条或它之前有改动或缺少。"+
		"请保留现场（不要再改数据库），用最近的备份对照，查清是谁动了数据库。", b.Seq), err)
}

func sayVerified(c *call, v verified) error {
	if c.JSON {
		if v.Anchors == nil {
			v.Anchors = []catalog.Link{}
		}
		return cli.WriteJSON(c.Out, v)
	}
	if _, err := fmt.Fprintf(c.Out, "共 %d 条，首尾相接，没有改动，没有缺少。\n", v.Acts); err != nil {
		return err
	}
	for _, a := range v.Anchors {
		if _, err := fmt.Fprintf(c.Out, "锚点 %d 与抄下的一致。\n", a.Seq); err != nil {
			return err
		}
	}
	if v.Newest != nil {
		if _, err := fmt.Fprintf(c.Out, "最近的锚点（%s）：%d:%s\n", v.Newest.Day, v.Newest.Seq, v.Newest.Hash); err != nil {
			return err
		}
	}
	return nil
}

func auditExportCommand() command {
	return command{
		Name: "audit export", Args: "文件", Min: 1, Max: 1,
		Short:   "导出全部操作记录（每行一条 JSON），- 表示标准输出；导出本身也会记录",
		Example: "hub audit export 操作记录.jsonl\nhub audit verify --file 操作记录.jsonl",
		Run: func(ctx context.Context, c *call) error {
			return withStore(ctx, c, func(s *store.Store) (err error) {
				if err := s.NoteAudit(ctx, actor(c).Login, catalog.ActAuditExport, "", nil); err != nil {
					return err
				}
				if c.Args[0] == "-" {
					return brokenChain(exportAudit(ctx, s, c.Out))
				}
				f, err := os.OpenFile(c.Args[0], os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
				if err != nil {
					return fault.Wrap(fault.Invalid, "写不了文件 "+c.Args[0]+"："+err.Error()+"。已有的文件不会被覆盖。", err)
				}
				if err := errors.Join(exportAudit(ctx, s, f), f.Sync(), f.Close()); err != nil {
					return errors.Join(brokenChain(err), os.Remove(c.Args[0]))
				}
				_, err = fmt.Fprintln(c.Out, "已导出到 "+c.Args[0]+"。")
				return err
			})
		},
	}
}

// exportAudit writes the log as far as its chain holds, an act a line.
func exportAudit(ctx context.Context, s *store.Store, to io.Writer) error {
	w := bufio.NewWriter(to)
	_, err := s.VerifyAudit(ctx, func(a catalog.Audit) error { return cli.WriteJSON(w, a) })
	return errors.Join(err, w.Flush())
}

// maxActLine bounds one line of an exported audit log.
const maxActLine = 4 << 20

// verifyFile follows the chain in an exported file.
func verifyFile(name string, visit func(catalog.Audit) error) (end catalog.Link, err error) {
	f, err := os.Open(name) // #nosec G304 -- named by who gives the command
	if err != nil {
		return end, fault.Wrap(fault.Invalid, "读不了文件 "+name+"："+err.Error()+"。请检查文件名和权限。", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxActLine)
	for lines.Scan() {
		var a catalog.Audit
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			return end, fault.Wrap(fault.Invalid, fmt.Sprintf("文件 %s 第 %d 行不是操作记录。请用 hub audit export 导出的文件。", name, end.Seq+1), err)
		}
		if err := end.Follow(a); err != nil {
			return end, err
		}
		if err := visit(a); err != nil {
			return end, err
		}
	}
	if err := lines.Err(); err != nil {
		return end, fault.Wrap(fault.Invalid, fmt.Sprintf("文件 %s 第 %d 行读不了：%v。", name, end.Seq+1, err), err)
	}
	return end, nil
}

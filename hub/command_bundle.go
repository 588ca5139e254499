package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"zhanqun/config"
	"zhanqun/hub/access"
	"zhanqun/hub/bundle"
	"zhanqun/hub/catalog"
	"zhanqun/hub/intake"
	"zhanqun/hub/store"
	"zhanqun/internal/blob"
	"zhanqun/internal/cli"
	"zhanqun/internal/dropbox"
)

// newBundles makes what takes and answers bundles.
func newBundles(cfg config.Hub, s *store.Store, line *intake.Service, a *access.Service) *bundle.Service {
	return bundle.New(bundle.Options{
		Store: s, Line: line, Registry: a, Keys: s.Keys(), Program: "zhanqun-hub/" + version, MaxBytes: cfg.Bundle.MaxBytes, Now: s.Now,
		Room: room(cfg),
	})
}

// withBundles opens what a command about bundles needs, beside a running serve
// or without one.
func withBundles(ctx context.Context, c *call, f func(*bundle.Service) error) (err error) {
	s, err := openStore(ctx, c.Cfg, c.Log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	// A township may join before serve was ever started.
	if err := s.PutFirstColumns(ctx, catalog.FirstColumns()); err != nil {
		return err
	}
	files, err := blob.Open(filepath.Join(c.Cfg.Dir, "files"))
	if err != nil {
		return fmt.Errorf("打不开附件目录：%w", err)
	}
	defer func() { err = errors.Join(err, files.Close()) }()
	line := intake.New(intake.Options{Store: s, Files: files, Limits: limits(c.Cfg), Unfinished: c.Cfg.Limits.NodeUnfinishedBytes, Room: room(c.Cfg), Scan: scan, Inspect: inspect(files), Now: s.Now, Log: c.Log})
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var noting sync.WaitGroup
	noting.Go(func() { line.Run(background) }) // writes down what nodes said of themselves, and ends with that
	defer func() {
		stop()
		noting.Wait()
	}()
	return f(newBundles(c.Cfg, s, line, newAccess(s, func() []string { return knownAddresses(c.Cfg.NATS) }, rulesOf(c.Cfg.Accounts))))
}

// knownAddresses are where nodes connect, as far as the settings say it.
func knownAddresses(cfg config.NATS) []string {
	if cfg.PublicURL != "" {
		return splitList(cfg.PublicURL)
	}
	return splitList(cfg.URL)
}

// maxBundles is how many files one command takes.
const maxBundles = 1000

// imported is a bundle that was taken, in JSON.
type imported struct {
	bundle.Report
	Answer string `json:"answer,omitempty"` // the file for the way back
}

func bundleImportCommand() command {
	var dir string
	return command{
		Name: "bundle import", Args: "文件…", Min: 1, Max: maxBundles, Lists: true,
		Short:   "导入乡镇经网闸或 U 盘送来的摆渡包（.zqb），并写出回包；重复导入没有影响",
		Example: "hub bundle import /media/usb/zhanqun-*.zqb\nhub bundle import 报送.zqb --answers /gap/out",
		Flags: func(f *flag.FlagSet) {
			f.StringVar(&dir, "answers", "", "回包写进哪个`文件夹`；不写就和第一个文件放在一起")
		},
		Run: func(ctx context.Context, c *call) error {
			if dir == "" {
				dir = filepath.Dir(c.Args[0])
			}
			return withBundles(ctx, c, func(s *bundle.Service) error {
				all, err := takeAll(ctx, c, s, dir)
				if err != nil {
					return err
				}
				return all.Say(c.Out, c.JSON)
			})
		},
	}
}

// takeAll takes every file it can and writes one answer to each node.
func takeAll(ctx context.Context, c *call, s *bundle.Service, dir string) (*dropbox.Outcome, error) {
	var all dropbox.Outcome
	reports := make([]*bundle.Report, len(c.Args))
	failures := make([]error, len(c.Args))
	var nodes []string
	for i, path := range c.Args {
		r, err := takeBundle(ctx, c, s, path)
		if failures[i] = err; err != nil {
			continue
		}
		reports[i] = &r
		if !slices.Contains(nodes, r.Node) {
			nodes = append(nodes, r.Node)
		}
	}
	written := map[string]string{}
	for _, node := range nodes {
		path, err := s.Answer(ctx, actor(c).Login, node, dir, "")
		if err != nil {
			return nil, fmt.Errorf("摆渡包已导入，但回包没有写出（可以用 hub bundle export --node %s 再写）：%w", node, err)
		}
		written[node] = path
	}
	for i, path := range c.Args {
		switch r := reports[i]; {
		case r == nil:
			all.Failed(path, failures[i])
		case r.Repeated():
			all.Repeated(path, "这个摆渡包以前导入过（"+cli.When(r.TakenBefore)+"），没有重复生效。回包 "+written[r.Node]+"。", imported{*r, written[r.Node]})
		default:
			all.Done(path, bundleWords(*r)+"回包 "+written[r.Node]+"，请带回乡镇导入。", imported{*r, written[r.Node]})
		}
	}
	return &all, nil
}

func takeBundle(ctx context.Context, c *call, s *bundle.Service, path string) (bundle.Report, error) {
	f, err := dropbox.Open(path)
	if err != nil {
		return bundle.Report{}, dropbox.Explain(err)
	}
	r, err := s.Take(ctx, actor(c).Login, f.Bundle)
	return r, errors.Join(dropbox.Explain(err), f.Close())
}

func bundleWords(r bundle.Report) string {
	who := fmt.Sprintf("%s（节点 %s）第 %d 号：", r.UnitName, r.Node, r.Number)
	if r.Joined {
		return who + "入网请求，已登记。"
	}
	text := who + fmt.Sprintf("收下 %d 条，拒收 %d 条，已有 %d 条，新附件 %d 个。", r.Applied, r.Refused, r.Duplicates, r.Files)
	if r.Waiting > 0 {
		text += fmt.Sprintf("有 %d 条前面缺内容，没有收下：请先导入编号更小的摆渡包，或让乡镇重新导出。", r.Waiting)
	}
	if r.FilesRefused > 0 {
		text += fmt.Sprintf("有 %d 个附件没有收下，原因写在回包里。", r.FilesRefused)
	}
	return text
}

func bundleExportCommand() command {
	var node string
	return command{
		Name: "bundle export", Args: "[文件或文件夹]", Max: 1, Lists: true,
		Short:   "把一个乡镇还没确认的回执、审核结果、通知导出成回包（.zqb）",
		Example: "hub bundle export --node n5bq3fz7k2c4x6w7e /media/usb",
		Flags:   func(f *flag.FlagSet) { f.StringVar(&node, "node", "", "`节点`，见 hub node list（必填）") },
		Run: func(ctx context.Context, c *call) error {
			if node == "" {
				return fmt.Errorf("%w: 缺少 --node", cli.ErrUsage)
			}
			dir, path := ".", ""
			if len(c.Args) > 0 {
				path = c.Args[0]
			}
			if info, err := os.Stat(path); err == nil && info.IsDir() {
				dir, path = path, ""
			}
			return withBundles(ctx, c, func(s *bundle.Service) error {
				path, err := s.Answer(ctx, actor(c).Login, node, dir, path)
				if err != nil {
					return err
				}
				if c.JSON {
					return cli.WriteJSON(c.Out, map[string]string{"node": node, "path": path})
				}
				_, err = fmt.Fprintf(c.Out, "已导出 %s，请带回乡镇导入。\n", path)
				return err
			})
		},
	}
}

func bundleShowCommand() command {
	return command{
		Name: "bundle show", Args: "文件", Min: 1, Max: 1, Lists: true,
		Short:   "看一个摆渡包是谁的、装了什么、有没有损坏，不导入",
		Example: "hub bundle show 报送.zqb",
		Run: func(ctx context.Context, c *call) error {
			return dropbox.Show(ctx, c.Out, c.JSON, c.Args[0])
		},
	}
}

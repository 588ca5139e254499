package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"

	"zhanqun/internal/cli"
	"zhanqun/internal/dropbox"
	"zhanqun/internal/fault"
	"zhanqun/node/bundle"
	"zhanqun/node/queue"
	"zhanqun/node/station"
)

// withBundles opens the data folder for one command about bundles.
func withBundles(ctx context.Context, c *call, f func(*queue.Queue, *bundle.Service) error) error {
	return withQueue(ctx, c, func(q *queue.Queue) error {
		return f(q, bundle.New(bundle.Options{
			Queue: q, Program: station.Program(version), MaxBytes: c.Cfg.Bundle.MaxBytes, Resend: c.Cfg.Bundle.Resend(), Log: c.Log,
		}))
	})
}

func bundleExportCommand() command {
	return command{
		Name: "bundle export", Args: "[文件或文件夹]", Max: 1, Lists: true,
		Short:   "没有线路时：把县里还没确认的内容和附件导出成一个摆渡包（.zqb）",
		Example: "node bundle export /media/usb\nnode bundle export 报送.zqb",
		Run: func(ctx context.Context, c *call) error {
			dir, path := ".", ""
			if len(c.Args) > 0 {
				path = c.Args[0]
			}
			if info, err := os.Stat(path); err == nil && info.IsDir() {
				dir, path = path, ""
			}
			return withBundles(ctx, c, func(_ *queue.Queue, s *bundle.Service) error {
				made, err := s.Export(ctx, dir, path)
				if err != nil {
					return err
				}
				if c.JSON {
					return cli.WriteJSON(c.Out, made)
				}
				text := fmt.Sprintf("已导出 %s：第 %d 号，%d 条内容，%d 个附件。请拿到县里导入，再把县里的回包拿回来导入。\n", made.Path, made.Number, made.Entries, made.Files)
				if made.Joining {
					text = fmt.Sprintf("已导出 %s：入网请求。请拿到县里导入，再把县里的回包拿回来导入，就入网了。\n", made.Path)
				}
				if made.LeftOver > 0 || made.FilesLeft > 0 {
					text += fmt.Sprintf("还有 %d 条内容、%d 个附件没装下，请再导出一个。\n", made.LeftOver, made.FilesLeft)
				}
				_, err = fmt.Fprint(c.Out, text)
				return err
			})
		},
	}
}

// maxBundles is how many files one command takes.
const maxBundles = 1000

func bundleImportCommand() command {
	return command{
		Name: "bundle import", Args: "文件…", Min: 1, Max: maxBundles, Lists: true,
		Short:   "没有线路时：导入县里的回包；重复导入没有影响",
		Example: "node bundle import /media/usb/zhanqun-n5bq3fz7k2c4x6w7e-down-000001.zqb",
		Run: func(ctx context.Context, c *call) error {
			return withBundles(ctx, c, func(_ *queue.Queue, s *bundle.Service) error {
				var all dropbox.Outcome
				for _, path := range c.Args {
					r, err := takeAnswer(ctx, s, path)
					switch {
					case err != nil:
						all.Failed(path, err)
					case r.Repeated():
						all.Repeated(path, "这个摆渡包以前导入过（"+cli.When(r.TakenBefore)+"），没有重复生效。", r)
					default:
						all.Done(path, answerWords(r), r)
					}
				}
				return all.Say(c.Out, c.JSON)
			})
		},
	}
}

func takeAnswer(ctx context.Context, s *bundle.Service, path string) (bundle.Report, error) {
	f, err := dropbox.Open(path)
	if err != nil {
		return bundle.Report{}, dropbox.Explain(err)
	}
	r, err := s.Take(ctx, f.Bundle)
	return r, errors.Join(dropbox.Explain(err), f.Close())
}

func answerWords(r bundle.Report) string {
	if r.Fault != "" {
		return "县里的答复：" + r.Fault + "。内容都在本机，没有丢失。"
	}
	text := ""
	if r.Joined != "" {
		text = "已入网：" + r.Joined + "。"
	}
	text += fmt.Sprintf("县里的新消息 %d 条。", r.News)
	if r.Confirmed > 0 {
		text += fmt.Sprintf("县里已收到本机第 %d 条为止的内容。", r.Confirmed)
	}
	if r.Unconfirmed > 0 {
		text += fmt.Sprintf("还有 %d 条没有确认，请再导出给县里。", r.Unconfirmed)
	}
	if r.More {
		text += "县里还有消息没装下，请再导出一个给县里，换下一个回包。"
	}
	return text
}

func bundleShowCommand() command {
	return command{
		Name: "bundle show", Args: "文件", Min: 1, Max: 1, Lists: true,
		Short:   "看一个摆渡包是谁的、装了什么、有没有损坏，不导入",
		Example: "node bundle show 报送.zqb",
		Run: func(ctx context.Context, c *call) error {
			return dropbox.Show(ctx, c.Out, c.JSON, c.Args[0])
		},
	}
}

// bundleRows is how matters stand with bundles, for a node that has made any.
func bundleRows(ctx context.Context, q *queue.Queue) ([][]string, error) {
	var rows [][]string
	made, err := q.Bundles(ctx, 1)
	if err != nil {
		return nil, err
	}
	if len(made) > 0 {
		b := made[0]
		state := "还没有回包"
		if b.Answered {
			state = "县里已收到"
		}
		rows = append(rows, []string{"最近的摆渡包", "第 " + strconv.FormatUint(b.Number, 10) + " 号，" + cli.When(b.At) + "，" + state})
	}
	a, ok, err := q.LastAnswer(ctx)
	if err != nil {
		return nil, err
	}
	if ok {
		text := cli.When(a.At)
		if a.Fault != "" {
			text += "，县里说：" + a.Fault
		}
		rows = append(rows, []string{"最近的回包", text})
	}
	return rows, nil
}

// examineGap looks at the folders of the settings and at what came of them.
func examineGap(ctx context.Context, c *call, q *queue.Queue) []cli.Symptom {
	var list []cli.Symptom
	for _, folder := range []struct{ name, dir string }{{"收包文件夹", c.Cfg.Bundle.InDir}, {"发包文件夹", c.Cfg.Bundle.OutDir}} {
		if folder.dir != "" {
			list = append(list, dropbox.Examine(folder.name, folder.dir))
		}
	}
	if serving, err := q.Serving(); err == nil && !serving && len(list) > 0 {
		list = append(list, cli.Symptom{Name: "摆渡", Grade: cli.Warn, Detail: "节点没有运行，不会自动收发摆渡包。请运行 node serve"})
	}
	a, ok, err := q.LastAnswer(ctx)
	switch {
	case err != nil:
		list = append(list, cli.Symptom{Name: "摆渡", Grade: cli.Bad, Detail: cli.Words(err)})
	case ok && a.Fault != "":
		list = append(list, cli.Symptom{Name: "摆渡", Grade: cli.Warn, Detail: "县里最近的答复：" + a.Fault})
	}
	if _, joining, err := q.Joining(ctx); err == nil && joining {
		list = append(list, cli.Symptom{Name: "摆渡", Grade: cli.Warn, Detail: "正在等县里对入网请求的回包；还没有导出请求的话，请运行 node bundle export"})
	}
	return list
}

// offline reports whether the node has no line and works by bundles.
func offline(ctx context.Context, c *call, q *queue.Queue) bool {
	id, err := q.Identity(ctx)
	if fault.Is(err, fault.Conflict) {
		_, joining, err := q.Joining(ctx)
		return err == nil && joining
	}
	return err == nil && len(id.NATS) == 0 && c.Cfg.Line.HubURL == ""
}

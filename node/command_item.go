package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"zhanqun/internal/cli"
	"zhanqun/internal/content"
	"zhanqun/internal/fault"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// files is a flag that may be given several times.
type files []string

func (f *files) String() string     { return strings.Join(*f, " ") }
func (f *files) Set(s string) error { *f = append(*f, s); return nil }

func submitCommand() command {
	var (
		text          queue.Text
		bodyFile, key string
		village, html string
		attach        files
	)
	return command{
		Name: "submit", Lists: true,
		Short:   "报送一条信息；命令成功返回时，信息已经存进本机磁盘",
		Example: "node submit --column township --title 塘头镇春耕正当时 --body-file 稿件.txt --author 张秀英 --attach 照片.jpg",
		Flags: func(f *flag.FlagSet) {
			f.StringVar(&text.Column, "column", "", "`栏目`代号，例如 township（必填）")
			f.StringVar(&text.Title, "title", "", "`标题`（必填）")
			f.StringVar(&bodyFile, "body-file", "", "正文`文件`，纯文本或 HTML，- 表示标准输入")
			f.Var(&attach, "attach", "附件`文件`，可以写多次")
			f.StringVar(&text.Author, "author", "", "`作者`，不写就用本机用户名")
			f.StringVar(&text.Source, "source", "", "信息`来源`，不写就用本单位名称")
			f.StringVar(&text.Reviewer, "reviewer", "", "本单位`审签人`")
			f.StringVar(&text.Note, "note", "", "给县里审核员的`说明`")
			f.StringVar(&text.Override, "override", "", "含个人信息仍要公开的`理由`")
			f.StringVar(&village, "village", "", "来自哪个村，写村的`代码`")
			f.StringVar(&html, "format", "", "正文`格式` text 或 html，不写就自动识别")
			f.StringVar(&key, "key", "", "重复执行时用同一个`编号`，就不会报两次")
		},
		Run: func(ctx context.Context, c *call) error {
			if text.Column == "" || text.Title == "" {
				return fmt.Errorf("%w: 缺少 --column 或 --title", cli.ErrUsage)
			}
			if bodyFile == "" && len(attach) == 0 {
				return fmt.Errorf("%w: 缺少 --body-file", cli.ErrUsage)
			}
			body, err := readBody(c, bodyFile)
			if err != nil {
				return err
			}
			text.Body, text.Format = body, html
			if html == "" && content.LooksLikeHTML(body) {
				text.Format = queue.HTML
			}
			return withQueue(ctx, c, func(q *queue.Queue) error {
				return submit(ctx, c, q, queue.Draft{Village: village, Key: key, Text: text}, attach)
			})
		},
	}
}

// readBody reads a text as people save it: UTF-8 or GBK.
func readBody(c *call, name string) (string, error) {
	if name == "" {
		return "", nil
	}
	in := c.In
	if name != "-" {
		f, err := openFile(name)
		if err != nil {
			return "", err
		}
		defer f.Close()
		in = f
	}
	raw, err := readAtMost(in, queue.MaxTyped)
	if err != nil {
		return "", cannotRead(name, err)
	}
	text, _, replaced := content.DecodeText(raw)
	if replaced > 0 {
		return "", fault.New(fault.Invalid, "正文文件 "+name+" 里有无法识别的字符，请另存为 UTF-8 文本后再报送。")
	}
	return text, nil
}

// openFile opens a file the operator names. Systems open folders, too.
func openFile(name string) (*os.File, error) {
	info, err := os.Stat(name)
	if err == nil && info.IsDir() {
		err = errFolder
	}
	if err != nil {
		return nil, cannotRead(name, err)
	}
	f, err := os.Open(name) // #nosec G304 -- the file the operator names
	if err != nil {
		return nil, cannotRead(name, err)
	}
	return f, nil
}

var errFolder = errors.New("这是文件夹")

func cannotRead(name string, err error) error {
	why := err.Error()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		why = "没有这个文件"
	case errors.Is(err, fs.ErrPermission):
		why = "没有读取权限"
	}
	return fault.Wrap(fault.Invalid, "读不了文件 "+name+"："+why+"。请检查文件名和权限。", err)
}

func submit(ctx context.Context, c *call, q *queue.Queue, d queue.Draft, attach []string) error {
	if d.Author == "" {
		d.Author = c.User
	}
	if d.Source == "" {
		if id, err := q.Identity(ctx); err == nil {
			d.Source = id.Unit.Name
		}
	}
	for _, name := range attach {
		a, err := attachFile(ctx, q, name)
		if err != nil {
			return err
		}
		d.Attachments = append(d.Attachments, a)
	}
	got, err := q.Post(ctx, local(c), d)
	if err != nil {
		return withFields(err)
	}
	if c.JSON {
		return cli.WriteJSON(c.Out, got)
	}
	text := fmt.Sprintf("已存进本机，编号 %s，第 %d 稿。%s，用 node show %s 看进展。\n", got.ID, got.Revision, onward(ctx, c, q), got.ID)
	if got.Again {
		text = fmt.Sprintf("这条已经报过了，编号 %s，没有重复报送。\n", got.ID)
	}
	_, err = fmt.Fprint(c.Out, text)
	return err
}

func attachFile(ctx context.Context, q *queue.Queue, name string) (protocol.Attachment, error) {
	f, err := openFile(name)
	if err != nil {
		return protocol.Attachment{}, err
	}
	defer f.Close()
	a, err := q.AddFile(ctx, filepath.Base(name), f)
	if err != nil {
		return a, fault.Wrap(fault.KindOf(err), "附件 "+name+"："+fault.Message(err), err)
	}
	return a, nil
}

// withFields puts what is wrong at the fields into the one line a command says.
func withFields(err error) error {
	fields := fault.Fields(err)
	if len(fields) == 0 {
		return err
	}
	var parts []string
	for _, text := range fields {
		parts = append(parts, strings.TrimSuffix(text, "。"))
	}
	return fault.Wrap(fault.KindOf(err), strings.Join(sorted(parts), "；")+"。", err)
}

func listCommand() command {
	var filter queue.Filter
	var state string
	var limit int
	return command{
		Name: "list", Lists: true,
		Short:   "列出信息和进展，最新的在前",
		Example: "node list\nnode list --state returned --json",
		Flags: func(f *flag.FlagSet) {
			f.StringVar(&state, "state", "", "只看这个`状态`："+stateHelp())
			f.StringVar(&filter.Query, "q", "", "标题里的`文字`")
			f.BoolVar(&filter.Due, "due", false, "只看需要处理的")
			f.IntVar(&limit, "limit", 50, "最多多少`条`")
		},
		Run: func(ctx context.Context, c *call) error {
			filter.State = queue.State(state)
			if _, known := stateNames[filter.State]; !known && state != "" {
				return fmt.Errorf("%w: 没有状态 %s，可以是 %s", cli.ErrUsage, state, stateHelp())
			}
			return withQueue(ctx, c, func(q *queue.Queue) error {
				list, err := items(ctx, q, local(c), filter, limit)
				if err != nil {
					return err
				}
				if c.JSON {
					return cli.WriteJSON(c.Out, map[string]any{"items": list})
				}
				rows := [][]string{{"编号", "状态", "稿次", "更新", "标题"}}
				for _, i := range list {
					rows = append(rows, []string{i.ID, stateName(i.State), strconv.Itoa(i.Revision), cli.When(i.UpdatedAt), i.Title})
				}
				return cli.Table(c.Out, rows)
			})
		},
	}
}

// items reads pages until limit items are there.
func items(ctx context.Context, q *queue.Queue, who queue.Actor, f queue.Filter, limit int) ([]queue.Item, error) {
	list := []queue.Item{}
	for cursor := ""; len(list) < limit; {
		page, next, err := q.List(ctx, who, f, cursor, min(limit-len(list), 200))
		if err != nil {
			return nil, err
		}
		list = append(list, page...)
		if cursor = next; next == "" {
			break
		}
	}
	return list, nil
}

func showCommand() command {
	return command{
		Name: "show", Args: "编号", Min: 1, Max: 1, Lists: true,
		Short:   "看一条信息的内容、进展和县里的答复",
		Example: "node show 0190d3a0-7c4e-7a51-9f6b-2d1e8c4b5a60",
		Run: func(ctx context.Context, c *call) error {
			return withQueue(ctx, c, func(q *queue.Queue) error {
				d, err := q.Item(ctx, local(c), c.Args[0])
				if err != nil {
					return err
				}
				if c.JSON {
					return cli.WriteJSON(c.Out, d)
				}
				files, err := q.Files(ctx, d.ID)
				if err != nil {
					return err
				}
				rows := [][]string{{"标题", d.Title}, {"状态", stateName(d.State)}, {"栏目", d.Column}, {"稿次", strconv.Itoa(d.Revision)},
					{"作者", d.Author}, {"来源", d.Text.Source}}
				for _, a := range d.Text.Attachments {
					rows = append(rows, []string{"附件", a.Name + attachmentState(files, a.SHA256)})
				}
				if d.Status != nil && d.Status.Comment != "" {
					rows = append(rows, []string{"审核意见", d.Status.Comment})
				}
				if d.Refusal != nil {
					rows = append(rows, []string{"未收下的原因", d.Refusal.Message})
				}
				if d.URL != "" {
					rows = append(rows, []string{"网址", d.URL})
				}
				rows = append(rows, []string{"经过", ""})
				for _, h := range d.History {
					rows = append(rows, []string{cli.When(h.At), strings.TrimSpace(actName(h) + " " + h.By + " " + h.Text)})
				}
				if err := cli.Table(c.Out, rows); err != nil {
					return err
				}
				_, err = fmt.Fprintf(c.Out, "\n%s\n", strings.TrimSpace(content.ToText(d.Text.Body)))
				return err
			})
		},
	}
}

// attachmentState says how far a file is on its way.
func attachmentState(files []queue.File, sha string) string {
	i := slices.IndexFunc(files, func(f queue.File) bool { return f.SHA256 == sha })
	switch {
	case i < 0:
		return ""
	case files[i].Done:
		return "（已传到县里）"
	case files[i].Error != "":
		return "（" + files[i].Error + "）"
	}
	return fmt.Sprintf("（已传 %d%%）", files[i].Progress())
}

func withdrawCommand() command {
	var reason string
	return command{
		Name: "withdraw", Args: "编号", Min: 1, Max: 1, Lists: true,
		Short:   "撤回一条信息；已经发布的会从门户撤下",
		Example: "node withdraw 0190d3a0-7c4e-7a51-9f6b-2d1e8c4b5a60 --reason 数字有误",
		Flags:   func(f *flag.FlagSet) { f.StringVar(&reason, "reason", "", "撤回`理由`") },
		Run: func(ctx context.Context, c *call) error {
			return withQueue(ctx, c, func(q *queue.Queue) error {
				done, err := q.Withdraw(ctx, local(c), c.Args[0], reason)
				if err != nil {
					return withFields(err)
				}
				if c.JSON {
					return cli.WriteJSON(c.Out, done)
				}
				text := "撤回请求已存进本机，" + onward(ctx, c, q) + "。"
				switch {
				case done.Deleted:
					text = "草稿已删除。"
				case done.Drafted:
					text = "已撤回，变回草稿。"
				}
				_, err = fmt.Fprintln(c.Out, text)
				return err
			})
		},
	}
}

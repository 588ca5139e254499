package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"zhanqun/internal/account"
	"zhanqun/internal/chinatime"
	"zhanqun/internal/cli"
	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// readAtMost reads a whole input that may not be longer than most bytes.
func readAtMost(r io.Reader, most int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("超过 %d KiB", most>>10)
	}
	return data, err
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}

var stateNames = map[queue.State]string{
	queue.Drafting: "草稿", queue.Awaiting: "待签发", queue.Queued: "排队待发", queue.Sent: "已发出", queue.Refused: "未收下",
	queue.State(protocol.StateReceived): "县里已收到", queue.State(protocol.StateInReview): "审核中", queue.State(protocol.StateReturned): "退回修改",
	queue.State(protocol.StateRejected): "未采用", queue.State(protocol.StateApproved): "审核通过", queue.State(protocol.StateAdopted): "已采用",
	queue.State(protocol.StateCorrected): "已更正", queue.State(protocol.StateWithdrawn): "已撤回",
}

// stateHelp names the states as they are typed, in the order of an item's life.
func stateHelp() string {
	return strings.Join([]string{"draft", "awaiting", "queued", "sent", "received", "in_review", "returned", "rejected", "approved", "adopted", "corrected",
		"withdrawn", "refused"}, " ")
}

func stateName(s queue.State) string {
	if name := stateNames[s]; name != "" {
		return name
	}
	return string(s)
}

var actNames = map[string]string{
	queue.ActCreated: "新建", queue.ActSubmitted: "提交", queue.ActAsked: "提交给镇里", queue.ActEndorsed: "镇里签发", queue.ActSentBack: "镇里退回",
	queue.ActRecalled: "村里收回", queue.ActWithdraw: "请求撤回", queue.ActReceived: "县里已收到", queue.ActRefused: "未收下",
}

func actName(h queue.Step) string {
	if h.Status != nil {
		text := stateName(queue.State(h.Status.State))
		if r, ok := protocol.ReasonOf(h.Status.Reason); ok {
			text += "：" + r.Name
		}
		return text
	}
	if name := actNames[h.Act]; name != "" {
		return name
	}
	return h.Act
}

func queueCommand() command {
	return command{
		Name: "queue", Lists: true,
		Short:   "看线路和队列：还有多少没报出去",
		Example: "node queue",
		Run: func(ctx context.Context, c *call) error {
			return withQueue(ctx, c, func(q *queue.Queue) error {
				s, err := q.State(ctx)
				if err != nil {
					return err
				}
				carried, err := bundleRows(ctx, q)
				if err != nil {
					return err
				}
				if c.JSON {
					return cli.WriteJSON(c.Out, s)
				}
				line := "没有连上县里"
				switch {
				case offline(ctx, c, q):
					line, s.Error = "没有线路，用摆渡包与县里交换", ""
					if !s.Joined {
						line = "还没有入网，正在等县里的回包"
					}
				case !s.Joined:
					line = "还没有入网"
				case !s.Serving:
					line = "节点没有运行，请运行 node serve"
				case s.Pending:
					line = "等县里批准入网"
				case s.Connected:
					line = "线路正常" + wayWords(s.Way)
				}
				if s.Error != "" {
					line += "：" + s.Error
				}
				rows := [][]string{{"线路", line}, {"待发", strconv.FormatUint(s.Queued, 10)}, {"已发出待确认", strconv.FormatUint(s.Sent, 10)},
					{"县里已确认", strconv.FormatUint(s.Confirmed, 10)}, {"待传附件", strconv.FormatInt(s.Blobs.Waiting, 10)}}
				if s.OldestUnsettled != nil {
					rows = append(rows, []string{"最早未确认", cli.When(*s.OldestUnsettled)})
				}
				if s.LastContactAt != nil {
					rows = append(rows, []string{"最近联系", cli.When(*s.LastContactAt)})
				}
				return cli.Table(c.Out, append(rows, carried...))
			})
		},
	}
}

func findingsCommand() command {
	var closed bool
	return command{
		Name: "findings", Lists: true,
		Short:   "看链接预警，哪里有、怎么办、什么时候到期，最急的在前",
		Example: "node findings\nnode findings --closed --json",
		Flags:   func(f *flag.FlagSet) { f.BoolVar(&closed, "closed", false, "看已经办结的") },
		Run: func(ctx context.Context, c *call) error {
			return withQueue(ctx, c, func(q *queue.Queue) error {
				list, _, err := q.Findings(ctx, local(c), queue.FindingFilter{Closed: closed}, "", 200)
				if err != nil {
					return err
				}
				if list == nil {
					list = []queue.Finding{}
				}
				if c.JSON {
					return cli.WriteJSON(c.Out, map[string]any{"findings": list})
				}
				rows := [][]string{{"编号", "期限", "种类", "地址", "位置", "怎么办"}}
				now := time.Now()
				for _, f := range list {
					place := ""
					if len(f.Places) > 0 {
						place = f.Places[0].Page
					}
					rows = append(rows, []string{f.ID, deadline(f, now), f.Class, f.Target, place, f.Advice})
				}
				return cli.Table(c.Out, rows)
			})
		},
	}
}

// deadline says until when a finding is to be mended and how much is left.
func deadline(f queue.Finding, now time.Time) string {
	if f.Due.IsZero() || !f.Open() {
		return ""
	}
	text := f.Due.In(chinatime.Zone).Format(time.DateOnly)
	if f.Waiting() {
		left, _ := ui.Deadline(ui.Lang{}, f.Due, now)
		text += " " + left
	}
	return text
}

func userAddCommand() command {
	var name, village, password string
	return command{
		Name: "user add", Args: "用户名", Min: 1, Max: 1, Lists: true,
		Short:   "建一个信息员账号，打印一次性密码",
		Example: "node user add zhangxiuying --name 张秀英\nnode user add yaoshang --name 尧上村 --village 520624103201",
		Flags: func(f *flag.FlagSet) {
			f.StringVar(&name, "name", "", "`姓名`")
			f.StringVar(&village, "village", "", "村的`代码`；写了就是村信息员")
			f.StringVar(&password, "password-file", "", "从`文件`读密码，- 表示标准输入；不写就生成一次性密码")
		},
		Run: func(ctx context.Context, c *call) error {
			given, err := readPassword(c, password)
			if err != nil {
				return err
			}
			secret := given
			if given == "" {
				secret = account.GeneratePassword()
			}
			a := queue.Account{Login: c.Args[0], Name: name, Role: account.RoleLiaison, Village: village}
			if village != "" {
				a.Role = account.RoleVillage
			}
			if a.Name == "" {
				a.Name = a.Login
			}
			return withQueue(ctx, c, func(q *queue.Queue) error {
				if a, err = q.AddAccount(ctx, a, secret, given == ""); err != nil {
					return withFields(err)
				}
				return sayPassword(c, a, secret, given == "")
			})
		},
	}
}

func readPassword(c *call, file string) (string, error) {
	if file == "" {
		return "", nil
	}
	text, err := readBody(c, file)
	return strings.TrimSpace(text), err
}

func sayPassword(c *call, a queue.Account, secret string, once bool) error {
	if c.JSON {
		out := map[string]any{"account": a}
		if once {
			out["password"] = secret
		}
		return cli.WriteJSON(c.Out, out)
	}
	text := fmt.Sprintf("账号 %s（%s）的密码已设好。\n", a.Login, a.Role.Name())
	if once {
		text = fmt.Sprintf("账号 %s（%s），一次性密码 %s（只显示这一次，登录后必须修改）\n", a.Login, a.Role.Name(), secret)
	}
	_, err := fmt.Fprint(c.Out, text)
	return err
}

func userListCommand() command {
	return command{
		Name: "user list", Lists: true,
		Short: "列出账号", Example: "node user list",
		Run: func(ctx context.Context, c *call) error {
			return withQueue(ctx, c, func(q *queue.Queue) error {
				list, err := q.Accounts(ctx)
				if err != nil {
					return err
				}
				if c.JSON {
					return cli.WriteJSON(c.Out, map[string]any{"accounts": list})
				}
				rows := [][]string{{"用户名", "姓名", "角色", "村", "状态", "最近登录"}}
				for _, a := range list {
					state := "启用"
					if a.Disabled {
						state = "停用"
					}
					rows = append(rows, []string{a.Login, a.Name, a.Role.Name(), a.Village, state, cli.When(a.SeenAt)})
				}
				return cli.Table(c.Out, rows)
			})
		},
	}
}

func userPasswdCommand() command {
	var file string
	return command{
		Name: "user passwd", Args: "用户名", Min: 1, Max: 1, Lists: true,
		Short: "重设密码，原来的登录都会退出", Example: "node user passwd zhangxiuying",
		Flags: func(f *flag.FlagSet) {
			f.StringVar(&file, "password-file", "", "从`文件`读密码，- 表示标准输入；不写就生成一次性密码")
		},
		Run: func(ctx context.Context, c *call) error {
			given, err := readPassword(c, file)
			if err != nil {
				return err
			}
			secret := given
			if given == "" {
				secret = account.GeneratePassword()
			}
			return withQueue(ctx, c, func(q *queue.Queue) error {
				if err := q.SetPassword(ctx, c.Args[0], secret, given == "", local(c).Login, ""); err != nil {
					return withFields(err)
				}
				a, err := q.AccountByLogin(ctx, c.Args[0])
				if err != nil {
					return err
				}
				return sayPassword(c, a, secret, given == "")
			})
		},
	}
}

func userSecondOffCommand() command {
	return command{
		Name: "user second-off", Args: "用户名", Min: 1, Max: 1,
		Short:   "重置二次验证，手机丢了时用；只用密码就能登录，已登录的地方都会退出",
		Example: "node user second-off zhangxiuying",
		Run: func(ctx context.Context, c *call) error {
			return withQueue(ctx, c, func(q *queue.Queue) error {
				if err := q.DropSecond(ctx, c.Args[0]); err != nil {
					return err
				}
				_, err := fmt.Fprintf(c.Out, "已重置 %s 的二次验证。\n", c.Args[0])
				return err
			})
		},
	}
}

func tokenCreateCommand() command {
	var name string
	var days int
	return command{
		Name: "token create", Args: "用户名", Min: 1, Max: 1, Lists: true,
		Short: "给程序建一个令牌，以这个账号的身份使用接口", Example: "node token create zhangxiuying --name 办公系统",
		Flags: func(f *flag.FlagSet) {
			f.StringVar(&name, "name", "程序", "`用途`")
			f.IntVar(&days, "days", 365, "有效`天数`，0 表示长期")
		},
		Run: func(ctx context.Context, c *call) error {
			if days < 0 || days > 36500 {
				return fault.Field("days", "有效天数应在 0 到 36500 之间。")
			}
			return withQueue(ctx, c, func(q *queue.Queue) error {
				secret, err := q.CreateToken(ctx, c.Args[0], name, time.Duration(days)*24*time.Hour)
				if err != nil {
					return withFields(err)
				}
				if c.JSON {
					return cli.WriteJSON(c.Out, map[string]string{"token": secret})
				}
				_, err = fmt.Fprintf(c.Out, "令牌（只显示这一次）：%s\n", secret)
				return err
			})
		},
	}
}

// onward says how what is kept now comes to the county.
func onward(ctx context.Context, c *call, q *queue.Queue) string {
	line, err := q.Line(ctx)
	switch {
	case offline(ctx, c, q):
		return "没有线路，会装进下一个摆渡包"
	case err == nil && !line.Serving:
		return "运行 node serve 后会自动报到县里"
	}
	return "会自动报到县里"
}

package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"zhanqun/hub/access"
	"zhanqun/internal/account"
	"zhanqun/internal/cli"
	"zhanqun/internal/fault"
)

// roleHelp names the roles as they are typed.
func roleHelp() string {
	var list []string
	for _, r := range account.Roles() {
		list = append(list, string(r)+" "+r.Name())
	}
	return strings.Join(list, "、")
}

// newPassword is what is said of a password that was made up.
type newPassword struct {
	Login    string `json:"login"`
	Name     string `json:"name"`
	Role     string `json:"role"`
	Unit     string `json:"unit,omitempty"`
	Password string `json:"password,omitempty"`
}

func userAddCommand() command {
	var n access.NewUser
	var role string
	var stdin bool
	return command{
		Name: "user add", Args: "用户名", Min: 1, Max: 1, Lists: true,
		Short: "添加一个县级账号，显示一次性密码",
		Example: "hub user add wangli --name 王丽 --role reviewer\n" +
			"hub user add zhangwei --name 张伟 --role liaison --unit 520624001",
		Flags: func(f *flag.FlagSet) {
			f.StringVar(&n.Name, "name", "", "姓名 `TEXT`")
			f.StringVar(&role, "role", "", "角色 `ROLE`："+roleHelp())
			f.StringVar(&n.Unit, "unit", "", "单位代码 `CODE`，信息员必填")
			f.BoolVar(&stdin, "password-stdin", false, "从标准输入读一行作为密码，不生成一次性密码")
		},
		Run: func(ctx context.Context, c *call) error {
			if role == "" {
				return fmt.Errorf("%w: 缺少 --role，可以是 %s", cli.ErrUsage, roleHelp())
			}
			n.Login, n.Role = c.Args[0], account.Role(role)
			if stdin {
				line, err := readLine(c.In)
				if err != nil {
					return err
				}
				n.Password = line
			}
			return withAccess(ctx, c, func(a *access.Service) error {
				u, password, err := a.AddUser(ctx, actor(c), n)
				if err != nil {
					return err
				}
				if n.Password != "" {
					password = ""
				}
				return sayPassword(c, "已添加", u, password)
			})
		},
	}
}

// readLine reads one line that is not empty.
func readLine(in io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(in, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("reading standard input: %w", err)
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", fault.New(fault.Invalid, "标准输入里没有密码。")
	}
	return line, nil
}

func sayPassword(c *call, done string, u access.User, password string) error {
	if c.JSON {
		return cli.WriteJSON(c.Out, newPassword{Login: u.Login, Name: u.Name, Role: string(u.Role), Unit: u.Unit, Password: password})
	}
	if _, err := fmt.Fprintf(c.Out, "%s %s（%s，%s）。\n", done, u.Login, u.Name, u.Role.Name()); err != nil || password == "" {
		return err
	}
	_, err := fmt.Fprintf(c.Out, "一次性密码：%s\n密码只显示这一次，请当面告知本人，首次登录后必须修改。\n", password)
	return err
}

func userListCommand() command {
	var role string
	return command{
		Name: "user list", Lists: true,
		Short:   "列出县级账号",
		Example: "hub user list\nhub user list --role reviewer --json",
		Flags:   func(f *flag.FlagSet) { f.StringVar(&role, "role", "", "只列这个角色 `ROLE`") },
		Run: func(ctx context.Context, c *call) error {
			if role != "" && !account.Role(role).Valid() {
				return fmt.Errorf("%w: 没有角色 %s，可以是 %s", cli.ErrUsage, role, roleHelp())
			}
			return withAccess(ctx, c, func(a *access.Service) error {
				list, err := everyUser(ctx, a, actor(c), account.Role(role))
				if err != nil {
					return err
				}
				if c.JSON {
					return cli.WriteJSON(c.Out, list)
				}
				rows := [][]string{{"用户名", "姓名", "角色", "单位", "状态", "上次登录"}}
				for _, u := range list {
					state := "正常"
					switch {
					case u.Disabled:
						state = "停用"
					case u.MustChange:
						state = "待改密码"
					}
					rows = append(rows, []string{u.Login, u.Name, u.Role.Name(), u.UnitName, state, cli.When(u.SeenAt)})
				}
				return cli.Table(c.Out, rows)
			})
		},
	}
}

// everyUser reads all pages.
func everyUser(ctx context.Context, a *access.Service, actor access.User, role account.Role) ([]access.User, error) {
	all := []access.User{}
	q := access.UserQuery{Role: role, Limit: 500}
	for {
		list, err := a.Users(ctx, actor, q)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
		if len(list) < q.Limit {
			return all, nil
		}
		q.After = list[len(list)-1].Login
	}
}

func userDisableCommand() command {
	return command{
		Name: "user disable", Args: "用户名", Min: 1, Max: 1,
		Short:   "停用一个账号，立即结束它的登录和令牌",
		Example: "hub user disable wangli",
		Run: func(ctx context.Context, c *call) error {
			return withAccess(ctx, c, func(a *access.Service) error {
				u, err := a.UserByLogin(ctx, c.Args[0])
				if err != nil {
					return noUser(err, c.Args[0])
				}
				if u, err = a.DisableUser(ctx, actor(c), u.ID); err != nil {
					return err
				}
				_, err = fmt.Fprintf(c.Out, "已停用 %s（%s）。\n", u.Login, u.Name)
				return err
			})
		},
	}
}

func userPasswdCommand() command {
	return command{
		Name: "user passwd", Args: "用户名", Min: 1, Max: 1, Lists: true,
		Short:   "重设一个账号的密码，显示一次性密码",
		Example: "hub user passwd admin",
		Run: func(ctx context.Context, c *call) error {
			return withAccess(ctx, c, func(a *access.Service) error {
				u, err := a.UserByLogin(ctx, c.Args[0])
				if err != nil {
					return noUser(err, c.Args[0])
				}
				password, err := a.ResetPassword(ctx, actor(c), u.ID, "")
				if err != nil {
					return err
				}
				return sayPassword(c, "已重设密码：", u, password)
			})
		},
	}
}

func userSecondOffCommand() command {
	return command{
		Name: "user second-off", Args: "用户名", Min: 1, Max: 1,
		Short:   "重置一个账号的二次验证，手机丢了时用；只用密码就能登录，已登录的地方都会退出",
		Example: "hub user second-off admin",
		Run: func(ctx context.Context, c *call) error {
			return withAccess(ctx, c, func(a *access.Service) error {
				u, err := a.UserByLogin(ctx, c.Args[0])
				if err != nil {
					return noUser(err, c.Args[0])
				}
				if err := a.DropSecond(ctx, actor(c), u.ID); err != nil {
					return err
				}
				_, err = fmt.Fprintf(c.Out, "已重置 %s（%s）的二次验证。\n", u.Login, u.Name)
				return err
			})
		},
	}
}

// noUser names who was not found.
func noUser(err error, login string) error {
	if fault.Is(err, fault.NotFound) {
		return fault.Wrap(fault.NotFound, "没有账号 "+login+"。用 hub user list 查看全部账号。", err)
	}
	return err
}

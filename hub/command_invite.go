package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/hub/listfile"
	"zhanqun/hub/web"
	"zhanqun/internal/cli"
	"zhanqun/internal/fault"
)

// inviting is what the command line asks for.
type inviting struct {
	days    int
	replace string // node whose place is taken
	all     bool
	units   string // file of units
	sheet   string // file to print
	contact string
	approve bool // who uses the code waits
}

func nodeInviteCommand() command {
	var o inviting
	return command{
		Name: "node invite", Args: "[单位代码]", Max: 1, Lists: true,
		Short:   "生成入网码，交给乡镇或部门，每个只能用一次",
		Example: "hub node invite 520624001\nhub node invite 520624001 --days 3 --sheet 入网单.html\nhub node invite --all --sheet 入网单.html --contact '李敏 0856-1234567'\nhub node invite --units 单位.csv --json\nhub node invite 520624001 --replace n5bq3fz7k2c4x6w7e",
		Flags: func(f *flag.FlagSet) {
			f.IntVar(&o.days, "days", int(access.InviteLife/day), "有效天数 `N`")
			f.StringVar(&o.replace, "replace", "", "换机：用这个码入网的电脑接替`节点`，信息归它，原节点同时吊销")
			f.BoolVar(&o.all, "all", false, "给所有还没有节点的乡镇各生成一个")
			f.StringVar(&o.units, "units", "", "给`清单.csv`里的乡镇和部门各生成一个（有“代码”一栏就行，单位清单可以直接用）")
			f.StringVar(&o.sheet, "sheet", "", "把入网单写成`文件.html`，用浏览器打开打印，每个单位一页")
			f.BoolVar(&o.approve, "approve", false, "用了入网码的机器要等管理员批准才能收发（hub node approve）")
			f.StringVar(&o.contact, "contact", "县级平台管理员", "印在入网单上的联系人 `TEXT`")
		},
		Run: func(ctx context.Context, c *call) error {
			if err := o.check(c); err != nil {
				return err
			}
			return withAccess(ctx, c, func(a *access.Service) error { return o.run(ctx, c, a) })
		},
	}
}

func (o *inviting) check(c *call) error {
	ways := len(c.Args)
	for _, asked := range []bool{o.all, o.units != ""} {
		if asked {
			ways++
		}
	}
	switch {
	case ways != 1:
		return fmt.Errorf("%w: 单位代码、--all、--units 三者写一个", cli.ErrUsage)
	case o.replace != "" && len(c.Args) == 0:
		return fmt.Errorf("%w: --replace 要写单位代码", cli.ErrUsage)
	case o.days < 1 || o.days > access.MaxInviteDays:
		return fmt.Errorf("%w: --days 要在 1 到 %d 之间", cli.ErrUsage, access.MaxInviteDays)
	}
	return nil
}

func (o *inviting) run(ctx context.Context, c *call, a *access.Service) (err error) {
	units, err := o.choose(ctx, c, a)
	if err != nil {
		return err
	}
	var page *os.File
	if o.sheet != "" {
		// First the file: a code that cannot be written down is lost.
		if page, err = newFile(o.sheet); err != nil {
			return err
		}
		defer func() {
			if err = errors.Join(err, page.Close()); err != nil {
				err = errors.Join(err, os.Remove(o.sheet))
			}
		}()
	}
	list, err := o.invite(ctx, c, a, units)
	if err != nil {
		return err
	}
	if page != nil {
		county, err := a.County(ctx)
		if err != nil {
			return err
		}
		var b bytes.Buffer
		if err := web.WriteSheets(&b, list, county.Name, o.contact); err != nil {
			return err
		}
		if _, err := page.Write(b.Bytes()); err != nil {
			return fault.Wrap(fault.Full, "入网单写不进 "+o.sheet+"，请检查磁盘。刚才的入网码没有交出去，请重新生成。", err)
		}
	}
	return o.tell(c, list)
}

// newFile makes a file that only its owner can read and that was not there: what
// is in it opens the door.
func newFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // #nosec G304 -- the operator names it
	if errors.Is(err, fs.ErrExist) {
		return nil, fault.Wrap(fault.Conflict, path+" 已经有了，没有覆盖。请换一个文件名。", err)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "不能写 "+path+"，请检查路径和权限。", err)
	}
	return f, nil
}

// choose returns the codes of the units the command is about.
func (o *inviting) choose(ctx context.Context, c *call, a *access.Service) ([]string, error) {
	if len(c.Args) == 1 {
		return c.Args, nil
	}
	standing, err := everyStanding(ctx, a, actor(c))
	if err != nil {
		return nil, err
	}
	var units []string
	if o.all {
		for code, x := range standing {
			if x.Nodes == 0 && x.Level == catalog.LevelTownship {
				units = append(units, code)
			}
		}
		if len(units) == 0 {
			return nil, fault.New(fault.NotFound, "没有要发入网码的乡镇：都有节点了，或者还没有导入单位（hub unit import）。")
		}
	} else if units, err = o.listed(ctx, c, a, standing); err != nil {
		return nil, err
	}
	slices.Sort(units)
	return slices.Compact(units), nil
}

// listed returns the units of the file that may have nodes. The rest of a list of
// units, the county itself and the villages, is left out.
func (o *inviting) listed(ctx context.Context, c *call, a *access.Service, standing map[string]access.Standing) ([]string, error) {
	f, err := os.Open(o.units)
	if err != nil {
		return nil, cannotRead(o.units, err)
	}
	defer f.Close()
	rows, err := listfile.Read(f, listfile.Shape{Columns: 1, Needed: 1, What: "单位", Most: maxListed,
		Heads: map[string]int{"code": 0, "代码": 0, "单位代码": 0}})
	if err != nil {
		return nil, err
	}
	var units []string
	for _, row := range rows {
		code := row.Cells[0]
		if _, may := standing[code]; may {
			units = append(units, code)
		} else if _, err := a.Unit(ctx, code); err != nil {
			return nil, fault.Wrap(fault.Invalid, fmt.Sprintf("文件第 %d 行：%s没有生成任何入网码。", row.Line, fault.Message(err)), err)
		}
	}
	if len(units) == 0 {
		return nil, fault.New(fault.Invalid, "文件里没有乡镇和部门。村级单位不单独入网，使用所属乡镇的节点。")
	}
	if left := len(rows) - len(units); left > 0 {
		_, err = fmt.Fprintf(c.Err, "略过 %d 个县级和村级单位：它们不单独入网。\n", left)
	}
	return units, err
}

// maxListed is how many rows a list may have: the units of a whole county.
const maxListed = 5000

func everyStanding(ctx context.Context, a *access.Service, who access.User) (map[string]access.Standing, error) {
	all, after := map[string]access.Standing{}, ""
	for {
		list, err := a.Standings(ctx, who, after, 500)
		if err != nil {
			return nil, err
		}
		for _, x := range list {
			all[x.Code], after = x, x.Code
		}
		if len(list) < 500 {
			return all, nil
		}
	}
}

// invite makes the invitations; the one for a replacement belongs to the unit of
// the node.
func (o *inviting) invite(ctx context.Context, c *call, a *access.Service, units []string) ([]access.Issued, error) {
	terms := access.Terms{Base: c.Cfg.HTTP.PublicURL, Life: time.Duration(o.days) * day, Approval: o.approve}
	if err := sayUnserved(ctx, c, a); err != nil {
		return nil, err
	}
	if o.replace == "" {
		list, err := a.InviteAll(ctx, actor(c), units, terms)
		if fault.Is(err, fault.NotFound) {
			err = fault.Wrap(fault.NotFound, strings.TrimSuffix(fault.Message(err), "。")+"。请核对代码，或先用 hub unit import 导入单位。", err)
		}
		return list, err
	}
	n, err := a.NodeByID(ctx, o.replace)
	if err != nil {
		return nil, err
	}
	if n.Unit != units[0] {
		return nil, fault.New(fault.Invalid, "节点 "+n.ID+" 属于"+n.UnitName+"（"+n.Unit+"），不属于 "+units[0]+"。")
	}
	return a.Replacement(ctx, actor(c), n.ID, terms)
}

// sayUnserved warns that codes do not name the hub's certificate yet, because only
// serve knows whose it is. Where all goes by bundle that is no matter.
func sayUnserved(ctx context.Context, c *call, a *access.Service) error {
	served, err := a.Store.Portal(ctx)
	if err == nil && served == "" && strings.HasPrefix(strings.ToLower(c.Cfg.HTTP.PublicURL), "https://") {
		_, err = fmt.Fprintln(c.Err, "注意：还没有启动过 hub serve，入网码里没有证书的指纹。用自建证书的，请先启动一次 hub serve 再生成入网码。")
	}
	return err
}

// issuedRow is an invitation for programs.
type issuedRow struct {
	access.Invite
	Code string `json:"code"`
	Hub  string `json:"hub"`
}

// tell prints the codes, unless they are in a file, and what to do with them.
func (o *inviting) tell(c *call, list []access.Issued) error {
	if c.JSON {
		rows := make([]issuedRow, len(list))
		for i, x := range list {
			rows[i] = issuedRow{x.Invite, x.Code.String(), x.Code.Hub}
		}
		if len(c.Args) == 1 {
			return cli.WriteJSON(c.Out, rows[0])
		}
		return cli.WriteJSON(c.Out, rows)
	}
	until := cli.When(list[0].ExpiresAt)
	if o.sheet != "" {
		_, err := fmt.Fprintf(c.Out, "入网单已写进 %s，共 %d 页，每个单位一页，有效期到 %s。请打印后删去这个文件：它等同于钥匙。\n", o.sheet, len(list), until)
		return err
	}
	if len(c.Args) == 0 {
		for _, x := range list {
			if _, err := fmt.Fprintf(c.Out, "%s\t%s\t%s\n", x.Unit, x.UnitName, x.Code); err != nil {
				return err
			}
		}
		_, err := fmt.Fprintf(c.Err, "%d 个入网码，每个只能用一次，有效期到 %s。加 --sheet 文件.html 可以得到能打印的入网单。\n", len(list), until)
		return err
	}
	// The code alone on stdout, so that a script can take it as it is.
	if _, err := fmt.Fprintln(c.Out, list[0].Code); err != nil {
		return err
	}
	_, err := fmt.Fprintf(c.Err, inviteWords(list[0].Invite)+"只能用一次，有效期到 %s。\n", list[0].UnitName, until)
	return err
}

// inviteWords say where a code goes; %s stands for the unit.
func inviteWords(i access.Invite) string {
	if i.Replaces == "" {
		return "请把入网码交给%s，在那里的电脑上运行 node join 入网码。"
	}
	return "换机入网码，交给%s。新电脑上先用 node restore 恢复备份（没有备份就跳过），再运行 node join 入网码 --again；原节点 " + i.Replaces + " 随即吊销。"
}

package dropbox

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"

	"zhanqun/internal/cli"
	"zhanqun/protocol"
)

// Describe says in rows for a person what an index promises.
func Describe(x *protocol.BundleIndex) [][]string {
	way, who := "乡镇给县里", x.Node
	if x.Dir == protocol.Down {
		way = "县里给乡镇"
	}
	if x.Join != nil {
		way, who = "入网请求", "还没有"
	}
	rows := [][]string{
		{"方向", way}, {"节点", who}, {"编号", strconv.FormatUint(x.Number, 10)}, {"导出时间", cli.When(x.At)}, {"导出程序", x.Program},
		{"制作者密钥", x.From}, {"接收者密钥", x.To},
	}
	if x.First > 0 {
		rows = append(rows, []string{"内容", fmt.Sprintf("第 %d 条到第 %d 条", x.First, x.Last)})
	}
	if len(x.Files) > 0 {
		rows = append(rows, []string{"附件", fmt.Sprintf("%d 个", len(x.Files))})
	}
	if x.Re != nil {
		rows = append(rows, []string{"回复", fmt.Sprintf("第 %d 号摆渡包", x.Re.Number)})
	}
	if x.Welcome != nil {
		rows = append(rows, []string{"入网", "带有“" + x.Welcome.Unit.Name + "”的身份"})
	}
	if x.Fault != nil {
		rows = append(rows, []string{"县里的答复", x.Fault.Detail})
	}
	return append(rows, []string{"展开后大小", fmt.Sprintf("%.1f MiB", float64(x.Bytes())/(1<<20))})
}

// Show writes what the bundle at path holds, and whether it is whole.
func Show(ctx context.Context, w io.Writer, asJSON bool, path string) error {
	f, err := Open(path)
	if err != nil {
		return Explain(err)
	}
	defer func() { _ = f.Close() }() // only read from
	if err := f.Verify(ctx); err != nil {
		return Explain(err)
	}
	if asJSON {
		return cli.WriteJSON(w, f.Index)
	}
	return cli.Table(w, append(Describe(&f.Index), []string{"检查", "完整，没有被改动"}))
}

// Examine looks whether a folder of the settings can be used.
func Examine(name, dir string) cli.Symptom {
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return cli.Symptom{Name: name, Grade: cli.Bad, Detail: "看不到文件夹 " + dir + "（" + reason(err) + "），请建立它或改正设置"}
	case !info.IsDir():
		return cli.Symptom{Name: name, Grade: cli.Bad, Detail: dir + " 不是文件夹"}
	}
	f, err := os.CreateTemp(dir, ".zhanqun-*"+partExt)
	if err != nil {
		return cli.Symptom{Name: name, Grade: cli.Bad, Detail: "写不进文件夹 " + dir + "（" + reason(err) + "），请检查权限"}
	}
	_ = f.Close()
	_ = os.Remove(f.Name())
	return cli.Symptom{Name: name, Grade: cli.Fine, Detail: dir}
}

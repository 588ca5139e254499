package cli

import (
	"flag"
	"fmt"
	"strings"
)

// overview lists the commands whose name begins with prefix, or returns "" if
// there are none.
func (p *Program[C]) overview(prefix string) string {
	var b strings.Builder
	if prefix == "" {
		b.WriteString(p.About + "\n\n")
	}
	fmt.Fprintf(&b, "用法：%s 命令 [选项]\n\n命令：\n", p.Name)
	found := false
	for i := range p.Commands {
		c := &p.Commands[i]
		if strings.HasPrefix(c.Name, prefix) {
			found = true
			fmt.Fprintf(&b, "  %s%s\n", pad(strings.TrimSpace(c.Name+" "+c.Args), 30), c.Short)
		}
	}
	if !found {
		return ""
	}
	b.WriteString("\n每个命令都可以加 --help 查看选项和例子，加 --config FILE 指定设置文件（见 config/README.md）。\n")
	return b.String()
}

// usage explains one command.
func (p *Program[C]) usage(c *Command[C], f *flag.FlagSet) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n用法：%s %s [选项]\n\n选项：\n", c.Short, p.Name, strings.TrimSpace(c.Name+" "+c.Args))
	f.VisitAll(func(o *flag.Flag) {
		value, text := flag.UnquoteUsage(o)
		if o.DefValue != "" && o.DefValue != "false" && o.DefValue != "0" && o.DefValue != "0s" {
			text += "（默认 " + o.DefValue + "）"
		}
		fmt.Fprintf(&b, "  %s%s\n", pad(strings.TrimSpace("--"+o.Name+" "+value), 30), text)
	})
	if c.Codes != "" {
		b.WriteString("\n退出码：" + c.Codes + "。\n")
	}
	b.WriteString("\n例子：\n")
	for line := range strings.Lines(c.Example) {
		b.WriteString("  " + line)
	}
	b.WriteString("\n")
	return b.String()
}

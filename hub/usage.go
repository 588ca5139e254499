package main

import (
	"flag"
	"fmt"
	"strings"
)

// overview lists the commands whose name begins with prefix, or returns "" if
// there are none.
func overview(all []command, prefix string) string {
	var b strings.Builder
	if prefix == "" {
		b.WriteString("hub 是县级平台程序：接收乡镇报送的信息，供县里审核，发布采用的内容。\n\n")
	}
	b.WriteString("用法：hub 命令 [选项]\n\n命令：\n")
	found := false
	for _, c := range all {
		if strings.HasPrefix(c.name, prefix) {
			found = true
			fmt.Fprintf(&b, "  %s%s\n", pad(strings.TrimSpace(c.name+" "+c.args), 30), c.short)
		}
	}
	if !found {
		return ""
	}
	b.WriteString("\n每个命令都可以加 --help 查看选项和例子，加 --config FILE 指定设置文件（见 config/README.md）。\n")
	return b.String()
}

// usage explains one command.
func (c command) usage(f *flag.FlagSet) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n用法：hub %s [选项]\n\n选项：\n", c.short, strings.TrimSpace(c.name+" "+c.args))
	f.VisitAll(func(o *flag.Flag) {
		value, text := flag.UnquoteUsage(o)
		if o.DefValue != "" && o.DefValue != "false" && o.DefValue != "0" && o.DefValue != "0s" {
			text += "（默认 " + o.DefValue + "）"
		}
		fmt.Fprintf(&b, "  %s%s\n", pad(strings.TrimSpace("--"+o.Name+" "+value), 30), text)
	})
	b.WriteString("\n例子：\n")
	for line := range strings.Lines(c.example) {
		b.WriteString("  " + line)
	}
	b.WriteString("\n")
	return b.String()
}

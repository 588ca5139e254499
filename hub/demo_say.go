package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"zhanqun/internal/cli"
)

// demoPlaces is what --json prints, on one line.
type demoPlaces struct {
	Hub      string        `json:"hub"`
	Feed     string        `json:"feed"`
	Nodes    []demoPlace   `json:"nodes"`
	Accounts []demoAccount `json:"accounts"`
	Sites    []demoPlace   `json:"sites"`
	Dir      string        `json:"dir"`
}

type demoPlace struct {
	Unit string `json:"unit"`
	Name string `json:"name,omitempty"`
	URL  string `json:"url"`
}

// say prints where everything is and who may sign in.
func (d *demo) say(took time.Duration, done bool) error {
	if !d.call.JSON {
		_, err := io.WriteString(d.call.Out, d.text(took, done))
		return err
	}
	p := demoPlaces{Hub: d.county.base, Feed: d.county.base + "/feed.atom", Accounts: d.accounts, Dir: d.book.dir}
	for _, n := range d.nodes {
		p.Nodes = append(p.Nodes, demoPlace{n.unit.Code, n.unit.Name, n.url})
	}
	for _, s := range d.sites {
		p.Sites = append(p.Sites, demoPlace{Unit: s.Unit, URL: s.url})
	}
	return cli.WriteJSON(d.call.Out, p)
}

func (d *demo) text(took time.Duration, done bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n演示已就绪，用时 %.1f 秒。人名、地名、数字都是虚构的。\n\n", took.Seconds())
	places := [][]string{{"县级平台", d.county.base}, {"聚合订阅", d.county.base + "/feed.atom"}}
	for _, n := range d.nodes {
		places = append(places, []string{n.unit.Name, n.url})
	}
	for _, s := range d.sites {
		places = append(places, []string{s.Name, s.url})
	}
	people := [][]string{{"角色", "单位", "用户名", "密码", "登录地址"}}
	for _, a := range d.accounts {
		people = append(people, []string{a.Role.Name(), a.unitName, a.User, a.Password, a.URL})
	}
	_ = cli.Table(&b, places) // a strings.Builder takes everything
	b.WriteByte('\n')
	_ = cli.Table(&b, people)
	fmt.Fprintf(&b, "\n两个示例站点上有真实的失效链接。演示把核实间隔缩短为 %.0f 秒（正式运行是 30 分钟），约半分钟后可看到死链提醒。\n", demoGap.Seconds())
	if !done {
		b.WriteString("示例内容还在陆续报送和审核。\n")
	}
	if d.book.temporary {
		fmt.Fprintf(&b, "数据在 %s，停止时删除；想留着请用 --dir。", d.book.dir)
	} else {
		fmt.Fprintf(&b, "数据在 %s，程序用的令牌在其中的 %s。", d.book.dir, demoBookName)
	}
	b.WriteString("按 Ctrl+C 停止。\n")
	return b.String()
}

// openBrowser shows a page where there is a desktop. The browser outlives the
// demonstration and is nobody's to wait for.
func openBrowser(url string) {
	var cmd *exec.Cmd
	switch runtime.GOOS {
	case "windows":
		cmd = exec.Command("rundll32", "url.dll,FileProtocolHandler", url)
	case "darwin":
		cmd = exec.Command("open", url)
	default:
		if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
			return
		}
		cmd = exec.Command("xdg-open", url)
	}
	if cmd.Start() == nil { // without a browser the address is on the screen all the same
		_ = cmd.Process.Release()
	}
}

package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"zhanqun/internal/fault"
)

// program is a made-up one: its commands end in every way there is.
func program() *Program[string] {
	var times int
	return &Program[string]{
		Name: "prog", About: "prog 是个例子。", Version: "1.2",
		Load: func(file string, _ []string) (string, error) {
			if file == "bad.toml" {
				return "", errors.New("配置文件 bad.toml 有误\n第 2 行")
			}
			return file, nil
		},
		Logger: func(string, io.Writer) *slog.Logger { return slog.New(slog.DiscardHandler) },
		Commands: []Command[string]{
			{Name: "say", Args: "话", Min: 1, Max: 2, Lists: true, Short: "说话", Example: "prog say 你好",
				Flags: func(f *flag.FlagSet) { f.IntVar(&times, "times", 1, "`次数`") },
				Run: func(_ context.Context, c *Call[string]) error {
					_, err := fmt.Fprintln(c.Out, strings.Join(c.Args, " "), times, c.JSON, c.Cfg)
					return err
				}},
			{Name: "fail plainly", Short: "失败", Run: func(context.Context, *Call[string]) error { return errors.New("line one\n line two") }},
			{Name: "fail kindly", Short: "失败", Run: func(context.Context, *Call[string]) error {
				return fmt.Errorf("doing: %w", fault.Wrap(fault.Full, "磁盘满了，请清理。", errors.New("secret cause")))
			}},
			{Name: "fail usage", Short: "失败", Run: func(context.Context, *Call[string]) error { return fmt.Errorf("%w: 缺少 --to", ErrUsage) }},
			{Name: "fail stopped", Short: "失败", Run: func(context.Context, *Call[string]) error { return context.Canceled }},
		},
	}
}

// Every call ends with its code; what went wrong is one line on stderr that
// names the program, and nothing on stdout.
func TestRun(t *testing.T) {
	for _, tt := range []struct {
		args string
		code int
		out  string // all of it; "…" for anything
		errs string
	}{
		{"say 你好", Done, "你好 1 false \n", ""},
		{"say --times 3 --json 你好 --config x.toml 再见", Done, "你好 再见 3 true x.toml\n", ""},
		{"say --times=3 -- --json", Done, "--json 3 false \n", ""},
		{"say --help", Done, "…", ""},
		{"fail --help", Done, "…", ""},
		{"--help", Done, "…", ""},
		{"help", Done, "…", ""},
		{"version", Done, "prog 1.2\n", ""},
		{"say", Wrong, "", "prog say: 缺少 话。用 prog say --help 查看用法。\n"},
		{"say a b c", Wrong, "", "prog say: 多余的参数 c。用 prog say --help 查看用法。\n"},
		{"say a --tims 3", Wrong, "", "prog say: 没有 --tims 这个选项。用 prog say --help 查看用法。\n"},
		{"say a --times", Wrong, "", "prog say: 选项 --times 后面要写值。用 prog say --help 查看用法。\n"},
		{"say a --times x", Wrong, "", "…选项的值不对…"},
		{"fail usage", Wrong, "", "prog fail usage: 缺少 --to。用 prog fail usage --help 查看用法。\n"},
		{"fail", Wrong, "", "…fail plainly…"},
		{"fail oddly", Wrong, "", "prog: 没有 fail oddly 这个命令。用 prog fail --help 查看。\n"},
		{"sing", Wrong, "", "prog: 没有 sing 这个命令。用 prog --help 查看全部命令。\n"},
		{"", Wrong, "", "…prog 是个例子。…"},
		{"say a --config bad.toml", Failed, "", "prog: 配置文件 bad.toml 有误 第 2 行\n"},
		{"fail plainly", Failed, "", "prog: line one line two\n"},
		{"fail kindly", Failed, "", "prog: 磁盘满了，请清理。\n"},
		{"fail stopped", Failed, "", "prog: 已中断，没有做完。\n"},
	} {
		var out, errs strings.Builder
		code := program().Run(t.Context(), strings.Fields(tt.args), &System{Out: &out, Err: &errs})
		if code != tt.code || !matches(out.String(), tt.out) || !matches(errs.String(), tt.errs) {
			t.Errorf("%q: exit %d, stdout %q, stderr %q", tt.args, code, out.String(), errs.String())
		}
	}
}

func matches(got, want string) bool {
	if inner, ok := strings.CutPrefix(want, "…"); ok {
		return got != "" && strings.Contains(got, strings.TrimSuffix(inner, "…"))
	}
	return got == want
}

func TestReport(t *testing.T) {
	list := []Symptom{{"磁盘", Fine, "够"}, {"线路", Warn, "没有连上"}}
	var out strings.Builder
	if err := Report(&out, false, list); err != nil || out.String() != "正常  磁盘  够\n注意  线路  没有连上\n" {
		t.Errorf("%v, %q", err, out.String())
	}
	out.Reset()
	if err := Report(&out, true, append(list, Symptom{"密钥", Bad, "没有"})); err == nil || !strings.Contains(out.String(), `"grade":"错误"`) {
		t.Errorf("%v, %q", err, out.String())
	}
}

// What a machine far away calls itself cannot move the cursor of a terminal.
func TestTable(t *testing.T) {
	var out strings.Builder
	err := Table(&out, [][]string{{"名称", "状态"}, {"a\x1b[2J\nb", "正常"}, {"政务服务中心", ""}})
	if want := "名称          状态\na [2J b       正常\n政务服务中心  \n"; err != nil || out.String() != want {
		t.Errorf("%v\n%q, want\n%q", err, out.String(), want)
	}
	if got := When(time.Time{}); got != "—" {
		t.Errorf("no time is %q", got)
	}
	if got := When(time.Date(2026, 11, 3, 16, 5, 0, 0, time.UTC)); got != "2026-11-04 00:05" {
		t.Errorf("a time is %q", got)
	}
}

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"zhanqun/config"
	"zhanqun/internal/fault"
)

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// system is what a command has of the world outside.
type system struct {
	in       io.Reader
	out, err io.Writer
	environ  []string
	user     string // of the operating system
}

// command is one command of the program.
type command struct {
	name    string // one word or two: "serve", "node invite"
	args    string // what follows, for the usage line: "单位代码"
	min     int    // least number of arguments
	max     int    // and most
	short   string // one line
	example string // lines a person can copy
	lists   bool   // has --json
	flags   func(*flag.FlagSet)
	run     func(ctx context.Context, c *call) error
}

// call is one call of a command.
type call struct {
	*system
	args []string
	cfg  config.Hub
	log  *slog.Logger
	json bool
}

// commands lists every command in the order the usage shows them.
func commands() []command {
	return []command{
		serveCommand(), migrateCommand(),
		userAddCommand(), userListCommand(), userDisableCommand(), userPasswdCommand(),
		tokenCreateCommand(),
		unitImportCommand(), siteImportCommand(),
		nodeInviteCommand(), nodeListCommand(), nodeRevokeCommand(),
		checkCommand(), doctorCommand(),
	}
}

// run carries one command line out and returns the exit code.
func run(ctx context.Context, args []string, s *system) int {
	all := commands()
	if len(args) == 0 {
		fmt.Fprint(s.err, overview(all, ""))
		return exitUsage
	}
	switch args[0] {
	case "help", "-h", "--help", "-help":
		fmt.Fprint(s.out, overview(all, ""))
		return exitDone
	case "version", "--version":
		fmt.Fprintln(s.out, "hub", version)
		return exitDone
	}
	for _, c := range all {
		words := strings.Fields(c.name)
		if len(args) >= len(words) && strings.Join(args[:len(words)], " ") == c.name {
			return c.call(ctx, args[len(words):], s)
		}
	}
	return unknown(all, args, s)
}

// unknown answers for a command line that names no command: a group of commands
// alone, or a word that is none.
func unknown(all []command, args []string, s *system) int {
	text := overview(all, args[0]+" ")
	if text == "" {
		fmt.Fprintf(s.err, "hub: 没有 %s 这个命令。用 hub --help 查看全部命令。\n", oneLine(args[0]))
		return exitUsage
	}
	if len(args) > 1 && isHelp(args[1]) {
		fmt.Fprint(s.out, text)
		return exitDone
	}
	if len(args) > 1 {
		fmt.Fprintf(s.err, "hub: 没有 %s 这个命令。用 hub %s --help 查看。\n", oneLine(strings.Join(args[:2], " ")), args[0])
		return exitUsage
	}
	fmt.Fprint(s.err, text)
	return exitUsage
}

func isHelp(word string) bool {
	return word == "-h" || word == "-help" || word == "--help" || word == "help"
}

// errUsage marks a wrong call; its words follow after a colon.
var errUsage = errors.New("usage")

// call parses flags and arguments, reads the settings and runs the command.
func (c command) call(ctx context.Context, args []string, s *system) int {
	k := &call{system: s}
	var file string
	f := flag.NewFlagSet(c.name, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&file, "config", "", "设置文件 `FILE`（TOML）")
	if c.lists {
		f.BoolVar(&k.json, "json", false, "输出 JSON")
	}
	if c.flags != nil {
		c.flags(f)
	}
	rest, err := parse(f, args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(s.out, c.usage(f))
		return exitDone
	}
	if err == nil && len(rest) < c.min {
		err = fmt.Errorf("缺少 %s", c.args)
	}
	if err == nil && len(rest) > c.max {
		err = fmt.Errorf("多余的参数 %s", rest[c.max])
	}
	if err != nil {
		return c.wrong(s, err)
	}
	k.args = rest
	if k.cfg, err = config.LoadHub(file, s.environ); err != nil {
		return failed(s, err)
	}
	k.log = k.cfg.Log.Logger(s.err)
	err = c.run(ctx, k)
	switch {
	case errors.Is(err, errUsage):
		return c.wrong(s, errors.New(strings.TrimPrefix(err.Error(), errUsage.Error()+": ")))
	case err != nil:
		return failed(s, err)
	}
	return exitDone
}

func (c command) wrong(s *system, err error) int {
	fmt.Fprintf(s.err, "hub %s: %s。用 hub %s --help 查看用法。\n", c.name, oneLine(err.Error()), c.name)
	return exitUsage
}

// failed prints one plain line: what, why, what to do.
func failed(s *system, err error) int {
	fmt.Fprintln(s.err, "hub: "+oneLine(words(err)))
	return exitFailed
}

// words is what the operator is told about a failure. He is the one who can
// mend it, so an error without a sentence of its own is shown as it is.
func words(err error) string {
	var f *fault.Error
	if errors.As(err, &f) && f.Message != "" {
		return f.Message
	}
	if errors.Is(err, context.Canceled) {
		return "已中断，没有做完。"
	}
	return err.Error()
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// parse reads flags wherever they stand among the arguments; after -- there
// are only arguments.
func parse(f *flag.FlagSet, args []string) (rest []string, err error) {
	for len(args) > 0 {
		if err := f.Parse(args); err != nil {
			return nil, flagError(err)
		}
		left := f.Args()
		if n := len(args) - len(left); n > 0 && args[n-1] == "--" {
			return append(rest, left...), nil
		}
		if len(left) == 0 {
			break
		}
		rest, args = append(rest, left[0]), left[1:]
	}
	return rest, nil
}

// flagError says in Chinese what package flag says in English.
func flagError(err error) error {
	text := err.Error()
	if name, ok := strings.CutPrefix(text, "flag provided but not defined: -"); ok {
		return fmt.Errorf("没有 --%s 这个选项", name)
	}
	if name, ok := strings.CutPrefix(text, "flag needs an argument: -"); ok {
		return fmt.Errorf("选项 --%s 后面要写值", name)
	}
	if strings.HasPrefix(text, "invalid ") {
		return fmt.Errorf("选项的值不对（%s）", text)
	}
	return err
}

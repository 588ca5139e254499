// Package cli reads a command line the same way in both programs. It promises
// that flags may stand anywhere, that every command explains itself with an
// example, that a command ends with 0 when it did what was asked, 1 when it did
// not (one plain line on stderr: what, why, what to do), and 2 when it was
// called wrongly.
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/user"
	"strings"

	"zhanqun/internal/fault"
)

// Exit codes. An error with a method ExitCode() int ends the program with a code
// of its own, so that a script can tell why.
const (
	Done   = 0
	Failed = 1
	Wrong  = 2 // called wrongly
)

// System is what a command has of the world outside.
type System struct {
	In       io.Reader
	Out, Err io.Writer
	Environ  []string
	User     string // of the operating system
}

// Program is a set of commands around settings of type C.
type Program[C any] struct {
	Name     string
	About    string // one sentence above the list of commands
	Version  string
	Commands []Command[C] // in the order the usage shows them
	// Load reads the settings from a file ("" for none) and the environment.
	Load func(file string, environ []string) (C, error)
	// Logger makes the log the settings ask for.
	Logger func(C, io.Writer) *slog.Logger
}

// Command is one command of a program.
type Command[C any] struct {
	Name    string // one word or two: "serve", "node invite"
	Args    string // what follows, for the usage line: "单位代码"
	Min     int    // least number of arguments
	Max     int    // and most
	Short   string // one line
	Example string // lines a person can copy
	Codes   string // what its exit codes mean, if there are more than Done, Failed and Wrong
	Lists   bool   // has --json
	Flags   func(*flag.FlagSet)
	Run     func(ctx context.Context, c *Call[C]) error
}

// Call is one call of a command.
type Call[C any] struct {
	*System
	Args []string
	Cfg  C
	Log  *slog.Logger
	JSON bool
}

// Run carries one command line out and returns the exit code.
func (p *Program[C]) Run(ctx context.Context, args []string, s *System) int {
	if len(args) == 0 {
		fmt.Fprint(s.Err, p.overview(""))
		return Wrong
	}
	switch args[0] {
	case "help", "-h", "--help", "-help":
		fmt.Fprint(s.Out, p.overview(""))
		return Done
	case "version", "--version":
		fmt.Fprintln(s.Out, p.Name, p.Version)
		return Done
	}
	for i := range p.Commands {
		c := &p.Commands[i]
		words := strings.Fields(c.Name)
		if len(args) >= len(words) && strings.Join(args[:len(words)], " ") == c.Name {
			return p.call(ctx, c, args[len(words):], s)
		}
	}
	return p.unknown(args, s)
}

// unknown answers for a command line that names no command: a group of commands
// alone, or a word that is none.
func (p *Program[C]) unknown(args []string, s *System) int {
	text := p.overview(args[0] + " ")
	if text == "" {
		fmt.Fprintf(s.Err, "%[1]s: 没有 %[2]s 这个命令。用 %[1]s --help 查看全部命令。\n", p.Name, OneLine(args[0]))
		return Wrong
	}
	if len(args) > 1 && isHelp(args[1]) {
		fmt.Fprint(s.Out, text)
		return Done
	}
	if len(args) > 1 {
		fmt.Fprintf(s.Err, "%[1]s: 没有 %[2]s 这个命令。用 %[1]s %[3]s --help 查看。\n", p.Name, OneLine(strings.Join(args[:2], " ")), args[0])
		return Wrong
	}
	fmt.Fprint(s.Err, text)
	return Wrong
}

func isHelp(word string) bool {
	return word == "-h" || word == "-help" || word == "--help" || word == "help"
}

// ErrUsage marks a wrong call that only the command itself can notice; wrap it
// as fmt.Errorf("%w: words", ErrUsage).
var ErrUsage = errors.New("usage")

// call parses flags and arguments, reads the settings and runs the command.
func (p *Program[C]) call(ctx context.Context, c *Command[C], args []string, s *System) int {
	k := &Call[C]{System: s}
	var file string
	f := flag.NewFlagSet(c.Name, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&file, "config", "", "设置文件 `FILE`（TOML）")
	if c.Lists {
		f.BoolVar(&k.JSON, "json", false, "输出 JSON")
	}
	if c.Flags != nil {
		c.Flags(f)
	}
	rest, err := parse(f, args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(s.Out, p.usage(c, f))
		return Done
	}
	if err == nil && len(rest) < c.Min {
		err = fmt.Errorf("缺少 %s", c.Args)
	}
	if err == nil && len(rest) > c.Max {
		err = fmt.Errorf("多余的参数 %s", rest[c.Max])
	}
	if err != nil {
		return p.wrong(c, s, err)
	}
	k.Args = rest
	if k.Cfg, err = p.Load(file, s.Environ); err != nil {
		return p.failed(s, err)
	}
	k.Log = p.Logger(k.Cfg, s.Err)
	err = c.Run(ctx, k)
	switch {
	case errors.Is(err, ErrUsage):
		return p.wrong(c, s, errors.New(strings.TrimPrefix(err.Error(), ErrUsage.Error()+": ")))
	case err != nil:
		return p.failed(s, err)
	}
	return Done
}

func (p *Program[C]) wrong(c *Command[C], s *System, err error) int {
	fmt.Fprintf(s.Err, "%[1]s %[2]s: %[3]s。用 %[1]s %[2]s --help 查看用法。\n", p.Name, c.Name, OneLine(err.Error()))
	return Wrong
}

// failed prints one plain line: what, why, what to do.
func (p *Program[C]) failed(s *System, err error) int {
	fmt.Fprintln(s.Err, p.Name+": "+OneLine(Words(err)))
	var own interface{ ExitCode() int }
	if errors.As(err, &own) {
		return own.ExitCode()
	}
	return Failed
}

// Words is what the operator is told about a failure. He is the one who can
// mend it, so an error without a sentence of its own is shown as it is.
func Words(err error) string {
	var f *fault.Error
	if errors.As(err, &f) && f.Message != "" {
		return f.Message
	}
	if errors.Is(err, context.Canceled) {
		return "已中断，没有做完。"
	}
	return err.Error()
}

// OneLine folds all white space of a text into single blanks.
func OneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// UserName is the name of the system's user, for the record of who did what.
// Where the environment is silent, as under cron and systemd, the system is
// asked; a Windows domain is left out. It is "local" if nobody knows.
func UserName() string {
	for _, name := range []string{"SUDO_USER", "USER", "USERNAME"} {
		if v := os.Getenv(name); v != "" {
			return v
		}
	}
	if u, err := user.Current(); err == nil {
		if name := u.Username[strings.LastIndex(u.Username, `\`)+1:]; name != "" {
			return name
		}
	}
	return "local"
}

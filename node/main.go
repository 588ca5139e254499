// Command node is the township's program: clerks write items on it, it keeps
// them on its own disk and carries them to the county, and it shows what
// became of them.
//
// It promises that submit ends with 0 only when the item is safe on disk, that
// every command works beside a running serve and without any hub in sight, and
// that serve stops within two seconds of SIGINT or SIGTERM with nothing lost.
package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"zhanqun/config"
	"zhanqun/internal/cli"
)

// version is set when a release is built.
var version = "dev"

type (
	command = cli.Command[config.Node]
	call    = cli.Call[config.Node]
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends the program at once.
	context.AfterFunc(ctx, stop)
	code := program().Run(ctx, os.Args[1:], &cli.System{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Environ: os.Environ(), User: cli.UserName()})
	stop()
	os.Exit(code)
}

// program is everything this program can be asked for.
func program() *cli.Program[config.Node] {
	return &cli.Program[config.Node]{
		Name: "node", Version: version,
		About:  "node 是乡镇节点程序：写好的信息先存在本机，自动报到县里，县里的答复在这里看。",
		Load:   config.LoadNode,
		Logger: func(c config.Node, w io.Writer) *slog.Logger { return c.Log.Logger(w) },
		Commands: []command{
			joinCommand(), keyRotateCommand(), serveCommand(),
			submitCommand(), listCommand(), showCommand(), withdrawCommand(), queueCommand(), findingsCommand(),
			bundleExportCommand(), bundleImportCommand(), bundleShowCommand(),
			userAddCommand(), userListCommand(), userPasswdCommand(), userSecondOffCommand(), tokenCreateCommand(),
			backupCommand(), restoreCommand(), doctorCommand(),
		},
	}
}

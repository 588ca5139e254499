// Command hub is the county's program: it takes in what the townships' nodes
// hand in, lets the county review it, and publishes what was accepted.
//
// It promises that serve prints its addresses when it is ready and stops within
// five seconds of SIGINT or SIGTERM with nothing lost, that every other command
// works beside a running serve, and that a command ends with 0 when it did what
// was asked, 1 when it did not (one plain line on stderr says why), and 2 when
// it was called wrongly.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"zhanqun/internal/cli"
)

// version is set when a release is built.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends the program at once.
	context.AfterFunc(ctx, stop)
	code := program().Run(ctx, os.Args[1:], &cli.System{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Environ: os.Environ(), User: cli.UserName(),
	})
	stop()
	os.Exit(code)
}

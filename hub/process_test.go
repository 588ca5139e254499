package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/go-resty/resty/v2"

	"zhanqun/internal/testenv"
)

// binary is one of the two programs with the settings it runs under. What it
// starts ends with the test.
type binary struct {
	t    *testing.T
	path string
	env  []string
}

// programs returns the hub and a node as they are delivered, with settings that
// keep them to this machine and to free ports.
func programs(t *testing.T) (hub, node binary) {
	t.Helper()
	built := testenv.Binaries(t)
	quiet := []string{"ZHANQUN_LOG_LEVEL=warn", "ZHANQUN_LIMITS_DISK_RESERVE_BYTES=0", "ZHANQUN_HTTP_ADDR=127.0.0.1:0"}
	hub = binary{t, built.Hub, quiet}.with("ZHANQUN_NATS_LISTEN=127.0.0.1:0", "ZHANQUN_LINKS_ENABLED=false", "ZHANQUN_DIR="+t.TempDir())
	return hub, binary{t, built.Node, quiet}.with("ZHANQUN_DIR=" + t.TempDir())
}

// with returns the program under further settings; the last one counts.
func (b binary) with(env ...string) binary {
	b.env = append(b.env[:len(b.env):len(b.env)], env...)
	return b
}

func (b binary) command(ctx context.Context, args []string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, b.path, args...) // #nosec G204 -- what the test has built
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "ZHANQUN_") { // that of the tests is no setting of a program
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, b.env...)
	return cmd
}

// run runs one command to its end and returns what it printed.
func (b binary) run(ctx context.Context, stdin string, args ...string) (string, error) {
	cmd := b.command(ctx, args)
	var errs testWriter
	cmd.Stdin, cmd.Stderr = strings.NewReader(stdin), &errs
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", b.path, strings.Join(args, " "), err, errs.String())
	}
	return strings.TrimSpace(string(out)), nil
}

// process is a program that is running.
type process struct {
	*exec.Cmd
	errs  *testWriter
	ended chan struct{} // closed when it has ended with err
	err   error
}

// start runs a command that prints one line of JSON when it is ready, and reads
// that into ready.
func (b binary) start(ctx context.Context, ready any, args ...string) (*process, error) {
	p := &process{Cmd: b.command(b.t.Context(), args), errs: new(testWriter), ended: make(chan struct{})}
	out, write := io.Pipe()
	p.Stdout, p.Stderr = write, p.errs
	if err := p.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.err = p.Wait()
		close(p.ended)
		write.Close()
	}()
	b.t.Cleanup(func() { <-p.ended }) // the test's context has ended by then
	line := make(chan error, 1)
	go func() {
		line <- json.NewDecoder(out).Decode(ready)
		_, _ = io.Copy(io.Discard, out) // until the process ends
	}()
	select {
	case err := <-line:
		if err != nil {
			<-p.ended
			return nil, fmt.Errorf("%s ended before it was ready: %w: %s", strings.Join(args, " "), p.err, p.errs)
		}
		return p, nil
	case <-ctx.Done(): // nobody knows of it then, so it must not live on
		return nil, fmt.Errorf("%s did not get ready: %w: %s", strings.Join(args, " "), errors.Join(ctx.Err(), p.kill()), p.errs)
	}
}

// kill ends the process as a power cut would and waits until it is gone.
func (p *process) kill() error {
	err := p.Process.Kill()
	<-p.ended
	return err
}

// stop ends the process as Ctrl+C does and returns how it ended.
func (p *process) stop() error {
	if err := p.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	<-p.ended
	if p.err != nil {
		return fmt.Errorf("stopping: %w: %s", p.err, p.errs)
	}
	return nil
}

// problem is how the interface says that something was not done.
type problem struct {
	Status int
	Detail string
	Errors map[string]string
}

func (p *problem) Error() string { return fmt.Sprintf("%d: %s %v", p.Status, p.Detail, p.Errors) }

// ask calls the JSON interface. An answer that is no success is a *problem; any
// other error means that no answer came.
func ask(r *resty.Request, method, path string, in, out any) error {
	var p problem
	r.SetError(&p).ForceContentType("application/json")
	if in != nil {
		r.SetBody(in)
	}
	if out != nil {
		r.SetResult(out)
	}
	answer, err := r.Execute(method, path)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if answer.IsError() {
		p.Status = answer.StatusCode()
		return fmt.Errorf("%s %s: %w", method, path, &p)
	}
	return nil
}

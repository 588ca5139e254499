package main

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"zhanqun/internal/testenv"
)

// child is this program as another process, under another name. Its first line
// says that it is ready; a sender begins when told "go" and then writes how many
// messages it holds for delivered, the last time all of them; everybody ends when
// its input does.
type child struct {
	b    *testing.B
	name string // as main_test.go knows it
	args []string
	env  []string
	addr string // where it listens, if it does

	cmd  *exec.Cmd
	in   io.WriteCloser
	says *bufio.Reader
}

// start starts the process, waits until it is ready and returns where it listens.
func (c *child) start() string {
	c.b.Helper()
	self, err := os.Executable()
	if err != nil {
		c.b.Fatal(err)
	}
	c.cmd = exec.CommandContext(c.b.Context(), self, c.args...)
	c.cmd.Args[0], c.cmd.Stderr, c.cmd.Env = c.name, os.Stderr, append(os.Environ(), c.env...)
	var err2 error
	c.in, err = c.cmd.StdinPipe()
	out, err3 := c.cmd.StdoutPipe()
	if err2 = c.cmd.Start(); errors.Join(err, err2, err3) != nil {
		c.b.Fatal(errors.Join(err, err2, err3))
	}
	c.says = bufio.NewReader(out)
	if line, err := c.says.ReadString('\n'); err != nil {
		c.b.Fatalf("%s said %q: %v %v", c.name, line, err, c.cmd.Wait())
	}
	return c.addr
}

func (c *child) say(word string) {
	c.b.Helper()
	if _, err := io.WriteString(c.in, word+"\n"); err != nil {
		c.b.Fatal(err)
	}
}

// progress reads what a sender says until it has delivered n.
func (c *child) progress(n int, each func(done int)) {
	c.b.Helper()
	for {
		line, err := c.says.ReadString('\n')
		if err != nil {
			c.b.Fatalf("%s: %v %v", c.name, err, c.cmd.Wait())
		}
		done := number(strings.TrimSpace(line))
		if each != nil {
			each(done)
		}
		if done >= n {
			return
		}
	}
}

// kill ends the process at once and leaves it no time for anything.
func (c *child) kill() {
	c.b.Helper()
	if err := c.cmd.Process.Kill(); err != nil {
		c.b.Fatal(err)
	}
	_ = c.cmd.Wait() // "killed" is no news
}

// end ends the process in good order.
func (c *child) end() {
	c.b.Helper()
	if err := errors.Join(c.in.Close(), c.interrupted(), c.cmd.Wait()); err != nil {
		c.b.Fatalf("%s: %v", c.name, err)
	}
}

// interrupted asks the hub itself to stop, which reads no input.
func (c *child) interrupted() error {
	if c.name != hubProgram {
		return nil
	}
	return c.cmd.Process.Signal(os.Interrupt)
}

// hubProgram is the name under which this program is the hub.
const hubProgram = "hub"

// hubChild is the hub on a data folder that has been prepared.
func hubChild(b *testing.B, dir string, env ...string) *child {
	b.Helper()
	addr := testenv.Port(b)
	return &child{b: b, name: hubProgram, args: []string{"serve", "--json"}, addr: addr, env: append(env, "ZHANQUN_DIR="+dir, "ZHANQUN_HTTP_ADDR=127.0.0.1:0",
		"ZHANQUN_NATS_LISTEN="+addr, "ZHANQUN_LOG_LEVEL=error", "ZHANQUN_LIMITS_DISK_RESERVE_BYTES=0", "ZHANQUN_LINKS_ENABLED=false")}
}

// What a child does with its own input and output.

func must(err error) {
	if err != nil {
		_, _ = io.WriteString(os.Stderr, os.Args[0]+": "+err.Error()+"\n")
		os.Exit(1)
	}
}

func tell(word string) {
	_, err := io.WriteString(os.Stdout, word+"\n")
	must(err)
}

func tellDone(n int) { tell(strconv.Itoa(n)) }

// untilTold says that the child is ready and waits for its start.
func untilTold() {
	tell("ready")
	_, err := bufio.NewReader(os.Stdin).ReadString('\n')
	must(err)
}

// wait waits; a measured program has to wait for some time to pass now and then.
func wait(d time.Duration) { <-time.After(d) }

// untilEnd waits until nobody needs the child any longer.
func untilEnd() { _, _ = io.Copy(io.Discard, os.Stdin) }

// farther puts a line with a round trip of rtt before an address and returns the
// address before that. It takes as much as comes.
func farther(b *testing.B, to string, rtt time.Duration) string {
	b.Helper()
	l, err := new(net.ListenConfig).Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := new(net.Dialer).DialContext(b.Context(), "tcp", to)
			if err != nil {
				near.Close()
				continue
			}
			go later(near, far, rtt/2)
			go later(far, near, rtt/2)
		}
	}()
	return l.Addr().String()
}

// later copies what comes, each piece after so long.
func later(from, to net.Conn, after time.Duration) {
	type piece struct {
		data []byte
		due  time.Time
	}
	under := make(chan piece, 8192)
	go func() {
		defer close(under)
		for {
			data := make([]byte, 32<<10)
			n, err := from.Read(data)
			if n > 0 {
				under <- piece{data[:n], time.Now().Add(after)}
			}
			if err != nil {
				return
			}
		}
	}()
	for p := range under {
		wait(time.Until(p.due))
		if _, err := to.Write(p.data); err != nil {
			from.Close()
		}
	}
	to.Close()
}

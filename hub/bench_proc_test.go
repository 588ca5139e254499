package main

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	residentLine = regexp.MustCompile(`(?m)^VmRSS:\s+(\d+) kB$`)
	peakLine     = regexp.MustCompile(`(?m)^VmHWM:\s+(\d+) kB$`)
)

// status returns a line of what Linux says of a process's memory, in MiB.
func status(pid int, line *regexp.Regexp) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	found := line.FindSubmatch(text)
	if found == nil {
		return 0, fmt.Errorf("no %v", line)
	}
	kib, err := strconv.Atoi(string(found[1]))
	return float64(kib) / 1024, err
}

// memory returns the child's resident set in MiB.
func (c *child) memory() float64 { return c.figure(residentLine) }

// peak returns the largest resident set there was, in MiB.
func (c *child) peak() float64 { return c.figure(peakLine) }

func (c *child) figure(line *regexp.Regexp) float64 {
	c.b.Helper()
	mib, err := status(c.cmd.Process.Pid, line)
	if err != nil {
		c.b.Fatal(err)
	}
	return mib
}

// processor returns the time the child has had a processor (proc(5), utime and
// stime in hundredths of a second).
func (c *child) processor() time.Duration {
	c.b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.cmd.Process.Pid))
	if err != nil {
		c.b.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), ") ") // the name may hold spaces
	fields := strings.Fields(after)
	return time.Duration(number(fields[11])+number(fields[12])) * 10 * time.Millisecond
}

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// holdStill stops both programs where they are, so that the disk can be copied,
// and returns what lets them go on.
func (s *supply) holdStill() (goOn func()) {
	s.t.Helper()
	both := []*process{s.p.hubRuns, s.p.nodeRuns}
	for _, p := range both {
		if err := p.Process.Signal(syscall.SIGSTOP); err != nil {
			s.t.Fatal(err)
		}
	}
	for _, p := range both {
		eventually(s.t, "the programs hold still", func() (bool, error) { return stopped(p.Process.Pid) })
	}
	return func() {
		for _, p := range both {
			if err := p.Process.Signal(syscall.SIGCONT); err != nil {
				s.t.Fatal(err)
			}
		}
	}
}

// stopped reports whether every thread of a process is stopped: none is still
// writing or syncing.
func stopped(pid int) (bool, error) {
	list, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil {
		return false, err
	}
	for _, path := range list {
		text, err := os.ReadFile(path)
		if err != nil {
			return false, err
		}
		// pid (name) state …
		_, rest, _ := strings.Cut(string(text), ") ")
		if !strings.HasPrefix(rest, "T") {
			return false, nil
		}
	}
	return true, nil
}

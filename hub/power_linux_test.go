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
	all := []int{s.p.hubRuns.Process.Pid, s.p.nodeRuns.Process.Pid}
	s.signal(syscall.SIGSTOP, all...)
	if s.db != nil {
		list, err := s.db.Processes()
		if err != nil {
			s.t.Fatal(err)
		}
		s.signal(syscall.SIGSTOP, list[0]) // no more of them are made then
		if list, err = s.db.Processes(); err != nil {
			s.t.Fatal(err)
		}
		s.signal(syscall.SIGSTOP, list[1:]...)
		all = append(all, list...)
	}
	return func() { s.signal(syscall.SIGCONT, all...) }
}

// signal sends processes a signal, and waits until those that have to stop have
// stopped.
func (s *supply) signal(what syscall.Signal, pids ...int) {
	s.t.Helper()
	for _, pid := range pids {
		if err := syscall.Kill(pid, what); err != nil {
			s.t.Fatal(err)
		}
	}
	if what != syscall.SIGSTOP {
		return
	}
	for _, pid := range pids {
		eventually(s.t, "the programs hold still", func() (bool, error) { return stopped(pid) })
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

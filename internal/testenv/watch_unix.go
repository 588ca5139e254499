//go:build unix

package testenv

import (
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// watch runs a shell script that holds the far end of a pipe. The script does
// its work, reads its standard input to the end and then cleans up. The system
// closes the pipe however this process ends, so that neither a panic nor a
// kill leaves anything behind; normally Stop closes it and waits, or whoever calls
// end. $1… are args.
func watch(as *syscall.Credential, script string, args ...string) (end func() error, err error) {
	cmd := exec.Command("sh", append([]string{"-c", script, "sh"}, args...)...)
	cmd.Dir = "/"
	// In a process group of its own, an interrupt at the terminal reaches the
	// tests only and the script still cleans up after them.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: as}
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	end = sync.OnceValue(func() error {
		_ = pipe.Close() // if the script is gone already, Wait tells
		kill := time.AfterFunc(30*time.Second, func() { _ = cmd.Process.Kill() })
		defer kill.Stop()
		return cmd.Wait()
	})
	onStop(end)
	return end, nil
}

// tempDir returns a new folder that is removed after the tests.
func tempDir(pattern string) (string, error) {
	dir, err := os.MkdirTemp("", pattern)
	if err != nil {
		return "", err
	}
	_, err = watch(nil, `cat >/dev/null; rm -rf "$1"`, dir)
	return dir, err
}

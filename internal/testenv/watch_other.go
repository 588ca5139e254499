//go:build !unix

package testenv

import "os"

// tempDir returns a new folder that Stop removes.
func tempDir(pattern string) (string, error) {
	dir, err := os.MkdirTemp("", pattern)
	if err != nil {
		return "", err
	}
	onStop(func() error { return os.RemoveAll(dir) })
	return dir, nil
}

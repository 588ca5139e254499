// Package disk makes files outlive a power cut, and tells a full disk from other
// failures, on every system the programs run on.
package disk

import (
	"errors"
	"os"
	"path/filepath"
)

// WriteSecret makes the file path with data, whole and durable under its name or
// not at all, readable by its owner only. A file of that name is replaced.
func WriteSecret(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.part") // made with mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return SyncDir(filepath.Dir(path))
}

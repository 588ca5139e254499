package storetest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"zhanqun/internal/sqlite"
	"zhanqun/migrations"
)

// Folder returns a folder of the test's own with an empty hub database of the
// newest schema. The schema's whole history is gone through once a program and
// not in each test, which took most of the time of the suites; that it comes out
// right from the start is held by the tests of the programs.
func Folder(t testing.TB) string {
	t.Helper()
	data, err := empty()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "hub.db"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

var empty = sync.OnceValues(func() (data []byte, err error) {
	dir, err := os.MkdirTemp("", "zhanqun-empty-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "hub.db")
	ctx := context.Background()
	db, err := sqlite.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	err = migrations.SQLite.Up(ctx, db.Write, nil)
	if err = errors.Join(err, db.Close()); err != nil { // the last one out folds the log into the file
		return nil, err
	}
	return os.ReadFile(path) // #nosec G304 -- made above
})

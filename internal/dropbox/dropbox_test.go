package dropbox_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhanqun/internal/cli"
	"zhanqun/internal/dropbox"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.zqb")
	say := func(text string, err error) func(io.Writer) error {
		return func(w io.Writer) error {
			_, _ = io.WriteString(w, text)
			return err
		}
	}
	lost := errors.New("lost")
	if err := dropbox.Write(path, say("half", lost)); !errors.Is(err, lost) {
		t.Errorf("a writer that fails: %v", err)
	}
	names(t, dir)
	if err := dropbox.Write(path, say("whole", nil)); err != nil {
		t.Fatal(err)
	}
	names(t, dir, "a.zqb")
	if err := dropbox.Write(path, say("other", nil)); !fault.Is(err, fault.Conflict) {
		t.Errorf("over another one: %v", err)
	}
	if text, _ := os.ReadFile(path); string(text) != "whole" {
		t.Errorf("holds %q", text)
	}
	if err := dropbox.Write(filepath.Join(dir, "none", "a.zqb"), say("", nil)); !strings.Contains(cli.Words(err), "写不了文件") {
		t.Errorf("no folder: %v", err)
	}
	// A full disk is told as the disk's fault, not as that of who writes.
	if _, err := os.Stat("/dev/full"); err == nil {
		if err := os.Symlink("/dev/full", filepath.Join(dir, ".b.zqb.part")); err != nil {
			t.Fatal(err)
		}
		err := dropbox.Write(filepath.Join(dir, "b.zqb"), func(w io.Writer) error {
			_, err := io.WriteString(w, strings.Repeat("x", 1<<20))
			return fmt.Errorf("writing bundle: %w", err)
		})
		if !strings.Contains(cli.Words(err), "剩余空间") {
			t.Errorf("full: %v", err)
		}
		names(t, dir, "a.zqb")
	}
}

func names(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("in the folder (-want +got):\n%s", diff)
	}
}

func TestNames(t *testing.T) {
	n := dropbox.Name{Who: "n7k2", Dir: protocol.Up, Number: 12}
	if got := n.String(); got != "zhanqun-n7k2-up-000012.zqb" {
		t.Errorf("%s", got)
	}
	for _, n := range []dropbox.Name{n, {Who: dropbox.Newcomer("UABCDEFGH23456"), Dir: protocol.Down, Number: 1}, {Who: "n", Dir: protocol.Down, Number: 1 << 62}} {
		if back, ok := dropbox.ParseName(n.String()); !ok || back != n {
			t.Errorf("%s reads as %v, %v", n, back, ok)
		}
	}
	for _, bad := range []string{"", "a.zqb", "zhanqun-n7k2-up-12.zqb", "zhanqun-n7k2-up-000012", "zhanqun-N7-up-000012.zqb", "zhanqun-../n-up-000012.zqb", "zhanqun-n7-up-000012 (2).zqb"} {
		if n, ok := dropbox.ParseName(bad); ok {
			t.Errorf("%q reads as %v", bad, n)
		}
	}
}

func TestLeftAndLeftovers(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{
		"zhanqun-n1-up-000002.zqb", "zhanqun-n1-up-000010.zqb", "zhanqun-n1-down-000003.zqb", "zhanqun-n2-up-000001.zqb", "other.zqb",
		".zhanqun-n1-up-000011.zqb.part", ".other",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	left, err := dropbox.Left(dir, "n1", protocol.Up)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]dropbox.Name{{Who: "n1", Dir: protocol.Up, Number: 2}, {Who: "n1", Dir: protocol.Up, Number: 10}}, left); diff != "" {
		t.Error(diff)
	}
	part := filepath.Join(dir, ".zhanqun-n1-up-000011.zqb.part")
	for at, gone := range map[time.Duration]bool{-time.Hour: false, time.Hour: true} {
		if err := dropbox.SweepParts(dir, time.Now().Add(at)); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(part); gone && !errors.Is(err, os.ErrNotExist) {
			t.Errorf("a leftover is still there: %v", err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, ".other")); err != nil {
		t.Error(err)
	}
}

func TestExplain(t *testing.T) {
	for code, exit := range map[protocol.Code]int{
		protocol.CodeIncomplete: dropbox.ExitCut, protocol.CodeHash: dropbox.ExitAltered, protocol.CodeSignature: dropbox.ExitAltered,
		protocol.CodeMalformed: dropbox.ExitAltered, protocol.CodeHub: dropbox.ExitForeign, protocol.CodeNode: dropbox.ExitForeign,
		protocol.CodeEpoch: dropbox.ExitOutdated, protocol.CodeFrozen: cli.Failed,
	} {
		err := dropbox.Explain(fmt.Errorf("importing: %w", protocol.Fault{Code: code, Detail: "原因"}))
		var told *dropbox.Trouble
		if !errors.As(err, &told) || told.ExitCode() != exit || !strings.HasPrefix(cli.Words(err), "原因") {
			t.Errorf("%s: %v", code, err)
		}
		if again := dropbox.Explain(err); again.Error() == "" {
			t.Errorf("%s: explained twice: %v", code, again)
		}
	}
	other := errors.New("input/output error")
	if got := dropbox.Explain(other); !errors.Is(got, other) || got.Error() != other.Error() {
		t.Errorf("got %v", got)
	}
}

func TestJudge(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		later bool
	}{
		"altered":           {protocol.Fault{Code: protocol.CodeHash}, false},
		"frozen":            {fmt.Errorf("taking: %w", protocol.Fault{Code: protocol.CodeFrozen}), true},
		"no room":           {fault.New(fault.Full, "磁盘满了"), true},
		"used up":           {fault.New(fault.Gone, "用过了"), false},
		"the disk":          {fault.Wrap(fault.Internal, "读不了", io.ErrUnexpectedEOF), true},
		"the database away": {errors.New("connection refused"), true},
	} {
		got := dropbox.Judge(c.err)
		if errors.Is(got, dropbox.ErrLater) != c.later || !errors.Is(got, c.err) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestRepeat(t *testing.T) {
	var log strings.Builder
	ctx, cancel := context.WithCancel(t.Context())
	rounds := []error{errors.New("away"), errors.New("away"), nil, errors.New("full"), nil}
	n := 0
	dropbox.Repeat(ctx, time.Millisecond, slog.New(slog.NewTextHandler(&log, nil)), func(context.Context) error {
		n++
		if n > len(rounds) {
			cancel()
			return nil
		}
		return rounds[n-1]
	})
	if got := strings.Count(log.String(), "trouble"); got != 2 || strings.Count(log.String(), "well again") != 2 {
		t.Errorf("logged:\n%s", log.String())
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	if _, err := dropbox.Open(filepath.Join(dir, "none.zqb")); !strings.Contains(cli.Words(err), "读不了文件") {
		t.Errorf("no file: %v", err)
	}
	if _, err := dropbox.Open(dir); !strings.Contains(cli.Words(err), "不是一个文件") {
		t.Errorf("a folder: %v", err)
	}
	f, err := dropbox.Open("../../protocol/testdata/bundles/up.zqb")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Verify(t.Context()), f.Close()); err != nil || f.Index.Number != 3 {
		t.Errorf("%+v, %v", f.Index, err)
	}
}

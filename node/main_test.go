package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/text/encoding/simplifiedchinese"

	"zhanqun/internal/cli"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// TestMain lets scripts run this program under its own name.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"node": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("USER", "clerk")
			text, err := simplifiedchinese.GBK.NewEncoder().String("旧编辑器保存的正文。")
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(e.WorkDir, "gbk.txt"), []byte(text), 0o600)
		},
		RequireExplicitExec: true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"joined": joined},
		UpdateScripts:       os.Getenv("UPDATE") != "",
	})
}

// joined gives the folder data the identity a hub would have given it.
func joined(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: joined")
	}
	ctx := context.Background()
	q, err := queue.Open(ctx, queue.Options{Dir: ts.MkAbs("data/node")})
	ts.Check(err)
	defer func() { ts.Check(q.Close()) }()
	_, err = q.Key(ctx)
	ts.Check(err)
	hub, err := protocol.NewHubKey()
	ts.Check(err)
	ts.Check(q.SaveIdentity(ctx, protocol.EnrolAnswer{
		Node: "ntest", Unit: protocol.Unit{Code: "520624103", Name: "塘头镇"}, HubKey: hub.Public(), HubEpoch: "e1", NATS: []string{"nats://127.0.0.1:1"},
	}, "http://127.0.0.1:1", "测试机"))
}

// Every command explains itself, with an example that names it.
func TestEveryCommandHasHelp(t *testing.T) {
	for _, c := range program().Commands {
		var out, errs strings.Builder
		code := program().Run(context.Background(), append(strings.Fields(c.Name), "--help"), &cli.System{Out: &out, Err: &errs})
		if code != cli.Done || errs.Len() > 0 {
			t.Errorf("%s --help: exit %d, stderr %q", c.Name, code, errs.String())
		}
		for _, want := range []string{"用法：node " + c.Name, "例子：\n  node " + c.Name, c.Short, "--config FILE"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s --help does not say %q:\n%s", c.Name, want, out.String())
			}
		}
	}
}

package main

import (
	"context"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets scripts run this program under its own name.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"hub": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("USER", "clerk")
			return nil
		},
		RequireExplicitExec: true,
		UpdateScripts:       os.Getenv("UPDATE") != "",
	})
}

// Every command explains itself, with an example that names it.
func TestEveryCommandHasHelp(t *testing.T) {
	for _, c := range commands() {
		var out, errs testWriter
		code := run(context.Background(), append(fields(c.name), "--help"), &system{out: &out, err: &errs})
		if code != exitDone || errs.String() != "" {
			t.Errorf("%s --help: exit %d, stderr %q", c.name, code, errs.String())
		}
		for _, want := range []string{"用法：hub " + c.name, "例子：\n  hub " + c.name, c.short, "--config FILE"} {
			if !out.has(want) {
				t.Errorf("%s --help does not say %q:\n%s", c.name, want, out.String())
			}
		}
	}
}

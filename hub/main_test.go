package main

import (
	"context"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"zhanqun/internal/cli"
)

// TestMain lets scripts run this program under its own name, and a benchmark a
// node.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){hubProgram: main, benchNode: emptyBacklog, benchWeb: plainWeb, benchPoster: plainPoster,
		benchBroker: plainBroker, benchCrowd: plainCrowd, benchDoor: plainDoor, benchLeaf: plainLeaf, benchBatch: plainBatch,
		clockedNode: serveWithClock})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("USER", "clerk")
			return nil
		},
		RequireExplicitExec: true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"ready": ready},
		UpdateScripts:       os.Getenv("UPDATE") != "",
	})
}

// Every command explains itself, with an example that names it.
func TestEveryCommandHasHelp(t *testing.T) {
	for _, c := range program().Commands {
		var out, errs testWriter
		code := program().Run(context.Background(), append(strings.Fields(c.Name), "--help"), &cli.System{Out: &out, Err: &errs})
		if code != cli.Done || errs.String() != "" {
			t.Errorf("%s --help: exit %d, stderr %q", c.Name, code, errs.String())
		}
		for _, want := range []string{"用法：hub " + c.Name, "例子：\n  hub " + c.Name, c.Short, "--config FILE"} {
			if !out.has(want) {
				t.Errorf("%s --help does not say %q:\n%s", c.Name, want, out.String())
			}
		}
	}
}

// ready waits until the serve on the folder data answers. Its lock file says
// where; a note of a serve that was killed is no answer.
func ready(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: ready")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		if note, err := os.ReadFile(ts.MkAbs("data/" + serveLock)); err == nil && answers(ctx, string(note)) {
			return
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			ts.Fatalf("serve is not ready")
		}
	}
}

func answers(ctx context.Context, note string) bool {
	_, base, ok := strings.Cut(strings.TrimSpace(note), " http://")
	if !ok {
		return false
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+base+"/readyz", nil)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	return answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
}

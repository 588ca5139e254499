package queue_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// childDir makes this test binary a clerk who submits until she is killed.
const childDir = "QUEUE_TEST_CHILD_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := submitForEver(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

func submitForEver(dir string) error {
	q, err := queue.Open(context.Background(), queue.Options{Dir: dir, Reserve: -1})
	if err != nil {
		return err
	}
	failed := make(chan error)
	for range 4 {
		go func() {
			for {
				s, err := q.Post(context.Background(), liaison, draft("标题"))
				if err != nil {
					failed <- err
					return
				}
				fmt.Fprintln(os.Stdout, s.Seq, s.ID) // one write: acknowledged
			}
		}()
	}
	return <-failed
}

// Killed at any instant, a node has everything it ever acknowledged, at the
// place it said, and no gap.
func TestKilledWhileSubmitting(t *testing.T) {
	q := openAt(t, t.TempDir(), time.Now)
	join(t, q)
	acknowledged := map[uint64]string{}
	for round := range 4 {
		for seq, id := range killAfter(t, q.Dir(), 25+10*round) {
			acknowledged[seq] = id
		}
	}
	all := checkLog(t, q)
	if len(acknowledged) < 100 {
		t.Fatalf("only %d acknowledged", len(acknowledged))
	}
	for seq, id := range acknowledged {
		if seq > uint64(len(all)) {
			t.Fatalf("acknowledged entry %d is gone, the log ends at %d", seq, len(all))
		}
		m, _ := protocol.ReadBody(protocol.Up, all[seq-1])
		if got := m.(*protocol.Submit).Item; got != id {
			t.Errorf("entry %d is of item %s, acknowledged was %s", seq, got, id)
		}
		if d := item(t, q, id); d.State != queue.Queued || d.Seq != seq || len(d.Revisions) != 1 {
			t.Errorf("item %s: %+v", id, d.Item)
		}
	}
	n, err := q.Count(t.Context(), `SELECT count(*) FROM item`)
	if err != nil || n != len(all) {
		t.Errorf("%d items for %d entries (%v)", n, len(all), err)
	}
}

// killAfter lets a child submit and kills it in the middle, after it has
// acknowledged n.
func killAfter(t *testing.T, dir string, n int) map[uint64]string {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$") // #nosec G204 -- this test binary
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	seen := map[uint64]string{}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var seq uint64
		var id string
		if _, err := fmt.Sscan(lines.Text(), &seq, &id); err != nil || len(id) != 36 {
			break // the last line, cut short by the kill
		}
		seen[seq] = id
		if len(seen) == n {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the child ended by itself")
	}
	return seen
}

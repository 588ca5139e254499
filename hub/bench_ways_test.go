package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// How much is moved, over how far a line, and through how many deaths of the
// receiving side.
const (
	waysItems = 20_000
	waysKills = 20
	farAway   = 100 * time.Millisecond
	// Some ways need half a minute to recover from each death.
	killsLimit = 4 * time.Minute
)

// way is one manner of bringing a backlog to the county.
type way interface {
	// prepare makes the backlog, n messages of 4 KiB, on the sender's disk.
	prepare(b *testing.B, n int)
	// receiver returns the process that takes it, with an empty store.
	receiver(b *testing.B) *child
	// sender returns the process that brings it to addr over a line of rtt; it
	// says how many are safe there, by its own understanding, and ends with all.
	sender(b *testing.B, addr string, rtt time.Duration) *child
	// stored counts what is in the store of the receiver, which has stopped, and
	// how many different messages that are.
	stored(b *testing.B) (rows, different int)
}

// BenchmarkWays holds the line against other ways of bringing 20,000 messages of
// 4 KiB from an offline place to the county, everything durable, on one disk in
// one run:
//
//   - zhanqun: from the node's queue until the node has the receipts for rows
//     committed in the hub's database, on each database;
//   - leaf: a leaf node of NATS with a stream, sourced into the county's; no
//     database (from the leaf's start, about 0.1 s of it);
//   - batch: JetStream's atomic batches, published only; 500 at a time near by,
//     and four times 200 in flight far away, which is the best they do there;
//   - http: requests on 16 connections, each a row committed before the answer.
//
// Receivers and senders are processes of their own. near_s and far_s are seconds
// at a round trip of 0 and of 100 ms. Then the receiver is killed 20 times
// at random while the same is carried: lost counts messages that the sender held
// for delivered and that are not there, doubled those that are there twice, and
// killed_s is how long it took; fewer kills say that four minutes were over.
func BenchmarkWays(b *testing.B) {
	for _, w := range []struct {
		name string
		way
	}{
		{"zhanqun/sqlite", &lineWay{}},
		{"zhanqun/postgres", &lineWay{postgres: true}},
		{"leaf", &leafWay{}},
		{"batch", &batchWay{}},
		{"http/sqlite", &webWay{}},
		{"http/postgres", &webWay{postgres: true}},
	} {
		b.Run(w.name, func(b *testing.B) {
			n := waysItems
			if testing.Short() {
				n = 1_000
			}
			w.prepare(b, n)
			for b.Loop() {
				for _, far := range []struct {
					unit string
					rtt  time.Duration
				}{{"near_s", 0}, {"far_s", farAway}} {
					b.ReportMetric(carryOnce(b, w.way, n, far.rtt).Seconds(), far.unit)
				}
				took, killed, lost, doubled := carryThroughKills(b, w.way, n)
				b.ReportMetric(took.Seconds(), "killed_s")
				b.ReportMetric(float64(killed), "kills")
				b.ReportMetric(float64(lost), "lost")
				b.ReportMetric(float64(doubled), "doubled")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// carryOnce brings everything over and returns how long that took.
func carryOnce(b *testing.B, w way, n int, rtt time.Duration) time.Duration {
	b.Helper()
	to := w.receiver(b)
	addr := to.start()
	if rtt > 0 {
		addr = farther(b, addr, rtt)
	}
	from := w.sender(b, addr, rtt)
	from.start()
	began := time.Now()
	from.say("go")
	from.progress(n, nil)
	took := time.Since(began)
	from.end()
	to.end()
	if rows, different := w.stored(b); rows != n || different != n {
		b.Fatalf("%d rows, %d different, of %d", rows, different, n)
	}
	b.Logf("rtt %v: %v", rtt, took)
	return took
}

// carryThroughKills does the same while the receiver dies again and again.
func carryThroughKills(b *testing.B, w way, n int) (took time.Duration, killed, lost, doubled int) {
	b.Helper()
	to := w.receiver(b)
	from := w.sender(b, to.start(), 0)
	from.start()
	from.say("go")
	began := time.Now()
	due := make([]int, 0, waysKills)
	for i := range waysKills { // at a random point of each twentieth of the way
		due = append(due, (i*n+rand.N(n))/waysKills) // #nosec G404 -- any point
	}
	from.progress(n, func(done int) {
		for len(due) > 0 && done >= due[0] && time.Since(began) < killsLimit {
			due = due[1:]
			wait(rand.N(20 * time.Millisecond)) // #nosec G404 -- not always right after an acknowledgement
			to.kill()
			killed++
			to.start()
		}
	})
	took = time.Since(began)
	b.Logf("%d kills: %v", killed, took)
	from.end()
	to.end()
	rows, different := w.stored(b)
	return took, killed, n - different, rows - different
}

// moved is the body of message i of those that are carried by the other ways.
func moved(i int) []byte { return []byte(fmt.Sprintf("%08d", i) + words(i)["body"]) }

// freshDir returns an empty folder on the disk that the benchmark is about.
func freshDir(b *testing.B, name string) string {
	b.Helper()
	dir := filepath.Join(b.TempDir(), name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		b.Fatal(err)
	}
	return dir
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

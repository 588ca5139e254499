package queue_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zhanqun/internal/sqlite"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// BenchmarkSubmit measures durable submits of 4 KiB items against what the disk
// and SQLite allow at all: one insert of the same bytes per commit, same
// settings, same disk, the two taking turns. x_raw is submits per second ÷ raw
// inserts per second.
func BenchmarkSubmit(b *testing.B) {
	for _, producers := range []int{1, 8} {
		b.Run(fmt.Sprintf("producers=%d", producers), func(b *testing.B) {
			q, _ := open(b)
			raw := openRaw(b)
			d := draft("许家坝镇召开安全生产工作会议")
			d.Body = strings.Repeat("会议要求，各村要抓好安全生产责任落实，做到隐患早发现早处置。", 46)[:4096/3*3]
			body := onTheWire(b, q, d)
			turn := 8 * producers
			var submits, inserts time.Duration
			done := 0
			for b.Loop() {
				for range 100 {
					inserts += share(b, producers, turn, func() error { return raw(body) })
					submits += share(b, producers, turn, func() error {
						_, err := q.Post(context.Background(), liaison, d)
						return err
					})
					done += turn
				}
			}
			b.ReportMetric(float64(done)/submits.Seconds(), "submits/s")
			b.ReportMetric(float64(done)/inserts.Seconds(), "raw/s")
			b.ReportMetric(inserts.Seconds()/submits.Seconds(), "x_raw")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// onTheWire returns the bytes a submit of d has to make durable: its entry.
func onTheWire(b *testing.B, q *queue.Queue, d queue.Draft) []byte {
	b.Helper()
	if _, err := q.Post(b.Context(), liaison, d); err != nil {
		b.Fatal(err)
	}
	var frame protocol.Frame
	for _, e := range log(b, q) {
		frame.Add(e, protocol.MaxFrameBytes)
	}
	return frame.Bytes()
}

// share runs do n times, by several goroutines, and says how long that took.
func share(b *testing.B, goroutines, n int, do func() error) time.Duration {
	b.Helper()
	var left atomic.Int64
	left.Store(int64(n))
	var wg sync.WaitGroup
	start := time.Now()
	for range goroutines {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if err := do(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return time.Since(start)
}

// openRaw returns a function that inserts a body durably into a bare table.
func openRaw(b testing.TB) func(body []byte) error {
	b.Helper()
	db, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "raw.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	if _, err := db.Write.ExecContext(b.Context(), `CREATE TABLE raw (n INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT`); err != nil {
		b.Fatal(err)
	}
	insert, err := db.Write.PrepareContext(b.Context(), `INSERT INTO raw (body) VALUES ($1)`)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { insert.Close() })
	return func(body []byte) error {
		_, err := insert.ExecContext(context.Background(), body)
		return err
	}
}

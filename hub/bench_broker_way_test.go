package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"zhanqun/internal/testenv"
)

// brokerWay is what the ways have in common that end in a stream of NATS.
type brokerWay struct {
	n    int
	dir  string // of the broker made last
	leaf bool
}

const (
	benchBroker  = "zhanqun-bench-broker"
	benchBatch   = "zhanqun-bench-batch"
	benchLeaf    = "zhanqun-bench-leaf"
	countyStream = "TAKEN" // the county's stream
	leafStream   = "GIVEN" // the leaf's
)

func (w *brokerWay) receiver(b *testing.B) *child {
	b.Helper()
	w.dir = freshDir(b, "broker")
	addr, leaves := testenv.Port(b), testenv.Port(b)
	c := &child{b: b, name: benchBroker, args: []string{addr, leaves, w.dir, strconv.FormatBool(w.leaf)}, addr: addr}
	if w.leaf {
		c.addr = leaves
	}
	return c
}

func (w *brokerWay) stored(b *testing.B) (rows, different int) {
	b.Helper()
	s := durableBroker(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, StoreDir: w.dir})
	defer stopBroker(s)
	nc, js := clientOf(s.ClientURL())
	defer nc.Close()
	stream, err := js.Stream(b.Context(), countyStream)
	if err != nil {
		b.Fatal(err)
	}
	info, err := stream.Info(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	c, err := stream.OrderedConsumer(b.Context(), jetstream.OrderedConsumerConfig{})
	if err != nil {
		b.Fatal(err)
	}
	seen := map[string]bool{}
	for rows < int(info.State.Msgs) { // #nosec G115 -- thousands
		batch, err := c.Fetch(1000)
		if err != nil {
			b.Fatal(err)
		}
		for m := range batch.Messages() {
			seen[string(m.Data()[:8])] = true
			rows++
		}
	}
	return rows, len(seen)
}

// durableBroker is a NATS server that syncs every write.
func durableBroker(o *server.Options) *server.Server {
	o.NoSigs, o.NoLog, o.JetStream, o.SyncAlways = true, true, true, true
	s, err := server.NewServer(o)
	must(err)
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		must(errors.New("no broker"))
	}
	return s
}

func stopBroker(s *server.Server) {
	s.Shutdown()
	s.WaitForShutdown()
}

func clientOf(url string) (*nats.Conn, jetstream.JetStream) {
	nc, err := nats.Connect(url, nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond), nats.RetryOnFailedConnect(true))
	must(err)
	js, err := jetstream.New(nc)
	must(err)
	return nc, js
}

func hostPort(addr string) (string, int) {
	host, port, err := net.SplitHostPort(addr)
	must(err)
	return host, number(port)
}

// plainBroker is the county's side, with a stream that batches go into or that
// fetches from a leaf.
func plainBroker() {
	o := &server.Options{StoreDir: os.Args[3], JetStreamDomain: "county"}
	o.Host, o.Port = hostPort(os.Args[1])
	o.LeafNode.Host, o.LeafNode.Port = hostPort(os.Args[2])
	s := durableBroker(o)
	nc, js := clientOf(s.ClientURL())
	cfg := jetstream.StreamConfig{Name: countyStream, AllowAtomicPublish: true}
	if os.Args[4] == "true" {
		cfg = jetstream.StreamConfig{Name: countyStream, Sources: []*jetstream.StreamSource{{Name: leafStream, External: &jetstream.ExternalStream{APIPrefix: "$JS.leaf.API"}}}}
	} else {
		cfg.Subjects = []string{"batch"}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err := js.CreateOrUpdateStream(ctx, cfg)
	must(err)
	tell("ready")
	untilEnd()
	nc.Close()
	stopBroker(s)
}

// leafWay is NATS' own store and forward.
type leafWay struct {
	brokerWay
	filled string // the leaf's store with the backlog
}

func (w *leafWay) prepare(b *testing.B, n int) {
	b.Helper()
	w.n, w.leaf, w.filled = n, true, freshDir(b, "leaf")
	s := durableBroker(leafOptions(w.filled, ""))
	nc, js := clientOf(s.ClientURL())
	if _, err := js.CreateStream(b.Context(), jetstream.StreamConfig{Name: leafStream, Subjects: []string{"given"}}); err != nil {
		b.Fatal(err)
	}
	for i := range n {
		if _, err := js.PublishAsync("given", moved(i), jetstream.WithStallWait(time.Minute)); err != nil {
			b.Fatal(err)
		}
	}
	<-js.PublishAsyncComplete()
	nc.Close()
	stopBroker(s)
}

func leafOptions(dir, county string) *server.Options {
	o := &server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, StoreDir: dir, JetStreamDomain: "leaf"}
	if county != "" {
		o.LeafNode.Remotes = []*server.RemoteLeafOpts{{URLs: []*url.URL{{Scheme: "nats-leaf", Host: county}}}}
		o.LeafNode.ReconnectInterval = 100 * time.Millisecond
	}
	return o
}

func (w *leafWay) sender(b *testing.B, addr string, _ time.Duration) *child {
	b.Helper()
	dir := filepath.Join(b.TempDir(), "leaf")
	if err := os.CopyFS(dir, os.DirFS(w.filled)); err != nil {
		b.Fatal(err)
	}
	return &child{b: b, name: benchLeaf, args: []string{addr, dir, strconv.Itoa(w.n)}}
}

// plainLeaf asks, through its own leaf, how far the county's stream is.
func plainLeaf() {
	county, dir, n := os.Args[1], os.Args[2], number(os.Args[3])
	untilTold()
	s := durableBroker(leafOptions(dir, county))
	nc, err := nats.Connect(s.ClientURL())
	must(err)
	js, err := jetstream.NewWithDomain(nc, "county")
	must(err)
	for last := -1; last < n; {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		stream, err := js.Stream(ctx, countyStream)
		if err == nil {
			var info *jetstream.StreamInfo
			if info, err = stream.Info(ctx); err == nil && int(info.State.Msgs) > last { // #nosec G115 -- thousands
				last = int(info.State.Msgs) // #nosec G115 -- thousands
				tellDone(last)
			}
		}
		cancel()
		wait(20 * time.Millisecond)
	}
	untilEnd()
	nc.Close()
	stopBroker(s)
}

// batchWay publishes JetStream's atomic batches.
type batchWay struct{ brokerWay }

func (w *batchWay) prepare(_ *testing.B, n int) { w.n = n }

func (w *batchWay) sender(b *testing.B, addr string, rtt time.Duration) *child {
	size, aloft := 500, 1
	if rtt > 0 {
		size, aloft = 200, 4
	}
	return &child{b: b, name: benchBatch, args: []string{addr, strconv.Itoa(w.n), strconv.Itoa(size), strconv.Itoa(aloft)}}
}

func plainBatch() {
	addr, n, size, aloft := os.Args[1], number(os.Args[2]), number(os.Args[3]), number(os.Args[4])
	nc, _ := clientOf("nats://" + addr)
	untilTold()
	type run struct{ from, to int }
	work, done := make(chan run), make(chan int)
	for range aloft {
		go func() {
			for r := range work {
				for try := 0; !batch(nc, fmt.Sprintf("b%d-%d", r.from, try), r.from, r.to); try++ {
					wait(50 * time.Millisecond)
				}
				done <- r.to - r.from
			}
		}()
	}
	go func() {
		for from := 0; from < n; from += size {
			work <- run{from, min(from+size, n)}
		}
		close(work)
	}()
	for all := 0; all < n; {
		all += <-done
		tellDone(all)
	}
	untilEnd()
	nc.Close()
}

// batch publishes messages as one batch (ADR-50) and reports whether it was
// acknowledged.
func batch(nc *nats.Conn, id string, from, to int) bool {
	for i := from; i < to; i++ {
		m := nats.NewMsg("batch")
		m.Data = moved(i)
		m.Header.Set("Nats-Batch-Id", id)
		m.Header.Set("Nats-Batch-Sequence", strconv.Itoa(i-from+1))
		switch i {
		case to - 1:
			m.Header.Set("Nats-Batch-Commit", "1")
			return accepted(nc, m)
		case from: // the first says whether there is room for a batch
			if !accepted(nc, m) {
				return false
			}
		default:
			if nc.PublishMsg(m) != nil {
				return false
			}
		}
	}
	return true
}

func accepted(nc *nats.Conn, m *nats.Msg) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	r, err := nc.RequestMsgWithContext(ctx, m)
	return err == nil && !hasError(r.Data)
}

// hasError reports whether an answer of JetStream is a refusal. The first message
// of a batch is answered with nothing.
func hasError(data []byte) bool {
	var ack struct {
		Error *struct{} `json:"error"`
	}
	return len(data) > 0 && (json.Unmarshal(data, &ack) != nil || ack.Error != nil)
}

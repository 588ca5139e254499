package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"zhanqun/config"
	"zhanqun/hub/access"
	"zhanqun/hub/store"
	"zhanqun/hub/store/storetest"
	"zhanqun/internal/account"
	"zhanqun/node/queue"
	"zhanqun/node/station"
	"zhanqun/protocol"
)

// trips is how many items make one measurement: enough for a 99th percentile.
const trips = 400

// BenchmarkTrip measures the two waits people notice, on a hub and a node that
// are whole, each with its pages, over NATS and HTTP on the loopback:
//
//   - submit: from pressing submit on the node until the hub's list of items
//     shows the item;
//   - status: from a reviewer's decision until the node's page of the item shows
//     it.
//
// p50 and p99 are milliseconds; the bare ones are what the machine needs at least
// for the same, one after the other and nothing else: two web requests, two
// durable inserts, and one durable publish on the way up or a bell and a question
// on the way down. x_bare is the one median divided by the other.
func BenchmarkTrip(b *testing.B) {
	for _, d := range databases {
		b.Run(d.name, func(b *testing.B) {
			o := d.options(b)
			c := openTripCounty(b, o)
			limit := newTripLimit(b, o)
			var submit, status, bareUp, bareDown []float64
			for b.Loop() {
				for n := range trips {
					id := c.draft(n)
					began := time.Now()
					c.submit(id)
					c.awaitListed(id)
					submit = append(submit, since(began))
					began = time.Now()
					c.giveBack(id)
					c.awaitReturned(id)
					status = append(status, since(began))
					bareUp = append(bareUp, limit.up())
					bareDown = append(bareDown, limit.down())
				}
			}
			b.ReportMetric(0, "ns/op")
			for _, m := range []struct {
				name       string
				list, bare []float64
			}{{"submit", submit, bareUp}, {"status", status, bareDown}} {
				b.ReportMetric(median(m.list), m.name+"_p50_ms")
				b.ReportMetric(quantile(m.list, 0.99), m.name+"_p99_ms")
				b.ReportMetric(median(m.bare), m.name+"_bare_p50_ms")
				b.ReportMetric(quantile(m.bare, 0.99), m.name+"_bare_p99_ms")
				b.ReportMetric(median(m.list)/median(m.bare), m.name+"_x_bare")
			}
		})
	}
}

func since(began time.Time) float64 { return float64(time.Since(began)) / float64(time.Millisecond) }

// tripCounty is a hub and a node, both serving.
type tripCounty struct {
	b     *testing.B
	hub   *caller // as the reviewer
	node  *caller // as the liaison
	moved chan struct{}
	queue *queue.Queue
}

func openTripCounty(b *testing.B, o store.Options) *tripCounty {
	b.Helper()
	log := slog.New(slog.DiscardHandler)
	cfg := config.DefaultHub()
	cfg.Dir, cfg.HTTP.Addr, cfg.NATS.Listen = filepath.Join(b.TempDir(), "hub"), "127.0.0.1:0", "127.0.0.1:0"
	cfg.Limits.DiskReserveBytes = 0
	if o.URL != "" {
		cfg.Database.URL = config.NewSecret(o.URL)
	}
	c, err := build(b.Context(), cfg, log)
	if err != nil {
		b.Fatal(err)
	}
	run(b, c.run)
	s, err := station.Open(b.Context(), station.Options{Dir: filepath.Join(b.TempDir(), "node"), Addr: "127.0.0.1:0", Reserve: -1, Version: "bench", Log: log})
	if err != nil {
		b.Fatal(err)
	}
	t := &tripCounty{b: b, queue: s.Queue, moved: make(chan struct{}, 1)}
	storetest.Units(b, c.store)
	code, _, err := c.access.Invite(b.Context(), benchRoot, storetest.Sitang, c.local, 0)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := station.Join(b.Context(), s.Queue, code.String(), "电脑", "bench"); err != nil {
		b.Fatal(err)
	}
	t.node = &caller{b: b, base: s.URL(), token: liaisonToken(b, s.Queue), client: new(http.Client)}
	t.hub = &caller{b: b, base: c.local, token: reviewerToken(b, c.access), client: new(http.Client)}
	c.store.OnEvent(func(uint64) {
		select {
		case t.moved <- struct{}{}:
		default:
		}
	})
	run(b, s.Run)
	return t
}

// benchRoot sets the county up.
var benchRoot = access.User{Login: "root", Role: account.RoleAdmin}

// liaisonToken makes an account of the node and returns a token for it.
func liaisonToken(b *testing.B, q *queue.Queue) string {
	b.Helper()
	if _, err := q.AddAccount(b.Context(), queue.Account{Login: "li", Name: "李四", Role: account.RoleLiaison}, "mima-mima-2026", false); err != nil {
		b.Fatal(err)
	}
	token, err := q.CreateToken(b.Context(), "li", "bench", 0)
	if err != nil {
		b.Fatal(err)
	}
	return token
}

// reviewerToken makes an account of the hub and returns a token for it.
func reviewerToken(b *testing.B, people *access.Service) string {
	b.Helper()
	if _, _, err := people.AddUser(b.Context(), benchRoot, access.NewUser{Login: "wang", Name: "王五", Role: account.RoleReviewer, Password: "mima-mima-2026"}); err != nil {
		b.Fatal(err)
	}
	token, _, err := people.NewToken(b.Context(), benchRoot, "wang", "bench", 0)
	if err != nil {
		b.Fatal(err)
	}
	return token
}

// run runs f until the benchmark is over.
func run(b *testing.B, f func(context.Context) error) {
	ctx, stop := context.WithCancel(context.WithoutCancel(b.Context()))
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	b.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			b.Error(err)
		}
	})
}

// words is an item of 4 KiB.
func words(n int) map[string]string {
	return map[string]string{"title": fmt.Sprintf("许家坝镇召开安全生产工作会议（%d）", n), "column": "township", "author": "张三", "source": "党政办",
		"body": strings.Repeat("会议要求，各村要抓好安全生产责任落实，做到隐患早发现早处置。", 46)[:4096/3*3]}
}

func (t *tripCounty) draft(n int) string {
	body, err := json.Marshal(words(n))
	if err != nil {
		t.b.Fatal(err)
	}
	var made struct{ ID string }
	t.node.read(http.MethodPost, "/api/v1/items", body, &made)
	return made.ID
}

func (t *tripCounty) submit(id string) {
	t.node.call(http.MethodPost, "/api/v1/items/"+id+"/submit", nil)
}

// awaitListed reads the hub's list whenever something has happened there, until
// it shows the item.
func (t *tripCounty) awaitListed(id string) {
	for {
		var page struct{ Items []struct{ ID string } }
		if t.hub.read(http.MethodGet, "/api/v1/items?limit=20", nil, &page); len(page.Items) > 0 && page.Items[0].ID == id {
			return
		}
		select {
		case <-t.moved:
		case <-time.After(time.Minute):
			t.b.Fatalf("item %s never came", id)
		}
	}
}

func (t *tripCounty) giveBack(id string) {
	t.hub.call(http.MethodPost, "/api/v1/items/"+id+"/decisions", []byte(`{"revision":1,"action":"return","reason":"title","comment":"请写明时间地点"}`))
}

// awaitReturned reads the item on the node whenever something has changed there,
// until it shows the hub's word.
func (t *tripCounty) awaitReturned(id string) {
	for {
		changed := t.queue.Changed()
		var item struct{ State protocol.State }
		if t.node.read(http.MethodGet, "/api/v1/items/"+id, nil, &item); item.State == protocol.StateReturned {
			return
		}
		select {
		case <-changed:
		case <-time.After(time.Minute):
			t.b.Fatalf("the word on item %s never came", id)
		}
	}
}

// tripLimit is what the machine needs at least.
type tripLimit struct {
	b              *testing.B
	body           []byte
	web, hub, node func(body []byte)
	publish        func(body []byte)
	ringAndAsk     func()
}

func newTripLimit(b *testing.B, hub store.Options) *tripLimit {
	b.Helper()
	body, err := json.Marshal(words(0))
	if err != nil {
		b.Fatal(err)
	}
	l := &tripLimit{b: b, body: body, web: bareWeb(b)}
	hub.Dir = b.TempDir()
	l.hub, l.node = bareInsert(b, hub), bareInsert(b, store.Options{Dir: b.TempDir()})
	nc, js := bareBroker(b)
	l.publish = func(body []byte) {
		if _, err := js.Publish(b.Context(), "bare", body); err != nil {
			b.Fatal(err)
		}
	}
	bell, err := nc.SubscribeSync("bell")
	_, err2 := nc.Subscribe("ask", func(m *nats.Msg) { _ = m.Respond(m.Data) })
	if err := errors.Join(err, err2); err != nil {
		b.Fatal(err)
	}
	l.ringAndAsk = func() {
		err := nc.Publish("bell", nil)
		_, err2 := bell.NextMsg(time.Minute)
		_, err3 := nc.Request("ask", []byte("after 812"), time.Minute)
		if err := errors.Join(err, err2, err3); err != nil {
			b.Fatal(err)
		}
	}
	return l
}

// up is submit: a request, on disk here, in the broker, on disk there, a request.
func (l *tripLimit) up() float64 {
	began := time.Now()
	l.web(nil)
	l.node(l.body)
	l.publish(l.body)
	l.hub(l.body)
	l.web(l.body)
	return since(began)
}

// down is a decision: a request, on disk there, a bell and a question, on disk
// here, a request.
func (l *tripLimit) down() float64 {
	began := time.Now()
	l.web(l.body)
	l.hub(l.body[:0])
	l.ringAndAsk()
	l.node(l.body[:0])
	l.web(l.body)
	return since(began)
}

// caller asks one program's interface.
type caller struct {
	b           *testing.B
	base, token string
	client      *http.Client
}

func (c *caller) call(method, path string, body []byte) []byte {
	r, err := http.NewRequestWithContext(c.b.Context(), method, c.base+path, bytes.NewReader(body))
	if err != nil {
		c.b.Fatal(err)
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := c.client.Do(r)
	if err != nil {
		c.b.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		c.b.Fatal(err)
	}
	if answer.StatusCode >= 300 {
		c.b.Fatalf("%s %s: %s %s", method, path, answer.Status, text)
	}
	return text
}

func (c *caller) read(method, path string, body []byte, into any) {
	if err := json.Unmarshal(c.call(method, path, body), into); err != nil {
		c.b.Fatal(err)
	}
}

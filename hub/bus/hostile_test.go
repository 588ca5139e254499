package bus_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"zhanqun/hub/bus"
	"zhanqun/hub/intake"
	"zhanqun/hub/store/storetest"
	"zhanqun/protocol"
)

// book is a log that a test can read.
type book struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *book) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// says reports whether one line holds all words.
func (b *book) says(words ...string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for line := range strings.Lines(b.text.String()) {
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line, w) }) {
			return true
		}
	}
	return false
}

func (b *book) logger() *slog.Logger { return slog.New(slog.NewTextHandler(b, nil)) }

// attack is something a node tries that holds a good key, on a client of its
// own. It must fail, and the log must name the node.
type attack struct {
	name string
	do   func(*foe)
	log  []string // what the log says, beside the node's id
}

// about returns the lines that hold a word.
func (b *book) about(word string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found strings.Builder
	for line := range strings.Lines(b.text.String()) {
		if strings.Contains(line, word) {
			found.WriteString(line)
		}
	}
	return found.String()
}

// foe is a node with bad intentions.
type foe struct {
	*client
	c      *county
	victim *client
	bad    chan error // what the broker refused
}

func newFoe(c *county, victim *client) *foe {
	c.t.Helper()
	f := &foe{c: c, victim: victim, bad: make(chan error, 1000)}
	s := storetest.NewSender(c.t, c.store, storetest.Sitang)
	f.client = &client{Sender: s, t: c.t}
	f.nc = f.open()
	return f
}

func (f *foe) open(options ...nats.Option) *nats.Conn {
	f.t.Helper()
	nc, err := f.c.dial(f.Sender, append(options, nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
		select {
		case f.bad <- err:
		default:
		}
	}))...)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(nc.Close)
	return nc
}

// until does something again and again until the node is thrown out.
func (f *foe) until(do func(i int) error) {
	f.t.Helper()
	limit := time.Now().Add(time.Minute)
	for i := 0; time.Now().Before(limit); i++ {
		if err := do(i); err != nil && f.nc.IsClosed() {
			return
		}
		if f.nc.IsClosed() {
			return
		}
	}
	f.t.Error("still connected")
}

// shout publishes without waiting.
func (f *foe) shout(subject, reply string, data []byte) error {
	return f.nc.PublishMsg(&nats.Msg{Subject: subject, Reply: reply, Data: data})
}

// signed returns a request that is good once, and is sent again and again.
func (f *foe) signed(subject, reply string, data []byte) *nats.Msg {
	m := nats.NewMsg(subject)
	m.Reply, m.Data = reply, data
	m.Header.Set(protocol.HeaderSig, base64.StdEncoding.EncodeToString(f.Key.Sign(protocol.RequestText(subject, reply, data))))
	return m
}

// silent says that nothing arrives at a subscription.
func (f *foe) silent(sub *nats.Subscription) {
	f.t.Helper()
	if n, _, err := sub.Pending(); err == nil && n > 0 {
		f.t.Errorf("%d messages on %s", n, sub.Subject)
	}
}

func attacks() []attack {
	const bad = "does what it should not"
	return []attack{
		{"reads others' subjects", func(f *foe) {
			var subs []*nats.Subscription
			for _, s := range []string{">", "zq.>", "zq.up.*", protocol.UpSubject(f.victim.Node.ID), protocol.BellSubject(f.victim.Node.ID), "zq.ask.*.*",
				protocol.InboxPrefix(f.victim.Node.ID) + ".>", "_INBOX.>", "$SYS.>", "$JS.>", "$JS.EVENT.>"} {
				sub, err := f.nc.SubscribeSync(s)
				if err != nil {
					f.t.Fatal(err)
				}
				subs = append(subs, sub)
				refusedWith(f.t, f.nc, f.bad, "subscribe to "+s)
			}
			f.victim.send(f.victim.Submit(f.victim.Text()))
			if _, err := f.victim.hello(f.c); err != nil {
				f.t.Error(err)
			}
			for _, s := range subs {
				f.silent(s)
			}
		}, []string{bad, "another's subject"}},
		{"works the stream", func(f *foe) {
			for subject, body := range map[string]string{
				"$JS.API.INFO": "", "$JS.API.STREAM.LIST": "", "$JS.API.STREAM.NAMES": "", "$JS.API.STREAM.INFO." + protocol.Stream: "",
				"$JS.API.STREAM.PURGE." + protocol.Stream: "", "$JS.API.STREAM.DELETE." + protocol.Stream: "",
				"$JS.API.STREAM.MSG.GET." + protocol.Stream:                    `{"seq":1}`,
				"$JS.API.STREAM.MSG.DELETE." + protocol.Stream:                 `{"seq":1}`,
				"$JS.API.DIRECT.GET." + protocol.Stream:                        `{"seq":1}`,
				"$JS.API.STREAM.CREATE.MINE":                                   `{"name":"MINE","subjects":["mine.>"]}`,
				"$JS.API.STREAM.UPDATE." + protocol.Stream:                     `{"name":"ZQ_UP","subjects":["zq.>"]}`,
				"$JS.API.CONSUMER.LIST." + protocol.Stream:                     "",
				"$JS.API.CONSUMER.CREATE." + protocol.Stream:                   `{"stream_name":"ZQ_UP","config":{"deliver_subject":"` + protocol.InboxPrefix(f.Node.ID) + `.x"}}`,
				"$JS.API.CONSUMER.DURABLE.CREATE." + protocol.Stream + ".mine": `{}`,
				"$JS.API.CONSUMER.MSG.NEXT." + protocol.Stream + ".mine":       "1",
				"$SYS.REQ.SERVER.PING.CONNZ":                                   "", "$SYS.REQ.USER.INFO": "",
			} {
				sub, err := f.nc.SubscribeSync(f.nc.NewInbox())
				if err != nil {
					f.t.Fatal(err)
				}
				if err := f.shout(subject, sub.Subject, []byte(body)); err != nil {
					f.t.Fatal(err)
				}
				refusedWith(f.t, f.nc, f.bad, "publish to "+subject)
				f.silent(sub)
			}
			if s, _ := f.c.stream(); s.CachedInfo().Config.Subjects[0] != protocol.UpWildcard || s.CachedInfo().State.Consumers > 1 {
				f.t.Errorf("stream %+v", s.CachedInfo())
			}
		}, []string{bad, "another's subject"}},
		{"speaks for others", func(f *foe) {
			v := f.victim
			frame := storetest.Frame(f.t, protocol.New(protocol.Up, v.Node.ID, v.Epoch, v.Seq+1, protocol.KindWithdraw, []byte("{}"), f.Key))
			for _, s := range []string{protocol.UpSubject(v.Node.ID), protocol.AskSubject(v.Node.ID, protocol.VerbPull), protocol.BeatSubject(v.Node.ID),
				protocol.BellSubject(v.Node.ID), protocol.InboxPrefix(v.Node.ID) + ".x", "zq.up.n1.x"} {
				if err := f.shout(s, "", frame); err != nil {
					f.t.Fatal(s, err)
				}
				refusedWith(f.t, f.nc, f.bad, "publish to "+s)
			}
			f.send(protocol.New(protocol.Up, v.Node.ID, v.Epoch, v.Seq+1, protocol.KindWithdraw, []byte("{}"), f.Key)) // on its own subject
			f.c.await("kept", func() bool { return len(f.kept(f.Node.ID)) == 1 })
		}, []string{bad, "another's subject"}},
		{"has answers sent to others", func(f *foe) {
			before := len(f.kept(f.victim.Node.ID))
			up := protocol.UpSubject(f.victim.Node.ID)
			if err := f.nc.PublishMsg(f.signed(protocol.AskSubject(f.Node.ID, protocol.VerbPull), up, []byte("{}"))); err != nil {
				f.t.Fatal(err)
			}
			// What the broker itself answers does arrive, is kept as what it is, and
			// is traced to its author. It goes on until it is thrown out.
			f.until(func(int) error {
				if f.nc.NumSubscriptions(); len(f.bad) > 0 {
					f.t.Errorf("refused: %v", <-f.bad)
				}
				err := f.shout(protocol.UpSubject(f.Node.ID), up, storetest.Frame(f.t, f.Submit(f.Text())))
				_ = f.nc.Flush()
				return err
			})
			f.c.await("the strays are kept", func() bool { return len(f.kept(f.victim.Node.ID)) > before })
		}, []string{bad, "answer wanted elsewhere"}},
		{"replays and forges", func(f *foe) {
			first := f.Submit(f.Text())
			stolen := f.victim.Submit(f.victim.Text())
			f.victim.send(stolen)
			f.send(first)
			f.c.await("received", func() bool { return f.c.cursor(f.Node.ID) == 1 })
			forged := func(seq uint64, epoch string) protocol.Entry {
				body, err := protocol.WriteBody(f.Text())
				if err != nil {
					f.t.Fatal(err)
				}
				return protocol.New(protocol.Up, f.Node.ID, epoch, seq, protocol.KindSubmit, body, f.Key)
			}
			f.publish(storetest.Frame(f.t, first, first))           // again
			f.publish(storetest.Frame(f.t, stolen))                 // another's, on its own subject
			f.publish(storetest.Frame(f.t, forged(9, f.Epoch)))     // a place far ahead
			f.publish(storetest.Frame(f.t, forged(1<<63, f.Epoch))) // no place at all
			f.publish(storetest.Frame(f.t, forged(7, "another")))   // of another log
			unsigned := forged(2, f.Epoch)
			unsigned.Sig = first.Sig
			f.publish(storetest.Frame(f.t, unsigned))
			f.publish([]byte("zq"))
			f.c.await("all judged", func() bool { return len(f.kept(f.Node.ID)) >= 3 })
			if up := f.c.cursor(f.Node.ID); up > 2 { // the unsigned one is refused in its place
				f.t.Errorf("cursor %d", up)
			}
		}, []string{"entries refused"}},
		{"signs badly", func(f *foe) {
			f.until(func(int) error {
				_, err := f.request(protocol.VerbPull, []byte("{}"), func(m *nats.Msg) { m.Header.Set(protocol.HeaderSig, "x") })
				return err
			})
		}, []string{bad, "bad signature"}},
		{"floods its subject", func(f *foe) {
			f.until(func(int) error { return f.shout(protocol.UpSubject(f.Node.ID), "", []byte("x")) })
		}, []string{"kept out", "too many messages"}},
		{"floods with questions", func(f *foe) {
			m := f.signed(protocol.AskSubject(f.Node.ID, protocol.VerbPull), protocol.InboxPrefix(f.Node.ID)+".x", []byte("{}"))
			f.until(func(int) error { return f.nc.PublishMsg(m) })
		}, []string{"kept out", "too many messages"}},
		{"floods with heartbeats", func(f *foe) {
			m := f.signed(protocol.BeatSubject(f.Node.ID), "", []byte("{}"))
			f.until(func(int) error { return f.nc.PublishMsg(m) })
		}, []string{"kept out", "too many messages"}},
		{"floods what it may not", func(f *foe) {
			f.until(func(int) error { return f.shout("$JS.API.INFO", "", nil) })
		}, []string{"kept out", "another's subject"}},
		{"sends thousands of large frames", func(f *foe) {
			data := bytes.Repeat([]byte("x"), protocol.MaxFrameBytes)
			f.until(func(int) error { return f.shout(protocol.UpSubject(f.Node.ID), "", data) })
		}, []string{"kept out", "too many messages"}},
		{"sends thousands of large pieces", func(f *foe) {
			data := bytes.Repeat([]byte("x"), protocol.MaxChunkBytes)
			f.until(func(int) error {
				return f.shout(protocol.AskSubject(f.Node.ID, protocol.VerbChunk), protocol.InboxPrefix(f.Node.ID)+".x", data)
			})
		}, []string{"kept out"}},
		{"sends too large a message", func(f *foe) {
			f.raw(fmt.Sprintf("PUB %s %d\r\n", protocol.UpSubject(f.Node.ID), 900<<10), "", 0)
		}, []string{bad, "refused by the broker"}},
		{"subscribes a thousand times", func(f *foe) {
			for range 1000 {
				if _, err := f.nc.SubscribeSync(f.nc.NewInbox()); err != nil {
					break
				}
			}
			f.c.await("refused", func() bool { return len(f.bad) > 0 })
		}, []string{bad, "refused by the broker"}},
		{"opens hundreds of connections", func(f *foe) {
			stay := 0
			for range 300 {
				if nc, err := f.c.dial(f.Sender); err == nil {
					f.t.Cleanup(nc.Close)
					stay++
				}
			}
			if stay > 150 {
				f.t.Errorf("%d connections were let in", stay)
			}
			f.c.await("most are gone", func() bool { return f.c.connections() < 50 })
		}, []string{bad, "too many sign-ins"}},
		{"does not read", func(f *foe) {
			inbox, ask := protocol.InboxPrefix(f.Node.ID)+".x", protocol.AskSubject(f.Node.ID, protocol.VerbPull)
			subs := ""
			for i := range 60 { // each answer comes sixty times
				subs += fmt.Sprintf("SUB %s %d\r\n", inbox, i+1)
			}
			body := jsonText(f.t, protocol.Pull{HubEpoch: f.c.store.Epoch(), MaxBytes: 1 << 20})
			header := "NATS/1.0\r\n" + protocol.HeaderSig + ": " + base64.StdEncoding.EncodeToString(f.Key.Sign(protocol.RequestText(ask, inbox, body))) + "\r\n\r\n"
			f.raw(subs, fmt.Sprintf("HPUB %s %s %d %d\r\n%s%s\r\n", ask, inbox, len(header), len(header)+len(body), header, body), 1500)
		}, []string{"kept out"}},
	}
}

// kept returns what of a node was refused.
func (f *foe) kept(node string) []intake.Kept {
	f.t.Helper()
	list, err := f.c.intake.Refusals(f.t.Context(), intake.KeptQuery{Node: node})
	if err != nil {
		f.t.Fatal(err)
	}
	return list
}

// raw signs in by hand, writes a text and then another so many times, and reads
// nothing.
func (f *foe) raw(first, text string, times int) {
	f.t.Helper()
	conn, err := net.Dial("tcp", f.c.addr)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = conn.Close() })
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		f.t.Fatal(err)
	}
	var info struct {
		Nonce string `json:"nonce"`
	}
	if err := json.Unmarshal([]byte(strings.TrimPrefix(line, "INFO ")), &info); err != nil {
		f.t.Fatal(err)
	}
	connect := jsonText(f.t, map[string]any{"nkey": f.Key.Public(), "sig": base64.RawURLEncoding.EncodeToString(f.Key.Sign([]byte(info.Nonce))), "verbose": false, "headers": true, "name": "raw"})
	if _, err := fmt.Fprintf(conn, "CONNECT %s\r\n", connect); err != nil {
		f.t.Fatal(err)
	}
	for _, part := range append([]string{first}, slices.Repeat([]string{text}, times)...) {
		if _, err := conn.Write([]byte(part)); err != nil {
			return
		}
	}
}

// connections of the embedded server.
func (c *county) connections() int {
	c.t.Helper()
	st, err := c.bus.Stats(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	return st.Connections
}

// gauge measures how long a good node waits from handing a frame over to being
// told that it is received, until stop is closed.
func gauge(c *county, n *client, stop <-chan struct{}) []time.Duration {
	bell, err := n.nc.SubscribeSync(protocol.BellSubject(n.Node.ID))
	if err != nil {
		c.t.Error(err)
		return nil
	}
	defer func() { _ = bell.Unsubscribe() }()
	var list []time.Duration
	for {
		select {
		case <-stop:
			return list
		case <-time.After(gaugeEvery):
		}
		at := time.Now()
		if _, err := n.nc.Request(protocol.UpSubject(n.Node.ID), storetest.Frame(c.t, n.Submit(n.Text())), 20*time.Second); err != nil {
			c.t.Errorf("a good node's frame: %v", err)
			return list
		}
		if _, err := bell.NextMsg(20 * time.Second); err != nil {
			c.t.Errorf("a good node hears nothing: %v", err)
			return list
		}
		// Whoever came while this one waited waited as well.
		for wait := time.Since(at); ; wait -= gaugeEvery {
			list = append(list, wait)
			if wait <= gaugeEvery {
				break
			}
		}
	}
}

const gaugeEvery = 20 * time.Millisecond

func quantile(list []time.Duration, q float64) time.Duration {
	if list = slices.Sorted(slices.Values(list)); len(list) == 0 {
		return 0
	}
	return list[int(q*float64(len(list)-1))]
}

// measured runs do while a good node works, and returns how long that one waits.
func measured(c *county, good *client, do func()) []time.Duration {
	stop := make(chan struct{})
	var list []time.Duration
	var work sync.WaitGroup
	work.Go(func() { list = gauge(c, good, stop) })
	func() {
		defer work.Wait()
		defer close(stop)
		do()
	}()
	return list
}

func report(t *testing.T, name string, list []time.Duration) {
	t.Logf("%-34s %4d waits, median %v, p90 %v, longest %v", name, len(list), quantile(list, 0.5).Round(time.Millisecond/10),
		quantile(list, 0.9).Round(time.Millisecond/10), quantile(list, 1).Round(time.Millisecond/10))
}

// slowLimits are for machines so busy that nobody gets at the bytes a second that a
// node is allowed otherwise.
var slowLimits = bus.Limits{Bytes: 4 << 20}

// A node with a good key and bad intentions gets nothing, is named in the log,
// and a good node goes on.
func TestHostileNode(t *testing.T) {
	c := newCounty(t)
	c.stop()
	c.limits = slowLimits
	c.start()
	good, victim := c.client(storetest.Tangtou), c.client(storetest.Tangtou)
	for _, a := range attacks() {
		t.Run(a.name, func(t *testing.T) {
			c.t = t
			f := newFoe(c, &client{Sender: victim.Sender, t: t, nc: c.connect(victim.Sender)})
			list := measured(c, good, func() {
				a.do(f)
				<-time.After(20 * gaugeEvery)
			})
			defer func() {
				if t.Failed() {
					t.Log(c.log.about(f.Node.ID))
				}
			}()
			c.await("the log names the node: "+strings.Join(a.log, " "), func() bool { return c.log.says(append(a.log, f.Node.ID)...) })
			sent := good.Seq
			c.await("a good node goes on", func() bool { return c.cursor(good.Node.ID) >= sent })
			report(t, "good node", list)
		})
		c.t = t
	}
}

// One hostile node that sends everything as fast as it can, and comes back as
// soon as it is thrown out, does not hold up a good one: the waits of a good node
// beside it and alone, in one run. Both share the machine with the attacker.
func BenchmarkGoodNodeBesideAHostileOne(b *testing.B) {
	const span = 10 * time.Second
	c := newCounty(b)
	good := c.client(storetest.Tangtou)
	f := newFoe(c, good)
	ways := f.floods()
	var calm, beside []time.Duration
	for b.Loop() {
		calm = append(calm, measured(c, good, func() { <-time.After(span / 2) })...)
		beside = append(beside, measured(c, good, func() {
			end := time.Now().Add(span)
			for i := 0; time.Now().Before(end); i++ {
				nc, err := c.dial(f.Sender)
				if err != nil {
					<-time.After(10 * time.Millisecond) // it is kept out
					continue
				}
				for !nc.IsClosed() && time.Now().Before(end) {
					if err := ways[i%len(ways)](nc); err != nil {
						break
					}
				}
				nc.Close()
			}
		})...)
		calm = append(calm, measured(c, good, func() { <-time.After(span / 2) })...)
	}
	if !c.log.says("kept out", f.Node.ID) {
		b.Error("the log does not say that the node is kept out")
	}
	ms := func(list []time.Duration, q float64) float64 { return quantile(list, q).Seconds() * 1000 }
	b.ReportMetric(ms(calm, 0.5), "ms-median-alone")
	b.ReportMetric(ms(beside, 0.5), "ms-median-beside")
	b.ReportMetric(ms(calm, 0.9), "ms-p90-alone")
	b.ReportMetric(ms(beside, 0.9), "ms-p90-beside")
	b.ReportMetric(ms(beside, 0.5)/ms(calm, 0.5), "median-ratio")
	b.ReportMetric(0, "ns/op")
}

// floods are what can be sent as fast as it goes.
func (f *foe) floods() []func(*nats.Conn) error {
	node := f.Node.ID
	up, inbox, large := protocol.UpSubject(node), protocol.InboxPrefix(node)+".x", bytes.Repeat([]byte("x"), protocol.MaxFrameBytes)
	pull, beat := f.signed(protocol.AskSubject(node, protocol.VerbPull), inbox, []byte("{}")), f.signed(protocol.BeatSubject(node), "", []byte("{}"))
	chunk := f.signed(protocol.AskSubject(node, protocol.VerbChunk), inbox, large)
	return []func(*nats.Conn) error{
		func(nc *nats.Conn) error { return nc.Publish(up, []byte("x")) },
		func(nc *nats.Conn) error { return nc.PublishMsg(pull) },
		func(nc *nats.Conn) error { return nc.PublishMsg(beat) },
		func(nc *nats.Conn) error { return nc.Publish("$JS.API.INFO", nil) },
		func(nc *nats.Conn) error { return nc.Publish(up, large) },
		func(nc *nats.Conn) error { return nc.PublishMsg(chunk) },
		func(nc *nats.Conn) error {
			sub, err := nc.SubscribeSync(inbox)
			if err == nil {
				err = sub.Unsubscribe()
			}
			return err
		},
	}
}

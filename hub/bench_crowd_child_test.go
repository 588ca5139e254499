package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"zhanqun/internal/testenv"
	"zhanqun/protocol"
)

const (
	benchCrowd = "zhanqun-bench-crowd"
	benchDoor  = "zhanqun-bench-door"
)

// bareCrowd returns what a connection with a key and a node's permissions costs a
// NATS server that does nothing else, in KB.
func bareCrowd(b *testing.B, n int) float64 {
	b.Helper()
	_, _, file := members(b, n)
	addr := testenv.Port(b)
	door := &child{b: b, name: benchDoor, args: []string{addr, file}, addr: addr}
	door.start()
	rest(b)
	empty := door.memory()
	people := &child{b: b, name: benchCrowd, args: []string{addr, file, "bare"}}
	people.start()
	people.say("go")
	if _, err := people.says.ReadString('\n'); err != nil {
		b.Fatal(err)
	}
	rest(b)
	full := door.memory()
	people.end()
	door.end()
	return (full - empty) * 1024 / float64(n)
}

func readMembers(file string) (list []member) {
	data, err := os.ReadFile(file) // #nosec G304 -- of the benchmark
	must(err)
	must(json.Unmarshal(data, &list))
	return list
}

// plainDoor is a NATS server that knows the members and gives memory back as the
// hub does.
func plainDoor() {
	o := &server.Options{NoSigs: true, NoLog: true, MaxConn: 100_000}
	o.Host, o.Port = hostPort(os.Args[1])
	for _, m := range readMembers(os.Args[2]) {
		key, err := protocol.ParseKey([]byte(m.Seed))
		must(err)
		grants := protocol.GrantsOf(m.Node)
		o.Nkeys = append(o.Nkeys, &server.NkeyUser{Nkey: key.Public(), Permissions: &server.Permissions{
			Publish: &server.SubjectPermission{Allow: grants.Publish}, Subscribe: &server.SubjectPermission{Allow: grants.Subscribe}}})
	}
	s, err := server.NewServer(o)
	must(err)
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		must(errors.New("no server"))
	}
	go func() {
		for {
			wait(settling / 5)
			debug.FreeOSMemory()
		}
	}()
	tell("ready")
	untilEnd()
	stopBroker(s)
}

// herd is how a return went.
type herd struct {
	AllS               float64
	HelloP50, HelloP99 float64 // ms
	Asks, Failed       int
	Curve              []string
}

// returning is the crowd in the process of coming back.
type returning struct {
	bare bool
	url  string

	mu     sync.Mutex
	h      herd
	hellos []float64
	in     int
	done   int
}

// plainCrowd brings all members back at once and stays until its input ends.
func plainCrowd() {
	r := &returning{url: "nats://" + os.Args[1], bare: len(os.Args) > 3}
	list := readMembers(os.Args[2])
	untilTold()
	began := time.Now()
	ctx, stop := context.WithCancel(context.Background())
	var all sync.WaitGroup
	conns := make([]*nats.Conn, len(list))
	for i, m := range list {
		all.Go(func() { conns[i] = r.bring(m) })
	}
	curve := make(chan struct{})
	go func() {
		defer close(curve)
		for n := 1; ; n++ {
			select {
			case <-time.After(time.Duration(n)*time.Second - time.Since(began)):
				r.note(func() { r.h.Curve = append(r.h.Curve, fmt.Sprintf("%d: %d/%d", n, r.in, r.done)) })
			case <-ctx.Done():
				return
			}
		}
	}()
	all.Wait()
	r.h.AllS = time.Since(began).Seconds()
	stop()
	<-curve
	if !r.bare {
		r.h.HelloP50, r.h.HelloP99 = median(r.hellos), quantile(r.hellos, 0.99)
	}
	line, err := json.Marshal(r.h)
	must(err)
	tell(string(line))
	untilEnd()
	for _, nc := range conns {
		nc.Close()
	}
}

func (r *returning) note(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
}

// bring tries until one member has everything, with the pauses of a node.
func (r *returning) bring(m member) *nats.Conn {
	key, err := protocol.ParseKey([]byte(m.Seed))
	must(err)
	var a *asking
	least, most := 200*time.Millisecond, 2*time.Minute
	for tries := 0; ; tries++ {
		if err = nil; a == nil {
			a, err = arrive(r.url, m.Node, key)
		}
		if err == nil && r.bare {
			break
		}
		if err == nil {
			if err = a.catchUp(r); err == nil {
				break
			}
			least = time.Second
		}
		r.note(func() { r.h.Failed++ })
		wait(least/2 + rand.N(min(least<<min(tries, 20), most)))
		if a != nil && !a.nc.IsConnected() {
			a.nc.Close()
			a = nil
		}
	}
	r.note(func() { r.done++ })
	return a.nc
}

// asking is a connection that asks one thing after another.
type asking struct {
	node, prefix string
	key          protocol.Key
	nc           *nats.Conn
	answers      *nats.Subscription
	greeted      bool
	hub          string // epoch
	down, head   uint64
}

func arrive(url, node string, key protocol.Key) (*asking, error) {
	nc, err := nats.Connect(url, nats.Name(node), nats.Nkey(key.Public(), func(nonce []byte) ([]byte, error) { return key.Sign(nonce), nil }),
		nats.NoReconnect(), nats.Timeout(20*time.Second), nats.CustomInboxPrefix(protocol.InboxPrefix(node)))
	if err != nil {
		return nil, err
	}
	a := &asking{node: node, key: key, nc: nc, prefix: protocol.InboxPrefix(node) + ".c."}
	if a.answers, err = nc.SubscribeSync(a.prefix + "*"); err == nil {
		_, err = nc.Subscribe(protocol.BellSubject(node), func(*nats.Msg) {})
	}
	if err != nil {
		nc.Close()
		return nil, err
	}
	return a, nil
}

func (a *asking) ask(verb string, question any) (*nats.Msg, error) {
	m := nats.NewMsg(protocol.AskSubject(a.node, verb))
	m.Reply = a.prefix + strconv.FormatUint(rand.Uint64(), 36) // #nosec G404 -- only to tell answers apart
	var err error
	if m.Data, err = json.Marshal(question); err != nil {
		return nil, err
	}
	m.Header.Set(protocol.HeaderVersion, strconv.Itoa(protocol.Version))
	m.Header.Set(protocol.HeaderSig, base64.StdEncoding.EncodeToString(a.key.Sign(protocol.RequestText(m.Subject, m.Reply, m.Data))))
	if err := a.nc.PublishMsg(m); err != nil {
		return nil, err
	}
	for until := time.Now().Add(20 * time.Second); ; {
		r, err := a.answers.NextMsg(time.Until(until))
		switch {
		case err != nil:
			return nil, err
		case r.Subject != m.Reply: // too late for an earlier question
		case r.Header.Get(protocol.HeaderError) != "":
			return nil, fmt.Errorf("%s: %s", r.Header.Get(protocol.HeaderError), r.Data)
		case r.Header.Get("Status") != "":
			return nil, errors.New(r.Header.Get("Status"))
		default:
			return r, nil
		}
	}
}

// catchUp says hello, once, and pulls until nothing is left.
func (a *asking) catchUp(r *returning) error {
	if !a.greeted {
		began := time.Now()
		m, err := a.ask(protocol.VerbHello, protocol.Hello{V: 1, Epoch: uuid.NewSHA1(uuid.Nil, []byte(a.node)).String(), Program: "crowd", Clock: began})
		if err != nil {
			return err
		}
		var h protocol.HelloAnswer
		if err := json.Unmarshal(m.Data, &h); err != nil {
			return err
		}
		a.greeted, a.hub, a.head = true, h.HubEpoch, h.Head
		r.note(func() {
			r.hellos = append(r.hellos, time.Since(began).Seconds()*1000)
			r.h.Asks++
			r.in++
		})
	}
	for {
		m, err := a.ask(protocol.VerbPull, protocol.Pull{HubEpoch: a.hub, After: a.down, MaxBytes: protocol.MaxFrameBytes})
		if err != nil {
			return err
		}
		r.note(func() { r.h.Asks++ })
		if len(m.Data) == 0 {
			return nil
		}
		list, fault := protocol.DecodeFrame(m.Data)
		if fault != nil {
			return fault
		}
		if len(list) == 0 {
			return nil
		}
		a.down = list[len(list)-1].Seq
	}
}

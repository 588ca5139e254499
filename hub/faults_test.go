package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-resty/resty/v2"

	"zhanqun/internal/testenv"
	"zhanqun/internal/testline"
	"zhanqun/node/station"
)

var (
	faultsTime = flag.Duration("faults.time", 3*time.Minute, "how long TestFaults injects faults, all four scenes together")
	faultsSeed = flag.Uint64("faults.seed", 0, "plan of TestFaults; 0 draws one and prints it")
)

// settleTime bounds how long a county may take to come to rest once nothing is
// wrong any more.
const settleTime = 4 * time.Minute

func scenes(disks bool) []scene {
	return []scene{
		{"SQLite, embedded broker", false, false, disks},
		{"PostgreSQL, embedded broker", true, false, disks},
		{"SQLite, external broker", false, true, disks},
		{"PostgreSQL, external broker", true, true, disks},
	}
}

// TestFaults runs counties of real programs, a hub and three townships each, in
// every shape of database and broker. Clerks hand in and a reviewer decides
// without a pause while everything that can break is broken, at moments drawn
// from a seed. When all is whole again somebody else looks, from outside, at both
// ends: what was acknowledged is there, once, in order, and both ends say the
// same. make faults runs it for an hour.
func TestFaults(t *testing.T) {
	t.Parallel()
	seed := *faultsSeed
	if seed == 0 {
		seed = rand.Uint64() // #nosec G404 -- printed
	}
	t.Logf("-faults.seed %d", seed)
	disks := runtime.GOOS == "linux" && (os.Getuid() == 0 || os.Getenv("ZHANQUN_NO_SKIP") == "1")
	if !disks {
		t.Log("without the faults of disks: small ones are mounted by root only")
	}
	// All at the same time: most of what they do is to wait.
	var playing sync.WaitGroup
	all := scenes(disks)
	for _, s := range all {
		playing.Go(func() {
			t.Run(s.name, func(t *testing.T) { newStorm(t, s, seed, *faultsTime/time.Duration(len(all))).play() })
		})
	}
	playing.Wait()
}

// storm is one county and what befalls it.
type storm struct {
	t       *testing.T
	scene   scene
	seed    uint64
	total   time.Duration
	hub     binary
	hubDir  string
	hubDisk smallDisk
	dsn     string // of PostgreSQL, else empty
	db      *testenv.PostgresServer
	broker  *broker // nil with the embedded one
	office  *kept
	base    string // of the hub's pages
	towns   [allTowns]*outpost
	desk    *resty.Client // the reviewer's
	chief   *resty.Client // who may withdraw
	tally   *tally
	calm    chan struct{} // closed when nothing is broken any more
}

// Small disks hold what the clerks write at most, with room to spare.
const (
	hubDiskBytes  = 256 << 20
	nodeDiskBytes = 96 << 20
)

func newStorm(t *testing.T, s scene, seed uint64, total time.Duration) *storm {
	st := &storm{t: t, scene: s, seed: seed, total: total, tally: newTally(), calm: make(chan struct{})}
	ctx := t.Context()
	hub, node := programs(t)
	st.hubDisk.dir = st.mount(hubDiskBytes)
	st.hubDir = filepath.Join(st.hubDisk.dir, "hub")
	addr, line := testenv.Port(t), testenv.Port(t)
	st.base = "http://" + addr
	st.hub = hub.with("ZHANQUN_DIR="+st.hubDir, "ZHANQUN_HTTP_ADDR="+addr, "ZHANQUN_NATS_LISTEN="+line)
	if s.postgres {
		st.db = testenv.NewPostgresServer(t)
		st.dsn = st.db.URL
		st.hub = st.hub.with("ZHANQUN_DATABASE_URL=" + st.dsn)
	}
	if s.external {
		st.broker = newBroker(t, seed)
		st.hub = st.hub.with(st.broker.forHub...)
		line = st.broker.addr
	}
	st.office = &kept{name: "hub", run: func(ctx context.Context) (*process, error) {
		return st.hub.start(ctx, new(addresses), "serve", "--json")
	}}
	file := filepath.Join(t.TempDir(), "units.csv")
	writeFile(t, file, "code,name,level,parent\n520624,思南县,county,5206\n520624001,思唐街道,township,520624\n520624002,塘头镇,township,520624\n520624003,许家坝镇,township,520624\n")
	st.must(st.hub.run(ctx, "", "unit", "import", file))
	st.listUsers()
	if st.broker != nil {
		st.ok(st.broker.up(ctx))
	}
	st.ok(st.office.up(ctx))
	st.must(st.hub.run(ctx, "sichuan-20-shenhe\n", "user", "add", "shenhe", "--role", "reviewer", "--password-stdin"))
	st.must(st.hub.run(ctx, "sichuan-20-shenhe\n", "user", "add", "zhuren", "--role", "chief", "--password-stdin"))
	st.desk = client(st.base, st.must(st.hub.run(ctx, "", "token", "create", "shenhe")))
	st.chief = client(st.base, st.must(st.hub.run(ctx, "", "token", "create", "zhuren")))
	for i := range st.towns {
		st.towns[i] = st.newOutpost(i, node, line)
	}
	st.listUsers()
	return st
}

// client is somebody who waits for an answer, but not for ever.
func client(base, token string) *resty.Client {
	return resty.New().SetBaseURL(base).SetAuthToken(token).SetTimeout(5 * time.Second)
}

func (st *storm) must(out string, err error) string {
	st.t.Helper()
	st.ok(err)
	return out
}

func (st *storm) ok(err error) {
	st.t.Helper()
	if err != nil {
		st.t.Fatal(err)
	}
}

// mount returns a folder that is a disk of its own, or any folder.
func (st *storm) mount(bytes int64) string {
	if st.scene.disks {
		return testenv.SmallDisk(st.t, bytes)
	}
	return st.t.TempDir()
}

// listUsers tells an external broker whom to let in.
func (st *storm) listUsers() {
	st.t.Helper()
	if st.broker != nil {
		st.ok(st.broker.admit(st.must(st.hub.run(st.t.Context(), "", "node", "list", "--nats"))))
	}
}

// outpost is a township's machine.
type outpost struct {
	*kept
	st     *storm
	n      int
	dir    string
	disk   smallDisk
	line   *testline.Line
	roads  roads
	clock  string // file that says how wrong its clock is
	node   binary
	client *resty.Client
}

// newOutpost lets a machine join, and starts it.
func (st *storm) newOutpost(i int, node binary, line string) *outpost {
	t := st.t
	o := &outpost{st: st, n: i, line: testline.New(t, line, st.seed+uint64(i))} // #nosec G115 -- three
	o.roads.line = o.line
	o.disk.dir = t.TempDir()
	if i == smallTown {
		o.disk.dir = st.mount(nodeDiskBytes)
	}
	o.dir = filepath.Join(o.disk.dir, "node")
	addr := testenv.Port(t)
	o.node = node.with("ZHANQUN_DIR="+o.dir, "ZHANQUN_HTTP_ADDR="+addr, "ZHANQUN_LINE_HUB_URL=nats://"+o.line.Addr())
	serving, args := o.node, []string{"serve", "--json"}
	if i == clockedTown {
		o.clock = filepath.Join(t.TempDir(), "clock")
		serving, args = clocked(t, o.node, o.clock), nil
	}
	o.kept = &kept{name: fmt.Sprintf("node %d", i), run: func(ctx context.Context) (*process, error) {
		return serving.start(ctx, new(struct{ URL string }), args...)
	}}
	code := st.must(st.hub.run(t.Context(), "", "node", "invite", fmt.Sprintf("52062400%d", i+1)))
	st.must(o.node.run(t.Context(), "", "join", code))
	st.ok(o.up(t.Context()))
	token := st.must(o.node.run(t.Context(), "", "token", "create", station.FirstLogin, "--days", "0"))
	_, token, _ = strings.Cut(token, "：")
	o.client = client("http://"+addr, token)
	return o
}

// play breaks things for a while, mends them, and looks what has become of it.
func (st *storm) play() {
	ctx := st.t.Context()
	blows := plan(st.seed, st.scene, st.total)
	clerks, home := st.work(ctx)
	began := time.Now()
	st.strike(ctx, blows)
	close(st.calm)
	broken := time.Since(began)
	settled := st.settle(ctx, clerks, home)
	st.check(ctx)
	st.t.Logf("%s: %s of faults, at rest %s later\n%s", st.scene.name, broken.Round(time.Second), settled.Round(100*time.Millisecond), st.tally)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"zhanqun/internal/cli"
	"zhanqun/internal/pause"
	"zhanqun/internal/testline"
)

// strike carries a plan out. When it returns everything is whole again.
func (st *storm) strike(ctx context.Context, blows []blow) {
	g, ctx := errgroup.WithContext(ctx)
	began := time.Now()
	for _, b := range blows {
		if !pause.For(ctx, time.Until(began.Add(b.at))) {
			break
		}
		g.Go(func() error {
			st.tally.fault(b.kind)
			if err := st.suffer(ctx, b); err != nil {
				return fmt.Errorf("%s at %s: %w", b.kind, b.at.Round(time.Millisecond), err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		st.t.Fatalf("%v\n%s", err, st.logs())
	}
	if st.hasClock() {
		st.ok(st.towns[clockedTown].setClock(0))
	}
}

func (st *storm) hasClock() bool { return st.towns[clockedTown].clock != "" }

// suffer lets one fault happen and makes it good.
func (st *storm) suffer(ctx context.Context, b blow) error {
	town := st.towns[b.town]
	switch b.kind {
	case hubKilled:
		return st.killed(ctx, st.office, b.lasts, nil)
	case nodeKilled:
		return st.killed(ctx, town.kept, b.lasts, nil)
	case brokerKilled:
		return st.killed(ctx, st.broker.kept, b.lasts, nil)
	case hubTwice:
		return st.hubTwice(ctx, b)
	case nodeTwice:
		return st.twice(ctx, town.kept, town.node.with("ZHANQUN_HTTP_ADDR=127.0.0.1:0"))
	case hubFull:
		return full(ctx, &st.hubDisk, b.lasts)
	case nodeFull:
		return full(ctx, &town.disk, b.lasts)
	case hubReadOnly:
		return st.readOnly(ctx, st.office, &st.hubDisk, b.lasts)
	case nodeReadOnly:
		return st.readOnly(ctx, town.kept, &town.disk, b.lasts)
	case clockJump:
		return town.setClock(b.by)
	case lineCut:
		return town.roads.spoil(ctx, testline.Weather{Down: true}, b.lasts)
	case lineSilent:
		return town.roads.spoil(ctx, testline.Weather{Silent: true}, b.lasts)
	case lineSlow:
		return town.roads.spoil(ctx, testline.Weather{Rate: 250}, 2*b.lasts)
	case lineLate:
		return town.roads.spoil(ctx, testline.Weather{Delay: b.by / 2, Jitter: b.by / 2}, 2*b.lasts)
	case lineTorn:
		return town.roads.spoil(ctx, testline.Weather{Tear: 0.2}, b.lasts)
	case framesTwice:
		return town.roads.spoil(ctx, testline.Weather{Double: 0.7}, 2*b.lasts)
	case framesMixed:
		return town.roads.spoil(ctx, testline.Weather{Swap: 0.7}, 2*b.lasts)
	case brokerLine:
		return st.broker.roads.spoil(ctx, testline.Weather{Down: true}, b.lasts)
	case streamLost:
		return st.loseStream(ctx)
	case streamPurged:
		return st.broker.stream(ctx, purgeStream)
	case dbKilled, dbWorker:
		return st.killDatabase(ctx, b.kind == dbKilled)
	}
	return errors.New("nobody knows how")
}

// roads are the line of one machine: one kind of weather at a time.
type roads struct {
	mu   sync.Mutex
	line *testline.Line
}

func (r *roads) spoil(ctx context.Context, w testline.Weather, lasts time.Duration) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.line.Set(w)
	defer r.line.Set(testline.Weather{})
	if !pause.For(ctx, lasts) {
		return ctx.Err()
	}
	return nil
}

// killed kills a program, does something while it is dead, and starts it again.
func (st *storm) killed(ctx context.Context, k *kept, dead time.Duration, meanwhile func() error) error {
	k.hands.Lock()
	defer k.hands.Unlock()
	if err := k.down(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	if meanwhile != nil {
		if err := meanwhile(); err != nil {
			return err
		}
	}
	if !pause.For(ctx, dead) {
		return ctx.Err()
	}
	return k.up(ctx)
}

// twice starts a program where one is running already: it has to go, and say why.
func (st *storm) twice(ctx context.Context, k *kept, second binary) error {
	k.hands.Lock()
	defer k.hands.Unlock()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	_, err := second.run(ctx, "", "serve", "--json")
	var ended *exec.ExitError
	if !errors.As(err, &ended) || ended.ExitCode() != cli.Failed {
		return fmt.Errorf("a second %s on the data folder: %w", k.name, err)
	}
	if !strings.Contains(err.Error(), "已有一个") {
		st.tally.word("second "+k.name, err) // a full disk, for instance, comes first
	}
	return nil
}

// hubTwice starts a second hub on the data folder. Where nothing in that folder is
// served it is one more hub of the county, and dies after a while.
func (st *storm) hubTwice(ctx context.Context, b blow) error {
	second := st.hub.with("ZHANQUN_HTTP_ADDR=127.0.0.1:0", "ZHANQUN_NATS_LISTEN=127.0.0.1:0")
	if !st.scene.postgres || !st.scene.external {
		return st.twice(ctx, st.office, second)
	}
	st.hubDisk.guests.RLock()
	defer st.hubDisk.guests.RUnlock()
	k := &kept{name: "second hub", run: func(ctx context.Context) (*process, error) {
		return second.start(ctx, new(addresses), "serve", "--json")
	}}
	if err := k.up(ctx); err != nil {
		return err
	}
	pause.For(ctx, 2*b.lasts)
	return k.down()
}

// smallDisk is a disk that can be spoilt: one fault at a time.
type smallDisk struct {
	mu     sync.Mutex
	dir    string
	guests sync.RWMutex // programs that use it besides its own
}

// full leaves no byte on a disk for a while.
func full(ctx context.Context, d *smallDisk, lasts time.Duration) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	path := filepath.Join(d.dir, "filler")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	block := make([]byte, 64<<10)
	for err == nil {
		_, err = f.Write(block)
	}
	pause.For(ctx, lasts)
	return errors.Join(f.Close(), os.Remove(path))
}

// readOnly starts a program on a disk that cannot be written: it says so, takes
// nothing, and works when the disk can be written again. A disk cannot be made
// so under a program that has files open for writing, which is why it dies first.
func (st *storm) readOnly(ctx context.Context, k *kept, d *smallDisk, lasts time.Duration) error {
	return st.killed(ctx, k, 0, func() (err error) {
		d.guests.Lock()
		defer d.guests.Unlock()
		d.mu.Lock()
		defer d.mu.Unlock()
		if err := remount(d.dir, true); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, remount(d.dir, false)) }()
		limited, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		p, err := k.run(limited)
		if err == nil {
			return errors.Join(fmt.Errorf("%s serves from a read-only disk", k.name), p.kill())
		}
		st.tally.word(k.name+" on a read-only disk", err)
		pause.For(ctx, lasts)
		return nil
	})
}

// loseStream takes the broker's store away.
func (st *storm) loseStream(ctx context.Context) error {
	if st.broker != nil {
		return st.broker.stream(ctx, deleteStream)
	}
	return st.killed(ctx, st.office, 0, func() error { return os.RemoveAll(filepath.Join(st.hubDir, "nats")) })
}

func (st *storm) killDatabase(ctx context.Context, whole bool) error {
	// One that is not there, because it was killed a moment ago, needs no killing.
	if err := st.db.Kill(ctx, whole); err != nil {
		st.tally.word("killing the database", err)
	}
	return nil
}

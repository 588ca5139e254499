package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"zhanqun/hub/catalog"
	"zhanqun/internal/testenv"
)

// TestRealInput plays one day of a county with the real programs: its units
// are imported, its townships join, clerks hand in more than a thousand texts,
// two people at the county decide all of them, what is returned is revised, and
// in the middle of it the hub and a node are killed. In the end both sides have
// to tell the same story, each text once, and readers get what was adopted.
func TestRealInput(t *testing.T) {
	t.Parallel()
	in := readInput(t)
	for _, tt := range []struct {
		name string
		env  func(t *testing.T) []string
	}{
		{"SQLite", func(*testing.T) []string { return nil }},
		{"PostgreSQL", func(t *testing.T) []string { return []string{"ZHANQUN_DATABASE_URL=" + testenv.Postgres(t)} }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := &workday{t: t, in: in, began: time.Now(), gate: make(chan struct{})}
			hub, node := programs(t)
			d.hub, d.node = hub.with(tt.env(t)...).with("ZHANQUN_HTTP_ADDR="+testenv.Port(t), "ZHANQUN_NATS_LISTEN="+testenv.Port(t)), node
			// Generous: the bound only keeps a day that never ends from holding up
			// all other tests.
			ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
			defer cancel()
			if err := d.play(ctx); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// workday is the county on that day.
type workday struct {
	t         *testing.T
	in        input
	hub, node binary
	serving   *process // the hub
	base      string   // its address
	columns   map[string]catalog.Column
	desks     [2]*desk // a reviewer's and a chief's
	clerks    []*clerk
	began     time.Time

	gate chan struct{} // closed when the hub has been killed: the clerks go on
}

func (d *workday) play(ctx context.Context) error {
	for _, part := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"opening the county", d.open}, {"joining the townships", d.join}, {"working", d.work},
		{"what the townships see", d.holdNodes}, {"what the county has", d.holdHub}, {"what readers get", d.holdFeeds},
		{"closing", d.close},
	} {
		at := time.Now()
		if err := part.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
		d.t.Logf("%-22s %5.1f s", part.name, time.Since(at).Seconds())
	}
	d.say()
	return nil
}

// open imports the units, starts the hub and makes the two who decide.
func (d *workday) open(ctx context.Context) error {
	out, err := d.hub.run(ctx, "", "unit", "import", d.in.units)
	if err != nil {
		return err
	}
	if want := fmt.Sprintf("新增或改动 %d 个", d.in.count); !strings.Contains(out, want) {
		return fmt.Errorf("import says %q, want %s", out, want)
	}
	if err := d.serve(ctx); err != nil {
		return err
	}
	for i, role := range []string{"reviewer", "chief"} {
		if _, err := d.hub.run(ctx, "sichuan-20-shenhe\n", "user", "add", role, "--role", role, "--password-stdin"); err != nil {
			return err
		}
		token, err := d.hub.run(ctx, "", "token", "create", role)
		if err != nil {
			return err
		}
		d.desks[i] = newDesk(d, role, token)
	}
	var answer struct{ Columns []catalog.Column }
	if err := d.desks[0].get(ctx, "/api/v1/columns", &answer); err != nil {
		return err
	}
	d.columns = map[string]catalog.Column{}
	for _, c := range answer.Columns {
		d.columns[c.Slug] = c
	}
	return nil
}

func (d *workday) serve(ctx context.Context) (err error) {
	var at addresses
	d.serving, err = d.hub.start(ctx, &at, "serve", "--json")
	d.base = at.Hub
	return err
}

// join brings every township in with a code, as an administrator and a clerk do.
func (d *workday) join(ctx context.Context) error {
	d.clerks = make([]*clerk, len(d.in.towns))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for i, town := range d.in.towns {
		g.Go(func() error {
			code, err := d.hub.run(ctx, "", "node", "invite", town.Code)
			if err != nil {
				return err
			}
			d.clerks[i], err = newClerk(ctx, d, town, code)
			return err
		})
	}
	return g.Wait()
}

// work lets everybody do their part at once, and kills the hub meanwhile.
func (d *workday) work(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, c := range d.clerks {
		g.Go(func() error { return c.work(ctx) })
	}
	for _, desk := range d.desks {
		g.Go(func() error { return desk.work(ctx) })
	}
	g.Go(func() error { return d.powerCut(ctx) })
	return g.Wait()
}

// powerCut kills the hub while frames come in and decisions are made, leaves it
// dead while the townships go on handing in, and starts it again.
func (d *workday) powerCut(ctx context.Context) error {
	wait := func(events <-chan struct{}, n int) error {
		for range n {
			select {
			case <-events:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	}
	if err := wait(d.desks[0].acked, len(d.drafts())/10); err != nil {
		return err
	}
	if err := d.serving.kill(); err != nil {
		return err
	}
	close(d.gate)
	for _, c := range d.clerks {
		if err := wait(c.afterCut, 1); err != nil {
			return err
		}
	}
	return d.serve(ctx)
}

func (d *workday) drafts() []*draft { return d.in.drafts }

// close stops everything as people do.
func (d *workday) close(context.Context) error {
	var failed []error
	for _, c := range d.clerks {
		failed = append(failed, c.serving.stop())
	}
	return errors.Join(append(failed, d.serving.stop())...)
}

// say tells what was counted.
func (d *workday) say() {
	var handed, unanswered, decided, lost int
	for _, c := range d.clerks {
		handed += c.entries()
		unanswered += c.unanswered
	}
	for _, desk := range d.desks {
		decided += desk.decided
		lost += desk.unanswered
	}
	fates := map[fate]int{}
	village, files := 0, 0
	for _, dr := range d.drafts() {
		fates[dr.fate]++
		village += min(len(dr.village), 1)
		files += min(len(dr.picture), 1)
	}
	d.t.Logf("%s: %d units, %d nodes, %d items (%d from villages, %d with a photo), %d revisions; "+
		"%d adopted at once, %d rejected at once, %d returned and then adopted, %d returned and then rejected; "+
		"%d decisions acknowledged by the hub, %d cut off; %d requests of clerks cut off; hub and node killed once each; %.1f s",
		d.in.name, d.in.count, len(d.clerks), len(d.drafts()), village, files, handed,
		fates[adopted], fates[rejected], fates[revisedAdopted], fates[revisedRejected],
		decided, lost, unanswered, time.Since(d.began).Seconds())
}

package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"zhanqun/internal/pause"

	"golang.org/x/sync/errgroup"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// hubData opens the hub's database beside the hub, as any program could.
func (st *storm) hubData() (*sql.DB, error) {
	if st.dsn != "" {
		return sql.Open("postgres", st.dsn)
	}
	return readFile(filepath.Join(st.hubDir, "hub.db"))
}

func (o *outpost) data() (*sql.DB, error) { return readFile(filepath.Join(o.dir, "node.db")) }

func readFile(path string) (*sql.DB, error) {
	u := url.URL{Scheme: "file", Path: path, RawQuery: "mode=ro&_pragma=busy_timeout(5000)"}
	return sql.Open("sqlite", u.String())
}

// settle waits until both ends have nothing more to say to each other, and
// returns how long that took.
func (st *storm) settle(ctx context.Context, clerks <-chan error, home func()) time.Duration {
	st.t.Helper()
	began := time.Now()
	// The desk may have fallen behind for as long as things were broken.
	ctx, cancel := context.WithTimeout(ctx, settleTime+st.total)
	defer cancel()
	st.await(ctx, clerks)
	home() // nobody acts behind the checker's back
	for {
		why := st.unsettled()
		if why == "" {
			return time.Since(began)
		}
		if !pause.For(ctx, askEvery) {
			st.t.Fatalf("not at rest: %s\n%s", why, st.logs())
		}
	}
}

// sayEvery is how often a county that does not come to rest says why.
const sayEvery = 20 * time.Second

// await waits until each item has its last word.
func (st *storm) await(ctx context.Context, clerks <-chan error) {
	st.t.Helper()
	tick := time.NewTicker(sayEvery)
	defer tick.Stop()
	for {
		select {
		case err := <-clerks:
			if err != nil {
				st.t.Fatalf("%v\n%s", err, st.logs())
			}
			return
		case <-tick.C:
			st.t.Logf("not at rest: %s", st.unsettled())
		case <-ctx.Done():
			st.t.Fatalf("the clerks still wait for words of the county: %s\n%s", st.unsettled(), st.logs())
		}
	}
}

// unsettled says what is still under way, or nothing.
func (st *storm) unsettled() string {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	db, err := st.hubData()
	if err != nil {
		return err.Error()
	}
	defer db.Close()
	due, err := rows(ctx, db, `SELECT state, title, files FROM item WHERE state IN ('received', 'in_review', 'approved') ORDER BY received_at`)
	if err != nil || len(due) > 0 {
		return fmt.Sprintf("the hub has %d items to decide, %v: %q", len(due), err, due[:min(len(due), 3)])
	}
	var lags [allTowns]string
	g := new(errgroup.Group)
	for i, o := range st.towns {
		g.Go(func() (err error) {
			lags[i], err = o.lag(ctx, db)
			return err
		})
	}
	err = g.Wait()
	why := strings.Join(lags[:], "")
	if err != nil {
		why += err.Error()
	}
	return why
}

// cursors are how far the two logs of a node are, as one end has it.
type cursors struct {
	node, epoch string
	up, down    int64
}

// lag says how the two ends of a node's line differ.
func (o *outpost) lag(ctx context.Context, hub *sql.DB) (string, error) {
	db, err := o.data()
	if err != nil {
		return "", err
	}
	defer db.Close()
	var n, h cursors
	var sent, last, files int64
	err = db.QueryRowContext(ctx, `SELECT node, epoch, sent - base, confirmed - base, down, (SELECT coalesce(max(seq), 0) FROM up_entry) - base,
		(SELECT count(*) FROM file WHERE done = 0 AND wanted > 0) FROM station`).Scan(&n.node, &n.epoch, &sent, &n.up, &n.down, &last, &files)
	if err == nil {
		err = hub.QueryRowContext(ctx, `SELECT id, epoch, up_seq, down_seq FROM node WHERE id = $1`, n.node).Scan(&h.node, &h.epoch, &h.up, &h.down)
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", o.name, err)
	}
	if n != h || sent != last || n.up != last || files != 0 {
		return fmt.Sprintf("%s has %+v, handed in %d, sent %d, %d files under way; the hub has %+v\n", o.name, n, last, sent, files, h), nil
	}
	return "", nil
}

func (st *storm) logs() string {
	text := st.office.String()
	for _, o := range st.towns {
		text += o.String()
	}
	if st.broker != nil {
		text += st.broker.String()
	}
	return text + "\n" + st.tally.String()
}

// strange says which programs ended by themselves.
func (st *storm) strange() error {
	list := st.office.strange()
	for _, o := range st.towns {
		list = append(list, o.strange()...)
	}
	if st.broker != nil {
		list = append(list, st.broker.strange()...)
	}
	if list == nil {
		return nil
	}
	return errors.New(strings.Join(list, "\n"))
}

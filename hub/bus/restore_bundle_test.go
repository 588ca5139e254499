package bus_test

import (
	"errors"
	"slices"
	"testing"

	hubbundle "zhanqun/hub/bundle"
	"zhanqun/hub/catalog"
	"zhanqun/hub/review"
	"zhanqun/hub/store"
	"zhanqun/hub/store/storetest"
	"zhanqun/internal/dropbox"
	nodebundle "zhanqun/node/bundle"
	"zhanqun/protocol"
)

// carried is a town without a line, and who carries its files to the county.
type carried struct {
	*town
	desk *review.Service
}

// walk carries a bundle to the county and the answer back.
func (x *carried) walk() {
	x.c.t.Helper()
	ctx, t := x.c.t.Context(), x.c.t
	made, err := nodebundle.New(nodebundle.Options{Queue: x.q, Program: "node test"}).Export(ctx, t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	up, err := dropbox.Open(made.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer up.Close()
	if _, err := x.hub().Take(ctx, "test", up.Bundle); err != nil {
		t.Fatal(err)
	}
	if _, err := x.desk.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	if err := x.take(x.answer()); err != nil {
		t.Fatal(err)
	}
}

func (x *carried) hub() *hubbundle.Service {
	return hubbundle.New(hubbundle.Options{Store: x.c.store, Line: x.c.intake, Registry: storetest.Access(x.c.store), Keys: x.c.keys, Program: "hub test"})
}

// answer lets the county write an answer.
func (x *carried) answer() string {
	x.c.t.Helper()
	path, err := x.hub().Answer(x.c.t.Context(), "test", x.id.Node, x.c.t.TempDir(), "")
	if err != nil {
		x.c.t.Fatal(err)
	}
	return path
}

func (x *carried) take(path string) error {
	x.c.t.Helper()
	down, err := dropbox.Open(path)
	if err != nil {
		x.c.t.Fatal(err)
	}
	defer down.Close()
	_, err = nodebundle.New(nodebundle.Options{Queue: x.q, Program: "node test"}).Take(x.c.t.Context(), down.Bundle)
	return err
}

// Where there is no line the files bring back what a restored county lacks, and
// what a restored node does not know, in two walks.
func TestRestoredByBundle(t *testing.T) {
	for _, name := range []string{"hub", "node", "both"} {
		t.Run(name, func(t *testing.T) {
			c := newCounty(t)
			desk, who := c.desk()
			x := &carried{c.newTown(storetest.Sitang, c.addr), desk}
			ids := x.post(4)
			x.walk()
			k, path := c.keep(), ""
			if name == "both" {
				ids = append(ids, x.post(2)...)
				x.walk()
			}
			if name != "hub" {
				ids = append(ids, x.post(2)...) // not carried yet when the backup is made
				path = x.backup()
			}
			x.walk()
			with, files := x.postWith(photo(t, 1, 40))
			ids = append(ids, with)
			if name == "both" {
				ids = ids[:len(ids)-1] // nobody will have it
			}
			x.walk()
			c.decide(desk, who, ids[0], catalog.ActionReturn)
			c.decide(desk, who, ids[1], catalog.ActionApprove)
			c.decide(desk, who, ids[4], catalog.ActionReject)
			x.walk()
			late := x.answer()
			want := map[string]protocol.State{}
			for _, id := range ids {
				want[id] = c.state(id)
			}
			if name != "node" {
				c.stop()
				c = c.restored(k, store.Options{Dir: storetest.Folder(t)})
				desk = review.New(review.Options{Store: c.store})
				x.c, x.desk = c, desk
			}
			if name == "hub" { // which writes to everybody as soon as it runs
				if err := x.take(x.answer()); err != nil {
					t.Fatal(err)
				}
				var f protocol.Fault
				if err := x.take(late); !errors.As(err, &f) || f.Code != protocol.CodeEpoch {
					t.Errorf("an answer of the lost county: %v", err)
				}
			}
			if name != "hub" {
				x.town = x.renewed(path)
			}
			for range 2 {
				x.walk()
			}
			cur := x.cursors()
			if cur.Confirmed != cur.Last || cur.HubEpoch != c.store.Epoch() || cur.Down != c.head(x.id.Node) {
				t.Errorf("the node stands at %+v, the hub's log at %d", cur, c.head(x.id.Node))
			}
			got := c.received()
			slices.Sort(got)
			all := slices.Sorted(slices.Values(ids))
			if !slices.Equal(got, all) {
				t.Errorf("%d items received, want %d", len(got), len(ids))
			}
			for id, state := range want {
				if name == "both" {
					state = protocol.StateReceived // who decided and who was told are both gone
				}
				if c.state(id) != state {
					t.Errorf("%s is %s at the county, want %s", id, c.state(id), state)
				}
				if name == "node" && id == with {
					continue // written after its backup
				}
				if string(x.state(id)) != string(state) {
					t.Errorf("%s is %s at the node, want %s", id, x.state(id), state)
				}
			}
			if name != "both" && !c.files.Has(files[0].SHA256) {
				t.Error("the file is missing")
			}
			n, err := c.store.NodeByID(t.Context(), x.id.Node)
			if err != nil || !n.RecallSince.IsZero() {
				t.Errorf("still waiting for words since %s, %v", n.RecallSince, err)
			}
			if list := refusals(t, c); len(list) > 0 {
				t.Errorf("kept %v", list)
			}
		})
	}
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"golang.org/x/sync/errgroup"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/protocol"
)

// stateOf is where a text ends.
func (dr *draft) stateOf() protocol.State {
	if dr.fate == adopted || dr.fate == revisedAdopted {
		return protocol.StateAdopted
	}
	return protocol.StateRejected
}

// holdNodes holds that each township sees its own items, each once, with the
// county's word, and that nothing is left in its queue.
func (d *workday) holdNodes(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for _, c := range d.clerks {
		g.Go(func() error {
			if _, err := c.look(ctx); err != nil {
				return err
			}
			for _, dr := range c.drafts {
				if err := c.hold(ctx, dr, c.items[dr.n]); err != nil {
					return fmt.Errorf("%s, item %d: %w", c.Name, dr.n, err)
				}
			}
			return c.holdQueue(ctx)
		})
	}
	return g.Wait()
}

// hold holds one item as its township sees it.
func (c *clerk) hold(ctx context.Context, dr *draft, i item) error {
	want := dr.stateOf()
	if i.Title != dr.titleOf(dr.revision()) || i.State != string(want) || i.Revision != dr.revision() || i.Refusal != nil || i.Village != dr.village {
		return fmt.Errorf("the node shows %+v", i)
	}
	if err := sameWord(i.Status, c.day.refusalOf(dr, i.Revision), want); err != nil {
		return err
	}
	if live := i.URL != "" && i.LiveRevision == i.Revision; live != (want == protocol.StateAdopted) {
		return fmt.Errorf("the node shows it live as revision %d at %q", i.LiveRevision, i.URL)
	}
	var full struct{ Revisions []json.RawMessage }
	if err := ask(c.township.R().SetContext(ctx), http.MethodGet, "/api/v1/items/"+i.ID, nil, &full); err != nil {
		return err
	}
	if len(full.Revisions) != dr.revision() {
		return fmt.Errorf("%d revisions", len(full.Revisions))
	}
	return nil
}

// holdQueue holds that everything was confirmed, and nothing beside.
func (c *clerk) holdQueue(ctx context.Context) error {
	var q struct {
		Queued, Sent, Confirmed int
		Connected               bool
		Blobs                   struct{ Waiting int }
	}
	if err := ask(c.township.R().SetContext(ctx), http.MethodGet, "/api/v1/queue", nil, &q); err != nil {
		return err
	}
	if q.Queued != 0 || q.Sent != 0 || q.Confirmed != c.entries() || !q.Connected || q.Blobs.Waiting != 0 {
		return fmt.Errorf("%s: queue %+v, handed in %d", c.Name, q, c.entries())
	}
	return nil
}

// detail is an item as the hub tells it, with what the day has to hold of it.
type detail struct {
	catalog.Item
	Revisions []catalog.Revision
	Decisions []catalog.Decision
	Adoptions []catalog.Adoption
}

// holdHub holds that the county has every item once, decided as it was, and
// that the events tell the same without a gap.
func (d *workday) holdHub(ctx context.Context) error {
	desk := d.desks[0]
	var nodes struct{ Nodes []access.Node }
	if err := desk.get(ctx, "/api/v1/nodes?limit=500", &nodes); err != nil {
		return err
	}
	reached := map[string]uint64{}
	for _, n := range nodes.Nodes {
		reached[n.Unit] = n.UpSeq
	}
	for _, c := range d.clerks {
		if reached[c.Code] != uint64(c.entries()) { // #nosec G115 -- a few dozen
			return fmt.Errorf("%s has handed in %d entries, the hub has %d", c.Name, c.entries(), reached[c.Code])
		}
	}
	items, err := desk.items(ctx)
	if err != nil {
		return err
	}
	if len(items) != len(d.drafts()) {
		return fmt.Errorf("the hub has %d items, handed in were %d", len(items), len(d.drafts()))
	}
	g, limited := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for _, i := range items {
		g.Go(func() error { return d.holdItem(limited, i) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return d.holdEvents(ctx)
}

// items reads all pages.
func (k *desk) items(ctx context.Context) ([]catalog.Item, error) {
	var all []catalog.Item
	for next := ""; ; {
		var page struct {
			Items []catalog.Item
			Next  string
		}
		if err := k.get(ctx, "/api/v1/items?limit=200&cursor="+url.QueryEscape(next), &page); err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if next = page.Next; next == "" {
			return all, nil
		}
	}
}

// holdItem holds one item as the county sees it.
func (d *workday) holdItem(ctx context.Context, i catalog.Item) error {
	dr := d.in.draftOf(i.Title)
	if dr == nil {
		return fmt.Errorf("the hub has an item nobody handed in: %s", i.Title)
	}
	var full detail
	if err := d.desks[0].get(ctx, "/api/v1/items/"+i.ID, &full); err != nil {
		return err
	}
	var want, got []ruling
	var people []string
	for revision := 1; revision <= dr.revision(); revision++ {
		want = append(want, d.rulings(dr, revision)...)
	}
	for _, x := range full.Decisions {
		got = append(got, ruling{x.Revision, x.Action, x.Reason, x.Fields, x.Comment})
		if d.columns[dr.column].Steps[x.Step-1].Role != x.Role {
			people = append(people, fmt.Sprintf("%s decided step %d", x.Role, x.Step))
		}
	}
	if !slices.EqualFunc(got, want, func(a, b ruling) bool {
		return a.Revision == b.Revision && a.Action == b.Action && a.Reason == b.Reason && a.Comment == b.Comment && slices.Equal(a.Fields, b.Fields)
	}) || people != nil {
		return fmt.Errorf("item %d was decided %+v, asked for was %+v; %v", dr.n, got, want, people)
	}
	live := 0
	if dr.stateOf() == protocol.StateAdopted {
		live = dr.revision()
	}
	if full.State != dr.stateOf() || full.Title != dr.titleOf(dr.revision()) || len(full.Revisions) != dr.revision() || full.LiveRevision != live ||
		len(full.Adoptions) != min(live, 1) || full.Origin != dr.village {
		return fmt.Errorf("item %d is at the hub %+v with %d revisions and %d adoptions", dr.n, full.Item, len(full.Revisions), len(full.Adoptions))
	}
	return nil
}

// holdEvents walks the events: no gap, and each thing happened once.
func (d *workday) holdEvents(ctx context.Context) error {
	counted := map[string]int{}
	for after := uint64(0); ; {
		var page struct{ Events []catalog.Event }
		if err := d.desks[0].get(ctx, fmt.Sprintf("/api/v1/events?limit=1000&after=%d", after), &page); err != nil {
			return err
		}
		if len(page.Events) == 0 {
			break
		}
		for _, e := range page.Events {
			if after++; e.Seq != after {
				return fmt.Errorf("event %d follows event %d", e.Seq, after-1)
			}
			counted[e.Kind]++
		}
	}
	want := map[string]int{}
	for _, dr := range d.drafts() {
		for revision := 1; revision <= dr.revision(); revision++ {
			want["item.received"]++
			want["item.decided"] += len(d.rulings(dr, revision))
		}
		if dr.stateOf() == protocol.StateAdopted {
			want["item.adopted"]++
			want["entry.published"]++
		}
	}
	var failed []error
	for kind, n := range want {
		if counted[kind] != n {
			failed = append(failed, fmt.Errorf("%d events %s, want %d", counted[kind], kind, n))
		}
	}
	return errors.Join(failed...)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/go-resty/resty/v2"
	"golang.org/x/sync/errgroup"

	"zhanqun/hub/catalog"
	"zhanqun/protocol"
)

// ruling is one decision as it is asked for.
type ruling struct {
	Revision int      `json:"revision"`
	Action   string   `json:"action"`
	Reason   string   `json:"reason,omitempty"`
	Fields   []string `json:"fields,omitempty"`
	Comment  string   `json:"comment,omitempty"`
}

var (
	returnReasons = []string{"element", "format", "fact", "photo", "source", "word"}
	rejectReasons = []string{"stale", "duplicate", "quality", "unsuitable"}
)

// rulings are all decisions on one revision of a text, step by step: who decides
// the first is a reviewer, the second a chief.
func (d *workday) rulings(dr *draft, revision int) []ruling {
	steps := len(d.columns[dr.column].Steps)
	refuse := d.refusalOf(dr, revision)
	var list []ruling
	for step := 1; step <= steps; step++ {
		if refuse != nil && (step == steps || !dr.late) {
			return append(list, *refuse)
		}
		list = append(list, ruling{Revision: revision, Action: catalog.ActionApprove})
	}
	return list
}

// refusalOf is how a revision is refused, or nil.
func (d *workday) refusalOf(dr *draft, revision int) *ruling {
	switch {
	case revision == 1 && dr.fate.returned():
		return &ruling{Revision: revision, Action: catalog.ActionReturn, Reason: returnReasons[dr.n%len(returnReasons)],
			Fields: []string{"title", "body"}, Comment: fmt.Sprintf("请核对第 %d 号。", dr.n)}
	case dr.fate == rejected || dr.fate == revisedRejected:
		return &ruling{Revision: revision, Action: catalog.ActionReject, Reason: rejectReasons[dr.n%len(rejectReasons)]}
	}
	return nil
}

// sameWord holds what a node was told against what was decided.
func sameWord(got *protocol.Status, want *ruling, state protocol.State) error {
	if want == nil {
		want = &ruling{}
	}
	if got == nil || got.State != state || got.Reason != want.Reason || got.Comment != want.Comment || !slices.Equal(got.Fields, want.Fields) {
		return fmt.Errorf("the node was told %+v, decided was %s, %+v", got, state, *want)
	}
	return nil
}

// desk is one person who decides at the county, by a program that calls the
// interface.
type desk struct {
	day    *workday
	role   string
	client *resty.Client
	acked  chan struct{} // a decision was acknowledged

	mu         sync.Mutex
	decided    int
	unanswered int
}

func newDesk(d *workday, role, token string) *desk {
	return &desk{day: d, role: role, client: resty.New().SetBaseURL(d.base).SetAuthToken(token), acked: make(chan struct{}, 4*len(d.drafts()))}
}

func (k *desk) get(ctx context.Context, path string, out any) error {
	return ask(k.client.R().SetContext(ctx), http.MethodGet, path, nil, out)
}

// due counts the decisions this role has to make all day.
func (k *desk) due() int {
	n := 0
	for _, dr := range k.day.drafts() {
		for revision := 1; revision <= dr.revision(); revision++ {
			for i := range k.day.rulings(dr, revision) {
				if k.day.columns[dr.column].Steps[i].Role == k.role {
					n++
				}
			}
		}
	}
	return n
}

// deskEvery is how often a desk without work looks for some.
const deskEvery = 100 * time.Millisecond

// work decides, as things come in, everything this role has to decide. Whether a
// decision that was not answered was made shows in the next list.
func (k *desk) work(ctx context.Context) error {
	again := time.NewTicker(deskEvery)
	defer again.Stop()
	seen := map[string]bool{} // item, revision and step that were found due
	for due := k.due(); ; {
		list, err := k.waiting(ctx)
		if err != nil && answered(err) {
			return err
		}
		var g errgroup.Group
		g.SetLimit(4)
		for _, i := range list {
			seen[fmt.Sprintf("%s %d %d", i.ID, i.Revision, i.Step)] = true
			g.Go(func() error { return k.decide(ctx, i) })
		}
		if err := g.Wait(); err != nil {
			return err
		}
		if err == nil && len(list) == 0 && len(seen) == due {
			return nil
		}
		if len(list) > 0 {
			continue
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return fmt.Errorf("the %s has decided %d of %d: %w", k.role, len(seen), due, ctx.Err())
		}
	}
}

// waiting lists what is due for this role, oldest first, as far as one page goes.
func (k *desk) waiting(ctx context.Context) ([]catalog.Item, error) {
	var due []catalog.Item
	for _, state := range []protocol.State{protocol.StateReceived, protocol.StateInReview} {
		var list struct{ Items []catalog.Item }
		if err := k.get(ctx, "/api/v1/items?order=oldest&limit=200&state="+string(state), &list); err != nil {
			return nil, err
		}
		for _, i := range list.Items {
			if i.DueRole == k.role {
				due = append(due, i)
			}
		}
	}
	return due, nil
}

func (k *desk) decide(ctx context.Context, i catalog.Item) error {
	dr := k.day.in.draftOf(i.Title)
	if dr == nil || i.Title != dr.titleOf(i.Revision) {
		return fmt.Errorf("the hub has an item nobody handed in: %s, revision %d", i.Title, i.Revision)
	}
	list := k.day.rulings(dr, i.Revision)
	if i.Step < 1 || i.Step > len(list) {
		return fmt.Errorf("item %d, revision %d is at step %d of %d", dr.n, i.Revision, i.Step, len(list))
	}
	path := "/api/v1/items/" + i.ID + "/decisions"
	if i.Step > 1 {
		// Who decided the first step must not decide the second.
		first := k.day.desks[0].client.R().SetContext(ctx)
		var said *problem
		if err := ask(first, http.MethodPost, path, list[i.Step-1], nil); err == nil || errors.As(err, &said) && said.Status != http.StatusForbidden {
			return fmt.Errorf("item %d, revision %d: the reviewer decides step %d: %w", dr.n, i.Revision, i.Step, err)
		}
	}
	err := ask(k.client.R().SetContext(ctx), http.MethodPost, path, list[i.Step-1], nil)
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil && !answered(err) {
		k.unanswered++
		return nil
	}
	if err != nil {
		return fmt.Errorf("item %d, revision %d, step %d: %w", dr.n, i.Revision, i.Step, err)
	}
	k.decided++
	k.acked <- struct{}{}
	return nil
}

// answered reports whether an error is the hub's word, and not its silence.
func answered(err error) bool {
	var said *problem
	return errors.As(err, &said)
}

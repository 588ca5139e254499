package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
)

// handInThroughPowerCut hands in with several hands and kills the node in the
// middle of it. What was not answered is handed in once more afterwards.
func (c *clerk) handInThroughPowerCut(ctx context.Context, drafts []*draft) error {
	var mu sync.Mutex
	var done, open []*draft
	next := 0
	take := func() *draft {
		mu.Lock()
		defer mu.Unlock()
		if next == len(drafts) {
			return nil
		}
		next++
		return drafts[next-1]
	}
	note := func(d *draft, err error) (kill bool) {
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			open = append(open, d)
			return false
		}
		done = append(done, d)
		return len(done) == len(drafts)/2
	}
	var g errgroup.Group
	for range 4 {
		g.Go(func() error {
			for d := take(); d != nil; d = take() {
				err := c.handIn(ctx, d)
				var said *problem
				if errors.As(err, &said) || ctx.Err() != nil {
					return err
				}
				if note(d, err) {
					if err := c.serving.kill(); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if len(done) == len(drafts) {
		return errors.New("the node was killed and nobody noticed")
	}
	c.unanswered = len(open)
	if err := c.serve(ctx); err != nil {
		return err
	}
	// What was acknowledged is there; what was not may be, but once.
	for _, d := range drafts {
		var list struct{ Items []item }
		if err := ask(c.township.R().SetContext(ctx).SetQueryParam("q", d.titleOf(1)), http.MethodGet, "/api/v1/items", nil, &list); err != nil {
			return err
		}
		if n := len(list.Items); n > 1 || n == 0 && slices.Contains(done, d) {
			return fmt.Errorf("after the power cut item %d is there %d times, acknowledged: %v", d.n, n, slices.Contains(done, d))
		}
	}
	return c.handInAll(ctx, open)
}

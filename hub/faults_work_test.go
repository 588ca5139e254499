package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-resty/resty/v2"
	"golang.org/x/sync/errgroup"

	"zhanqun/hub/catalog"
	"zhanqun/internal/pause"
	"zhanqun/protocol"
)

// work lets everybody work until all is calm, and the clerks then until each of
// their items has its last word. The desk works until it is told to go home.
func (st *storm) work(ctx context.Context) (clerks <-chan error, home func()) {
	desk, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		st.judge(desk)
	}()
	home = func() {
		stop()
		<-ended
	}
	st.t.Cleanup(home)
	done := make(chan error, 1)
	g, ctx := errgroup.WithContext(ctx)
	for _, o := range st.towns {
		for hand := range handsPerTown {
			g.Go(func() error { return (&scribe{st: st, o: o, hand: hand}).work(ctx) })
		}
	}
	go func() { done <- g.Wait() }()
	return done, home
}

const (
	handsPerTown = 2
	workEvery    = 400 * time.Millisecond // of one hand, at least
	judgeEvery   = 250 * time.Millisecond
	perHand      = 800 // of one hand, about: the disks are small
	askEvery     = 100 * time.Millisecond
	fileLines    = 1500 // of an attached file
)

// scribe is one hand of a township: it hands in, revises what comes back, and
// takes back some.
type scribe struct {
	st   *storm
	o    *outpost
	hand int
	n    int
	mine []*handed
	next int // of mine, to look at
}

func (s *scribe) work(ctx context.Context) error {
	rest := max(workEvery, s.st.total/perHand)
	for calm := false; !calm; {
		if !pause.For(ctx, rest) {
			return ctx.Err()
		}
		if err := s.handIn(ctx); err != nil {
			return err
		}
		if s.n%4 == 0 {
			if _, err := s.follow(ctx, s.mine[s.next%len(s.mine)]); err != nil {
				return err
			}
			s.next++
		}
		select {
		case <-s.st.calm:
			calm = true
		default:
		}
	}
	if err := s.handIn(ctx); err != nil { // the last one, on lines that work
		return err
	}
	for _, h := range s.mine {
		for done := false; !done; {
			var err error
			if done, err = s.follow(ctx, h); err != nil {
				return err
			}
			if !done && !pause.For(ctx, askEvery) {
				return fmt.Errorf("%s waits for the last word on %s: %w", s.o.name, h.submits[0].title, ctx.Err())
			}
		}
	}
	return nil
}

// insist repeats a request until there is an answer other than "not now".
func (s *scribe) insist(ctx context.Context, f func(r *resty.Request) error) error {
	for {
		err := f(s.o.client.R().SetContext(ctx))
		var said *problem
		switch {
		case err == nil:
			return nil
		case !errors.As(err, &said):
			s.st.tally.change(func(y *tally) { y.cut++ })
		case said.Status == http.StatusInsufficientStorage, said.Status == http.StatusServiceUnavailable, said.Status == http.StatusTooManyRequests:
			s.st.tally.change(func(y *tally) { y.later++ })
		default:
			return fmt.Errorf("%s, hand %d: %w", s.o.name, s.hand, err)
		}
		if !pause.For(ctx, askEvery) {
			return fmt.Errorf("%s, hand %d: %w", s.o.name, s.hand, err)
		}
	}
}

// handIn writes a text and hands it in. Requests without an answer are repeated
// under their key.
func (s *scribe) handIn(ctx context.Context) error {
	s.n++
	title := fmt.Sprintf("第%d镇第%d人第%d条", s.o.n, s.hand, s.n)
	h := &handed{town: s.o.n, submits: []submit{{revision: 1, title: title, asked: time.Now()}}}
	size := 20
	if s.n%9 == 0 {
		size = 1200
	}
	form := map[string]any{"title": title, "body": strings.Repeat("会议要求抓好安全生产。\n", size), "column": "township", "author": "田野", "source": "党政办"}
	if s.n%6 == 1 {
		file := map[string]any{}
		text := []byte(strings.Repeat(title+"的附件\n", fileLines))
		err := s.insist(ctx, func(r *resty.Request) error {
			return ask(r.SetQueryParam("name", "附件.txt"), http.MethodPost, "/api/v1/attachments", bytes.Clone(text), &file)
		})
		if err != nil {
			return err
		}
		h.file, _ = file["sha256"].(string)
		form["attachments"] = []any{file}
	}
	var made item
	err := s.insist(ctx, func(r *resty.Request) error {
		return ask(r.SetHeader("Idempotency-Key", title), http.MethodPost, "/api/v1/items", form, &made)
	})
	if err != nil {
		return err
	}
	h.id = made.ID
	if err := s.submit(ctx, h.id, &made); err != nil {
		return err
	}
	h.submits[0].acked = time.Now()
	s.mine = append(s.mine, h)
	s.st.tally.change(func(y *tally) { y.items = append(y.items, h) })
	return nil
}

func (s *scribe) submit(ctx context.Context, id string, into *item) error {
	return s.insist(ctx, func(r *resty.Request) error {
		return ask(r, http.MethodPost, "/api/v1/items/"+id+"/submit", nil, into)
	})
}

// follow looks what became of an item and does what is due: it reports whether
// there is nothing more to wait for.
func (s *scribe) follow(ctx context.Context, h *handed) (done bool, err error) {
	var full struct {
		item
		Text map[string]any
	}
	path := "/api/v1/items/" + h.id
	if err := s.insist(ctx, func(r *resty.Request) error { return ask(r, http.MethodGet, path, nil, &full) }); err != nil {
		return false, err
	}
	last := h.submits[len(h.submits)-1]
	switch protocol.State(full.State) {
	case protocol.StateReturned:
		if full.Revision != last.revision || full.Revision > 1 {
			return false, nil
		}
		return false, s.revise(ctx, h, full.item, full.Text)
	case protocol.StateAdopted:
		if h.withdraw.IsZero() && chanceOf(last.title, "withdraw")%8 == 0 {
			err := s.insist(ctx, func(r *resty.Request) error {
				err := ask(r, http.MethodPost, path+"/withdraw", map[string]string{"reason": "情况有变，请撤下。"}, nil)
				var said *problem
				if errors.As(err, &said) && said.Status == http.StatusConflict {
					return nil // withdrawn by the county, or by the request before
				}
				return err
			})
			s.st.tally.change(func(*tally) { h.withdraw = time.Now() })
			return false, err
		}
		return h.withdraw.IsZero(), nil
	case protocol.StateRejected, protocol.StateWithdrawn:
		return true, nil
	}
	return false, nil
}

func (s *scribe) revise(ctx context.Context, h *handed, i item, text map[string]any) error {
	sub := submit{revision: 2, title: h.submits[0].title + "（改）", asked: time.Now()}
	text["title"], text["version"] = sub.title, i.Version
	path := "/api/v1/items/" + h.id
	err := s.insist(ctx, func(r *resty.Request) error {
		return ask(r.SetHeader("Idempotency-Key", sub.title), http.MethodPut, path, text, nil)
	})
	if err != nil {
		return err
	}
	if err := s.submit(ctx, h.id, new(item)); err != nil {
		return err
	}
	sub.acked = time.Now()
	s.st.tally.change(func(*tally) { h.submits = append(h.submits, sub) })
	return nil
}

// chanceOf draws a number from words: the same every time.
func chanceOf(words ...string) uint32 {
	h := fnv.New32a()
	for _, w := range words {
		_, _ = h.Write([]byte(w)) // never fails
	}
	return h.Sum32() >> 4
}

// judge decides what is due, and withdraws some of what was adopted, until ctx
// ends.
func (st *storm) judge(ctx context.Context) {
	done := map[string]bool{} // withdrawn; the list of what is adopted may be a moment old
	for round := 0; pause.For(ctx, judgeEvery); round++ {
		states := []protocol.State{protocol.StateReceived, protocol.StateInReview}
		if round%8 == 0 {
			states = append(states, protocol.StateAdopted)
		}
		var due []catalog.Item
		for _, state := range states {
			var list struct{ Items []catalog.Item }
			if st.desked(ask(st.desk.R().SetContext(ctx), http.MethodGet, "/api/v1/items?order=newest&limit=50&state="+string(state), nil, &list)) {
				due = append(due, list.Items...)
			}
		}
		var g errgroup.Group
		g.SetLimit(desks)
		for _, i := range due {
			r := rulingOf(i)
			if r.Action == "" || done[i.ID] {
				continue
			}
			done[i.ID] = r.Action == catalog.ActionWithdraw
			g.Go(func() error {
				st.rule(ctx, i, r)
				return nil
			})
		}
		_ = g.Wait() // nobody returns an error
	}
}

// desks is how many decisions are asked for at once.
const desks = 6

func (st *storm) rule(ctx context.Context, i catalog.Item, r ruling) {
	who := st.desk
	if r.Action == catalog.ActionWithdraw {
		who = st.chief
	}
	if st.desked(ask(who.R().SetContext(ctx), http.MethodPost, "/api/v1/items/"+i.ID+"/decisions", r, nil)) {
		st.tally.change(func(y *tally) { y.ruled = append(y.ruled, judged{i.ID, r.Revision, r.Action}) })
	}
}

// rulingOf is what the reviewer does with an item; the same, however often she
// looks.
func rulingOf(i catalog.Item) ruling {
	chance := chanceOf(i.Title) % 20
	switch {
	case i.State == protocol.StateAdopted && chanceOf(i.Title, "county")%15 == 0:
		return ruling{Revision: i.Revision, Action: catalog.ActionWithdraw, Reason: "error", Comment: "发布有误。"}
	case i.State == protocol.StateAdopted:
		return ruling{}
	case i.Revision == 1 && chance < 4:
		return ruling{Revision: 1, Action: catalog.ActionReturn, Reason: "fact", Fields: []string{"title"}, Comment: "请核对。"}
	case chance < 7:
		return ruling{Revision: i.Revision, Action: catalog.ActionReject, Reason: "stale"}
	}
	return ruling{Revision: i.Revision, Action: catalog.ActionApprove}
}

// desked reports whether the hub has done what the desk asked for. What it may
// refuse in a county where things happen at once is no fault.
func (st *storm) desked(err error) bool {
	var said *problem
	switch {
	case err == nil:
		return true
	case errors.Is(err, context.Canceled):
	case !errors.As(err, &said):
		st.tally.change(func(y *tally) { y.cut++ })
	case slices.Contains([]int{http.StatusConflict, http.StatusNotFound, http.StatusServiceUnavailable, http.StatusInsufficientStorage}, said.Status):
		st.tally.change(func(y *tally) { y.later++ })
	default:
		st.t.Errorf("the desk was told: %v", err)
	}
	return false
}

package main

import (
	"context"
	"fmt"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/review"
	"zhanqun/hub/sample"
	"zhanqun/internal/fault"
)

// seeder takes the sample items through their lives. What to do next follows
// from where an item stands, so that a demonstration that was stopped half-way
// goes on where it was.
type seeder struct {
	d      *demo
	first  [2]access.User // who decide the first step, in turn
	chief  access.User
	nodes  map[string]*demoNode // by unit
	items  []*seedItem
	joined []string // items of the combination
}

// seedItem is a sample item and how far it has come.
type seedItem struct {
	sample.Item
	n    int // its place among the items
	node *demoNode
	id   string // empty before it was handed in
	done bool
}

// seedPause is how often the seeder looks whether the hub or a node moved on.
const seedPause = 30 * time.Millisecond

// seed brings every sample item to the state it shows.
func (d *demo) seed(ctx context.Context) error {
	if d.o.empty || d.book.Seeded {
		return nil
	}
	s, err := d.newSeeder(ctx)
	if err != nil {
		return err
	}
	tick := time.NewTicker(seedPause)
	defer tick.Stop()
	told := 0
	for {
		left, err := s.round(ctx)
		if err != nil {
			return fmt.Errorf("准备示例内容：%w", err)
		}
		if left == 0 {
			break
		}
		if ready := len(s.items) - left; ready >= told+8 {
			told = ready
			d.progress(fmt.Sprintf("正在报送和审核示例内容：%d / %d", ready, len(s.items)))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	d.book.Seeded = true
	return d.book.save()
}

func (d *demo) newSeeder(ctx context.Context) (*seeder, error) {
	s := &seeder{d: d, nodes: map[string]*demoNode{}}
	for login, who := range map[string]*access.User{"shenhe1": &s.first[0], "shenhe2": &s.first[1], "fenguan": &s.chief} {
		u, err := d.county.access.UserByLogin(ctx, login)
		if err != nil {
			return nil, err
		}
		*who = u
	}
	for _, n := range d.nodes {
		s.nodes[n.unit.Code] = n
	}
	list, err := sample.Items()
	if err != nil {
		return nil, err
	}
	for i, item := range list {
		s.items = append(s.items, &seedItem{Item: item, n: i, node: s.nodes[item.Unit]})
	}
	return s, nil
}

// round takes each item as far as it can go now and returns how many are not
// where they should be.
func (s *seeder) round(ctx context.Context) (left int, err error) {
	s.joined = nil
	for _, it := range s.items {
		for moved := true; moved && !it.done; {
			if moved, err = s.advance(ctx, it); err != nil {
				return 0, fmt.Errorf("“%s”：%w", it.Title, err)
			}
		}
		if !it.done {
			left++
		}
	}
	return left, s.combine(ctx)
}

// advance does the next thing that is to be done with it, and reports whether
// it did any.
func (s *seeder) advance(ctx context.Context, it *seedItem) (moved bool, err error) {
	if it.id == "" {
		return true, it.handIn(ctx, s.d)
	}
	if it.Outcome == sample.Draft || it.Outcome == sample.Awaiting {
		it.done = true
		return false, nil
	}
	detail, err := s.d.county.review.Item(ctx, s.chief, it.id)
	if fault.Is(err, fault.NotFound) {
		return false, nil // still on its way
	}
	if err != nil {
		return false, err
	}
	act := s.next(it, detail)
	if act == nil {
		return false, nil
	}
	return act(ctx)
}

// combine makes one entry of the items that are meant for one, when all have
// arrived.
func (s *seeder) combine(ctx context.Context) error {
	var q review.Combination
	for _, it := range s.items {
		if it.Outcome != sample.Combined || it.done {
			continue
		}
		q.Items = append(q.Items, review.Part{Item: it.id})
		for _, p := range it.Body {
			q.Body += "<p>" + p + "</p>"
		}
	}
	if len(q.Items) == 0 || len(s.joined) < len(q.Items) {
		return nil
	}
	q.Title, q.Columns = "青溪县：招聘会开到家门口，就业岗位送到手", []string{"township"}
	_, err := s.d.county.review.Combine(ctx, s.first[0], q)
	return err
}

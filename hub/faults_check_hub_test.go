package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"zhanqun/hub/catalog"
	"zhanqun/protocol"
)

// hubItems holds that the hub has each acknowledged item and revision once and
// nothing else, that the feed is what is adopted, and that the files are there.
func (c *checker) hubItems(feed []string, gone int) error {
	items, err := c.hub(`SELECT id, revision, title, state FROM item ORDER BY id`)
	if err != nil {
		return err
	}
	revisions, err := c.hub(`SELECT item, revision, title FROM revision ORDER BY item, revision`)
	if err != nil {
		return err
	}
	var wantItems, wantRevisions [][]string
	states := map[string]string{}
	var adopted []string
	withdrawn := 0
	for _, i := range items {
		states[i[0]] = i[3]
		switch protocol.State(i[3]) {
		case protocol.StateAdopted:
			adopted = append(adopted, i[2])
		case protocol.StateWithdrawn:
			withdrawn++
		}
	}
	told := c.st.tally.items
	slices.SortFunc(told, func(a, b *handed) int { return strings.Compare(a.id, b.id) })
	files := 0
	for _, h := range told {
		last := h.submits[len(h.submits)-1]
		wantItems = append(wantItems, []string{h.id, strconv.Itoa(last.revision), last.title, states[h.id]})
		for _, s := range h.submits {
			wantRevisions = append(wantRevisions, []string{h.id, strconv.Itoa(s.revision), s.title})
		}
		if !h.withdraw.IsZero() && states[h.id] != string(protocol.StateWithdrawn) {
			err = errors.Join(err, fmt.Errorf("%s was withdrawn and is %s", last.title, states[h.id]))
		}
		if h.file != "" {
			files++
			err = errors.Join(err, c.file(h.file))
		}
	}
	slices.Sort(adopted)
	c.st.tally.saw("%d items in %d revisions and %d files at the hub", len(items), len(revisions), files)
	if !slices.Equal(feed, adopted) || gone != withdrawn {
		err = errors.Join(err, fmt.Errorf("the feed has %d entries and %d withdrawn, adopted are %d, withdrawn %d: %v, want %v",
			len(feed), gone, len(adopted), withdrawn, feed, adopted))
	}
	return errors.Join(err, same("items at the hub", items, wantItems), same("revisions at the hub", revisions, wantRevisions))
}

// file holds that an attached file is on the hub's disk, whole.
func (c *checker) file(sha string) error {
	data, err := os.ReadFile(filepath.Join(c.st.hubDir, "files", sha[:2], sha[2:]))
	if err == nil && fmt.Sprintf("%x", sha256.Sum256(data)) != sha {
		err = fmt.Errorf("the file %s is damaged", sha)
	}
	return err
}

// decisions holds that each acknowledged decision is there once, and that the
// last one on an item is where the item is.
func (c *checker) decisions() error {
	list, err := c.hub(`SELECT d.item, d.revision, d.step, d.action, i.state FROM decision d JOIN item i ON i.id = d.item ORDER BY d.item, d.at, d.id`)
	if err != nil {
		return err
	}
	made := map[judged]int{}
	steps := map[string]int{}
	last := map[string][]string{}
	for _, d := range list {
		revision, _ := strconv.Atoi(d[1]) // a number in the database
		made[judged{d[0], revision, d[3]}]++
		if d[3] != catalog.ActionWithdraw {
			steps[d[0]+" "+d[1]+" "+d[2]]++
		}
		last[d[0]] = d
	}
	for _, r := range c.st.tally.ruled {
		if made[r] != 1 {
			err = errors.Join(err, fmt.Errorf("the decision %+v was acknowledged and is there %d times", r, made[r]))
		}
	}
	for step, n := range steps {
		if n > 1 {
			err = errors.Join(err, fmt.Errorf("%s was decided %d times", step, n))
		}
	}
	ends := map[string][]string{
		catalog.ActionApprove: {"adopted", "withdrawn"}, catalog.ActionReject: {"rejected"}, catalog.ActionWithdraw: {"withdrawn"},
	}
	for _, d := range last {
		if !slices.Contains(ends[d[3]], d[4]) {
			err = errors.Join(err, fmt.Errorf("item %s is %s after %s", d[0], d[4], d[3]))
		}
	}
	c.st.tally.saw("%d decisions", len(list))
	return err
}

// events holds that the hub's story has no gap, tells of each revision once, and
// of those of one node in its order.
func (c *checker) events() error {
	list, err := c.hub(`SELECT seq, kind, ref FROM event ORDER BY seq`)
	if err != nil {
		return err
	}
	order, err := c.hub(`SELECT i.node, r.item, r.epoch, r.seq FROM revision r JOIN item i ON i.id = r.item ORDER BY i.node, r.seq`)
	if err != nil {
		return err
	}
	place := map[string][]int{} // of the item's revisions in its node's log
	node := map[string]string{}
	for _, o := range order {
		n, _ := strconv.Atoi(o[3]) // a number in the database
		place[o[1]] = append(place[o[1]], n)
		node[o[1]] = o[0]
	}
	told := map[string]int{}
	at := map[string]int{}
	for i, e := range list {
		if e[0] != strconv.Itoa(i+1) {
			return fmt.Errorf("event %s stands at place %d", e[0], i+1)
		}
		if e[1] != "item.received" {
			continue
		}
		ref := e[2]
		told[ref]++
		if told[ref] > len(place[ref]) {
			return fmt.Errorf("item %s was received %d times", ref, told[ref])
		}
		n := place[ref][told[ref]-1]
		if n <= at[node[ref]] {
			return fmt.Errorf("entry %d of node %s was taken behind entry %d", n, node[ref], at[node[ref]])
		}
		at[node[ref]] = n
	}
	for ref, places := range place {
		if told[ref] != len(places) {
			return fmt.Errorf("item %s has %d revisions and was received %d times", ref, len(places), told[ref])
		}
	}
	c.st.tally.saw("%d events", len(list))
	return nil
}

// refusals holds that the hub has refused nothing but withdrawals of what the
// office had just withdrawn itself.
func (c *checker) refusals() error {
	list, err := c.hub(`SELECT r.node, r.seq, r.kind, r.code, r.message FROM refusal r LEFT JOIN item i ON i.id = r.item
		WHERE r.kind <> 'item.withdraw' OR i.state <> 'withdrawn'`)
	if err == nil && len(list) > 0 {
		err = fmt.Errorf("refused: %q", list)
	}
	frozen, err2 := c.hub(`SELECT id, state, reason FROM node WHERE state <> 'active'`)
	if err2 == nil && len(frozen) > 0 {
		err2 = fmt.Errorf("frozen: %q", frozen)
	}
	return errors.Join(err, err2)
}

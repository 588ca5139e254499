package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// town holds one township's end against the hub's: the same entries in both
// logs, the cursors at their ends, the same word on each item, and an order that
// is the one in which the clerks were told "safe".
func (c *checker) town(o *outpost) error {
	lag, err := o.lag(c.ctx, c.db)
	if err != nil || lag != "" {
		return fmt.Errorf("cursors differ: %s %w", lag, err)
	}
	db, err := o.data()
	if err != nil {
		return err
	}
	defer db.Close()
	if err := c.sound(db); err != nil {
		return err
	}
	read := func(query string, args ...any) [][]string {
		list, err2 := rows(c.ctx, db, query, args...)
		err = errors.Join(err, err2)
		return list
	}
	ask := func(query string, args ...any) [][]string {
		list, err2 := c.hub(query, args...)
		err = errors.Join(err, err2)
		return list
	}
	me := read(`SELECT node FROM station`)[0][0]
	up := read(`SELECT seq, kind, hash FROM up_entry ORDER BY seq`)
	upThere := ask(`SELECT seq, kind, hash FROM up_entry WHERE node = $1 ORDER BY seq`, me)
	down := read(`SELECT seq, kind, hash FROM down_entry WHERE kind <> 'receipt' ORDER BY seq`)
	downThere := ask(`SELECT seq, kind, hash FROM down_entry WHERE node = $1 AND kind <> 'receipt' ORDER BY seq`, me)
	items := read(`SELECT id, revision, state FROM item ORDER BY id`)
	itemsThere := ask(`SELECT id, revision, state FROM item WHERE node = $1 ORDER BY id`, me)
	places := read(`SELECT ref, revision, seq FROM up_entry WHERE kind = 'item.submit'`)
	if err != nil {
		return err
	}
	for i, e := range up {
		if e[0] != strconv.Itoa(i+1) {
			return fmt.Errorf("entry %s of the up log stands at place %d", e[0], i+1)
		}
	}
	c.st.tally.saw("%s: %d entries up, %d words down", o.name, len(up), len(down))
	return errors.Join(same("up log", upThere, up), same("down log", down, downThere), same("items", items, itemsThere), c.order(o, places))
}

// order holds that what was acknowledged before another text was begun stands
// before it in the log.
func (c *checker) order(o *outpost, places [][]string) error {
	at := map[string]int{}
	for _, p := range places {
		at[p[0]+" "+p[1]], _ = strconv.Atoi(p[2]) // a number in the database
	}
	type done struct {
		place        int
		asked, acked time.Time
	}
	var list []done
	for _, h := range c.st.tally.items {
		for _, s := range h.submits {
			if h.town != o.n {
				continue
			}
			place, ok := at[h.id+" "+strconv.Itoa(s.revision)]
			if !ok {
				return fmt.Errorf("%s was acknowledged and is not in the log", s.title)
			}
			list = append(list, done{place, s.asked, s.acked})
		}
	}
	if len(list) != len(places) {
		return fmt.Errorf("%d submits were acknowledged, the log has %d", len(list), len(places))
	}
	for _, a := range list {
		for _, b := range list {
			if a.acked.Before(b.asked) && a.place > b.place {
				return fmt.Errorf("entry %d was acknowledged before entry %d was written", a.place, b.place)
			}
		}
	}
	return nil
}

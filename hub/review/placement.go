package review

import (
	"context"
	"fmt"
	"strings"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/internal/fault"
)

// longestPin is how long an entry may stand on top of its lists.
const longestPin = 90 * 24 * time.Hour

// Repost puts a live entry into other columns and says why. The steps of those
// columns must be covered by those who approved it, with who as one more.
func (s *Service) Repost(ctx context.Context, who access.User, entry string, columns []string, reason string) error {
	if len(columns) == 0 {
		return fault.Field("columns", "请至少选一个栏目。")
	}
	if err := checkColumns(columns); err != nil {
		return err
	}
	return s.placed(ctx, entry, reason, func(r rules, snap Snapshot, reason string) (Effect, error) {
		return r.repost(snap, who, entry, columns, reason)
	})
}

// Pin keeps a live entry on top of its lists until a time and says why; the zero
// time ends that. It changes nothing in the entry itself.
func (s *Service) Pin(ctx context.Context, who access.User, entry string, until time.Time, reason string) error {
	now := s.now()
	switch {
	case until.IsZero():
	case !until.After(now):
		return fault.Field("until", "置顶的截止时间已经过了，请改成以后的时间。")
	case until.After(now.Add(longestPin)):
		return fault.Field("until", "置顶最长 90 天，请检查日期。")
	}
	return s.placed(ctx, entry, reason, func(r rules, snap Snapshot, reason string) (Effect, error) {
		return r.pin(snap, who, entry, until, reason)
	})
}

// placed decides on a live entry as a whole.
func (s *Service) placed(ctx context.Context, entry, reason string, rule func(r rules, snap Snapshot, reason string) (Effect, error)) error {
	if reason = strings.TrimSpace(reason); reason == "" {
		return fault.Field("reason", "请写明原因，会记入操作记录。")
	}
	if err := checkText("reason", "原因", reason); err != nil {
		return err
	}
	e, err := s.store.Entry(ctx, entry)
	if err != nil {
		return err
	}
	ids := make([]string, len(e.Sources))
	for i, v := range e.Sources {
		ids[i] = v.Item
	}
	r := s.current()
	return s.store.Decide(ctx, ids, func(snap Snapshot) (Effect, error) {
		if snap.Entries[entry].State != catalog.EntryLive {
			return Effect{}, fault.New(fault.Conflict, "这篇稿件已经撤下，不能再改。")
		}
		return rule(r, snap, reason)
	})
}

func (r rules) repost(s Snapshot, who access.User, id string, columns []string, reason string) (Effect, error) {
	route, err := routeTo(s, columns)
	if err != nil {
		return Effect{}, err
	}
	for _, x := range s.Items {
		switch {
		case x.Item.Emergency:
			return Effect{}, unconfirmed(x)
		case !settled(x):
			return Effect{}, fault.New(fault.Conflict, "“"+x.Item.Title+"”有新的一稿在审。请审完再换栏目。")
		}
		if err := mayEdit(x, who, route); err != nil {
			return Effect{}, err
		}
	}
	entry := s.Entries[id]
	if sameSet(entry.Columns, columns) {
		return Effect{}, fault.Field("columns", "稿件已经在这些栏目里了。")
	}
	was := entry.Columns
	entry.Columns = columns
	data := map[string]any{"from": was, "to": columns, "reason": reason}
	e := Effect{
		Entries: []catalog.Entry{entry},
		Events:  []Note{{Kind: EventReposted, Ref: id, Data: map[string]any{"columns": columns}}},
		Audits:  []Note{{Actor: who.Login, Kind: "entry.repost", Ref: id, Data: data}},
	}
	return r.tellLive(s, entry, "县里把稿件放到了这些栏目："+columnNames(s.Columns, columns)+"。", e), nil
}

func (r rules) pin(s Snapshot, who access.User, id string, until time.Time, reason string) (Effect, error) {
	entry := s.Entries[id]
	route := Route(find(s.Columns, entry.Columns))
	if err := who.Need(access.Review); err != nil {
		return Effect{}, err
	}
	if n := len(route); n > 0 && !who.MayDecide(route[n-1]) {
		return Effect{}, fault.New(fault.Forbidden, "这个栏目的稿件要由“"+route[n-1].Name+"”的人来置顶。")
	}
	act := "entry.pin"
	if until.IsZero() {
		act = "entry.unpin"
	}
	return Effect{
		Pins:   []Pin{{Entry: id, Until: until}},
		Events: []Note{{Kind: EventPinned, Ref: id, Data: map[string]any{"until": until}}},
		Audits: []Note{{Actor: who.Login, Kind: act, Ref: id, Data: map[string]any{"until": until, "reason": reason}}},
	}, nil
}

// unconfirmed says that an item has to be looked at before anything else is done
// with its entry.
func unconfirmed(x Subject) error {
	return fault.New(fault.Conflict, fmt.Sprintf("“%s”是紧急发布的，还没有补审。请先补审。", x.Item.Title))
}

func columnNames(all []catalog.Column, slugs []string) string {
	var names []string
	for _, c := range find(all, slugs) {
		names = append(names, c.Name)
	}
	return strings.Join(names, "、")
}

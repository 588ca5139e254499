package review

import (
	"context"
	"slices"
	"time"

	"zhanqun/hub/catalog"
	"zhanqun/internal/content"
	"zhanqun/protocol"
)

// Memo is what a hub that was restored from a backup has to know of a word it
// said to a unit, beyond the word itself. It travels with the word, sealed, and
// comes back with it.
type Memo struct {
	Decisions []catalog.Decision `json:"decisions,omitempty"`
	Adoptions []catalog.Adoption `json:"adoptions,omitempty"`
	Item      Standing           `json:"item"`
	// Entry is the item's entry as it was written with this word; nil if it was
	// not. Plain says that its title and body are left out: they are those of the
	// revision Item.LiveRevision.
	Entry *catalog.Entry `json:"entry,omitempty"`
	Plain bool           `json:"plain,omitempty"`
}

// Standing is where an item stood after a word.
type Standing struct {
	Revision     int            `json:"revision"` // the latest one then
	State        protocol.State `json:"state"`
	Step         int            `json:"step,omitempty"`
	DueRole      string         `json:"dueRole,omitempty"`
	LiveRevision int            `json:"live,omitempty"`
	Entry        string         `json:"entry,omitempty"`
	Emergency    bool           `json:"emergency,omitempty"`
	PublishAt    time.Time      `json:"publishAt,omitzero"`
}

// remembering is a Store in which every word carries its memo.
type remembering struct{ Store }

// Decide implements Store.
func (m remembering) Decide(ctx context.Context, ids []string, rule func(Snapshot) (Effect, error)) error {
	return m.Store.Decide(ctx, ids, func(s Snapshot) (Effect, error) {
		e, err := rule(s)
		if err != nil {
			return e, err
		}
		return remember(s, e), nil
	})
}

// remember adds its memo to each word of e.
func remember(s Snapshot, e Effect) Effect {
	for i := range e.Down {
		w := &e.Down[i]
		m := &Memo{}
		item, found := leftBy(s, e, w.Status.Item)
		if !found {
			continue
		}
		m.Item = Standing{Revision: item.Revision, State: item.State, Step: item.Step, DueRole: item.DueRole,
			LiveRevision: item.LiveRevision, Entry: item.Entry, Emergency: item.Emergency, PublishAt: item.PublishAt}
		for _, d := range e.Decisions {
			if d.Item == item.ID {
				m.Decisions = append(m.Decisions, d)
			}
		}
		for _, a := range e.Adoptions {
			if a.Item == item.ID {
				m.Adoptions = append(m.Adoptions, a)
			}
		}
		was, _ := leftBy(s, Effect{}, item.ID) // it may have left the entry by this
		if j := slices.IndexFunc(e.Entries, func(o catalog.Entry) bool { return o.ID == item.Entry || o.ID == was.Entry }); j >= 0 {
			entry := e.Entries[j]
			if m.Plain = plain(s, entry); m.Plain {
				entry.Title, entry.Body = "", ""
			}
			m.Entry = &entry
		}
		w.Memo = m
	}
	return e
}

// leftBy is an item as e leaves it.
func leftBy(s Snapshot, e Effect, id string) (catalog.Item, bool) {
	for _, i := range slices.Backward(e.Items) {
		if i.ID == id {
			return i, true
		}
	}
	for _, x := range slices.Concat(s.Items, s.Others) {
		if x.Item.ID == id {
			return x.Item, true
		}
	}
	return catalog.Item{}, false
}

// plain reports whether an entry says what the latest revision of its only item
// says, as a restored hub would write it.
func plain(s Snapshot, entry catalog.Entry) bool {
	if entry.Combined || len(entry.Sources) != 1 {
		return false
	}
	for _, x := range s.Items {
		if v := entry.Sources[0]; x.Item.ID == v.Item && x.Text.Revision == v.Revision && x.Item.Revision == v.Revision {
			body, err := clean(x.Text.Body)
			return err == nil && entry.Title == content.CleanLine(x.Text.Title) && entry.Body == body
		}
	}
	return false
}

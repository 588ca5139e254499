package review

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"zhanqun/hub/catalog"
	"zhanqun/internal/content"
	"zhanqun/protocol"
)

// Recalled is a word that this hub said before it was restored from a backup, and
// that a node gave back.
type Recalled struct {
	Node   string // whose log it was in
	Status protocol.Status
	Body   []byte // of its entry, byte for byte
	Memo   *Memo  // nil if it had none, or none this hub can open
}

// Recovery is what the words about one item are judged by, beside its Snapshot,
// whose Entries hold those of the words as well, live or not.
type Recovery struct {
	Words   []Recalled                // in the order they were said
	Filed   map[string]bool           // which of their decisions and adoptions are on file
	Texts   map[int]catalog.Revision  // the revisions they name that are on file
	Arrived map[string]bool           // which files of their entries are here
	Sources map[string]protocol.State // the items of their entries that are on file
}

// Verdict is what became of the words about one item.
type Verdict struct {
	Wait bool   // files are still under way: nothing more can be done now
	Why  string // why the words cannot be carried out, for the office; empty if they were
}

// whyNoItem is the Why of words about an item that is not on file.
const whyNoItem = "县里没有这条信息，报送单位也没有再报：可能已过保存期，或没有收下。"

// recoverAll puts every item where its last word left it, as far as its node has
// given all of them back.
func (s *Service) recoverAll(ctx context.Context) error {
	r := s.current()
	var failed []error
	for after := ""; ; {
		ids, err := s.store.RecoverDue(ctx, after, sweepLimit)
		if err != nil {
			return errors.Join(append(failed, err)...)
		}
		for _, id := range ids {
			after = id
			if err := s.store.Recover(ctx, id, whyNoItem, r.recover); err != nil {
				failed = append(failed, fmt.Errorf("recovering %s: %w", id, err))
			}
		}
		if len(ids) < sweepLimit || ctx.Err() != nil {
			return errors.Join(failed...)
		}
	}
}

// recover is the rule for the words about one item. What people decided is put
// on file in any case; where the item stands follows from the last word alone, so
// that nothing that was withdrawn later is published on the way.
func (r rules) recover(s Snapshot, k Recovery) (Effect, Verdict) {
	x := s.Items[0]
	e := history(k)
	last := k.Words[len(k.Words)-1]
	var v Verdict
	switch {
	case last.Status.State == protocol.StateWithdrawn, x.Item.State == protocol.StateWithdrawn:
		e = r.withdrawAgain(s, x, k, e)
	case decidedSince(x, k):
		v.Why = "恢复备份以后，这条信息已经另作处理，以新的处理为准。"
	case last.Memo == nil && last.Status.Off:
		e = tombstone(s, k, last.Status.Entry, r.offAgain(s, x, last, e))
	case last.Memo == nil:
		v.Why = "这次处理的记录不完整，没有恢复。请重新审核。"
	case last.Memo.Item.Revision > x.Item.Revision:
		v.Why = fmt.Sprintf("这次处理的是第 %d 稿，县里现在只有第 %d 稿。请等报送单位再报，或重新审核。", last.Memo.Item.Revision, x.Item.Revision)
	default:
		e, v = r.standAgain(s, x, k, e)
	}
	return r.saidAgain(s, x, k, v, e), v
}

// history puts decisions and adoptions on file that are not.
func history(k Recovery) Effect {
	var e Effect
	seen := map[string]bool{}
	for _, w := range k.Words {
		if w.Memo == nil {
			continue
		}
		for _, d := range w.Memo.Decisions {
			if !k.Filed[d.ID] && !seen[d.ID] {
				seen[d.ID] = true
				e.Decisions = append(e.Decisions, d)
			}
		}
		for _, a := range w.Memo.Adoptions {
			if !k.Filed[a.ID] && !seen[a.ID] {
				seen[a.ID] = true
				e.Adoptions = append(e.Adoptions, a)
			}
		}
	}
	return e
}

// decidedSince reports whether somebody decided on x after the words were said.
func decidedSince(x Subject, k Recovery) bool {
	theirs := map[string]bool{}
	for _, w := range k.Words {
		if w.Memo != nil {
			for _, d := range w.Memo.Decisions {
				theirs[d.ID] = true
			}
		}
	}
	at := k.Words[len(k.Words)-1].Status.At
	return slices.ContainsFunc(x.Decisions, func(d catalog.Decision) bool { return !theirs[d.ID] && d.At.After(at) })
}

// withdrawAgain takes an item back that was withdrawn, by the county or, after the
// last word, by the unit. That always holds: what was taken off the portal stays
// off.
func (r rules) withdrawAgain(s Snapshot, x Subject, k Recovery, e Effect) Effect {
	last := k.Words[len(k.Words)-1]
	entry := lastEntryID(k)
	if x.Item.State == protocol.StateWithdrawn {
		if x.Item.Entry == "" && entry != "" {
			x.Item.Entry = entry
			e.Items = append(e.Items, x.Item)
		}
		return tombstone(s, k, entry, e)
	}
	item := settle(x.Item)
	item.State, item.LiveRevision, item.Emergency = protocol.StateWithdrawn, 0, false
	if entry != "" {
		item.Entry = entry
	}
	e.Items = append(e.Items, item)
	return tombstone(s, k, entry, r.endAgain(s, x, last, e))
}

// lastEntryID names the entry the words speak of last, or is empty.
func lastEntryID(k Recovery) string {
	for _, w := range slices.Backward(k.Words) {
		if w.Status.Entry != "" {
			return w.Status.Entry
		}
	}
	return ""
}

// byUnit is what readers are told of an entry whose unit took it back.
const byUnit = "应发布单位要求撤下"

// tombstone puts an entry on file as withdrawn that was published and taken down
// after the backup: whoever took it from the feed has to hear of its end.
func tombstone(s Snapshot, k Recovery, id string, e Effect) Effect {
	if _, onFile := s.Entries[id]; onFile || id == "" {
		return e
	}
	entry := lastEntry(k, id)
	if entry == nil {
		return e
	}
	if entry.State != catalog.EntryWithdrawn {
		last := k.Words[len(k.Words)-1]
		entry.State, entry.Reason = catalog.EntryWithdrawn, byUnit
		if last.Status.State != protocol.StateWithdrawn || last.Memo != nil {
			entry.Reason = PublicReason(last.Status.Reason)
		}
	}
	entry.Sources = slices.DeleteFunc(entry.Sources, func(v catalog.EntrySource) bool {
		_, onFile := k.Sources[v.Item]
		return !onFile
	})
	entry.UpdatedAt, entry.PublishedAt = time.Time{}, k.Words[0].Status.At
	return e.write(*entry)
}

// endAgain takes the entry off the portal that x is part of, if it is part of
// one. The other items of the entry go back to review until their own words say
// otherwise.
func (r rules) endAgain(s Snapshot, x Subject, w Recalled, e Effect) Effect {
	entry, ok := s.Entries[x.Item.Entry]
	if !ok || x.Item.LiveRevision == 0 {
		return e
	}
	for _, o := range s.Others {
		if o.Item.Entry == entry.ID && o.Item.LiveRevision > 0 {
			e = r.reopen(s, o, e)
		}
	}
	entry.State, entry.Reason = catalog.EntryWithdrawn, PublicReason(w.Status.Reason)
	if w.Memo != nil && w.Memo.Entry != nil {
		entry.Reason, entry.Successor = w.Memo.Entry.Reason, w.Memo.Entry.Successor
	}
	return e.write(entry)
}

func (e Effect) write(entry catalog.Entry) Effect {
	e.Entries = append(e.Entries, entry)
	e.Events = append(e.Events, entryNote(entry))
	return e
}

// offAgain takes an item off the portal whose entry ended with another item.
func (r rules) offAgain(s Snapshot, x Subject, w Recalled, e Effect) Effect {
	if x.Item.LiveRevision == 0 {
		return e
	}
	e = r.reopen(s, x, r.endAgain(s, x, w, e))
	e.Down = e.Down[:len(e.Down)-1] // the word itself is said again
	return e
}

// standAgain puts x where its last word left it.
func (r rules) standAgain(s Snapshot, x Subject, k Recovery, e Effect) (Effect, Verdict) {
	w := k.Words[len(k.Words)-1]
	st := w.Memo.Item
	item := x.Item
	newer := item.Revision > st.Revision // a text came after the word
	if !newer {
		item = settle(item)
		item.State, item.Step, item.DueRole, item.PublishAt = st.State, st.Step, st.DueRole, st.PublishAt
	}
	if st.LiveRevision == 0 {
		// Published before the backup or after it, and taken down since.
		e = tombstone(s, k, lastEntryID(k), r.endAgain(s, x, w, e))
		item.LiveRevision, item.Entry, item.Emergency = 0, st.Entry, st.Emergency
		e.Items = append(e.Items, item)
		return e, Verdict{}
	}
	entry, v := r.entryAgain(s, x, k)
	switch {
	case v.Why != "":
		return e, v
	case v.Wait && (newer || !w.Memo.Plain || x.Item.State == protocol.StateApproved):
		return e, v
	case v.Wait:
		// Decided is decided; only readers have to wait.
		item.State, item.DueRole, item.LiveRevision, item.Entry = protocol.StateApproved, "", x.Item.LiveRevision, x.Item.Entry
		e.Items = append(e.Items, item)
		return e, v
	}
	item.LiveRevision, item.Entry, item.Emergency = st.LiveRevision, st.Entry, st.Emergency
	e.Items = append(e.Items, item)
	if entry != nil {
		e = e.write(*entry)
	}
	return e, Verdict{}
}

// entryAgain returns the entry of x as it has to be written, or nil if it stands
// as it should.
func (r rules) entryAgain(s Snapshot, x Subject, k Recovery) (*catalog.Entry, Verdict) {
	w := k.Words[len(k.Words)-1]
	id := w.Memo.Item.Entry
	there, onFile := s.Entries[id]
	want := lastEntry(k, id)
	switch {
	case onFile && there.State == catalog.EntryWithdrawn && there.UpdatedAt.After(w.Status.At):
		return nil, Verdict{Why: "恢复备份以后，门户上的这篇稿件已经撤下，没有再发布。"}
	case want == nil && !onFile:
		return nil, Verdict{Why: "门户稿件的文字没有随通知保存下来，没有恢复。请重新发布。"}
	case want == nil, onFile && there.Version >= want.Version && there.UpdatedAt.After(w.Status.At):
		// As it should be, but perhaps without this item: its node came later than
		// those of the other ones.
		if slices.ContainsFunc(there.Sources, func(v catalog.EntrySource) bool { return v.Item == x.Item.ID }) || want == nil {
			return nil, Verdict{}
		}
		there.Sources = want.Sources
		want = &there
	}
	for _, f := range want.Files {
		if !k.Arrived[f.SHA256] {
			return nil, Verdict{Wait: true}
		}
	}
	entry := *want
	entry.Sources = nil
	for _, v := range want.Sources {
		state, ok := k.Sources[v.Item]
		if ok && state == protocol.StateWithdrawn {
			return nil, Verdict{Why: "所在的综合稿件里有一条信息已经撤回，稿件没有再发布。请重新处理。"}
		}
		if ok {
			entry.Sources = append(entry.Sources, v)
		}
	}
	entry.State, entry.Reason, entry.Successor = catalog.EntryLive, "", ""
	if entry.PublishedAt.IsZero() {
		entry.PublishedAt = w.Status.At
	}
	if entry.Version > 1 && entry.CorrectedAt.IsZero() {
		entry.CorrectedAt = w.Status.At
	}
	if onFile {
		entry.PublishedAt, entry.UpdatedAt, entry.PinnedUntil = there.PublishedAt, there.UpdatedAt, there.PinnedUntil
	} else {
		entry.UpdatedAt = time.Time{}
	}
	return &entry, Verdict{}
}

// lastEntry is an entry as the last word that wrote it has it.
func lastEntry(k Recovery, id string) *catalog.Entry {
	for _, w := range slices.Backward(k.Words) {
		if w.Memo == nil || w.Memo.Entry == nil || w.Memo.Entry.ID != id {
			continue
		}
		entry := *w.Memo.Entry
		if !w.Memo.Plain {
			return &entry
		}
		text, ok := k.Texts[entry.Sources[0].Revision]
		if !ok {
			return nil
		}
		body, err := clean(text.Body)
		if err != nil {
			return nil
		}
		entry.Title, entry.Body = content.CleanLine(text.Title), body
		return &entry
	}
	return nil
}

// saidAgain tells the node its words again, which it knows, so that this hub has
// them in its log; or, where they no longer hold, how the item stands.
func (r rules) saidAgain(s Snapshot, x Subject, k Recovery, v Verdict, e Effect) Effect {
	if v.Wait {
		return e
	}
	states := make([]string, len(k.Words))
	for i, w := range k.Words {
		states[i] = string(w.Status.State)
	}
	data := map[string]any{"words": states, "decisions": len(e.Decisions)}
	if v.Why != "" {
		data["why"] = v.Why
		x.Item = dueAgain(s, x, e)
		e.Items = append(e.Items, x.Item)
		st := r.status(s, x.Item, catalog.Decision{})
		st.Comment = "县级平台恢复了备份。" + v.Why
		if x.Item.LiveRevision > 0 {
			entry := s.Entries[x.Item.Entry]
			st.Columns, st.Entry, st.URL, st.Combined = entry.Columns, entry.ID, r.url(entry.ID), entry.Combined
		}
		e.Down = append(e.Down, Word{Node: x.Item.Node, Status: st})
	} else {
		var said []Word
		for _, w := range k.Words {
			said = append(said, Word{Node: x.Item.Node, Status: w.Status, Body: w.Body})
		}
		e.Down = append(said, e.Down...)
	}
	e.Events = append(e.Events, Note{Kind: EventRecovered, Ref: x.Item.ID, Data: data})
	e.Audits = append(e.Audits, Note{Actor: "hub", Kind: "item.recover", Ref: x.Item.ID, Data: data})
	return e
}

// dueAgain is an item that could not be put where it stood, with the step that
// is due after what was decided and is on file again.
func dueAgain(s Snapshot, x Subject, e Effect) catalog.Item {
	item := x.Item
	if !open(x) || x.Item.LiveRevision > 0 {
		return item
	}
	for _, d := range e.Decisions {
		if d.Revision == item.Revision {
			x.Decisions = append(x.Decisions, d)
		}
	}
	slices.SortStableFunc(x.Decisions, func(a, b catalog.Decision) int { return a.At.Compare(b.At) })
	if p := planOf(s, x); len(p.valid) > 0 || p.step != item.Step {
		item.State, item.Step, item.DueRole = protocol.StateInReview, p.step, p.due().Role
	}
	return item
}

package review

import (
	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// withdraw takes a live item off the portal. It names the latest revision or
// the live one: either way it is clear what is meant, and taking something back
// must not fail because a newer text has just arrived.
func (r rules) withdraw(s Snapshot, x Subject, who access.User, q Request) (Effect, error) {
	if err := who.Need(access.Withdraw); err != nil {
		return Effect{}, err
	}
	if x.Item.State == protocol.StateWithdrawn {
		return Effect{}, fault.New(fault.Conflict, "这条信息已经撤回了。")
	}
	if x.Item.LiveRevision == 0 {
		return Effect{}, fault.New(fault.Conflict, "这条信息没有发布，不需要撤回。不想采用的话，请选“不采用”。")
	}
	if q.Revision != x.Item.Revision && q.Revision != x.Item.LiveRevision {
		return Effect{}, stale(x, q.Revision)
	}
	entry := s.Entries[x.Item.Entry]
	d := r.decision(s, x, who, q, x.Item.Step)
	e := Effect{}.record(who, d)
	item := settle(x.Item)
	item.State, item.LiveRevision, item.Emergency = protocol.StateWithdrawn, 0, false
	st := r.status(s, item, d)
	st.Entry, st.URL, st.Combined = entry.ID, r.url(entry.ID), entry.Combined
	if q.URL != "" {
		st.Comment = join(st.Comment, "新的内容在："+q.URL)
	}
	e = e.move(item, st)
	for _, o := range s.Others {
		if o.Item.Entry == entry.ID && o.Item.LiveRevision > 0 {
			e = r.reopen(s, o, e)
		}
	}
	entry.State, entry.Reason, entry.Successor = catalog.EntryWithdrawn, PublicReason(q.Reason), q.URL
	e.Entries = append(e.Entries, entry)
	e.Events = append(e.Events, entryNote(entry))
	return e, nil
}

// reopen brings an item back to review whose entry goes because of another
// item's withdrawal. A newer revision of it just goes on where it is.
func (r rules) reopen(s Snapshot, x Subject, e Effect) Effect {
	item := x.Item
	p := planOf(s, x)
	item.LiveRevision, item.Entry = 0, ""
	if item.State.Live() {
		item = settle(item)
		item.State, item.Step = protocol.StateInReview, len(p.route)
		item.DueRole = p.route[item.Step-1].Role
	}
	st := r.status(s, item, catalog.Decision{})
	st.Off = true
	st.Comment = "所在的综合稿件因其中一条信息撤回，已从门户撤下。本条由县里重新处理，不需要您操作。"
	if item.Step >= 1 && item.Step <= len(p.route) {
		st.Step, st.Steps, st.StepName = item.Step, len(p.route), p.route[item.Step-1].Name
	}
	e.Events = append(e.Events, Note{Kind: EventReopened, Ref: item.ID, Data: map[string]any{"entry": x.Item.Entry}})
	return e.move(item, st)
}

// PublicReason is what readers are told when an entry is withdrawn. It names a
// class, never what was wrong with whom: that would publish it once more.
func PublicReason(code string) string {
	switch code {
	case "error", "fact", "word", "link", "photo", "format":
		return "内容有误，已撤下"
	case "superseded", "duplicate":
		return "已有更新的内容，本条不再有效"
	case "stale":
		return "内容已不再有效"
	}
	return "已由发布单位撤下"
}

package review

import (
	"fmt"
	"slices"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/internal/content"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// combine makes one entry of the items asked for. Each is approved by it, so
// each must be at a step who may decide, and no further step may be due in the
// columns chosen: nothing goes around the review by being put together. Items
// that are already live may take part if they are all of one entry, which is
// then corrected; all of its items must be named.
func (r rules) combine(s Snapshot, who access.User, q Combination) (Effect, error) {
	entry, err := r.combined(s, q)
	if err != nil {
		return Effect{}, err
	}
	if len(q.Columns) > 0 {
		entry.Columns = q.Columns
	} else if entry.Version == 1 {
		entry.Columns = planOf(s, s.Items[0]).columns
	}
	route, err := routeTo(s, entry.Columns)
	if err != nil {
		return Effect{}, err
	}
	if err := entryText(&entry, s, q); err != nil {
		return Effect{}, err
	}
	e := Effect{}
	for i, x := range s.Items {
		if err := latest(x, q.Items[i]); err != nil {
			return Effect{}, err
		}
		if x.Item.Emergency {
			return Effect{}, unconfirmed(x)
		}
		if settled(x) {
			if err := mayEdit(x, who, route); err != nil {
				return Effect{}, err
			}
			continue
		}
		if e, err = r.include(s, x, who, q, route, entry, e); err != nil {
			return Effect{}, err
		}
	}
	if len(e.Entries) == 0 { // only the text was edited
		e.Entries = append(e.Entries, entry)
		e.Events = append(e.Events, entryNote(entry))
	}
	e.Audits = append(e.Audits, Note{Actor: who.Login, Kind: "entry.combine", Ref: entry.ID,
		Data: map[string]any{"items": q.Items, "columns": entry.Columns, "version": entry.Version}})
	return r.tellLive(s, entry, "县里修改了门户上的稿件文字。", e), nil
}

// combined returns the entry to be made, or the next version of the one that
// the live items among them share.
func (r rules) combined(s Snapshot, q Combination) (catalog.Entry, error) {
	live := ""
	for _, x := range s.Items {
		switch {
		case x.Item.LiveRevision == 0:
		case live == "":
			live = x.Item.Entry
		case live != x.Item.Entry:
			return catalog.Entry{}, fault.Field("items", "所选信息里有两条已经分别发布，不能再合到一起。请先撤回其中一篇。")
		}
	}
	if live == "" {
		return catalog.Entry{ID: r.newID(), State: catalog.EntryLive, Version: 1}, nil
	}
	for _, o := range s.Others {
		if o.Item.Entry == live && o.Item.LiveRevision > 0 {
			return catalog.Entry{}, fault.Field("items", "“"+o.Item.Title+"”也在这篇综合稿件里，请一并选上。")
		}
	}
	return corrected(s, s.Entries[live], q.Note), nil
}

// entryText fills in what readers see.
func entryText(entry *catalog.Entry, s Snapshot, q Combination) error {
	body, err := clean(q.Body)
	if err != nil {
		return err
	}
	entry.Title, entry.Body = content.CleanLine(q.Title), body
	hits := content.Scan(entry.Title + "\n" + content.Shown(body))
	flags := make([]string, 0, len(hits))
	for _, h := range hits {
		flags = append(flags, string(h.Kind))
	}
	slices.Sort(flags)
	flags = slices.Compact(flags)
	if slices.Contains(flags, FlagSecrecy) {
		return fault.Field("body", "文字带有密级或“不公开”标志，不能发布。")
	}
	if found := private(flags); found != "" && q.Override == "" {
		return fault.Field("override", "文字里有"+found+"。请遮盖；确需公开的，写明公开理由。")
	}
	entry.Sources, entry.Files = nil, nil
	for _, x := range s.Items {
		entry.Sources = append(entry.Sources, sourceOf(x))
		for _, f := range x.Text.Attachments {
			if !slices.ContainsFunc(entry.Files, func(o protocol.Attachment) bool { return o.SHA256 == f.SHA256 }) {
				entry.Files = append(entry.Files, f)
			}
		}
	}
	if len(entry.Files) > maxFiles {
		return fault.Field("items", fmt.Sprintf("附件合计 %d 个，一篇稿件最多 %d 个。", len(entry.Files), maxFiles))
	}
	entry.Credit, entry.Combined = credit(s.Items), len(s.Items) > 1
	return nil
}

// include approves x and makes it part of entry.
func (r rules) include(s Snapshot, x Subject, who access.User, q Combination, route []catalog.Step, entry catalog.Entry, e Effect) (Effect, error) {
	named := func(err error) error {
		f := asFault(err)
		if f == nil {
			return err
		}
		c := *f
		c.Message = "信息“" + x.Item.Title + "”：" + f.Message
		return &c
	}
	if err := free(s, x, who); err != nil {
		return Effect{}, named(err)
	}
	if !open(x) {
		return Effect{}, named(closed(x))
	}
	p := planOf(s, x)
	if err := mayReview(p, x, who); err != nil {
		return Effect{}, named(err)
	}
	if x.Missing > 0 {
		return Effect{}, named(fault.New(fault.Conflict, "附件还没有传完，请稍后再综合。"))
	}
	d := r.decision(s, x, who, Request{
		Action: catalog.ActionApprove, Comment: q.Comment, Override: q.Override, Columns: entry.Columns,
	}, p.step)
	if err := mayApprove(p, d, x.Text.Flags); err != nil {
		return Effect{}, named(err)
	}
	if next := due(route, append(slices.Clone(p.valid), d)); next > 0 {
		return Effect{}, named(fault.New(fault.Conflict, "还差“"+route[next-1].Name+"”，审到最后一步才能综合发布。"))
	}
	item := settle(x.Item)
	item.Step = len(route)
	return r.place(s, item, entry, d, e.record(who, d)), nil
}

// tellLive tells the nodes of items that were in the entry before what became
// of it, in the words of said; their own state stays.
func (r rules) tellLive(s Snapshot, entry catalog.Entry, said string, e Effect) Effect {
	for _, x := range s.Items {
		if !settled(x) {
			continue
		}
		item := x.Item
		st := r.status(s, item, catalog.Decision{})
		st.Columns, st.Entry, st.URL, st.Combined = entry.Columns, entry.ID, r.url(entry.ID), entry.Combined
		st.Comment = said
		e = e.move(item, st)
	}
	return e
}

// settled reports whether the latest revision of x is on the portal.
func settled(x Subject) bool {
	return x.Item.State.Live() && x.Item.LiveRevision == x.Item.Revision
}

// mayEdit returns why who may not change the text or the columns of an entry
// that x is in, or nil. The steps to the columns must be covered by those who
// approved x, with who as one more.
func mayEdit(x Subject, who access.User, route []catalog.Step) error {
	if !who.MayDecide(route[len(route)-1]) {
		return fault.New(fault.Forbidden, "修改这个栏目的稿件要由“"+route[len(route)-1].Name+"”的人来做。")
	}
	valid := approvals(x.Decisions)
	if !slices.ContainsFunc(valid, func(d catalog.Decision) bool { return d.Account == who.ID }) {
		valid = append(valid, catalog.Decision{Role: string(who.Role)})
	}
	if next := due(route, valid); next > 0 {
		return fault.New(fault.Conflict, "“"+x.Item.Title+"”还差“"+route[next-1].Name+"”，不能改到这个栏目。")
	}
	return nil
}

// latest returns a conflict unless the part names the latest revision.
func latest(x Subject, p Part) error {
	if p.Revision != 0 && p.Revision != x.Item.Revision {
		return stale(x, p.Revision)
	}
	return nil
}

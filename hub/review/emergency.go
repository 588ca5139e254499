package review

import (
	"slices"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/internal/fault"
)

// provisional reports whether the latest text of x went on the portal in an
// emergency and still has steps to do.
func provisional(x Subject) bool { return x.Item.Emergency && settled(x) }

// rush publishes x before its last step: who stands for that one now, and the
// steps between are done afterwards, by others. d is who's approval, not yet
// recorded.
func (r rules) rush(s Snapshot, x Subject, p plan, route []catalog.Step, who access.User, d catalog.Decision) (Effect, error) {
	if err := who.Need(access.Final); err != nil {
		return Effect{}, err
	}
	if x.Missing > 0 {
		return Effect{}, fault.New(fault.Conflict, "附件还没有传完，不能紧急发布。请稍后再试，或请报送单位先交一稿不带附件的。")
	}
	d.Emergency, d.Step = true, len(route)
	next := due(route, append(slices.Clone(p.valid), d))
	item := settle(x.Item)
	item.Step, item.DueRole, item.Emergency = next, route[next-1].Role, true
	x.Item = item
	e, err := r.publish(s, x, d, Effect{}.record(who, d))
	if err != nil {
		return Effect{}, err
	}
	st := &e.Down[len(e.Down)-1].Status
	st.Comment = join("紧急发布，事后补审。", st.Comment)
	return e, nil
}

// confirm passes a step of what was published in an emergency. It changes
// nothing that readers see.
func (r rules) confirm(s Snapshot, x Subject, p plan, who access.User, d catalog.Decision, q Request) (Effect, error) {
	entry := s.Entries[x.Item.Entry]
	switch {
	case q.Emergency:
		return Effect{}, fault.New(fault.Conflict, "这一稿已经紧急发布，现在是补审。")
	case !q.PublishAt.IsZero():
		return Effect{}, fault.Field("publishAt", "这一稿已经发布，不能再定时。")
	case q.Note != "":
		return Effect{}, fault.Field("note", "补审不改门户上的文字，不需要更正说明。")
	case len(q.Columns) > 0 && !sameSet(q.Columns, entry.Columns):
		return Effect{}, fault.Field("columns", "补审不改栏目。要换栏目，请在补审后转发。")
	}
	if err := mayApprove(p, d, x.Text.Flags); err != nil {
		return Effect{}, err
	}
	d.Columns = p.columns
	e := Effect{}.record(who, d)
	item := settle(x.Item)
	said := "紧急发布的内容已补审通过。"
	if next := due(p.route, append(slices.Clone(p.valid), d)); next > 0 {
		item.Step, item.DueRole = next, p.route[next-1].Role
		said = "紧急发布的内容已补“" + stepName(p.route, d.Step) + "”，还差“" + p.route[next-1].Name + "”。"
	} else {
		item.Step, item.Emergency = len(p.route), false
		e.Events = append(e.Events, Note{Kind: EventConfirmed, Ref: item.ID, Data: map[string]any{"entry": entry.ID}})
	}
	st := r.status(s, item, d)
	st.Columns, st.Entry, st.URL, st.Combined = entry.Columns, entry.ID, r.url(entry.ID), entry.Combined
	st.Comment = join(said, st.Comment)
	return e.move(item, st), nil
}

// takeDown ends the entry of an item that was published in an emergency and did
// not pass afterwards: what nobody else approved does not stay. d was recorded
// in e. The item itself goes on as the decision has it, so a returned one can
// come back in a new revision.
func (r rules) takeDown(s Snapshot, item catalog.Item, p plan, d catalog.Decision, e Effect) Effect {
	entry := s.Entries[item.Entry]
	item.LiveRevision, item.Emergency = 0, false
	entry.State, entry.Reason = catalog.EntryWithdrawn, PublicReason(d.Reason)
	e.Entries = append(e.Entries, entry)
	e.Events = append(e.Events, entryNote(entry))
	st := r.status(s, item, d)
	st.Step, st.Steps, st.StepName, st.Off = p.step, len(p.route), p.due().Name, true
	st.Comment = join(st.Comment, "紧急发布的内容没有通过补审，已从门户撤下。")
	return e.move(item, st)
}

// join puts two remarks together, either of which may be empty.
func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "\n" + b
}

func sameSet(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}

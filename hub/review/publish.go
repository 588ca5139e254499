package review

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"zhanqun/hub/catalog"
	"zhanqun/internal/chinatime"
	"zhanqun/internal/content"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// FlagSecrecy marks a text that can never be approved. Flags are kinds of content.Hit.
const FlagSecrecy = string(content.KindSecrecy)

// private names the personal data among flags, or returns "".
func private(flags []string) string {
	var names []string
	for _, f := range flags {
		if k := content.Kind(f); k == content.KindID || k == content.KindPhone || k == content.KindCard {
			names = append(names, k.Name())
		}
	}
	return strings.Join(names, "、")
}

// publish puts x, which d let through, on the portal. Of a live item it corrects
// the entry. While files are under way or its hour has not come, the item waits
// as approved.
func (r rules) publish(s Snapshot, x Subject, d catalog.Decision, e Effect) (Effect, error) {
	item := x.Item
	if old := s.Entries[item.Entry]; item.LiveRevision > 0 && old.Combined {
		return Effect{}, fault.New(fault.Conflict, "这条信息已并入综合稿件“"+old.Title+"”。请用“综合”修改那篇稿件的文字，并把这条信息的新稿一并选上。")
	}
	entry, err := r.entryOf(s, x, d.Columns, d.Note)
	if err != nil {
		return Effect{}, err
	}
	if x.Missing == 0 && !s.At.Before(item.PublishAt) {
		return r.place(s, item, entry, d, e), nil
	}
	item.State = protocol.StateApproved
	st := r.status(s, item, d)
	st.Step, st.Steps, st.Columns = item.Step, item.Step, d.Columns
	st.Comment = join(st.Comment, waiting(s, x))
	return e.move(item, st), nil
}

// waiting says what an approved item waits for.
func waiting(s Snapshot, x Subject) string {
	at := x.Item.PublishAt
	switch {
	case x.Missing > 0 && s.At.Before(at):
		return fmt.Sprintf("审核已通过，定于%s发布。还有 %d 个附件没有传完，要收齐才能发布。", hour(at), x.Missing)
	case x.Missing > 0:
		return fmt.Sprintf("审核已通过，还有 %d 个附件没有传完，收齐后自动发布。", x.Missing)
	}
	return "审核已通过，定于" + hour(at) + "自动发布。"
}

// hour is a time as people here write it.
func hour(at time.Time) string { return at.In(chinatime.Zone).Format("2006年1月2日15:04") }

// place makes item part of entry, which is written with e.
func (r rules) place(s Snapshot, item catalog.Item, entry catalog.Entry, d catalog.Decision, e Effect) Effect {
	first := item.LiveRevision == 0
	item.State = protocol.StateAdopted
	if !first {
		item.State = protocol.StateCorrected
	}
	item.LiveRevision, item.Entry, item.PublishAt = item.Revision, entry.ID, time.Time{}
	st := r.status(s, item, d)
	st.Columns, st.Entry, st.URL, st.Combined = entry.Columns, entry.ID, r.url(entry.ID), entry.Combined
	if first {
		st.Outlet = OutletCounty
		e.Adoptions = append(e.Adoptions, catalog.Adoption{
			ID: r.newID(), Item: item.ID, Outlet: OutletCounty, URL: st.URL, Entry: entry.ID, At: s.At, Account: d.Account,
		})
		e.Events = append(e.Events, Note{Kind: EventAdopted, Ref: item.ID, Data: map[string]any{"outlet": OutletCounty, "entry": entry.ID}})
	}
	if !slices.ContainsFunc(e.Entries, func(o catalog.Entry) bool { return o.ID == entry.ID }) {
		e.Entries = append(e.Entries, entry)
		e.Events = append(e.Events, entryNote(entry))
	}
	return e.move(item, st)
}

func entryNote(entry catalog.Entry) Note {
	kind := EventPublished
	switch {
	case entry.State == catalog.EntryWithdrawn:
		kind = EventWithdrawn
	case entry.Version > 1:
		kind = EventCorrected
	}
	return Note{Kind: kind, Ref: entry.ID, Data: map[string]any{"version": entry.Version, "columns": entry.Columns}}
}

// entryOf makes the entry of one item's latest revision, or the correction of
// the entry it has.
func (r rules) entryOf(s Snapshot, x Subject, columns []string, note string) (catalog.Entry, error) {
	body, err := clean(x.Text.Body)
	if err != nil {
		return catalog.Entry{}, err
	}
	e := r.entry(s, x, note)
	e.Title, e.Body, e.Columns = content.CleanLine(x.Text.Title), body, columns
	e.Sources = []catalog.EntrySource{sourceOf(x)}
	e.Credit = credit([]Subject{x})
	e.Files = x.Text.Attachments
	return e, nil
}

// clean is content.Sanitize with a fault that says what a reviewer can do.
func clean(body string) (string, error) {
	out, err := content.Sanitize(body)
	var f *fault.Error
	if errors.As(err, &f) {
		return "", err
	}
	if err != nil {
		return "", fmt.Errorf("cleaning body: %w", err)
	}
	return out, nil
}

// entry returns x's live entry one version on, or a new one.
func (r rules) entry(s Snapshot, x Subject, note string) catalog.Entry {
	if x.Item.LiveRevision > 0 {
		if e, ok := s.Entries[x.Item.Entry]; ok {
			return corrected(s, e, note)
		}
	}
	return catalog.Entry{ID: r.newID(), State: catalog.EntryLive, Version: 1}
}

// corrected returns e one version on, with a note that readers see.
func corrected(s Snapshot, e catalog.Entry, note string) catalog.Entry {
	e.Version++
	for _, head := range []string{"更正：", "更正:"} { // as many begin their note; it is said below
		note = strings.TrimSpace(strings.TrimPrefix(note, head))
	}
	if note == "" {
		note = "发布单位更正了内容。"
	}
	at := s.At.In(chinatime.Zone)
	e.Note = fmt.Sprintf("%d年%d月%d日更正：%s", at.Year(), at.Month(), at.Day(), note)
	return e
}

func sourceOf(x Subject) catalog.EntrySource {
	i := x.Item
	return catalog.EntrySource{
		Item: i.ID, Revision: i.Revision, Unit: i.Unit, UnitName: i.UnitName, Origin: i.Origin, OriginName: i.OriginName, Author: x.Text.Author,
	}
}

// credit is the line that says where an entry comes from and who handed it in.
func credit(list []Subject) string {
	var sources, units []string
	for _, x := range list {
		unit := x.Item.UnitName
		if unit == "" {
			unit = x.Item.Unit
		}
		if x.Item.OriginName != "" {
			unit += x.Item.OriginName
		}
		sources, units = append(sources, x.Text.Source), append(units, unit)
	}
	from, by := distinct(sources), distinct(units)
	if from == by || from == "" {
		return "供稿：" + by
	}
	return "来源：" + from + "　供稿：" + by
}

func distinct(list []string) string {
	var out []string
	for _, s := range list {
		if s = content.CleanLine(s); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return strings.Join(out, "、")
}

// url is where readers find an entry; empty without an entry, and a path
// without a host while the portal's address is not known.
func (r rules) url(entry string) string {
	if entry == "" {
		return ""
	}
	return strings.TrimSuffix(r.portal, "/") + "/entries/" + entry
}

// complete publishes an approved item whose files have all arrived and whose
// hour has come. It has no effect on any other.
func (r rules) complete(s Snapshot) (Effect, error) {
	x := s.Items[0]
	if x.Item.State != protocol.StateApproved || x.Missing > 0 || s.At.Before(x.Item.PublishAt) {
		return Effect{}, nil
	}
	last, err := lastApproval(x)
	if err != nil {
		return Effect{}, err
	}
	return r.publish(s, x, last, Effect{})
}

// lastApproval returns the approval that let x through, without its comment,
// which was said when it was given.
func lastApproval(x Subject) (catalog.Decision, error) {
	given := approvals(x.Decisions)
	if len(given) == 0 {
		return catalog.Decision{}, fmt.Errorf("item %s is approved without an approval", x.Item.ID)
	}
	last := given[len(given)-1]
	last.Comment = ""
	return last, nil
}

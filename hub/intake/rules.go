package intake

import (
	"fmt"
	"slices"
	"time"

	"zhanqun/hub/catalog"
	"zhanqun/protocol"
)

const cloneReason = "发现两台电脑在用同一个节点身份发送内容，已暂停接收。内容都在各自的电脑上，不会丢；请联系县级管理员给两台电脑各一个新的入网码"

func cloneNotice(at time.Time) *protocol.Notice {
	return &protocol.Notice{ID: newID(), Title: "本单位的上报已暂停", At: at,
		Text: "县级平台发现有两台电脑在用同一个节点身份发送内容（常见原因：复制了整个硬盘或数据文件夹）。" +
			"为避免内容混乱，已暂停接收。已接收的内容不受影响，未接收的仍在发送的电脑上，不会丢。" +
			"请联系县级管理员，给两台电脑各一个新的入网码：接替原来身份的那台用换机入网码，另一台用普通入网码，都运行 node join 入网码 --again，内容会保留。只留一台的，另一台停用即可。"}
}

// submit takes one revision of an item in.
func (d *decision) submit(n *Node, l *Letter, m *protocol.Submit) *protocol.Fault {
	if d.onFile(n, m) {
		return nil
	}
	if fault := d.maySubmit(n, m); fault != nil {
		return fault
	}
	it := d.Items[m.Item]
	if it == nil {
		it = &catalog.Item{ID: m.Item, Node: n.ID, Unit: n.Unit}
		d.Items[m.Item] = it
		d.fresh[m.Item] = true
	}
	it.Origin, it.Title, it.Column, it.Source, it.Author = m.Origin, m.Title, m.Column, m.Source, m.Author
	it.Revision, it.State, it.Step = m.Revision, protocol.StateReceived, 1
	it.DueRole = dueRole(d.Columns[m.Column], 1)
	it.SubmittedAt, it.ReceivedAt = m.CreatedAt, d.now
	it.Attachments, it.Flags = m.Attachments, l.Flags
	// Who had claimed the old text has to see the new one first, and the hour
	// that was set for it is no longer its.
	it.ClaimedBy, it.ClaimedUntil, it.PublishAt = "", time.Time{}, time.Time{}
	d.touch(it)
	text := catalog.Revision{
		Item: m.Item, Revision: m.Revision, Title: m.Title, Body: m.Body, Column: m.Column, Author: m.Author, Source: m.Source,
		Reviewer: m.Reviewer, Note: m.Note, Override: m.Override, EndorsedBy: m.EndorsedBy, Attachments: m.Attachments,
		Flags: l.Flags, Epoch: l.Entry.Epoch, Seq: l.Entry.Seq, SubmittedAt: m.CreatedAt, ReceivedAt: d.now,
	}
	d.plan.Revisions = append(d.plan.Revisions, text)
	d.Texts[TextOf{m.Item, m.Revision}] = &text
	d.plan.Events = append(d.plan.Events, Event{Kind: "item.received", Ref: m.Item, Data: received{Unit: n.Unit, Revision: m.Revision}})
	return nil
}

// received is what the event item.received tells.
type received struct {
	Unit     string `json:"unit"`
	Revision int    `json:"revision"`
}

func (d *decision) maySubmit(n *Node, m *protocol.Submit) *protocol.Fault {
	if m.Unit != n.Unit {
		return &protocol.Fault{Code: protocol.CodeUnit, Field: "unit", Detail: "本节点不能代表这个单位报送"}
	}
	if fault := d.follows(n, m); fault != nil {
		return fault
	}
	if m.Origin != "" {
		if u, ok := d.Units[m.Origin]; !ok || u.Level != catalog.LevelVillage || u.Parent != n.Unit {
			return &protocol.Fault{Code: protocol.CodeUnit, Field: "origin", Detail: "来稿的村（社区）不在本单位名下，请重新选择"}
		}
	}
	if c, ok := d.Columns[m.Column]; !ok || c.Closed {
		return &protocol.Fault{Code: protocol.CodeColumn, Field: "column", Detail: "这个栏目不存在或已停用，请改选其他栏目"}
	}
	return nil
}

// follows reports why a revision cannot be the next one of its item.
func (d *decision) follows(n *Node, m *protocol.Submit) *protocol.Fault {
	onFile := 0
	if it := d.Items[m.Item]; it != nil {
		if it.Node != n.ID {
			return &protocol.Fault{Code: protocol.CodeUnit, Field: "item", Detail: "这个编号已被其他单位的信息使用"}
		}
		switch it.State {
		case protocol.StateWithdrawn:
			return &protocol.Fault{Code: protocol.CodeState, Detail: "这条信息已撤回，不能再修改；如需发布请新建一条"}
		case protocol.StateRejected:
			return &protocol.Fault{Code: protocol.CodeState, Detail: "这条信息已定为不采用，不能再修改；如需报送请新建一条"}
		}
		onFile = it.Revision
	}
	next := max(onFile, d.Refused[ItemOf{Node: n.ID, Item: m.Item}]) + 1
	if m.Revision <= onFile || m.Revision > next {
		return &protocol.Fault{Code: protocol.CodeRevision, Field: "revision",
			Detail: fmt.Sprintf("第 %d 稿接不上县里已有的第 %d 稿", m.Revision, onFile)}
	}
	return nil
}

// entryWithdrawn is what readers are told; who and why stays with the office.
const entryWithdrawn = "应发布单位要求撤下"

// withdraw takes an item back, and its entry off the portal.
func (d *decision) withdraw(n *Node, m *protocol.Withdraw) *protocol.Fault {
	it := d.Items[m.Item]
	if it == nil || it.Node != n.ID {
		return &protocol.Fault{Code: protocol.CodeUnknown, Field: "item", Detail: "县里没有这条信息，不需要撤回"}
	}
	if it.State == protocol.StateWithdrawn {
		return nil // both sides withdrew it; that is agreement
	}
	was, entry := *it, d.Entries[it.Entry]
	it.State, it.LiveRevision, it.DueRole, it.Emergency = protocol.StateWithdrawn, 0, "", false
	it.ClaimedBy, it.ClaimedUntil, it.PublishAt = "", time.Time{}, time.Time{}
	d.touch(it)
	d.plan.Decisions = append(d.plan.Decisions, catalog.Decision{ID: newID(), Item: it.ID, Revision: it.Revision, Step: it.Step,
		Action: catalog.ActionWithdraw, Comment: m.Reason, Account: nodeActor(n.ID), Name: m.By, At: d.now})
	status := &protocol.Status{Item: it.ID, Revision: it.Revision, State: it.State, By: m.By, At: d.now}
	if entry != nil {
		status.Entry = entry.ID
		d.endEntry(entry, it)
	}
	d.down(n.ID, protocol.KindStatus, status)
	d.plan.Events = append(d.plan.Events, Event{Kind: "item.withdrawn", Ref: it.ID})
	d.plan.Audits = append(d.plan.Audits, Audit{Actor: nodeActor(n.ID), Act: "item.withdraw", Ref: it.ID, Before: was, After: *it,
		Detail: map[string]any{"reason": m.Reason, "by": m.By, "revision": it.Revision}})
	return nil
}

// endEntry takes an entry off the portal. The other units whose items went into
// it did nothing wrong: their items go back to the last step of review.
func (d *decision) endEntry(entry *Entry, cause *catalog.Item) {
	d.plan.Entries = append(d.plan.Entries, EntryEnd{ID: entry.ID, Reason: entryWithdrawn})
	d.plan.Events = append(d.plan.Events, Event{Kind: "entry.withdrawn", Ref: entry.ID})
	delete(d.Entries, entry.ID)
	slices.Sort(entry.Items)
	for _, id := range entry.Items {
		if it := d.Items[id]; it != nil && it.ID != cause.ID && it.Entry == entry.ID && it.LiveRevision > 0 {
			d.reopen(it)
		}
	}
}

// reopen brings an item whose entry is gone back to review. A newer revision
// that is under review already just goes on.
func (d *decision) reopen(it *catalog.Item) {
	was, steps := it.Entry, d.Columns[it.Column].Steps
	it.LiveRevision, it.Entry = 0, ""
	if it.State.Live() {
		it.State, it.Step = protocol.StateInReview, max(len(steps), 1)
		it.DueRole = dueRole(d.Columns[it.Column], it.Step)
		it.ClaimedBy, it.ClaimedUntil = "", time.Time{}
	}
	d.touch(it)
	status := &protocol.Status{Item: it.ID, Revision: it.Revision, State: it.State, Off: true, At: d.now,
		Comment: "所在的综合稿件因其中一条信息撤回，已从门户撤下。本条由县里重新处理，不需要您操作。"}
	if it.Step >= 1 && it.Step <= len(steps) {
		status.Step, status.Steps, status.StepName = it.Step, len(steps), steps[it.Step-1].Name
	}
	d.down(it.Node, protocol.KindStatus, status)
	d.plan.Events = append(d.plan.Events, Event{Kind: "item.reopened", Ref: it.ID, Data: map[string]string{"entry": was}})
}

// dueRole is who has to decide a step. A column without steps needs the chief,
// as review has it.
func dueRole(c catalog.Column, step int) string {
	if step < 1 || step > len(c.Steps) {
		return "chief"
	}
	return c.Steps[step-1].Role
}

package review

import (
	"fmt"
	"slices"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/internal/chinatime"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

func clock(at time.Time) string { return at.In(chinatime.Zone).Format("15:04") }

// decide is the rule for one decision on one item.
func (r rules) decide(s Snapshot, who access.User, q Request) (Effect, error) {
	x := s.Items[0]
	if err := free(s, x, who); err != nil && q.Action != catalog.ActionWithdraw {
		return Effect{}, err
	}
	return r.judge(s, x, who, q)
}

// judge is decide for an item that is free.
func (r rules) judge(s Snapshot, x Subject, who access.User, q Request) (Effect, error) {
	if q.Action == catalog.ActionWithdraw {
		return r.withdraw(s, x, who, q)
	}
	if err := who.Need(access.Review); err != nil {
		return Effect{}, err
	}
	if q.Revision != x.Item.Revision {
		return Effect{}, stale(x, q.Revision)
	}
	// What waits for its files can still be stopped.
	if !open(x) && (x.Item.State != protocol.StateApproved || q.Action == catalog.ActionApprove) {
		return Effect{}, closed(x)
	}
	p := planOf(s, x)
	if err := mayReview(p, x, who); err != nil {
		return Effect{}, err
	}
	d := r.decision(s, x, who, q, p.step)
	switch {
	case q.Action == catalog.ActionApprove && provisional(x):
		return r.confirm(s, x, p, who, d, q)
	case q.Action == catalog.ActionApprove:
		return r.approve(s, x, p, who, d, q)
	case q.Action == catalog.ActionReturn:
		return r.refuse(s, x, p, who, d, protocol.StateReturned)
	default:
		return r.refuse(s, x, p, who, d, protocol.StateRejected)
	}
}

func stale(x Subject, asked int) error {
	return fault.Wrap(fault.Conflict, fmt.Sprintf("您看的是第 %d 稿，现在是第 %d 稿。请看过新稿再决定。", asked, x.Item.Revision),
		&Stale{Asked: catalog.Revision{Item: x.Item.ID, Revision: asked}, Latest: catalog.Revision{Item: x.Item.ID, Revision: x.Item.Revision}})
}

func closed(x Subject) error {
	return fault.New(fault.Conflict, "这条信息现在是“"+stateName(x)+"”，不需要审核。请刷新页面。")
}

func stateName(x Subject) string { return catalog.StateNames[x.Item.State] }

// decision notes what who decided. Its time is later than that of the decision
// before it, whatever the clocks say, because their order means something.
func (r rules) decision(s Snapshot, x Subject, who access.User, q Request, step int) catalog.Decision {
	at := s.At
	if n := len(x.Decisions); n > 0 && !at.After(x.Decisions[n-1].At) {
		at = x.Decisions[n-1].At.Add(time.Millisecond)
	}
	return catalog.Decision{
		ID: r.newID(), Item: x.Item.ID, Revision: x.Item.Revision, Step: step, Action: q.Action, Reason: q.Reason,
		Fields: q.Fields, Comment: q.Comment, Override: q.Override, Columns: q.Columns, Note: q.Note,
		Role: string(who.Role), Account: who.ID, Name: who.Name, At: at,
	}
}

// approve passes a step. After the last one the item is published, and in an
// emergency before.
func (r rules) approve(s Snapshot, x Subject, p plan, who access.User, d catalog.Decision, q Request) (Effect, error) {
	if err := mayApprove(p, d, x.Text.Flags); err != nil {
		return Effect{}, err
	}
	if len(d.Columns) == 0 {
		d.Columns = p.columns
	}
	route, err := routeTo(s, d.Columns)
	if err != nil {
		return Effect{}, err
	}
	next := due(route, append(slices.Clone(p.valid), d))
	if next > 0 && q.Emergency {
		return r.rush(s, x, p, route, who, d)
	}
	if next > 0 && !q.PublishAt.IsZero() {
		return Effect{}, fault.Field("publishAt", "还差“"+route[next-1].Name+"”。什么时候发布，由最后一步来定。")
	}
	e := Effect{}.record(who, d)
	item := settle(x.Item)
	if next > 0 {
		item.State, item.Step, item.DueRole = protocol.StateInReview, next, route[next-1].Role
		st := r.status(s, item, d)
		st.Step, st.Steps, st.StepName, st.Columns = next, len(route), route[next-1].Name, d.Columns
		return e.move(item, st), nil
	}
	item.Step, item.PublishAt, item.Emergency = len(route), q.PublishAt, false
	x.Item = item
	return r.publish(s, x, d, e)
}

// mayApprove returns why d may not be an approval, or nil.
func mayApprove(p plan, d catalog.Decision, flags []string) error {
	for _, a := range p.valid {
		if a.Account == d.Account {
			return fault.New(fault.Forbidden, "您已经审过这一稿的“"+stepName(p.route, a.Step)+"”，下一步要由另一个人审。")
		}
	}
	if slices.Contains(flags, FlagSecrecy) {
		return fault.New(fault.Invalid, "内容带有密级或“不公开”标志，不能发布。请不采用，并联系保密审查人。")
	}
	if found := private(flags); found != "" && d.Override == "" {
		return fault.Field("override", "内容里有"+found+"。请退回遮盖；确需公开的，写明公开理由后再通过。")
	}
	return nil
}

// routeTo returns the route to columns that can be chosen now.
func routeTo(s Snapshot, slugs []string) ([]catalog.Step, error) {
	columns := find(s.Columns, slugs)
	if len(columns) < len(slugs) {
		return nil, fault.Field("columns", "所选栏目有的已经不存在，请重新选择。")
	}
	for _, c := range columns {
		if c.Closed {
			return nil, fault.Field("columns", "栏目“"+c.Name+"”已经关闭，请改选其他栏目。")
		}
	}
	return Route(columns), nil
}

// refuse returns or rejects. What is live stays live.
func (r rules) refuse(s Snapshot, x Subject, p plan, who access.User, d catalog.Decision, state protocol.State) (Effect, error) {
	e := Effect{}.record(who, d)
	item := settle(x.Item)
	item.State, item.Step, item.DueRole = state, p.step, ""
	if item.Emergency {
		return r.takeDown(s, item, p, d, e), nil
	}
	st := r.status(s, item, d)
	st.Step, st.Steps, st.StepName = p.step, len(p.route), p.due().Name
	if state == protocol.StateRejected && item.LiveRevision > 0 {
		// The newer text is refused, the item is not: say both, the truth last.
		item.State = liveState(s, item)
		e = e.move(item, st)
		again := r.status(s, item, catalog.Decision{})
		again.Revision, again.Entry, again.URL = item.LiveRevision, item.Entry, r.url(item.Entry)
		again.Combined = s.Entries[item.Entry].Combined
		again.Comment = fmt.Sprintf("第 %d 稿没有采用，门户上仍是第 %d 稿。", item.Revision, item.LiveRevision)
		e.Down = append(e.Down, Word{Node: item.Node, Status: again})
		return e, nil
	}
	return e.move(item, st), nil
}

// liveState is the state of an item whose latest text is the one on the portal,
// or was refused while an earlier one is.
func liveState(s Snapshot, item catalog.Item) protocol.State {
	if s.Entries[item.Entry].Version > 1 {
		return protocol.StateCorrected
	}
	return protocol.StateAdopted
}

// settle returns item as it is after any decision: claimed by nobody, nothing
// due, nothing waiting for its hour.
func settle(item catalog.Item) catalog.Item {
	item.ClaimedBy, item.ClaimedUntil, item.DueRole, item.PublishAt = "", time.Time{}, "", time.Time{}
	return item
}

// move adds an item's new state and the word to its node.
func (e Effect) move(item catalog.Item, st protocol.Status) Effect {
	e.Items = append(e.Items, item)
	e.Down = append(e.Down, Word{Node: item.Node, Status: st})
	return e
}

// status is what the node is told of item after d.
func (r rules) status(s Snapshot, item catalog.Item, d catalog.Decision) protocol.Status {
	st := protocol.Status{
		Item: item.ID, Revision: item.Revision, State: item.State,
		Reason: d.Reason, Fields: d.Fields, Comment: d.Comment, At: s.At,
	}
	if r.showNames {
		st.By = d.Name
	}
	return st
}

// record adds a decision.
func (e Effect) record(who access.User, d catalog.Decision) Effect {
	data := map[string]any{"revision": d.Revision, "step": d.Step, "action": d.Action}
	if d.Reason != "" {
		data["reason"] = d.Reason
	}
	act := "item." + d.Action
	if d.Emergency {
		act, data["emergency"] = "item.emergency", true
	}
	e.Decisions = append(e.Decisions, d)
	e.Events = append(e.Events, Note{Kind: EventDecided, Ref: d.Item, Data: data})
	e.Audits = append(e.Audits, Note{Actor: who.Login, Kind: act, Ref: d.Item, Data: d})
	return e
}

func stepName(route []catalog.Step, step int) string {
	if step >= 1 && step <= len(route) {
		return route[step-1].Name
	}
	return "上一步"
}

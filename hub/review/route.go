package review

import (
	"slices"
	"strings"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/internal/account"
	"zhanqun/internal/fault"
)

// Route returns the steps an item walks that is meant for all these columns:
// as many as the column with the most, each with the highest role any of them
// asks for. So choosing a further column can only add to what has to be done.
func Route(columns []catalog.Column) []catalog.Step {
	var route []catalog.Step
	for _, c := range columns {
		for i, step := range c.Steps {
			switch {
			case i == len(route):
				route = append(route, step)
			case isChief(step.Role) && !isChief(route[i].Role):
				route[i] = step
			}
		}
	}
	return route
}

// FirstStep returns the step and the role that are due when a revision arrives
// that is meant for a column: 1 and the role of the column's first step.
func FirstStep(columns []catalog.Column, slug string) (step int, role string) {
	for _, c := range columns {
		if c.Slug == slug && len(c.Steps) > 0 {
			return 1, c.Steps[0].Role
		}
	}
	return 1, string(account.RoleReviewer)
}

func isChief(role string) bool { return role == string(account.RoleChief) }

// approvals returns the approvals in list.
func approvals(list []catalog.Decision) []catalog.Decision {
	var valid []catalog.Decision
	for _, d := range list {
		if d.Action == catalog.ActionApprove {
			valid = append(valid, d)
		}
	}
	return valid
}

// due returns the first step of route that no approval covers, or 0. Approvals
// cover the steps one after the other, in the order they were given; one whose
// role is too low for the step that is due covers none. One given in an
// emergency covers the last step, before those between.
func due(route []catalog.Step, valid []catalog.Decision) int {
	done, last := 0, len(route)
	for _, a := range valid {
		if a.Emergency {
			last = max(len(route)-1, 0)
		}
	}
	for _, a := range valid {
		if !a.Emergency && done < last && (isChief(a.Role) || !isChief(route[done].Role)) {
			done++
		}
	}
	if done == last {
		return 0
	}
	return done + 1
}

// plan is where an item stands on its way.
type plan struct {
	columns []string
	route   []catalog.Step
	valid   []catalog.Decision // approvals of the latest revision that still count
	step    int                // the step that is due, from 1
}

// planOf works out where x stands. The columns are those chosen last at an
// earlier step of this revision; else those of its live entry, if the revision
// is meant for one of them, or for the same as the live one was: then the county
// chose others, and that stands; else its own.
func planOf(s Snapshot, x Subject) plan {
	p := plan{valid: approvals(x.Decisions), columns: []string{x.Text.Column}}
	if e, ok := s.Entries[x.Item.Entry]; ok && x.Item.LiveRevision > 0 && (slices.Contains(e.Columns, x.Text.Column) || x.LiveColumn == x.Text.Column) {
		p.columns = e.Columns
	}
	for _, a := range p.valid {
		if len(a.Columns) > 0 {
			p.columns = a.Columns
		}
	}
	p.route = Route(find(s.Columns, p.columns))
	if len(p.route) == 0 { // the column was taken off the list of columns
		p.route = []catalog.Step{{Name: "终审", Role: string(account.RoleChief)}}
	}
	// All steps are done, and yet one is due: the entry the item was combined
	// into was withdrawn, or a step was struck off the column. The last step is
	// decided again, by whoever, so that a person publishes.
	if p.step = due(p.route, p.valid); p.step == 0 {
		p.step = len(p.route)
		p.valid = firstCovering(p.route[:p.step-1], p.valid)
	}
	return p
}

// firstCovering returns the approvals up to the one that covers the last of steps.
func firstCovering(steps []catalog.Step, valid []catalog.Decision) []catalog.Decision {
	for n := range valid {
		if due(steps, valid[:n]) == 0 {
			return valid[:n]
		}
	}
	return nil
}

func (p plan) due() catalog.Step { return p.route[p.step-1] }

func find(all []catalog.Column, slugs []string) []catalog.Column {
	var list []catalog.Column
	for _, slug := range slugs {
		if i := slices.IndexFunc(all, func(c catalog.Column) bool { return c.Slug == slug }); i >= 0 {
			list = append(list, all[i])
		}
	}
	return list
}

// open reports whether a step of x is due.
func open(x Subject) bool { return x.Item.DueRole != "" }

// mayReview returns why who may not decide the step of x that is due, or nil.
// It holds for every action of a step.
func mayReview(p plan, x Subject, who access.User) error {
	step := p.due()
	if !who.MayDecide(step) {
		if isChief(step.Role) && who.May(access.Review) {
			return fault.New(fault.Forbidden, "这条信息正在等“"+step.Name+"”，这一步由分管领导审核。")
		}
		return who.Need(access.Review)
	}
	if Wrote(who, x.Text) {
		return fault.New(fault.Forbidden, "这条信息的作者是您本人（或与您同名），自己写的不能自己审，请由其他审核员处理。")
	}
	return nil
}

// Wrote reports whether who is named as an author of t. A namesake is taken for
// the author: another reviewer can decide, and the rule has no hole.
func Wrote(who access.User, t catalog.Revision) bool {
	names := strings.FieldsFunc(t.Author, func(r rune) bool { return strings.ContainsRune("、，,;；/|（）() \t　", r) })
	for _, n := range append(names, strings.TrimSpace(t.Author)) {
		if n != "" && (access.FoldLogin(n) == who.Login || n == who.Name) {
			return true
		}
	}
	return false
}

// free returns why x is not free to be decided by who now, or nil.
func free(s Snapshot, x Subject, who access.User) error {
	if h := x.Held; h != nil {
		if h.Who.ID == who.ID {
			return fault.New(fault.Conflict, "您刚才的决定还在撤销期内。请先撤销，或等它生效。")
		}
		return fault.New(fault.Conflict, h.Who.Name+"刚刚审过这条信息，决定几秒后生效。")
	}
	i := x.Item
	if i.ClaimedBy != "" && i.ClaimedBy != who.ID && s.At.Before(i.ClaimedUntil) {
		name := i.ClaimedName
		if name == "" {
			name = "另一位审核员"
		}
		return fault.New(fault.Conflict, name+"正在审这条信息，到"+clock(i.ClaimedUntil)+"为止。急用的话可以写明理由接手。")
	}
	return nil
}

// Due returns the step of x that is due and its role, as the columns are now.
func Due(s Snapshot, x Subject) (step int, role string) {
	p := planOf(s, x)
	return p.step, p.due().Role
}

package access

import (
	"zhanqun/hub/catalog"
	"zhanqun/internal/account"
	"zhanqun/internal/fault"
)

// Action is something a person may or may not do.
type Action string

// The actions. Deciding a step of review depends on the step: see MayDecide.
const (
	ReadAll  Action = "read"     // every item, entry, site and statistic
	Review   Action = "review"   // claim items, decide steps meant for reviewers, combine
	Final    Action = "final"    // decide steps meant for the chief
	Withdraw Action = "withdraw" // take an entry off the portal
	Adopt    Action = "adopt"    // record that city, province or state took an item over
	Inspect  Action = "inspect"  // start checks of sites, strike findings off
	Manage   Action = "manage"   // users, units, nodes, columns, sites, tokens of others
	Audit    Action = "audit"    // read who did what
)

// Actions returns all actions, for tests and documentation.
func Actions() []Action {
	return []Action{ReadAll, Review, Final, Withdraw, Adopt, Inspect, Manage, Audit}
}

// allowed is the whole rule. The administrator does not decide what the public
// reads, and those who decide do not hand out accounts: nobody can do both
// without being given two accounts, which the audit log shows.
var allowed = map[account.Role]map[Action]bool{
	account.RoleViewer:   set(ReadAll),
	account.RoleReviewer: set(ReadAll, Review, Adopt, Inspect),
	account.RoleChief:    set(ReadAll, Review, Final, Withdraw, Adopt, Inspect, Audit),
	account.RoleAdmin:    set(ReadAll, Inspect, Manage, Audit),
	account.RoleLiaison:  set(),
	account.RoleVillage:  set(),
}

func set(list ...Action) map[Action]bool {
	m := make(map[Action]bool, len(list))
	for _, a := range list {
		m[a] = true
	}
	return m
}

// May reports whether u may do a.
func (u User) May(a Action) bool { return !u.Disabled && allowed[u.Role][a] }

// MayDecide reports whether u may decide a step of review.
func (u User) MayDecide(step catalog.Step) bool {
	if account.Role(step.Role) == account.RoleChief {
		return u.May(Final)
	}
	return u.May(Review)
}

// MayRead reports whether u may read an item of the given unit that came from
// the village origin, which is empty when it came from the unit itself. A
// liaison reads what her unit handed in, a village liaison what the village did.
func (u User) MayRead(unit, origin string) bool {
	switch {
	case u.May(ReadAll):
		return true
	case u.Disabled || u.Unit == "":
		return false
	case u.Role == account.RoleLiaison:
		return u.Unit == unit
	case u.Role == account.RoleVillage:
		return u.Unit == origin
	}
	return false
}

// Need returns nil if u may do a, and otherwise a fault that says who could.
func (u User) Need(a Action) error {
	if u.May(a) {
		return nil
	}
	who := map[Action]string{
		Manage: "只有管理员可以做这件事。", Final: "只有分管领导可以做这件事。", Withdraw: "只有分管领导可以撤回已发布的内容。",
		Review: "只有审核员和分管领导可以做这件事。", Adopt: "只有审核员和分管领导可以做这件事。",
		Audit: "只有管理员和分管领导可以查看操作记录。",
	}[a]
	if who == "" {
		who = "您的账号没有这项权限，需要的话请联系管理员。"
	}
	return fault.New(fault.Forbidden, who)
}

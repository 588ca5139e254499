package rules

import (
	"fmt"
	"slices"
)

// Most clauses and parts a set may have, and the largest count.
const (
	maxClauses = 300
	maxCount   = 1_000_000
)

func (s *Set) check() error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("检查指标 %s：%s", s.ID, fmt.Sprintf(format, args...))
	}
	if s.Base <= 0 || s.Pass < 0 || s.Pass > s.Base || s.Bonus.Most < 0 {
		return bad("总分 base 要大于 0，合格线 pass 在 0 和总分之间")
	}
	if s.Windows != "calendar" && s.Windows != "days" {
		return bad("windows 只能是 calendar（按日历）或 days（按天数）")
	}
	if len(s.Clauses) == 0 || len(s.Clauses) > maxClauses {
		return bad("要有 1 到 %d 条指标", maxClauses)
	}
	groups, ids := map[string]bool{}, map[string]bool{}
	for _, g := range s.Groups {
		if g.ID == "" || g.Name == "" || g.Points <= 0 || groups[g.ID] || !g.Mark.valid() {
			return bad("分组 %q 要有不重复的编号、名称、大于 0 的分值和出处标记", g.ID)
		}
		groups[g.ID] = true
	}
	for _, c := range s.Clauses {
		if ids[c.ID] {
			return bad("指标编号 %q 重复", c.ID)
		}
		ids[c.ID] = true
		if err := c.check(groups); err != nil {
			return bad("指标 %q：%s", c.ID, err)
		}
	}
	return nil
}

func (m Mark) valid() bool { return m == Found || m == Known || m == Reference }

func (c Clause) check(groups map[string]bool) error {
	kind, known := kinds[c.Kind]
	switch {
	case c.ID == "" || c.Title == "":
		return fmt.Errorf("要有编号 id 和名称 title")
	case !c.Mark.valid():
		return fmt.Errorf("出处标记 mark 只能是 F、K 或 K?")
	case c.Mark != Reference && c.Source == "":
		return fmt.Errorf("没有出处 source 的只能标 K?")
	case !known:
		return fmt.Errorf("没有 %q 这种指标 kind", c.Kind)
	case c.Veto && !kind.veto:
		return fmt.Errorf("kind = %q 不能作单项否决", c.Kind)
	case c.Veto && c.Group != "":
		return fmt.Errorf("单项否决不属于扣分的分组")
	case !c.Veto && kind.deducts && !groups[c.Group]:
		return fmt.Errorf("没有分组 group = %q", c.Group)
	case c.Limit < 0 || c.Limit > maxCount || c.Warn < 0 || c.Least < 0 || c.Least > maxCount || c.Points < 0 || c.None < 0 || c.Share < 0 || c.NearTo < 0:
		return fmt.Errorf("数值不能小于 0，也不能太大")
	}
	for _, p := range c.Parts {
		if p.Period.IsZero() || len(p.Classes) == 0 {
			return fmt.Errorf("每一部分 part 要有栏目类别 classes 和时长 period")
		}
		for _, class := range p.Classes {
			if class != "*" && !slices.Contains(classes, class) {
				return fmt.Errorf("没有栏目类别 %q", class)
			}
		}
	}
	for _, need := range kind.needs(c) {
		if need.missing {
			return fmt.Errorf("要有 %s", need.name)
		}
	}
	return nil
}

var classes = []string{ClassNews, ClassNotice, ClassPolicy, ClassPersonnel, ClassPlan, ClassOther}

type need struct {
	name    string
	missing bool
}

// shape is what a kind of clause may be and which numbers it needs.
type shape struct {
	veto, deducts bool
	needs         func(Clause) []need
}

func nothing(Clause) []need { return nil }

var kinds = map[string]shape{
	KindAvailability: {true, true, func(c Clause) []need {
		return []need{{"period（天）", c.Period.Days == 0}, {"per_day", c.PerDay < 1}, {"share", c.Veto && c.Share == 0}, {"points", !c.Veto && c.Points == 0}}
	}},
	KindHome: {true, false, func(c Clause) []need { return []need{{"period", c.Period.IsZero()}} }},
	KindStale: {true, true, func(c Clause) []need {
		return []need{{"part", len(c.Parts) == 0}, {"limit", c.Veto && c.Limit == 0}, {"points", !c.Veto && c.Points == 0}}
	}},
	KindOverdue: {true, true, func(c Clause) []need {
		return []need{{"part", len(c.Parts) == 0}, {"limit", c.Veto && c.Limit == 0}, {"points", !c.Veto && c.Points == 0}}
	}},
	KindBlank: {true, true, func(c Clause) []need {
		return []need{{"limit", c.Veto && c.Limit == 0}, {"points", !c.Veto && c.Points == 0}}
	}},
	KindSerious: {true, false, func(c Clause) []need { return []need{{"kinds", len(c.Kinds) == 0}, {"limit", c.Limit == 0}} }},
	KindUnanswered: {true, false, func(c Clause) []need {
		return []need{{"period", c.Period.IsZero()}, {"limit", c.Limit == 0}}
	}},
	KindServices:  {true, false, func(c Clause) []need { return []need{{"classes", c.Classes == 0}, {"limit", c.Limit == 0}} }},
	KindAccounts:  {true, false, func(c Clause) []need { return []need{{"limit", c.Limit == 0}} }},
	KindDeadHome:  {false, true, func(c Clause) []need { return []need{{"points", c.Points == 0}} }},
	KindDeadOther: {false, true, func(c Clause) []need { return []need{{"points", c.Points == 0}} }},
	KindFewItems: {false, true, func(c Clause) []need {
		return []need{{"period", c.Period.IsZero()}, {"least", c.Least == 0}, {"points", c.Points == 0}}
	}},
	KindFewActs:     {false, true, func(c Clause) []need { return []need{{"act", c.Act == ""}, {"least", c.Least == 0}} }},
	KindGiven:       {false, true, func(c Clause) []need { return []need{{"points", c.Points == 0}} }},
	KindBonus:       {false, false, nothing},
	KindClosedGuess: {false, false, func(c Clause) []need { return []need{{"share", c.Share == 0}} }},
}

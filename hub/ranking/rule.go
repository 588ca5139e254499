package ranking

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"zhanqun/hub/catalog"
	"zhanqun/internal/chinatime"
	"zhanqun/protocol"
)

// How the units whose items were combined into one entry share its points.
const (
	CombinedFull  = "full"  // each gets all of them
	CombinedSplit = "split" // each gets its share, to the tenth of a point
)

// Rule says what things are worth from a day on.
type Rule struct {
	ID    string `json:"id"`    // stands in every table made by it
	Name  string `json:"name"`  // what people call it
	Since string `json:"since"` // first day it holds, 2026-01-01
	// Points are for adoptions. Where several fit an item, the most counts.
	Points   []Points `json:"points"`
	Combined string   `json:"combined"` // CombinedFull or CombinedSplit
	// Annul are the reasons of a withdrawal that take back what the county's
	// adoption earned, codes of protocol.Reasons; UnitReason stands for a unit
	// that takes an item back itself.
	Annul []string `json:"annul"`
	// Penalty is for each withdrawal that takes points back; not positive.
	Penalty Tenths `json:"penalty"`

	since time.Time
}

// UnitReason stands among the reasons for a withdrawal by the unit itself.
const UnitReason = "unit"

// Points is what one adoption is worth.
type Points struct {
	Outlet string `json:"outlet"`           // county, city, province, state
	Column string `json:"column,omitempty"` // only for entries in this column; empty for any other
	Points Tenths `json:"points"`
}

// Rules are rules by the day from which each holds, oldest first. There is at
// least one.
type Rules []Rule

//go:embed default.json
var defaultRules []byte

// DefaultRules are what a county starts with: one rule, our own proposal.
func DefaultRules() Rules {
	rules, err := ParseRules(defaultRules)
	if err != nil { // embedded, and held by a test
		panic(err)
	}
	return rules
}

// maxRules bounds the file.
const maxRules = 200

// ParseRules reads a JSON array of rules. Its errors are meant for who wrote it.
func ParseRules(text []byte) (Rules, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var rules Rules
	if err := d.Decode(&rules); err != nil {
		return nil, fmt.Errorf("计分规则不是有效的 JSON：%w", err)
	}
	if d.More() {
		return nil, fmt.Errorf("计分规则的 JSON 后面还有别的内容")
	}
	if len(rules) == 0 || len(rules) > maxRules {
		return nil, fmt.Errorf("计分规则应有 1 到 %d 条", maxRules)
	}
	ids := map[string]bool{}
	for i := range rules {
		if err := rules[i].check(); err != nil {
			return nil, fmt.Errorf("第 %d 条计分规则：%w", i+1, err)
		}
		if ids[rules[i].ID] {
			return nil, fmt.Errorf("第 %d 条计分规则：编号 %s 重复", i+1, rules[i].ID)
		}
		ids[rules[i].ID] = true
	}
	slices.SortStableFunc(rules, func(a, b Rule) int { return a.since.Compare(b.since) })
	return rules, nil
}

func (r *Rule) check() error {
	if r.ID == "" || r.Name == "" || len(r.ID) > 60 || len(r.Name) > 200 {
		return fmt.Errorf("要有编号 id 和名称 name，不要太长")
	}
	var err error
	if r.since, err = time.ParseInLocation(time.DateOnly, r.Since, chinatime.Zone); err != nil {
		return fmt.Errorf("生效日期 since 应写成 2026-01-01")
	}
	if r.Combined == "" {
		r.Combined = CombinedFull
	}
	if r.Combined != CombinedFull && r.Combined != CombinedSplit {
		return fmt.Errorf("综合稿件的计分 combined 只能是 full 或 split")
	}
	for _, p := range r.Points {
		if !slices.Contains(outlets, p.Outlet) {
			return fmt.Errorf("采用层级 outlet 只能是 county、city、province 或 state，不能是 %q", p.Outlet)
		}
		if p.Column != "" && !protocol.ValidSlug(p.Column) {
			return fmt.Errorf("栏目代号 column 无效：%q", p.Column)
		}
		if p.Points < 0 {
			return fmt.Errorf("采用的分值不能小于 0")
		}
	}
	for _, code := range r.Annul {
		if _, ok := protocol.ReasonOf(code); !ok && code != UnitReason {
			return fmt.Errorf("没有撤下原因 %q", code)
		}
	}
	if r.Penalty > 0 {
		return fmt.Errorf("扣分 penalty 不能大于 0")
	}
	return nil
}

// outlets are the levels an item can be adopted at, from the county up.
var outlets = []string{catalog.OutletCounty, catalog.OutletCity, catalog.OutletProvince, catalog.OutletState}

// At returns the rule that holds at a time; before the first day of all, the
// first rule.
func (l Rules) At(at time.Time) *Rule {
	for i := len(l) - 1; i > 0; i-- {
		if !at.Before(l[i].since) {
			return &l[i]
		}
	}
	return &l[0]
}

// adopted returns what an adoption is worth for one of the units of an entry.
func (r *Rule) adopted(outlet string, columns []string, sources int) Tenths {
	worth := func(column string) Tenths {
		any, best, found := Tenths(0), Tenths(0), false
		for _, p := range r.Points {
			switch {
			case p.Outlet != outlet:
			case p.Column == "":
				any = max(any, p.Points)
			case p.Column == column:
				best, found = max(best, p.Points), true
			}
		}
		if found {
			return best
		}
		return any
	}
	most := Tenths(0)
	for _, c := range columns {
		most = max(most, worth(c))
	}
	if len(columns) == 0 {
		most = worth("")
	}
	if r.Combined == CombinedSplit && sources > 1 {
		n := Tenths(sources)
		return (most + n/2) / n
	}
	return most
}

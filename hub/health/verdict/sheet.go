package verdict

import (
	"context"
	"fmt"
	"strings"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/health/rules"
	"zhanqun/internal/chinatime"
	"zhanqun/internal/fault"
)

// Sheet is what a person looked at on a site: what no program can judge. What is
// left empty was not looked at.
type Sheet struct {
	Channel    *bool                  `json:"channel,omitempty"`    // there is a way to ask online
	Unanswered []time.Time            `json:"unanswered,omitempty"` // when valid messages without an answer came
	Acts       map[string]int         `json:"acts,omitempty"`       // letters, surveys, interviews of a year
	NoServices bool                   `json:"noServices,omitempty"` // the site offers no services and need not
	Services   *rules.Services        `json:"services,omitempty"`
	Accounts   *rules.Accounts        `json:"accounts,omitempty"` // new-media accounts
	Looked     bool                   `json:"looked,omitempty"`   // for grave faults of every kind
	Grave      []string               `json:"grave,omitempty"`    // those found, each confirmed
	Given      map[string]rules.Given `json:"given,omitempty"`    // by clause
	Who        string                 `json:"who"`
	At         time.Time              `json:"at"`
}

// SheetFor is how long what a person looked at counts: a quarter, with some days
// for the next round.
const SheetFor = 100 * 24 * time.Hour

// Holds reports whether the sheet still counts at a time.
func (s Sheet) Holds(at time.Time) bool { return !s.At.IsZero() && at.Sub(s.At) < SheetFor }

// SaveSheet puts down what a person looked at.
func (s *Service) SaveSheet(ctx context.Context, who access.User, site string, sheet Sheet) error {
	if err := who.Need(access.Inspect); err != nil {
		return err
	}
	if err := sheet.check(s.Now()); err != nil {
		return err
	}
	sheet.Who, sheet.At = who.Login, s.Now()
	return s.Store.SaveSheet(ctx, site, sheet)
}

// Bounds of a sheet.
const (
	mostMessages = 500
	mostGrave    = 50
	mostCount    = 100_000
)

func (s Sheet) check(now time.Time) error {
	if len(s.Unanswered) > mostMessages {
		return fault.Field("unanswered", "留言太多，最多登记 500 条，请先登记最早的。")
	}
	for _, at := range s.Unanswered {
		if at.After(now) {
			return fault.Field("unanswered", "收到日期不能在今天之后。")
		}
	}
	if len(s.Grave) > mostGrave {
		return fault.Field("grave", "最多登记 50 个问题。")
	}
	for _, g := range s.Grave {
		if len(g) > 600 {
			return fault.Field("grave", "每个问题不超过 200 字。")
		}
	}
	if v := s.Services; v != nil && (v.Guides < 0 || v.Guides > mostCount || v.Short < 0 || v.Short > v.Guides) {
		return fault.Field("short", "缺要素的项数不能超过办事指南的项数。")
	}
	if a := s.Accounts; a != nil && (a.Total < 0 || a.Total > mostCount || a.Failed < 0 || a.Failed > a.Total) {
		return fault.Field("failing", "不合格的账号不能超过账号总数。")
	}
	for act, n := range s.Acts {
		if n < 0 || n > mostCount {
			return fault.Field("act-"+act, "请填写 0 到 100000 的整数。")
		}
	}
	for id, g := range s.Given {
		if g.Count < 0 || g.Count > mostCount || g.Points < 0 || g.Points > rules.Whole(100) {
			return fault.Field("count-"+id, "请填写 0 到 100000 的整数。")
		}
	}
	return nil
}

// apply adds what a person looked at to the facts.
func (s Sheet) apply(f *rules.Facts, set *rules.Set) {
	if !s.Holds(f.At) {
		return
	}
	if s.Channel != nil {
		f.Messages = &rules.Messages{Channel: *s.Channel}
		for _, at := range s.Unanswered {
			f.Messages.Unanswered = append(f.Messages.Unanswered, rules.Message{Received: at, Unit: f.Unit, UnitName: f.UnitName})
		}
	}
	f.Acts, f.Given, f.NoServices, f.Services, f.Accounts = s.Acts, s.Given, s.NoServices, s.Services, s.Accounts
	if !s.Looked && len(s.Grave) == 0 {
		return
	}
	if f.Serious == nil {
		f.Serious = &rules.Serious{}
	}
	for _, c := range set.Clauses {
		if c.Kind != rules.KindSerious {
			continue
		}
		if s.Looked {
			f.Serious.Looked = append(f.Serious.Looked, c.Kinds...)
		}
		for _, g := range s.Grave {
			f.Serious.Faults = append(f.Serious.Faults, rules.SeriousFault{Kind: c.Kinds[0], What: g, Unit: f.Unit, UnitName: f.UnitName, Confirmed: true})
		}
		return
	}
}

// ParseDays reads days, one a line, as people write them into a form.
func ParseDays(field, text string) ([]time.Time, error) {
	var list []time.Time
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		at, err := time.ParseInLocation(time.DateOnly, line, chinatime.Zone)
		if err != nil {
			return nil, fault.Field(field, fmt.Sprintf("日期 %s 应写成 2026-11-03，每行一个。", line))
		}
		list = append(list, at)
	}
	return list, nil
}

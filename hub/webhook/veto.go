package webhook

import (
	"fmt"
	"strings"

	"zhanqun/hub/health/rules"
	"zhanqun/hub/health/verdict"
	"zhanqun/internal/chinatime"
)

// vetoWords are what happened to a veto, in the order in which a message lists
// them.
var vetoWords = []struct {
	state rules.State
	word  string
}{{rules.Fallen, "触发单项否决"}, {rules.Near, "接近单项否决"}, {rules.Clear, "解除"}}

// vetoes makes one message of the vetoes that came near, fell, or are over; nil
// for none.
func (s *Service) vetoes(county string, changes []Change) *Message {
	m := &Message{Topic: Veto, At: s.Now(), URL: s.Base() + "/board", Items: []Item{}}
	var counts []string
	for _, w := range vetoWords {
		n := 0
		for _, c := range changes {
			if c.Veto == nil || c.Veto.State != w.state {
				continue
			}
			n++
			if m.Total++; len(m.Lines) < mostItems {
				m.Vetoes = append(m.Vetoes, *c.Veto)
				m.Lines = append(m.Lines, vetoLine(w.word, *c.Veto))
			}
		}
		if n > 0 {
			counts = append(counts, fmt.Sprintf("%s %d 项", w.word, n))
		}
	}
	if m.Total == 0 {
		return nil
	}
	m.Title = titled(county, "检查指标："+strings.Join(counts, "，"))
	if more := m.Total - len(m.Lines); more > 0 {
		m.Lines = append(m.Lines, fmt.Sprintf("另有 %d 项，请到平台查看。", more))
	}
	return m
}

// vetoLine says what happened to a veto: how far it is, whose share it is, and
// when it falls if nothing changes.
func vetoLine(word string, a verdict.Alarm) string {
	title := a.Title
	if !a.Official {
		title += "（县内参考值）"
	}
	parts := []string{fmt.Sprintf("[%s] %s %s：%s", word, a.SiteName, title, strings.TrimRight(a.Says, "。"))}
	if far := a.Distance(); far != "" {
		parts = append(parts, far)
	}
	if share := shareOf(a); share != "" && a.State != rules.Clear {
		parts = append(parts, share)
	}
	if !a.Falls.IsZero() && a.State == rules.Near {
		parts = append(parts, "照此下去 "+a.Falls.In(chinatime.Zone).Format("1月2日")+"触发")
	}
	return strings.Join(parts, "；")
}

// shareOf says whose parts of the count these are: 塘头镇占 2 个、思唐街道占 1 个.
func shareOf(a verdict.Alarm) string {
	var parts []string
	for _, o := range a.Owners {
		name := o.UnitName
		if name == "" {
			name = o.Unit
		}
		parts = append(parts, fmt.Sprintf("%s占 %d 个", name, o.Count))
	}
	return strings.Join(parts, "、")
}

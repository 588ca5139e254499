package webhook

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"zhanqun/hub/health"
	"zhanqun/hub/health/urge"
	"zhanqun/hub/health/verdict"
	"zhanqun/internal/chinatime"
	"zhanqun/protocol"
)

// Message is what a hook is told, before it is put into the hook's form.
type Message struct {
	Topic Topic     `json:"topic"`
	Title string    `json:"title"`
	Lines []string  `json:"lines"` // plain text, one sentence or finding each
	URL   string    `json:"url"`   // where to read on
	At    time.Time `json:"at"`
	Items []Item    `json:"items"` // the findings it is about, the first of them
	Total int       `json:"total"` // how many there are
	// Vetoes are those it is about, the first of them.
	Vetoes []verdict.Alarm `json:"vetoes,omitempty"`
}

// Item is a finding in a message.
type Item struct {
	ID    string    `json:"id"`
	What  string    `json:"what"` // what happened: open, closed, overdue …
	Unit  string    `json:"unit"`
	Name  string    `json:"unitName"`
	Class string    `json:"class"`
	Link  string    `json:"url"`
	Due   time.Time `json:"due,omitzero"`
}

// mostItems is how many findings a message names.
const mostItems = 10

// words are what happened to a finding, as a message says it, in the order in
// which a message lists them.
var words = []struct{ kind, word string }{
	{protocol.FindingOpen, "新发现"}, {health.FindingFound, "待核实"}, {protocol.FindingRecheck, "复查未通过"}, {protocol.FindingDisputed, "有异议"},
	{protocol.StageOverdue, "逾期"}, {protocol.StageExposed, "列入曝光"}, {protocol.StageSupervised, "列入督办"}, {protocol.StageCirculated, "列入通报"},
	{protocol.FindingClosed, "销号"}, {protocol.FindingStruck, "核减"},
}

// topicOf sorts what happened to a finding.
func topicOf(c Change) []Topic {
	switch c.Kind {
	case protocol.FindingOpen, health.FindingFound:
		if urge.Urgent(c.Finding.Class) {
			return []Topic{Veto, Now}
		}
		return []Topic{Now}
	case protocol.FindingRecheck, protocol.FindingDisputed, protocol.FindingClosed, protocol.FindingStruck:
		return []Topic{Now}
	case protocol.StageOverdue, protocol.StageExposed, protocol.StageSupervised, protocol.StageCirculated:
		return []Topic{Urging}
	}
	return nil
}

// digest makes one message on a topic of what happened since the last; nil when
// nothing did.
func (s *Service) digest(county string, t Topic, changes []Change) *Message {
	last := map[string]Change{} // what happened last to each
	var ids []string
	for _, c := range changes {
		if !slices.Contains(topicOf(c), t) {
			continue
		}
		if _, ok := last[c.Finding.ID]; !ok {
			ids = append(ids, c.Finding.ID)
		}
		last[c.Finding.ID] = c
	}
	if len(ids) == 0 {
		return nil
	}
	m := &Message{Topic: t, At: s.Now(), URL: s.Base() + "/findings", Total: len(ids), Items: []Item{}}
	var counts []string
	for _, w := range words {
		n := 0
		for _, id := range ids {
			c := last[id]
			if c.Kind != w.kind {
				continue
			}
			n++
			if len(m.Items) < mostItems {
				f := c.Finding
				m.Items = append(m.Items, Item{ID: f.ID, What: c.Kind, Unit: f.Unit, Name: f.UnitName, Class: f.Class, Link: f.Address(), Due: f.DueAt})
				m.Lines = append(m.Lines, line(w.word, f))
			}
		}
		if n > 0 {
			counts = append(counts, fmt.Sprintf("%s %d 条", w.word, n))
		}
	}
	what := map[Topic]string{Now: "预警", Urging: "整改督办", Veto: "单项否决风险"}[t]
	m.Title = titled(county, what+"："+strings.Join(counts, "，"))
	if more := m.Total - len(m.Items); more > 0 {
		m.Lines = append(m.Lines, fmt.Sprintf("另有 %d 条，请到平台查看。", more))
	}
	return m
}

func line(word string, f health.Finding) string {
	text := fmt.Sprintf("[%s] %s %s %s", word, f.UnitName, f.Class, f.Shown())
	if !f.DueAt.IsZero() && !f.Closed() {
		text += "，期限 " + f.DueAt.In(chinatime.Zone).Format("1月2日")
	}
	return text
}

// daily is the message on a daily report.
func (s *Service) daily(county string, r urge.Report) Message {
	m := Message{Topic: Daily, At: s.Now(), Title: titled(county, "每日检查 "+r.Period.Name), URL: s.Base() + "/findings/circulars?kind=day&day=" + r.Period.ID, Items: []Item{}, Total: len(r.Cases)}
	m.Lines = append(m.Lines, fmt.Sprintf("新发现 %d 条，整改 %d 条，未整改 %d 条，其中逾期 %d 条。", r.Sum.Found, r.Sum.Mended, r.Sum.Open, r.Sum.Overdue))
	for _, u := range r.Units[:min(len(r.Units), mostItems)] {
		if u.Open > 0 {
			m.Lines = append(m.Lines, fmt.Sprintf("%s：未整改 %d 条，逾期 %d 条", u.Name, u.Open, u.Overdue))
		}
	}
	return m
}

// delivery puts a message on its way to h.
func delivery(h Hook, m Message) Delivery {
	raw, err := json.Marshal(m)
	if err != nil { // strings, numbers and times
		panic(err)
	}
	return Delivery{ID: uuid.Must(uuid.NewV7()).String(), Hook: h.ID, Topic: m.Topic, Title: m.Title, Body: string(raw), State: Waiting, At: m.At, NextAt: m.At}
}

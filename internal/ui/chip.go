package ui

import (
	"html/template"
	"maps"
)

// Chip shows a state as a word, a shape and a tone, so that it reads without
// colour, in print and aloud.
type Chip struct {
	Word  string // Chinese; the key of the catalogue
	Shape string // name of a shape in parts/shape.tmpl
	Tone  Tone
}

// chips are the states both programs speak of, from the life of an item, of a
// finding, of a node and of an account.
var chips = map[string]Chip{
	"draft":                {"草稿", "ring", Neutral},
	"awaiting_endorsement": {"待镇里确认", "half", Warn},
	"queued":               {"排队待发", "dots", Neutral},
	"sent":                 {"已发出", "up", Info},
	"received":             {"县里已收到", "dot", Info},
	"in_review":            {"审核中", "half", Info},
	"returned":             {"退回修改", "back", Warn},
	"rejected":             {"不采用", "cross", Neutral},
	"approved":             {"审核通过", "check", Good},
	"adopted":              {"已采用", "seal", Good},
	"corrected":            {"已更正", "pen", Info},
	"withdrawn":            {"已撤回", "bar", Bad},
	"refused":              {"未能接收", "cross", Bad},

	"open":      {"待处理", "triangle", Warn},
	"fixing":    {"已答复，待复查", "up", Info},
	"fixed":     {"已修复", "check", Good},
	"disputed":  {"有异议", "half", Warn},
	"recheck":   {"复查未通过", "triangle", Bad},
	"closed":    {"已销号", "seal", Neutral},
	"struckoff": {"已核减", "cross", Neutral},
	"veto":      {"单项否决", "triangle", Bad},

	"online":   {"在线", "dot", Good},
	"offline":  {"离线", "ring", Warn},
	"invited":  {"待加入", "dots", Neutral},
	"frozen":   {"已冻结", "bar", Bad},
	"revoked":  {"已吊销", "cross", Bad},
	"active":   {"启用", "dot", Good},
	"disabled": {"停用", "bar", Neutral},
}

// Chips returns the states shared by both programs.
func Chips() map[string]Chip { return maps.Clone(chips) }

// chip writes a state. A second argument replaces the word, e.g. to name the
// step. A state nobody described shows as its own name, quietly.
func (s *set) chip(state any, word ...string) (template.HTML, error) {
	name := text(state)
	c, ok := s.chips[name]
	if !ok {
		c = Chip{Word: name, Shape: "ring", Tone: Neutral}
	}
	c.Word = T(s.lang, c.Word)
	if len(word) > 0 && word[0] != "" {
		c.Word = word[0]
	}
	return s.part("chip", c)
}

// toneShape is the shape that goes with a notice of the given tone.
func toneShape(t Tone) string {
	switch t {
	case Good:
		return "check"
	case Warn, Bad:
		return "triangle"
	}
	return "dot"
}

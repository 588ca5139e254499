package queue

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"zhanqun/internal/content"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// tidy cleans what was typed without changing what is meant, and refuses only
// what cannot be kept: a draft may be unfinished, but it must be bounded.
func (t *Text) tidy() error {
	for _, s := range []*string{&t.Title, &t.Author, &t.Source, &t.Reviewer} {
		*s = content.CleanLine(*s)
	}
	for _, s := range []*string{&t.Body, &t.Note, &t.Override} {
		*s = content.CleanText(*s)
	}
	t.Column = strings.TrimSpace(t.Column)
	switch t.Format {
	case "":
		t.Format = Plain
	case Plain, HTML:
	default:
		return fault.Field("format", "正文格式只能是 text 或 html。")
	}
	if len(t.Body) > MaxTyped {
		return fault.New(fault.TooLarge, fmt.Sprintf("正文太长，最多 %d MiB。请把大段内容改作附件。", MaxTyped>>20)).With("body", "正文太长")
	}
	for _, f := range []struct{ name, value string }{{"title", t.Title}, {"author", t.Author}, {"source", t.Source},
		{"reviewer", t.Reviewer}, {"note", t.Note}, {"override", t.Override}, {"column", t.Column}} {
		if utf8.RuneCountInString(f.value) > protocol.MaxTextRunes {
			return fault.Field(f.name, fmt.Sprintf("这一栏太长，最多 %d 个字。", protocol.MaxTextRunes))
		}
	}
	if len(t.Attachments) > protocol.MaxAttachments {
		return fault.Field("attachments", fmt.Sprintf("附件太多，最多 %d 个。", protocol.MaxAttachments))
	}
	return nil
}

// Problem is one reason why a text may not be handed in yet.
type Problem struct {
	Field   string       `json:"field"` // JSON name in Text
	Message string       `json:"message"`
	Hit     *content.Hit `json:"hit,omitempty"`   // what was found there, if it is about content
	Needs   bool         `json:"needs,omitempty"` // can be overridden with a reason
}

// filledIn are the fields nobody types: who, where and which number.
var filledIn = map[string]bool{"item": true, "revision": true, "unit": true}

// Check returns everything that stands in the way of handing t in, for a page
// that warns before it is sent. It looks at the text only, not at files.
func Check(t Text) []Problem {
	m, err := message(t)
	if err != nil {
		return []Problem{{Field: "body", Message: fault.Message(err)}}
	}
	var list []Problem
	for _, f := range m.Validate() {
		if !filledIn[f.Field] {
			list = append(list, Problem{Field: f.Field, Message: f.Detail})
		}
	}
	return append(list, scan(m, content.ToText(m.Body))...)
}

// message returns t as it would travel, without who, where and which number.
func message(t Text) (*protocol.Submit, error) {
	m := &protocol.Submit{Column: t.Column, Title: t.Title, Author: t.Author, Source: t.Source,
		Reviewer: t.Reviewer, Note: t.Note, Override: t.Override, Attachments: t.Attachments}
	if t.Format != HTML {
		m.Body = content.FromText(t.Body)
		return m, nil
	}
	var err error
	if m.Body, err = content.Sanitize(t.Body); err != nil {
		return nil, fmt.Errorf("cleaning body: %w", err)
	}
	return m, nil
}

// scan looks for personal data and secrecy marks in everything readers or
// reviewers would see; words are those of the body.
func scan(m *protocol.Submit, words string) []Problem {
	var list []Problem
	look := func(field, text string) {
		for _, h := range content.Scan(text) {
			p := Problem{Field: field, Hit: &h}
			if h.Kind.Blocks() {
				p.Message = "发现“" + h.Masked + "”字样，涉密或不宜公开的内容不能通过本系统报送。请停止提交并报告本单位保密审查人。"
			} else if p.Needs = true; m.Override == "" {
				p.Message = "发现" + h.Kind.Name() + "（" + h.Masked + "）。请删去或遮盖；确需公开的，请填写公开理由。"
			} else {
				continue
			}
			list = append(list, p)
		}
	}
	look("title", m.Title)
	look("body", words)
	for _, d := range content.Descriptions(m.Body) {
		look("body", d)
	}
	look("author", m.Author)
	look("source", m.Source)
	look("note", m.Note)
	for i, a := range m.Attachments {
		look(fmt.Sprintf("attachments[%d].name", i), a.Name)
		look(fmt.Sprintf("attachments[%d].alt", i), a.Alt)
	}
	return list
}

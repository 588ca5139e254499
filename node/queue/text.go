package queue

import (
	"encoding/json"
	"fmt"

	"zhanqun/internal/content"
	"zhanqun/protocol"
)

// Formats of a typed body.
const (
	Plain = "text" // paragraphs divided by line breaks
	HTML  = "html" // pasted or from an editor; cleaned before it is sent
)

// Text is what was typed, as it was typed.
type Text struct {
	Column      string                `json:"column"`
	Title       string                `json:"title"`
	Body        string                `json:"body"`
	Format      string                `json:"format"` // Plain or HTML; empty means Plain
	Author      string                `json:"author"`
	Source      string                `json:"source"`
	Reviewer    string                `json:"reviewer,omitempty"` // who signed it at the unit
	Note        string                `json:"note,omitempty"`     // words to the county reviewer
	Override    string                `json:"override,omitempty"` // why personal data in it may be public
	Attachments []protocol.Attachment `json:"attachments,omitempty"`
}

// MaxTyped bounds a typed body in bytes. Pasted office markup is many times the
// size of what remains of it.
const MaxTyped = 2 << 20

// Draft is a text to be saved.
type Draft struct {
	ID      string // of the item; empty makes a new one
	Version int    // of the item the text was made from; 0 for a new one
	Village string // village the item comes from; set for village liaisons by itself
	Key     string // of this request, so that repeating it does nothing; may be empty
	Text
}

// keep says how a text is kept beside the entry it went out with. Mostly the
// entry itself says what was typed: a plain text whose paragraphs stand on a line
// each, or HTML that needed no cleaning. Then only the format is noted.
func (t *Text) keep(m *protocol.Submit, words string) (format, typed string, err error) {
	switch {
	case t.Format == Plain && t.Body == words, t.Format == HTML && t.Body == m.Body:
		return t.Format, "", nil
	}
	typed, err = t.encode()
	return t.Format, typed, err
}

// kept is the reverse of keep.
func kept(format, typed string, body []byte) (Text, error) {
	if typed != "" {
		return decodeText(typed)
	}
	var m protocol.Submit
	if err := json.Unmarshal(body, &m); err != nil {
		return Text{}, fmt.Errorf("reading revision: %w", err)
	}
	t := Text{Column: m.Column, Title: m.Title, Body: m.Body, Format: format, Author: m.Author, Source: m.Source,
		Reviewer: m.Reviewer, Note: m.Note, Override: m.Override, Attachments: m.Attachments}
	if format == Plain {
		t.Body = content.ToText(m.Body)
	}
	return t, nil
}

func (t *Text) encode() (string, error) {
	b, err := json.Marshal(t)
	if err != nil {
		return "", fmt.Errorf("writing text: %w", err)
	}
	return string(b), nil
}

func decodeText(s string) (Text, error) {
	var t Text
	if err := json.Unmarshal([]byte(s), &t); err != nil {
		return Text{}, fmt.Errorf("reading text: %w", err)
	}
	return t, nil
}

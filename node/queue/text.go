package queue

import (
	"encoding/json"
	"fmt"

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

package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Kind says what an entry's body is.
type Kind string

// Kinds of the up log.
const (
	KindSubmit   Kind = "item.submit"    // Submit
	KindWithdraw Kind = "item.withdraw"  // Withdraw
	KindAnswer   Kind = "finding.answer" // Answer
	KindLooked   Kind = "looked"         // Looked; only to a hub that asked
)

// Kinds of the down log.
const (
	KindReceipt  Kind = "receipt"     // Receipt
	KindRefusal  Kind = "refusal"     // Refusal
	KindStatus   Kind = "item.status" // Status
	KindFinding  Kind = "finding"     // Finding
	KindFindings Kind = "findings"    // Findings; only for nodes that know it
	KindVetoes   Kind = "vetoes"      // Vetoes; only for nodes that know it
	KindNotice   Kind = "notice"      // Notice
	KindSettings Kind = "settings"    // Settings
	KindRotate   Kind = "rotate"      // Rotate
	KindLook     Kind = "look"        // Look; only for nodes that know it
	KindHubKey   Kind = "hubkey"      // HubKey; only for nodes that know it
)

// Message is the body of an entry.
type Message interface {
	// Validate returns every reason why the message breaks a rule of the wire,
	// in the order of its fields, or nil.
	Validate() []Fault
}

// messages makes an empty body of each kind, per direction.
var messages = map[Direction]map[Kind]func() Message{
	Up: {
		KindSubmit:   func() Message { return new(Submit) },
		KindWithdraw: func() Message { return new(Withdraw) },
		KindAnswer:   func() Message { return new(Answer) },
		KindLooked:   func() Message { return new(Looked) },
	},
	Down: {
		KindReceipt:  func() Message { return new(Receipt) },
		KindRefusal:  func() Message { return new(Refusal) },
		KindStatus:   func() Message { return new(Status) },
		KindFinding:  func() Message { return new(Finding) },
		KindFindings: func() Message { return new(Findings) },
		KindVetoes:   func() Message { return new(Vetoes) },
		KindNotice:   func() Message { return new(Notice) },
		KindSettings: func() Message { return new(Settings) },
		KindRotate:   func() Message { return new(Rotate) },
		KindLook:     func() Message { return new(Look) },
		KindHubKey:   func() Message { return new(HubKey) },
	},
}

// Later are the kinds of the down log that came after the first nodes. A node
// names those it reads in Hello.Knows; to others a hub does not say them.
func Later() []Kind { return []Kind{KindFindings, KindLook, KindHubKey, KindVetoes} }

// Kinds returns the kinds of one direction, for tests and documentation.
func Kinds(dir Direction) []Kind {
	kinds := make([]Kind, 0, len(messages[dir]))
	for k := range messages[dir] {
		kinds = append(kinds, k)
	}
	return kinds
}

// ReadBody reads the body of e as the message its kind names. Fields the reader
// does not know are ignored; a kind it does not know is a fault.
func ReadBody(dir Direction, e Entry) (Message, []Fault) {
	empty, ok := messages[dir][e.Kind]
	if !ok {
		return nil, []Fault{{Code: CodeKind, Detail: fmt.Sprintf("不认识的报文种类 %q，请升级程序", e.Kind)}}
	}
	m := empty()
	if s, ok := m.(*Submit); ok && s.quick(e.Body) {
		return m, m.Validate()
	}
	m = empty()
	if err := json.Unmarshal(e.Body, m); err != nil {
		return nil, []Fault{{Code: CodeMalformed, Field: jsonField(err), Detail: "正文不是可读的 JSON"}}
	}
	return m, m.Validate()
}

// WriteBody returns the JSON of m, or the first reason why it may not travel.
func WriteBody(m Message) ([]byte, error) {
	if faults := m.Validate(); len(faults) > 0 {
		return nil, faults[0]
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // bodies are HTML; escaping would triple their brackets
	if err := enc.Encode(m); err != nil {
		return nil, fmt.Errorf("writing body: %w", err)
	}
	body := bytes.TrimSuffix(b.Bytes(), []byte{'\n'})
	if len(body) > MaxBodyBytes {
		return nil, Fault{Code: CodeTooLarge, Field: "body",
			Detail: fmt.Sprintf("正文共 %d KiB，超过上限 %d KiB，请缩短正文，或把大段内容改作附件", len(body)>>10, MaxBodyBytes>>10)}
	}
	return body, nil
}

func jsonField(err error) string {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return wrong.Field
	}
	return ""
}

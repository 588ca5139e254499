package protocol

import "time"

// Submit hands in one revision of an item. Revision 1 makes the item; each
// later one replaces the text under judgement and must be exactly one higher
// than the last the node sent.
type Submit struct {
	Item        string       `json:"item"`               // UUID, made at the node, never changes
	Revision    int          `json:"revision"`           // 1, 2, 3 …
	Unit        string       `json:"unit"`               // code of the township that answers for it
	Origin      string       `json:"origin,omitempty"`   // code of the village it came from
	Column      string       `json:"column"`             // slug of the column it is meant for
	Title       string       `json:"title"`              // one line, at most MaxTitleRunes
	Body        string       `json:"body"`               // HTML fragment; files as att:<sha256>
	Author      string       `json:"author"`             // who wrote it (撰稿人)
	Source      string       `json:"source"`             // where it comes from (信息来源)
	Reviewer    string       `json:"reviewer,omitempty"` // who signed it at the unit (审签人)
	Note        string       `json:"note,omitempty"`     // words to the county reviewer
	Override    string       `json:"override,omitempty"` // why personal data in it may be public
	CreatedAt   time.Time    `json:"createdAt"`          // the node's clock; informational
	EndorsedBy  string       `json:"endorsedBy,omitempty"`
	Attachments []Attachment `json:"attachments,omitempty"`
}

// Attachment names a file of an item. The bytes travel on their own lane.
type Attachment struct {
	SHA256 string `json:"sha256"` // lower-case hex; the file's identity
	Name   string `json:"name"`   // base name as the reader sees it
	Size   int64  `json:"size"`   // bytes, more than none
	Type   string `json:"type"`   // media type found in the bytes
	Alt    string `json:"alt,omitempty"`
}

// Validate implements Message.
func (m *Submit) Validate() []Fault {
	var c checker
	c.uuid("item", m.Item)
	c.min("revision", m.Revision, 1)
	c.code("unit", m.Unit, true)
	c.code("origin", m.Origin, false)
	c.slug("column", m.Column)
	c.line("title", m.Title, "标题", true, MaxTitleRunes)
	c.text("body", m.Body, "正文", len(m.Attachments) == 0, MaxBodyBytes)
	c.line("author", m.Author, "作者", true, MaxLineRunes)
	c.line("source", m.Source, "信息来源", true, MaxLineRunes)
	c.line("reviewer", m.Reviewer, "审签人", false, MaxLineRunes)
	c.text("note", m.Note, "说明", false, MaxTextRunes)
	c.text("override", m.Override, "公开理由", false, MaxTextRunes)
	c.line("endorsedBy", m.EndorsedBy, "签发人", false, MaxLineRunes)
	c.attachments("attachments", m.Attachments)
	return c.faults
}

// Withdraw takes an item back: before adoption a recall, afterwards a
// withdrawal from everywhere.
type Withdraw struct {
	Item     string    `json:"item"`
	Revision int       `json:"revision"` // the last one the node has sent
	Reason   string    `json:"reason"`
	By       string    `json:"by"`
	At       time.Time `json:"at"`
}

// Validate implements Message.
func (m *Withdraw) Validate() []Fault {
	var c checker
	c.uuid("item", m.Item)
	c.min("revision", m.Revision, 1)
	c.text("reason", m.Reason, "撤回理由", true, MaxTextRunes)
	c.line("by", m.By, "撤回人", true, MaxLineRunes)
	return c.faults
}

// Answers to a finding.
const (
	AnswerFixed    = "fixed"    // 已整改
	AnswerDisputed = "disputed" // 有异议
)

// Answer is the responsible unit's word on a finding.
type Answer struct {
	Finding string    `json:"finding"`
	Answer  string    `json:"answer"` // AnswerFixed or AnswerDisputed
	Note    string    `json:"note,omitempty"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
}

// Validate implements Message.
func (m *Answer) Validate() []Fault {
	var c checker
	c.uuid("finding", m.Finding)
	if m.Answer != AnswerFixed && m.Answer != AnswerDisputed {
		c.add("answer", "答复只能是“已整改”或“有异议”")
	}
	c.text("note", m.Note, "说明", m.Answer == AnswerDisputed, MaxTextRunes)
	c.line("by", m.By, "答复人", true, MaxLineRunes)
	return c.faults
}

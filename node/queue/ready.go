package queue

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
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

// Check returns everything that stands in the way of handing t in, for a page
// that warns before it is sent. It looks at the text only, not at files.
func Check(t Text) []Problem {
	m, err := message(t)
	if err != nil {
		return []Problem{{Field: "body", Message: fault.Message(err)}}
	}
	var list []Problem
	for _, f := range m.Validate() {
		// Who, where and which number are filled in when it is handed in.
		if f.Field != "item" && f.Field != "revision" && f.Field != "unit" {
			list = append(list, Problem{Field: f.Field, Message: f.Detail})
		}
	}
	return append(list, scan(m)...)
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
// reviewers would see.
func scan(m *protocol.Submit) []Problem {
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
	look("body", content.ToText(m.Body))
	look("note", m.Note)
	for i, a := range m.Attachments {
		look(fmt.Sprintf("attachments[%d].name", i), a.Name)
		look(fmt.Sprintf("attachments[%d].alt", i), a.Alt)
	}
	return list
}

// ready is a text that may be handed in.
type ready struct {
	message *protocol.Submit // without who, where and which number
	rev     int64            // of the settings its column was looked up in
}

// ready checks a text outside the transaction, and tells everything that is
// wrong with it as one fault of kind Invalid.
func (q *Queue) ready(ctx context.Context, t Text) (ready, error) {
	m, err := message(t)
	if err != nil {
		return ready{}, err
	}
	var bad *fault.Error
	add := func(field, text string) {
		if bad == nil {
			bad = fault.New(fault.Invalid, text)
		}
		if _, told := bad.Fields[field]; !told {
			bad = bad.With(field, text)
		}
	}
	for _, p := range scan(m) {
		add(p.Field, p.Message)
	}
	settings, err := q.settingsFor(ctx, t.Column)
	if err != nil {
		return ready{}, err
	}
	if text := settings.refuses(t.Column); text != "" {
		add("column", text)
	}
	for _, f := range m.Validate() {
		if f.Field != "item" && f.Field != "revision" && f.Field != "unit" {
			add(f.Field, f.Detail)
		}
	}
	for i, a := range t.Attachments {
		if err := q.onDisk(a); err != nil {
			add(fmt.Sprintf("attachments[%d]", i), fault.Message(err))
		}
	}
	for _, sha := range content.Images(m.Body) {
		if !slices.ContainsFunc(t.Attachments, func(a protocol.Attachment) bool { return a.SHA256 == sha }) {
			add("body", "正文里有一张图片不在附件中，请重新插入这张图片。")
		}
	}
	if bad != nil {
		return ready{}, bad
	}
	return ready{message: m, rev: settings.rev}, nil
}

// current makes sure that the column is still one if the settings have changed
// since r was made.
func (t *txn) current(ctx context.Context, r ready, column string) error {
	if r.rev == t.st.settingsRev {
		return nil
	}
	settings, err := readSettings(t.row(ctx, selectSettings))
	if err != nil {
		return err
	}
	t.q.settings.Store(&settings)
	if text := settings.refuses(column); text != "" {
		return fault.Field("column", text)
	}
	return nil
}

// onDisk makes sure that an attachment is really there before anything promises it.
func (q *Queue) onDisk(a protocol.Attachment) error {
	f, size, err := q.blobs.Get(a.SHA256)
	if errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.Invalid, "附件“"+a.Name+"”不在本机上，请重新添加。")
	}
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("closing attachment: %w", err)
	}
	if size != a.Size {
		return fault.New(fault.Invalid, "附件“"+a.Name+"”已损坏，请重新添加。")
	}
	return nil
}

// faultOf gives a fault of the wire the form pages know.
func faultOf(err error) error {
	var f protocol.Fault
	if !errors.As(err, &f) {
		return err
	}
	kind := fault.Invalid
	if f.Code == protocol.CodeTooLarge {
		kind = fault.TooLarge
	}
	e := fault.Wrap(kind, f.Detail+"。", err)
	if f.Field != "" {
		e = e.With(f.Field, f.Detail)
	}
	return e
}

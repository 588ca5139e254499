package queue

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"zhanqun/internal/content"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// ready is a text as it will travel, made and checked outside the transaction.
type ready struct {
	message *protocol.Submit
	body    []byte // of the entry; nil from a village, which writes none
	format  string // see up_entry
	typed   string // see up_entry
	rev     int64  // of the settings its column was looked up in
}

// ready returns the next revision of i with the text t, or everything that is
// wrong with t as one fault of kind Invalid.
func (q *Queue) ready(ctx context.Context, actor Actor, i Item, t Text) (ready, error) {
	m, err := message(t)
	if err != nil {
		return ready{}, err
	}
	settings, err := q.settingsFor(ctx, t.Column)
	if err != nil {
		return ready{}, err
	}
	m.Item, m.Revision, m.Unit, m.Origin = i.ID, i.next(), settings.unit, i.Village
	m.CreatedAt = q.now().Truncate(time.Millisecond).UTC()
	if i.Village != "" {
		m.EndorsedBy = content.CleanLine(actor.Name)
	}
	var bad problems
	words := content.ToText(m.Body)
	for _, p := range scan(m, words) {
		bad.add(p.Field, p.Message)
	}
	if text := settings.refuses(t.Column); text != "" {
		bad.add("column", text)
	}
	for _, f := range settings.Files().Faults(m.Attachments) {
		bad.add(f.Field, f.Detail)
	}
	q.checkFiles(m, &bad)
	for _, f := range settings.limits().Faults(m.Attachments) {
		bad.add(f.Field, f.Detail)
	}
	r := ready{message: m, rev: settings.rev}
	if actor.Township() {
		if m.Unit == "" {
			return ready{}, errNotJoined
		}
		if r.body, err = protocol.WriteBody(m); err == nil && bad.fault == nil {
			r.format, r.typed, err = t.keep(m, words)
			return r, err
		}
	}
	for _, f := range m.Validate() {
		if !filledIn[f.Field] {
			bad.add(f.Field, f.Detail)
		}
	}
	if bad.fault != nil {
		return ready{}, bad.fault
	}
	return r, faultOf(err)
}

// problems collects what is wrong with a text, one sentence per field.
type problems struct{ fault *fault.Error }

func (p *problems) add(field, text string) {
	if p.fault == nil {
		p.fault = fault.New(fault.Invalid, text)
	}
	if _, told := p.fault.Fields[field]; !told {
		p.fault = p.fault.With(field, text)
	}
}

// next is the number of the next revision. A refused one counts as sent, except
// where its number was the reason: counting on would only lead further away.
func (i *Item) next() int {
	if i.Refusal != nil && i.Refusal.Code == protocol.CodeRevision {
		if i.Refusal.Have > 0 { // this store was restored and does not know all it has sent
			return i.Refusal.Have + 1
		}
		return i.Revision
	}
	return i.Revision + 1
}

// current makes sure that r is still what i needs, and that the county still
// takes it if the settings have changed since.
func (t *txn) current(ctx context.Context, r ready, i Item) error {
	if r.message.Item != i.ID || r.message.Revision != i.next() || r.message.Origin != i.Village || r.body != nil && r.message.Unit != t.st.unit {
		return errStale
	}
	if r.rev == t.st.settingsRev {
		return nil
	}
	settings, err := readSettings(t.row(ctx, selectSettings))
	if err != nil {
		return err
	}
	t.q.settings.Store(&settings)
	if text := settings.refuses(r.message.Column); text != "" {
		return fault.Field("column", text)
	}
	for _, f := range settings.limits().Faults(r.message.Attachments) {
		return fault.Field(f.Field, f.Detail)
	}
	return nil
}

// checkFiles looks for the files a text names.
func (q *Queue) checkFiles(m *protocol.Submit, bad *problems) {
	for i, a := range m.Attachments {
		if err := q.onDisk(a); err != nil {
			bad.add(fmt.Sprintf("attachments[%d]", i), fault.Message(err))
		}
	}
	for _, sha := range content.Images(m.Body) {
		if !slices.ContainsFunc(m.Attachments, func(a protocol.Attachment) bool { return a.SHA256 == sha }) {
			bad.add("body", "正文里有一张图片不在附件中，请重新插入这张图片。")
		}
	}
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
	if err == nil || !errors.As(err, &f) {
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

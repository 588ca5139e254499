package web

import (
	"net/http"

	"github.com/google/uuid"

	"zhanqun/internal/content"
	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
	"zhanqun/internal/web"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

type editPage struct {
	ui.Page
	F        form
	Item     *queue.Item // nil for a new one
	Says     *says       // why it came back
	Returned map[string]string
	Files    []formFile
	Columns  []ui.Option
	Villages []ui.Option
	Override bool // personal data: sending asks for a reason
	Hits     []queue.Problem
	Stale    *[2]string // the newest text, and the one typed
	Accept   string
	MaxFile  int64
	Township bool
	Endorse  bool // submitting is the township's signature under a village's item
	Action   string
}

// formFile is an attached file in the form.
type formFile struct {
	ui.Upload
	SHA256, Alt string
	Picture     bool
}

func (s *Server) newPage(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	settings, err := s.Queue.Settings(r.Context())
	if err != nil {
		return err
	}
	f := form{Text: queue.Text{Author: a.Name, Source: settings.Unit.Name, Column: firstColumn(settings, a.Actor())}}
	if a.Village != "" {
		f.Source = villageName(settings, a.Village)
	}
	return s.showEdit(w, r, a, f, nil)
}

// firstColumn is the column most of a person's items are for.
func firstColumn(settings queue.Settings, a queue.Actor) string {
	slug := "village"
	if a.Township() {
		slug = "township"
	}
	if c, ok := settings.Column(slug); ok && !c.Closed {
		return slug
	}
	return ""
}

func (s *Server) editPage(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	d, err := s.Queue.Item(r.Context(), a.Actor(), r.PathValue("id"))
	if err != nil {
		return err
	}
	if !editable(&d.Item, a.Actor()) {
		s.sessions.Flash(r.Context(), web.Flash{Tone: string(ui.Warn), Text: "这条信息现在不能修改，原因见下。"})
		http.Redirect(w, r, "/items/"+d.ID, http.StatusSeeOther)
		return nil
	}
	return s.showEdit(w, r, a, form{ID: d.ID, Version: d.Version, Village: d.Village, Text: d.Text}, nil)
}

// save keeps what was typed and, when that was asked for, hands it in. Whatever
// stands in the way, the words are on disk or on the page that comes back.
func (s *Server) save(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	f, refused, err := s.readForm(r)
	switch {
	case err != nil:
		return err
	case f.Remove != "":
		return s.showEdit(w, r, a, f, refused)
	case f.blank() && refused == nil:
		return s.showEdit(w, r, a, f, fault.Field("title", "请先写标题或正文。"))
	case f.blank():
		return s.showEdit(w, r, a, f, refused)
	}
	if err := s.keep(r, a, &f); err != nil {
		return s.showEdit(w, r, a, f, err)
	}
	switch {
	case refused != nil:
		return s.showEdit(w, r, a, f, refused)
	case f.Act != actSubmit:
		return s.done(w, r, "草稿已存在本机，还没有提交。", "/items/"+f.ID+"/edit")
	}
	return s.handIn(w, r, a, f)
}

// errOther says that the item holds another text than the one typed; the page
// shows both.
var errOther = fault.New(fault.Conflict, "这条信息已经有另一份改动，您写的还没有保存。请对照下面的不同之处，改好后再存。")

// keep saves the draft and moves f on to what was saved.
func (s *Server) keep(r *http.Request, a queue.Account, f *form) error {
	ctx := r.Context()
	saved, err := s.Queue.SaveDraft(ctx, a.Actor(), f.draft())
	if err != nil && f.ID != "" && fault.Is(err, fault.Conflict) {
		d, readErr := s.Queue.Item(ctx, a.Actor(), f.ID)
		if readErr == nil && d.Version != f.Version {
			return errOther
		}
	}
	if err != nil {
		return err
	}
	fresh := f.ID == ""
	f.ID, f.Version = saved.ID, saved.Version
	if !fresh {
		return nil
	}
	// The page of a new item may have been sent before, with other words. While
	// nobody has touched the item since, the later words of that page count.
	d, err := s.Queue.Item(ctx, a.Actor(), f.ID)
	switch {
	case err != nil || sameText(d.Text, f.Text):
		return err
	case d.Version == 1:
		return s.keep(r, a, f)
	}
	return errOther
}

func (s *Server) handIn(w http.ResponseWriter, r *http.Request, a queue.Account, f form) error {
	out, err := s.Queue.Submit(r.Context(), a.Actor(), f.ID, queue.Handing{Version: f.Version})
	if err != nil {
		return s.showEdit(w, r, a, f, err)
	}
	s.Push()
	return s.done(w, r, submittedText(out), "/items/"+f.ID)
}

// submittedText promises only what has happened.
func submittedText(out queue.Submitted) string {
	if out.Awaiting {
		return "已存盘并交给镇里，镇里签发后报送县里。"
	}
	return "已存盘并排队发往县里，可以去做别的了。县里收到后这里会显示。"
}

// showEdit shows the form of an item with everything typed and what is wrong.
func (s *Server) showEdit(w http.ResponseWriter, r *http.Request, a queue.Account, f form, err error) error {
	p, pageErr := s.newEditPage(r, a, f)
	if pageErr != nil {
		return pageErr
	}
	if fault.Is(err, fault.Conflict) && p.Item != nil {
		err = s.compare(r, a, p, err)
	}
	if err != nil {
		return s.again(w, r, "edit", p, &p.Page, atFields(err))
	}
	return s.pages.Render(w, r, http.StatusOK, "edit", p)
}

// compare puts the newest text beside the one typed. From here on saving means
// that the person has seen both.
func (s *Server) compare(r *http.Request, a queue.Account, p *editPage, err error) error {
	d, readErr := s.Queue.Item(r.Context(), a.Actor(), p.F.ID)
	if readErr != nil {
		return readErr
	}
	if !sameText(d.Text, p.F.Text) {
		p.Stale = &[2]string{plain(&d.Text), plain(&p.F.Text)}
	}
	p.F.Version = d.Version
	return err
}

func (s *Server) newEditPage(r *http.Request, a queue.Account, f form) (*editPage, error) {
	ctx, lang, actor := r.Context(), s.pages.Lang(r), a.Actor()
	settings, err := s.Queue.Settings(ctx)
	if err != nil {
		return nil, err
	}
	f.Key = uuid.NewString()
	p := &editPage{F: f, Township: actor.Township(), Accept: content.FileAccept(), MaxFile: min(s.Max, settings.Files().AttachmentBytes), Action: "/items/new"}
	p.Title = ui.T(lang, "写信息")
	if f.ID != "" {
		d, err := s.Queue.Item(ctx, actor, f.ID)
		if err != nil {
			return nil, err
		}
		p.Item, p.Action = &d.Item, "/items/"+f.ID+"/edit"
		p.Title = ui.T(lang, "修改：%s", titleOf(d.Title, lang))
		p.cameBack(actor, lang)
	}
	p.Endorse = actor.Township() && f.Village != ""
	if actor.Township() && (p.Item == nil || p.Item.Revision == 0) {
		p.Villages = villageOptions(settings, ui.T(lang, "本镇（不注明村）"))
	}
	p.Columns = []ui.Option{{Label: ui.T(lang, "请选择")}}
	for _, c := range settings.Columns {
		p.Columns = append(p.Columns, ui.Option{Value: c.Slug, Label: c.Name, Disabled: c.Closed})
	}
	for _, hit := range queue.Check(f.Text) {
		if hit.Hit == nil {
			continue
		}
		p.Hits = append(p.Hits, hit)
		p.Override = p.Override || hit.Needs
	}
	p.Override = p.Override || f.Override != ""
	return p, s.formFiles(r, p)
}

// cameBack marks what the county or the township wants corrected.
func (p *editPage) cameBack(a queue.Actor, lang ui.Lang) {
	i := p.Item
	st := i.Status
	switch {
	case i.State == queue.Drafting && i.Comment == "", i.State == queue.Awaiting, protocol.State(i.State).Live():
		return
	case i.State == queue.State(protocol.StateReturned) && st != nil:
		word := st.Comment
		if word == "" {
			word = ui.T(lang, reasonName(st.Reason))
		}
		p.Returned = map[string]string{}
		for _, name := range st.Fields {
			p.Returned[name] = word
		}
	case i.State == queue.Refused && i.Refusal != nil && i.Refusal.Field != "":
		p.Returned = map[string]string{i.Refusal.Field: ui.T(lang, i.Refusal.Message)}
	}
	said := sayOf(i, a, lang)
	p.Says = &said
}

// formFiles describes the attached files. Size and type are those of the bytes
// kept here, never those a browser claims.
func (s *Server) formFiles(r *http.Request, p *editPage) error {
	lang := s.pages.Lang(r)
	for i := range p.F.Attachments {
		a := &p.F.Attachments[i]
		info, err := s.Queue.File(r.Context(), a.SHA256)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		a.Size, a.Type = info.Size, info.Type
		u := ui.Upload{Name: a.Name, Size: a.Size, Type: typeName(a.Type, lang)}
		if err == nil {
			u.URL = fileURL(a.SHA256, a.Name)
		}
		if pictures[a.Type] {
			u.Thumb = u.URL + "?size=" + content.SmallImage
		}
		p.Files = append(p.Files, formFile{Upload: u, SHA256: a.SHA256, Alt: a.Alt, Picture: pictures[a.Type]})
	}
	return nil
}

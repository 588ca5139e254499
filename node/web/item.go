package web

import (
	"html/template"
	"net/http"
	"net/url"
	"time"

	"zhanqun/internal/content"
	"zhanqun/internal/ui"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

type itemPage struct {
	ui.Page
	D           queue.Detail
	Says        says
	Chip        string
	Body        template.HTML // cleaned
	Files       []ui.Upload
	History     []ui.Event
	Older       []olderText
	ColumnName  string
	VillageName string
	Township    bool
	CanEdit     bool
	CanSubmit   bool
	CanRecall   bool // take back from the county, or a village from the township
	CanDelete   bool
	CanDiscard  bool // a changed text that was not handed in
	Comment     string
	Key         string
}

// olderText is a text handed in before, against the one after it.
type olderText struct {
	queue.Revision
	Old, New string
}

// maxOlder bounds how many earlier texts a page compares.
const maxOlder = 5

func (s *Server) itemPage(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	p, err := s.newItemPage(r, a)
	if err != nil {
		return err
	}
	return s.pages.Render(w, r, http.StatusOK, "item", p)
}

func (s *Server) newItemPage(r *http.Request, a queue.Account) (*itemPage, error) {
	ctx, lang, actor := r.Context(), s.pages.Lang(r), a.Actor()
	d, err := s.Queue.Item(ctx, actor, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	settings, err := s.Queue.Settings(ctx)
	if err != nil {
		return nil, err
	}
	p := &itemPage{D: d, Says: sayOf(&d.Item, actor, lang), Chip: chipOf(&d.Item), Body: bodyOf(&d.Text),
		History: history(&d, lang), Older: olderTexts(&d), ColumnName: columnName(settings, d.Column), Township: actor.Township()}
	p.Title = titleOf(d.Title, lang)
	if d.Village != "" {
		p.VillageName = villageName(settings, d.Village)
	}
	if d.LiveRevision > 0 {
		p.Says.URL = d.URL
		if d.LiveRevision != d.Revision {
			p.Says.Means += ui.T(lang, "门户上仍是第 %d 稿，新的一稿审过后才会换上。", d.LiveRevision)
		}
	}
	if p.Files, err = s.uploadsOf(r, &d); err != nil {
		return nil, err
	}
	draft := d.Editing && d.State != queue.Awaiting
	p.CanEdit = editable(&d.Item, actor)
	p.CanSubmit = p.CanEdit && draft
	p.CanDelete = draft && d.Revision == 0
	p.CanDiscard = draft && d.Revision > 0 && p.CanEdit
	p.CanRecall = recallable(&d.Item, actor)
	return p, nil
}

// titleOf is the heading of an item that may not have a title yet.
func titleOf(title string, lang ui.Lang) string {
	if title == "" {
		return ui.T(lang, "（还没有标题）")
	}
	return title
}

// bodyOf is the text as readers would see it, with the addresses of its files.
func bodyOf(t *queue.Text) template.HTML {
	clean, err := cleanBody(t)
	if err != nil {
		return "" // the form says what is wrong with it
	}
	names := map[string]string{}
	for _, a := range t.Attachments {
		names[a.SHA256] = a.Name
	}
	html := content.ResolveImages(clean, func(sha256 string) string {
		name, ok := names[sha256]
		if !ok {
			return ""
		}
		return fileURL(sha256, name) + "?size=" + content.LargeImage
	})
	return template.HTML(html) //nolint:gosec // cleaned by content.Sanitize; only addresses were put in
}

func cleanBody(t *queue.Text) (string, error) {
	if t.Format != queue.HTML {
		return content.FromText(t.Body), nil
	}
	return content.Sanitize(t.Body)
}

// plain is a text as words, for comparing.
func plain(t *queue.Text) string {
	clean, err := cleanBody(t)
	if err != nil {
		return t.Title + "\n" + t.Body
	}
	return t.Title + "\n" + content.ToText(clean)
}

// olderTexts pairs each text handed in with the one that came after it.
func olderTexts(d *queue.Detail) []olderText {
	list := []olderText{}
	after := plain(&d.Text)
	for i := range d.Revisions {
		v := &d.Revisions[i]
		if i == 0 && !d.Editing {
			continue // the text shown is this one
		}
		if len(list) == maxOlder {
			break
		}
		old := plain(&v.Text)
		list = append(list, olderText{*v, old, after})
		after = old
	}
	return list
}

func fileURL(sha256, name string) string { return "/files/" + sha256 + "/" + url.PathEscape(name) }

// uploadsOf are the files of an item with how far they are on their way.
func (s *Server) uploadsOf(r *http.Request, d *queue.Detail) ([]ui.Upload, error) {
	if len(d.Text.Attachments) == 0 {
		return nil, nil
	}
	files, err := s.Queue.Files(r.Context(), d.ID)
	if err != nil {
		return nil, err
	}
	known := map[string]queue.File{}
	for _, f := range files {
		known[f.SHA256] = f
	}
	handedIn := map[string]bool{}
	for i := range d.Revisions {
		for _, a := range d.Revisions[i].Text.Attachments {
			handedIn[a.SHA256] = true
		}
	}
	st, err := s.Queue.State(r.Context())
	if err != nil {
		return nil, err
	}
	var takes map[string]time.Duration
	if st.Blobs.Waiting > 0 {
		waiting, err := s.Queue.Waiting(r.Context(), waitingShown)
		if err != nil {
			return nil, err
		}
		takes = s.arrivals(waiting, st)
	}
	lang := s.pages.Lang(r)
	list := make([]ui.Upload, 0, len(d.Text.Attachments))
	for _, a := range d.Text.Attachments {
		u := uploadOf(a, known[a.SHA256], handedIn[a.SHA256], st.Connected, lang)
		if u.Left = takes[a.SHA256]; !handedIn[a.SHA256] {
			u.Left = 0
		}
		list = append(list, u)
	}
	return list, nil
}

// uploadOf is one file of an item. Only what the hub has confirmed counts as
// sent.
func uploadOf(a protocol.Attachment, f queue.File, handedIn, connected bool, lang ui.Lang) ui.Upload {
	u := ui.Upload{Name: a.Name, Type: typeName(a.Type, lang), Size: a.Size, URL: fileURL(a.SHA256, a.Name)}
	if pictures[a.Type] {
		u.Thumb = u.URL + "?size=" + content.SmallImage
	}
	switch {
	case f.Done:
		u.Note = ui.T(lang, "县里已收到")
	case !handedIn:
		u.Note = ui.T(lang, "提交后发送")
	case f.Have == 0:
		u.Note, u.Error = ui.T(lang, "等着发送"), f.Error
	case !connected:
		u.Note, u.Sending, u.Sent, u.Error = ui.T(lang, "线路恢复后接着发送"), true, f.Have, f.Error
	default:
		u.Note, u.Sending, u.Sent, u.Error = ui.T(lang, "正在发送"), true, f.Have, f.Error
	}
	u.Note = joinText(a.Alt, u.Note)
	return u
}

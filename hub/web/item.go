package web

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/hub/review"
	"zhanqun/internal/content"
	"zhanqun/internal/ui"
	"zhanqun/protocol"
)

type itemPage struct {
	ui.Page
	D        review.Detail
	Text     catalog.Revision // the latest
	Body     template.HTML    // cleaned
	Photos   []ui.Upload      // those the text does not show
	Files    []ui.Upload      // the rest
	History  []ui.Event
	Checks   []check
	Last     *catalog.Decision // the last one on an earlier revision
	Said     string            // what it said
	Diffs    []comparison
	Step     string // name of the step that is due, or ""
	Columns  []ui.Option
	Names    map[string]string // columns by slug
	Chosen   map[string]bool   // columns it would be published in
	Reasons  []ui.Option
	Fields   []struct{ Key, Name string }
	Form     review.Request
	Override bool // personal data: approving asks for a reason
	Me       access.User
	Desk     bool // the reader reviews
	Claimed  bool // by somebody else
	Stale    *review.Stale
	Outlets  []ui.Option
	Outlet   review.Outlet // as filled in
	Adopting bool          // the form of an adoption is shown again
}

// Confirming reports whether the text is on the portal already and is looked at
// afterwards.
func (p *itemPage) Confirming() bool {
	return p.D.Item.Emergency && p.D.Item.LiveRevision == p.D.Item.Revision
}

// comparison is what changed since a revision that matters.
type comparison struct {
	From     int
	Live     bool // it is the one on the portal
	Old, New string
}

func (s *Server) itemPage(w http.ResponseWriter, r *http.Request, u access.User) error {
	p, err := s.newItemPage(r, u, r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.show(w, r, "item", p)
}

func (s *Server) newItemPage(r *http.Request, u access.User, id string) (*itemPage, error) {
	ctx, lang := r.Context(), s.lang(r)
	d, err := s.Review.Item(ctx, u, id)
	if err != nil {
		return nil, err
	}
	columns, err := s.Access.Columns(ctx)
	if err != nil {
		return nil, err
	}
	p := &itemPage{D: d, Text: d.Revisions[0], Checks: checksOf(d, lang), Columns: columnOptions(columns), Names: columnNames(columns),
		Chosen: chosen(d.Columns), Reasons: reasonOptions(lang), Fields: review.Fields, Me: u, Desk: u.May(access.Review)}
	p.Title = d.Item.Title
	p.Lead = itemLead(d, p.Names, lang)
	p.Events = eventsURL
	p.Body = itemBody(d)
	p.Photos, p.Files = itemFiles(d, lang)
	p.History = history(d, lang)
	p.Form = review.Request{Revision: d.Item.Revision}
	p.Claimed = d.Item.ClaimedBy != "" && d.Item.ClaimedBy != u.ID && s.Now().Before(d.Item.ClaimedUntil)
	if k := d.Item.Step; d.Item.DueRole != "" && k >= 1 && k <= len(d.Steps) {
		p.Step = ui.T(lang, d.Steps[k-1].Name)
	}
	for _, flag := range d.Item.Flags {
		p.Override = p.Override || flag != review.FlagSecrecy
	}
	p.Outlets = []ui.Option{{Value: review.OutletCity, Label: ui.T(lang, "市级")}, {Value: review.OutletProvince, Label: ui.T(lang, "省级")},
		{Value: review.OutletState, Label: ui.T(lang, "国家级")}}
	if p.Step != "" { // what changed matters to whoever decides
		p.compare()
	}
	if p.Last != nil {
		p.Said = decisionText(*p.Last, lang)
	}
	return p, nil
}

// itemLead answers what this is and from whom.
func itemLead(d review.Detail, columns map[string]string, lang ui.Lang) string {
	parts := []string{d.Item.UnitName}
	if d.Item.OriginName != "" {
		parts = append(parts, d.Item.OriginName)
	}
	parts = append(parts, columns[d.Item.Column], ui.T(lang, "第 %d 稿", d.Item.Revision))
	return strings.Join(parts, " · ")
}

func chosen(columns []string) map[string]bool {
	m := map[string]bool{}
	for _, c := range columns {
		m[c] = true
	}
	return m
}

// reasonOptions are the coded reasons as choices of a form.
func reasonOptions(lang ui.Lang) []ui.Option {
	options := []ui.Option{{Label: ui.T(lang, "请选择")}}
	for _, r := range protocol.Reasons {
		options = append(options, ui.Option{Value: r.Code, Label: ui.T(lang, r.Name)})
	}
	return options
}

// compare shows what changed since the revision that was judged last, and since
// the one on the portal.
func (p *itemPage) compare() {
	for i, dec := range p.D.Decisions {
		if dec.Revision < p.D.Item.Revision {
			p.Last = &p.D.Decisions[i]
		}
	}
	if p.Last != nil {
		p.since(p.Last.Revision)
	}
	p.since(p.D.Item.LiveRevision)
}

func (p *itemPage) since(revision int) {
	if revision == 0 || revision == p.D.Item.Revision || len(p.Diffs) > 0 && p.Diffs[0].From == revision {
		return
	}
	for _, v := range p.D.Revisions {
		if v.Revision == revision {
			p.Diffs = append(p.Diffs, comparison{From: revision, Live: revision == p.D.Item.LiveRevision, Old: plain(v), New: plain(p.Text)})
		}
	}
}

func plain(v catalog.Revision) string { return v.Title + "\n" + content.ToText(v.Body) }

// itemBody is the cleaned text with the addresses of its files put in, and what
// should perhaps not be public marked.
func itemBody(d review.Detail) template.HTML {
	names := map[string]string{}
	for _, a := range d.Item.Attachments {
		if d.Arrived[a.SHA256] {
			names[a.SHA256] = a.Name
		}
	}
	body := content.ResolveImages(d.Item.Body, func(sha256 string) string {
		if name, ok := names[sha256]; ok {
			return fileURL(d.Item.ID, sha256, name) + "?size=" + content.LargeImage
		}
		return ""
	})
	return template.HTML(marked(body, hits(d))) //nolint:gosec // cleaned in review.Item; addresses and marks were put in
}

// hits are the places of the text that made it flagged.
func hits(d review.Detail) []content.Hit {
	if len(d.Item.Flags) == 0 {
		return nil
	}
	return content.Scan(shownText(d))
}

// shownText is all that readers would meet of the latest text, in plain words.
func shownText(d review.Detail) string {
	text := d.Item.Title + "\n" + content.Shown(d.Item.Body)
	for _, a := range d.Item.Attachments {
		text += "\n" + a.Name + "\n" + a.Alt
	}
	return text
}

func fileURL(item, sha256, name string) string {
	return "/items/" + item + "/files/" + sha256 + "/" + url.PathEscape(name)
}

// itemFiles are the photos to look at below the text, and the other files.
func itemFiles(d review.Detail, lang ui.Lang) (photos, files []ui.Upload) {
	inText := content.Images(d.Item.Body)
	for _, a := range d.Item.Attachments {
		f := ui.Upload{Name: a.Name, Size: a.Size, Note: a.Alt}
		if d.Unlike[a.SHA256] {
			f.Error = ui.T(lang, "内容与报送时说的类型或大小不符，不会发布，请退回重报")
			files = append(files, f)
			continue
		}
		if !d.Arrived[a.SHA256] {
			f.Note = ui.T(lang, "正在传送，还没有到齐")
			files = append(files, f)
			continue
		}
		f.URL = fileURL(d.Item.ID, a.SHA256, a.Name)
		if isImage := strings.HasPrefix(a.Type, "image/"); isImage && !slices.Contains(inText, a.SHA256) {
			f.Thumb = f.URL + "?size=" + content.LargeImage
			photos = append(photos, f)
			continue
		} else if isImage {
			f.Thumb = f.URL + "?size=" + content.SmallImage
		}
		files = append(files, f)
	}
	return photos, files
}

// itemFile serves a file of an item to somebody who may read the item.
func (s *Server) itemFile(w http.ResponseWriter, r *http.Request, u access.User) error {
	d, err := s.Review.Item(r.Context(), u, r.PathValue("id"))
	if err != nil {
		return err
	}
	for _, v := range d.Revisions {
		for _, a := range v.Attachments {
			if a.SHA256 != r.PathValue("sha256") {
				continue
			}
			if !d.Arrived[a.SHA256] {
				return errNotFound // what is there under this digest is not this unit's
			}
			if size := r.URL.Query().Get("size"); size != "" {
				return s.Files.ServeImage(w, r, a, size)
			}
			return s.Files.ServeFile(w, r, a)
		}
	}
	return errNotFound
}

type revisionPage struct {
	ui.Page
	V        catalog.Revision
	Old, New string
	Paras    []string // the text as it was sent, without its markup
	Latest   int
}

// revisionPage shows one text of an item as it was sent, beside the latest.
func (s *Server) revisionPage(w http.ResponseWriter, r *http.Request, u access.User) error {
	n, err := strconv.Atoi(r.PathValue("revision"))
	if err != nil {
		return errNotFound
	}
	v, err := s.Review.Revision(r.Context(), u, r.PathValue("id"), n)
	if err != nil {
		return err
	}
	d, err := s.Review.Item(r.Context(), u, r.PathValue("id"))
	if err != nil {
		return err
	}
	p := &revisionPage{V: v, Old: plain(v), New: plain(d.Revisions[0]), Latest: d.Item.Revision,
		Paras: strings.Split(content.ToText(v.Body), "\n")}
	lang := s.lang(r)
	p.Title = ui.T(lang, "第 %d 稿：%s", v.Revision, v.Title)
	p.Lead = ui.T(lang, "%s，最新的是第 %d 稿。", d.Item.UnitName, d.Item.Revision)
	return s.show(w, r, "revision", p)
}

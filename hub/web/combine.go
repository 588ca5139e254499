package web

import (
	"html"
	"net/http"
	"strconv"
	"strings"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/hub/review"
	"zhanqun/internal/content"
	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
	"zhanqun/protocol"
)

type combinePage struct {
	ui.Page
	Items   []catalog.Item // picked, with their texts
	Due     []itemRow      // that can be picked
	Columns []ui.Option
	Chosen  map[string]bool
	Form    review.Combination
	Text    string // as it stands in the field: HTML, or lines of plain text
	Plain   bool   // the texts picked are no more than paragraphs
	Private bool   // they hold personal data, or the text does
}

// maxPicked bounds how many items one page combines.
const maxPicked = 20

// combinePage lets a reviewer pick items, or write the text that combines them.
func (s *Server) combinePage(w http.ResponseWriter, r *http.Request, u access.User) error {
	p, err := s.newCombinePage(r, u, r.URL.Query()["item"])
	if err != nil {
		return err
	}
	if len(p.Items) > 0 {
		p.Form.Title = p.Items[0].Title
		for _, i := range p.Items {
			p.Chosen[i.Column] = true
		}
		p.Text = p.begin()
	}
	return s.show(w, r, "combine", p)
}

// begin is the text to begin with: what each unit wrote, under its name. People
// here write lines, not HTML; only what would be lost in lines stays HTML.
func (p *combinePage) begin() string {
	var parts []string
	for _, i := range p.Items {
		if p.Plain {
			parts = append(parts, i.UnitName+"\n"+content.ToText(i.Body))
		} else {
			parts = append(parts, "<p><strong>"+html.EscapeString(i.UnitName)+"</strong></p>\n"+strings.TrimSpace(strings.ReplaceAll(i.Body, "</p>", "</p>\n")))
		}
	}
	return strings.Join(parts, "\n\n")
}

// bodyOf is what was written, as HTML.
func bodyOf(text string) string {
	if content.LooksLikeHTML(text) {
		return text
	}
	return content.FromText(text)
}

func (s *Server) newCombinePage(r *http.Request, u access.User, ids []string) (*combinePage, error) {
	ctx := r.Context()
	if len(ids) > maxPicked {
		return nil, fault.New(fault.TooLarge, "一次最多综合 "+strconv.Itoa(maxPicked)+" 条。")
	}
	columns, err := s.Access.Columns(ctx)
	if err != nil {
		return nil, err
	}
	p := &combinePage{Columns: columnOptions(columns), Chosen: map[string]bool{}, Plain: true}
	lang := s.lang(r)
	p.Title = ui.T(lang, "综合成一篇")
	p.Lead = ui.T(lang, "把几个单位的信息合成一篇发布，每个单位都记一次采用。")
	for _, id := range ids {
		d, err := s.Review.Item(ctx, u, id)
		if err != nil {
			return nil, err
		}
		p.Items = append(p.Items, d.Item)
		p.Plain = p.Plain && content.FromText(content.ToText(d.Item.Body)) == d.Item.Body
		p.Private = p.Private || len(d.Item.Flags) > 0
		p.Form.Items = append(p.Form.Items, review.Part{Item: id, Revision: d.Item.Revision})
	}
	if len(ids) == 0 {
		list, err := s.Review.List(ctx, u, review.Query{State: protocol.StateReceived, Limit: 100})
		if err != nil {
			return nil, err
		}
		p.Due = s.rows(list.Items, columns, lang, false)
	}
	return p, nil
}

// combine makes one entry of the picked items, each with the revision that was
// on the page.
func (s *Server) combine(w http.ResponseWriter, r *http.Request, u access.User) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	q := review.Combination{Title: r.PostFormValue("title"), Body: bodyOf(r.PostFormValue("body")), Columns: r.PostForm["columns"],
		Comment: r.PostFormValue("comment"), Override: r.PostFormValue("override")}
	var ids []string
	for _, part := range r.PostForm["part"] {
		id, revision, _ := strings.Cut(part, ".")
		n, err := strconv.Atoi(revision)
		if err != nil {
			return fault.New(fault.Invalid, "表单不完整，请从列表重新选择。")
		}
		ids = append(ids, id)
		q.Items = append(q.Items, review.Part{Item: id, Revision: n})
	}
	_, err := s.Review.Combine(r.Context(), u, q)
	if err != nil {
		p, pageErr := s.newCombinePage(r, u, ids)
		if pageErr != nil {
			return pageErr
		}
		p.Form, p.Text = q, r.PostFormValue("body")
		p.Private = p.Private || fault.Fields(err)["override"] != ""
		for _, c := range q.Columns {
			p.Chosen[c] = true
		}
		return s.again(w, r, "combine", p, &p.Page, err)
	}
	return s.done(w, r, "/items/"+ids[0], ui.T(s.lang(r), "已综合发布，各来源单位都会收到采用通知。"))
}

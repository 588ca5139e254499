package web

import (
	"html"
	"net/http"
	"strconv"
	"strings"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/hub/review"
	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
	"zhanqun/protocol"
)

type combinePage struct {
	ui.Page
	Items   []catalog.Item // picked, with their texts
	Due     []catalog.Item // that can be picked
	Columns []ui.Option
	Chosen  map[string]bool
	Names   map[string]string
	Form    review.Combination
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
		var text []string
		for _, i := range p.Items {
			text = append(text, "<p><strong>"+html.EscapeString(i.UnitName)+"</strong></p>\n"+i.Body)
			p.Chosen[i.Column] = true
		}
		p.Form.Body = strings.Join(text, "\n")
	}
	return s.show(w, r, "combine", p)
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
	p := &combinePage{Columns: columnOptions(columns), Names: columnNames(columns), Chosen: map[string]bool{}}
	lang := s.lang(r)
	p.Title = ui.T(lang, "综合成一篇")
	p.Lead = ui.T(lang, "把几个单位的信息合成一篇发布，每个单位都记一次采用。")
	for _, id := range ids {
		d, err := s.Review.Item(ctx, u, id)
		if err != nil {
			return nil, err
		}
		p.Items = append(p.Items, d.Item)
		p.Form.Items = append(p.Form.Items, review.Part{Item: id, Revision: d.Item.Revision})
	}
	if len(ids) == 0 {
		list, err := s.Review.List(ctx, u, review.Query{State: protocol.StateReceived, Limit: 100})
		if err != nil {
			return nil, err
		}
		p.Due = list.Items
	}
	return p, nil
}

// combine makes one entry of the picked items, each with the revision that was
// on the page.
func (s *Server) combine(w http.ResponseWriter, r *http.Request, u access.User) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	q := review.Combination{Title: r.PostFormValue("title"), Body: r.PostFormValue("body"), Columns: r.PostForm["columns"],
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
		p.Form = q
		for _, c := range q.Columns {
			p.Chosen[c] = true
		}
		return s.again(w, r, "combine", p, &p.Page, err)
	}
	return s.done(w, r, "/items/"+ids[0], ui.T(s.lang(r), "已综合发布，各来源单位都会收到采用通知。"))
}

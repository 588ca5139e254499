package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/hub/review"
	"zhanqun/internal/fault"
	"zhanqun/internal/web"
	"zhanqun/protocol"
)

// apiItems answers GET /api/v1/items.
func (s *Server) apiItems(w http.ResponseWriter, r *http.Request, u access.User) error {
	q, err := itemQuery(r, 50)
	if err != nil {
		return err
	}
	page, err := s.Review.List(r.Context(), u, q)
	if err != nil {
		return err
	}
	return web.WriteJSON(w, http.StatusOK, page)
}

// itemQuery reads the filter of a list of items, for the interface and the pages.
func itemQuery(r *http.Request, limit int) (review.Query, error) {
	limit, err := web.Limit(r, limit, 200)
	if err != nil {
		return review.Query{}, err
	}
	after, err := review.ParsePosition(r.FormValue("cursor"))
	if err != nil {
		return review.Query{}, err
	}
	text, err := web.Text(r, "q", 60)
	if err != nil {
		return review.Query{}, err
	}
	return review.Query{State: protocol.State(r.FormValue("state")), Unit: r.FormValue("unit"), Column: r.FormValue("column"),
		Text: text, Oldest: r.FormValue("order") == "oldest", After: after, Limit: limit}, nil
}

// itemDetail is an item with all that belongs to it, as the interface tells it.
type itemDetail struct {
	catalog.Item
	Revisions []catalog.Revision `json:"revisions"`
	Decisions []catalog.Decision `json:"decisions"`
	Adoptions []catalog.Adoption `json:"adoptions"`
	Checks    []check            `json:"checks"`
	Columns   []string           `json:"columns"` // where it would be published as things stand
	Steps     []catalog.Step     `json:"steps"`   // the steps to there
	Can       map[string]string  `json:"can"`     // action → why not; "" if allowed
}

// check is one thing a reviewer is warned of.
type check struct {
	Kind   string `json:"kind"` // id_card, phone, bank_card, secrecy, files
	Detail string `json:"detail"`
}

// apiItem answers GET /api/v1/items/{id}.
func (s *Server) apiItem(w http.ResponseWriter, r *http.Request, u access.User) error {
	d, err := s.detail(r.Context(), u, r.PathValue("id"))
	if err != nil {
		return err
	}
	return web.WriteJSON(w, http.StatusOK, d)
}

func (s *Server) detail(ctx context.Context, u access.User, id string) (itemDetail, error) {
	d, err := s.Review.Item(ctx, u, id)
	if err != nil {
		return itemDetail{}, err
	}
	return itemDetail{Item: d.Item, Revisions: d.Revisions, Decisions: d.Decisions, Adoptions: d.Adoptions,
		Checks: checksOf(d), Columns: d.Columns, Steps: d.Steps, Can: d.Can}, nil
}

func checksOf(d review.Detail) []check {
	checks := []check{}
	for _, flag := range d.Item.Flags {
		checks = append(checks, check{Kind: flag, Detail: flagText(flag)})
	}
	missing := 0
	for _, a := range d.Item.Attachments {
		if !d.Arrived[a.SHA256] {
			missing++
		}
	}
	if missing > 0 {
		checks = append(checks, check{Kind: "files", Detail: "还有附件正在传送，审核通过后等附件到齐再发布。"})
	}
	return checks
}

// flagText says what a flag means and what follows from it.
func flagText(flag string) string {
	switch flag {
	case "id_card":
		return "正文里有身份证号码，公开须写明理由。"
	case "phone":
		return "正文里有手机号码，公开须写明理由。"
	case "bank_card":
		return "正文里有银行卡号，公开须写明理由。"
	case "secrecy":
		return "正文里有密级或不予公开的标记，不能通过。"
	}
	return flag
}

// decisionForm is the body of POST /api/v1/items/{id}/decisions.
type decisionForm struct {
	review.Request
	Field string `json:"field"` // one field, beside or instead of fields
}

// apiDecide answers POST /api/v1/items/{id}/decisions with the item as it
// stands afterwards.
func (s *Server) apiDecide(w http.ResponseWriter, r *http.Request, u access.User) error {
	var f decisionForm
	if err := web.ReadJSON(r, &f); err != nil {
		return err
	}
	f.Item = r.PathValue("id")
	if f.Field != "" {
		f.Fields = append(f.Fields, f.Field)
	}
	f.Reason, f.Comment = codedReason(f.Action, f.Reason, f.Comment)
	if err := s.Review.Decide(r.Context(), u, f.Request); err != nil {
		return staleText(err)
	}
	return s.apiItem(w, r, u)
}

// codedReason takes a reason by its code or its name; one in free words becomes
// "other", with the words in front of the comment.
func codedReason(action, reason, comment string) (string, string) {
	reason = strings.TrimSpace(reason)
	if reason == "" || action == catalog.ActionApprove {
		return reason, comment
	}
	for _, known := range protocol.Reasons {
		if reason == known.Code || reason == known.Name {
			return known.Code, comment
		}
	}
	return "other", strings.TrimSpace(reason + "\n" + comment)
}

// staleText adds the texts of both revisions to a conflict, so that a program
// can show what changed.
func staleText(err error) error {
	stale, ok := isStale[*review.Stale](err)
	if !ok {
		return err
	}
	return &conflict{error: err, Asked: stale.Asked, Latest: stale.Latest}
}

// conflict is a 409 that carries both texts.
type conflict struct {
	error
	Asked, Latest catalog.Revision
}

// Unwrap keeps the kind of the failure.
func (c *conflict) Unwrap() error { return c.error }

// apiClaim answers POST and DELETE /api/v1/items/{id}/claim.
func (s *Server) apiClaim(w http.ResponseWriter, r *http.Request, u access.User) error {
	if err := s.Review.Claim(r.Context(), u, r.PathValue("id"), ""); err != nil {
		return err
	}
	return s.apiItem(w, r, u)
}

func (s *Server) apiRelease(w http.ResponseWriter, r *http.Request, u access.User) error {
	if err := s.Review.Release(r.Context(), u, r.PathValue("id")); err != nil {
		return err
	}
	return s.apiItem(w, r, u)
}

// combineForm is the body of POST /api/v1/entries.
type combineForm struct {
	Items    []string `json:"items"`
	Title    string   `json:"title"`
	Body     string   `json:"body"`
	Columns  []string `json:"columns"`
	Comment  string   `json:"comment"`
	Override string   `json:"override"`
	Note     string   `json:"note"`
}

// apiCombine answers POST /api/v1/entries.
func (s *Server) apiCombine(w http.ResponseWriter, r *http.Request, u access.User) error {
	var f combineForm
	if err := web.ReadJSON(r, &f); err != nil {
		return err
	}
	q := review.Combination{Title: f.Title, Body: f.Body, Columns: f.Columns, Comment: f.Comment, Override: f.Override, Note: f.Note}
	for _, id := range f.Items {
		q.Items = append(q.Items, review.Part{Item: id})
	}
	entry, err := s.Review.Combine(r.Context(), u, q)
	if err != nil {
		return staleText(err)
	}
	return web.WriteJSON(w, http.StatusCreated, map[string]string{"id": entry, "url": s.Base(r) + "/entries/" + entry})
}

// apiAdopt answers POST /api/v1/items/{id}/adoptions.
func (s *Server) apiAdopt(w http.ResponseWriter, r *http.Request, u access.User) error {
	var q review.Outlet
	if err := web.ReadJSON(r, &q); err != nil {
		return err
	}
	if err := s.Review.Adopt(r.Context(), u, r.PathValue("id"), q); err != nil {
		return err
	}
	d, err := s.detail(r.Context(), u, r.PathValue("id"))
	if err != nil {
		return err
	}
	return web.WriteJSON(w, http.StatusCreated, d)
}

// apiEvents answers GET /api/v1/events: every change, in order, without gaps.
func (s *Server) apiEvents(w http.ResponseWriter, r *http.Request, u access.User) error {
	after, err := number(r, "after")
	if err != nil {
		return err
	}
	limit, err := web.Limit(r, 100, 1000)
	if err != nil {
		return err
	}
	events, next, err := s.Review.Events(r.Context(), u, after, limit)
	if err != nil {
		return err
	}
	return web.WriteJSON(w, http.StatusOK, map[string]any{"events": events, "next": next})
}

func number(r *http.Request, name string) (uint64, error) {
	text := r.FormValue(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return 0, fault.Field(name, "应为不小于 0 的整数。")
	}
	return n, nil
}

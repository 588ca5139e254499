package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/hub/review"
	"zhanqun/internal/account"
	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
	"zhanqun/internal/web"
	"zhanqun/protocol"
)

// apiItems answers GET /api/v1/items.
func (s *Server) apiItems(w http.ResponseWriter, r *http.Request, u access.User) error {
	q, err := itemQuery(r, 50)
	if err != nil {
		return err
	}
	q.Texts = true
	page, err := s.Review.List(r.Context(), u, q)
	if err != nil {
		return err
	}
	list := make([]item, 0, len(page.Items))
	for _, i := range page.Items {
		list = append(list, itemOf(i))
	}
	return writeList(w, "items", list, page.Next)
}

// item is an item as the interface tells it: the fields of the contract are
// there even where they are empty.
type item struct {
	catalog.Item
	Origin string `json:"origin"`
	Body   string `json:"body"`
}

func itemOf(i catalog.Item) item { return item{i, i.Origin, i.Body} }

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
	due, err := wordOf(r, "due", "没有这个角色。", string(account.RoleReviewer), string(account.RoleChief))
	if err != nil {
		return review.Query{}, err
	}
	return review.Query{State: protocol.State(r.FormValue("state")), Unit: r.FormValue("unit"), Column: r.FormValue("column"), Role: due,
		Text: text, Oldest: r.FormValue("order") == "oldest", After: after, Limit: limit}, nil
}

// itemDetail is an item with all that belongs to it, as the interface tells it.
type itemDetail struct {
	item
	Revisions []catalog.Revision `json:"revisions"`
	Decisions []catalog.Decision `json:"decisions"`
	Adoptions []catalog.Adoption `json:"adoptions"`
	Checks    []check            `json:"checks"`
	Columns   []string           `json:"columns"` // where it would be published as things stand
	Steps     []catalog.Step     `json:"steps"`   // the steps to there
	Can       map[string]string  `json:"can"`     // action → why not; "" if allowed
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
	return itemDetail{item: itemOf(d.Item), Revisions: some(d.Revisions), Decisions: some(d.Decisions),
		Adoptions: some(d.Adoptions), Checks: checksOf(d, ui.Lang{}), Columns: some(d.Columns), Steps: some(d.Steps), Can: d.Can}, nil
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
	stale, ok := isStale(err)
	if !ok {
		return err
	}
	return &conflict{error: err, stale: stale}
}

// conflict is a 409 that carries both texts.
type conflict struct {
	error
	stale *review.Stale
}

// Unwrap keeps the kind of the failure.
func (c *conflict) Unwrap() error { return c.error }

// ProblemMembers implements web.Extended. A revision that never was has no text.
func (c *conflict) ProblemMembers() map[string]any {
	m := map[string]any{"latest": c.stale.Latest, "asked": nil}
	if c.stale.Asked.Revision > 0 {
		m["asked"] = c.stale.Asked
	}
	return m
}

// apiClaim answers POST /api/v1/items/{id}/claim. The body may be left out; a
// note in it takes over what somebody else has claimed.
func (s *Server) apiClaim(w http.ResponseWriter, r *http.Request, u access.User) error {
	var f struct {
		Note string `json:"note"`
	}
	if web.HasBody(r) {
		if err := web.ReadJSON(r, &f); err != nil {
			return err
		}
	}
	if err := s.Review.Claim(r.Context(), u, r.PathValue("id"), f.Note); err != nil {
		return err
	}
	return s.apiItem(w, r, u)
}

// apiRelease answers DELETE /api/v1/items/{id}/claim.
func (s *Server) apiRelease(w http.ResponseWriter, r *http.Request, u access.User) error {
	if err := s.Review.Release(r.Context(), u, r.PathValue("id")); err != nil {
		return err
	}
	return s.apiItem(w, r, u)
}

// combineForm is the body of POST /api/v1/entries.
type combineForm struct {
	Items    []part   `json:"items"`
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
	entry, err := s.Review.Combine(r.Context(), u, f.combination())
	if err != nil {
		return staleText(err)
	}
	return web.WriteJSON(w, http.StatusCreated, map[string]string{"id": entry, "url": s.Base(r) + "/entries/" + entry})
}

// adoptForm is the body of POST /api/v1/items/{id}/adoptions.
type adoptForm struct {
	Outlet string `json:"outlet"`
	URL    string `json:"url"`
	At     string `json:"at"` // RFC 3339, or a date; empty for now
}

// apiAdopt answers POST /api/v1/items/{id}/adoptions.
func (s *Server) apiAdopt(w http.ResponseWriter, r *http.Request, u access.User) error {
	var f adoptForm
	if err := web.ReadJSON(r, &f); err != nil {
		return err
	}
	q := review.Outlet{Outlet: f.Outlet, URL: f.URL}
	var err error
	if q.At, err = time.Parse(time.RFC3339, f.At); err != nil {
		if q.At, err = dayOf(f.At); err != nil {
			return err
		}
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
	return web.WriteJSON(w, http.StatusOK, map[string]any{"events": some(events), "next": next})
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

package web

import (
	"encoding/json"
	"net/http"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/review"
	"zhanqun/internal/fault"
	"zhanqun/internal/web"
)

// part is one item of a combination: its id alone, which stands for the latest
// revision, or with the revision that was read.
type part struct {
	ID       string `json:"id"`
	Revision int    `json:"revision"`
}

// UnmarshalJSON reads either form.
func (p *part) UnmarshalJSON(b []byte) error {
	if err := json.Unmarshal(b, &p.ID); err == nil {
		return nil
	}
	type plain part // without this method
	return json.Unmarshal(b, (*plain)(p))
}

// repostForm is the body of POST /api/v1/entries/{id}/columns.
type repostForm struct {
	Columns []string `json:"columns"`
	Reason  string   `json:"reason"`
}

// apiRepost answers POST /api/v1/entries/{id}/columns.
func (s *Server) apiRepost(w http.ResponseWriter, r *http.Request, u access.User) error {
	var f repostForm
	if err := web.ReadJSON(r, &f); err != nil {
		return err
	}
	id := r.PathValue("id")
	if err := s.Review.Repost(r.Context(), u, id, f.Columns, f.Reason); err != nil {
		return err
	}
	return web.WriteJSON(w, http.StatusOK, map[string]any{"id": id, "columns": f.Columns})
}

// pinForm is the body of POST /api/v1/entries/{id}/pin.
type pinForm struct {
	Until  string `json:"until"` // RFC 3339, or the last day; empty ends it
	Reason string `json:"reason"`
}

// apiPin answers POST /api/v1/entries/{id}/pin.
func (s *Server) apiPin(w http.ResponseWriter, r *http.Request, u access.User) error {
	var f pinForm
	if err := web.ReadJSON(r, &f); err != nil {
		return err
	}
	until, err := untilOf(f.Until)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	if err := s.Review.Pin(r.Context(), u, id, until, f.Reason); err != nil {
		return err
	}
	answer := map[string]any{"id": id, "pinnedUntil": nil}
	if !until.IsZero() {
		answer["pinnedUntil"] = until
	}
	return web.WriteJSON(w, http.StatusOK, answer)
}

// untilOf reads a time, or a day, which is meant to its end.
func untilOf(text string) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	at, err := dayOf(text)
	if err != nil {
		return at, fault.Field("until", "请填写日期，例如 2026-11-03。")
	}
	if !at.IsZero() {
		at = at.AddDate(0, 0, 1)
	}
	return at, nil
}

// apiSchedule answers POST /api/v1/items/{id}/schedule: another hour for what is
// approved and not yet published, or, with null, at once.
func (s *Server) apiSchedule(w http.ResponseWriter, r *http.Request, u access.User) error {
	var f struct {
		Revision  int        `json:"revision"`
		PublishAt *time.Time `json:"publishAt"`
	}
	if err := web.ReadJSON(r, &f); err != nil {
		return err
	}
	var at time.Time
	if f.PublishAt != nil {
		at = *f.PublishAt
	}
	if err := s.Review.Schedule(r.Context(), u, r.PathValue("id"), f.Revision, at); err != nil {
		return staleText(err)
	}
	return s.apiItem(w, r, u)
}

// combination is the request a form makes.
func (f combineForm) combination() review.Combination {
	q := review.Combination{Title: f.Title, Body: f.Body, Columns: f.Columns, Comment: f.Comment, Override: f.Override, Note: f.Note}
	for _, p := range f.Items {
		q.Items = append(q.Items, review.Part{Item: p.ID, Revision: p.Revision})
	}
	return q
}

package web

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/hub/review"
	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
	"zhanqun/internal/web"
	"zhanqun/protocol"
)

// Files hands out files that have arrived at the hub.
type Files interface {
	// ServeFile writes the file, with headers that keep a browser from running it.
	ServeFile(w http.ResponseWriter, r *http.Request, a protocol.Attachment) error
}

func sortEvents(list []ui.Event) {
	slices.SortStableFunc(list, func(a, b ui.Event) int { return b.At.Compare(a.At) })
}

// decide takes the decision of a reviewer. It is held for some seconds, so that
// it can be taken back before it leaves; then the next item comes up.
func (s *Server) decide(w http.ResponseWriter, r *http.Request, u access.User) error {
	ctx := r.Context()
	if err := r.ParseForm(); err != nil {
		return fault.Wrap(fault.Invalid, "表单读不出来，请重新填写。", err)
	}
	revision, _ := strconv.Atoi(r.PostFormValue("revision"))
	q := review.Request{Item: r.PathValue("id"), Revision: revision, Action: r.PostFormValue("action"), Reason: r.PostFormValue("reason"),
		Fields: r.PostForm["fields"], Comment: r.PostFormValue("comment"), Override: r.PostFormValue("override"),
		Columns: r.PostForm["columns"], Note: r.PostFormValue("note")}
	if q.Action == catalog.ActionApprove {
		q.Reason, q.Fields = "", nil
	} else {
		q.Columns, q.Override, q.Note = nil, "", ""
	}
	held, err := s.Review.Hold(ctx, u, q)
	if err != nil {
		return s.decideAgain(w, r, u, q, err)
	}
	s.sessions.Flash(ctx, web.Flash{Tone: string(ui.Good), Text: decidedText(q.Action), Undo: "/items/" + q.Item + "/undo", Until: held.DueAt})
	http.Redirect(w, r, s.nextItem(r, u, q.Item), http.StatusSeeOther)
	return nil
}

func decidedText(action string) string {
	switch action {
	case catalog.ActionApprove:
		return "已通过，几秒后生效。"
	case catalog.ActionReturn:
		return "已退回，几秒后通知报送单位。"
	case catalog.ActionReject:
		return "已定为不采用，几秒后通知报送单位。"
	}
	return "已撤回，几秒后从门户撤下。"
}

// nextItem is where a reviewer goes on: the item after this one, or the desk.
func (s *Server) nextItem(r *http.Request, u access.User, item string) string {
	if !u.May(access.Review) {
		return "/items/" + item
	}
	d, err := s.Review.Item(r.Context(), u, item)
	if err != nil {
		return "/"
	}
	next, err := s.Review.Next(r.Context(), u, review.Position{At: d.Item.ReceivedAt, ID: item}, 2)
	if err != nil {
		return "/"
	}
	for _, i := range next {
		if i.ID != item {
			return "/items/" + i.ID
		}
	}
	return "/"
}

// decideAgain shows the item with what is wrong with the decision; a stale one
// with what has changed meanwhile.
func (s *Server) decideAgain(w http.ResponseWriter, r *http.Request, u access.User, q review.Request, err error) error {
	p, pageErr := s.newItemPage(r, u, q.Item)
	if pageErr != nil {
		return pageErr
	}
	if stale, ok := isStale[*review.Stale](err); ok {
		p.Stale = stale
		p.Diff, p.DiffFrom = &[2]string{plain(stale.Asked), plain(stale.Latest)}, stale.Asked.Revision
	}
	q.Revision = p.D.Item.Revision
	p.Form = q
	if len(q.Columns) > 0 {
		p.Chosen = map[string]bool{}
		for _, c := range q.Columns {
			p.Chosen[c] = true
		}
	}
	return s.again(w, r, "item", p, &p.Page, err)
}

func (s *Server) undo(w http.ResponseWriter, r *http.Request, u access.User) error {
	id := r.PathValue("id")
	if err := s.Review.Undo(r.Context(), u, id); err != nil {
		return err
	}
	return s.done(w, r, "已撤销，刚才的决定没有发出。", "/items/"+id)
}

func (s *Server) claim(w http.ResponseWriter, r *http.Request, u access.User) error {
	id := r.PathValue("id")
	if err := s.Review.Claim(r.Context(), u, id, r.PostFormValue("note")); err != nil {
		return err
	}
	return s.done(w, r, "已领取，其他人暂时不能审这条。", "/items/"+id)
}

func (s *Server) release(w http.ResponseWriter, r *http.Request, u access.User) error {
	id := r.PathValue("id")
	if err := s.Review.Release(r.Context(), u, id); err != nil {
		return err
	}
	return s.done(w, r, "已放回，其他人可以审了。", "/items/"+id)
}

// adopt records that an outlet above the county took an item over.
func (s *Server) adopt(w http.ResponseWriter, r *http.Request, u access.User) error {
	id := r.PathValue("id")
	q := review.Outlet{Outlet: r.PostFormValue("outlet"), URL: r.PostFormValue("url")}
	if day := r.PostFormValue("at"); day != "" {
		at, err := time.ParseInLocation(time.DateOnly, day, ui.Zone)
		if err != nil {
			return fault.Field("at", "请填写日期，例如 2026-11-03。")
		}
		q.At = at
	}
	if err := s.Review.Adopt(r.Context(), u, id, q); err != nil {
		p, pageErr := s.newItemPage(r, u, id)
		if pageErr != nil {
			return pageErr
		}
		return s.again(w, r, "item", p, &p.Page, err)
	}
	return s.done(w, r, "已登记上级采用，并通知报送单位。", "/items/"+id)
}

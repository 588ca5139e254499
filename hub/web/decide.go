package web

import (
	"html"
	"net/http"
	"strconv"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/hub/review"
	"zhanqun/internal/chinatime"
	"zhanqun/internal/content"
	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
	"zhanqun/internal/web"
)

// decide takes the decision of a reviewer. It is held for some seconds, so that
// it can be taken back before it leaves; then the next item comes up.
func (s *Server) decide(w http.ResponseWriter, r *http.Request, u access.User) error {
	ctx := r.Context()
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	revision, _ := strconv.Atoi(r.PostFormValue("revision")) // 0 is refused like any wrong number
	q := review.Request{Item: r.PathValue("id"), Revision: revision, Action: r.PostFormValue("action"), Reason: r.PostFormValue("reason"),
		Fields: r.PostForm["fields"], Comment: r.PostFormValue("comment"), Override: r.PostFormValue("override"),
		Columns: r.PostForm["columns"], Note: r.PostFormValue("note"), Emergency: r.PostFormValue("emergency") != "", URL: r.PostFormValue("url")}
	var held review.Held
	var err error
	if q.PublishAt, err = hourOf(r.PostFormValue("publishAt")); err == nil {
		held, err = s.Review.Hold(ctx, u, q)
	}
	if err != nil {
		return s.decideAgain(w, r, u, q, err)
	}
	s.sessions.Flash(ctx, web.Flash{Tone: string(ui.Good), Text: decidedText(q, s.titleOf(r, u, q.Item), s.lang(r)), Undo: "/items/" + q.Item + "/undo", Until: held.DueAt})
	http.Redirect(w, r, s.goOn(r, u, q.Item), http.StatusSeeOther)
	return nil
}

func formFault(err error) error {
	return fault.Wrap(fault.Invalid, "表单内容无法读取，请刷新页面后重填。", err)
}

// titleOf is the title of an item, short enough to stand in a sentence: by the
// time a decision is told of, the next item is on the page.
func (s *Server) titleOf(r *http.Request, u access.User, id string) string {
	d, err := s.Review.Item(r.Context(), u, id)
	if err != nil {
		return "" // it was there a moment ago; the sentence does without
	}
	return content.Excerpt(html.EscapeString(d.Item.Title), 24)
}

// decidedText tells what was decided about what, and that it can still be taken back.
func decidedText(q review.Request, title string, lang ui.Lang) string {
	switch {
	case q.Emergency:
		return ui.T(lang, "“%s”几秒后紧急发布，事后补审。", title)
	case !q.PublishAt.IsZero():
		return ui.T(lang, "“%s”已通过，到时自动发布。", title)
	case q.Action == catalog.ActionApprove:
		return ui.T(lang, "“%s”已通过，几秒后生效。", title)
	case q.Action == catalog.ActionReturn:
		return ui.T(lang, "“%s”已退回，几秒后通知报送单位。", title)
	case q.Action == catalog.ActionReject:
		return ui.T(lang, "“%s”不采用，几秒后通知报送单位。", title)
	}
	return ui.T(lang, "“%s”已撤回，几秒后从门户撤下。", title)
}

// decideAgain shows the item with what is wrong with the decision; a stale one
// with what has changed meanwhile. What was filled in stays.
func (s *Server) decideAgain(w http.ResponseWriter, r *http.Request, u access.User, q review.Request, err error) error {
	p, pageErr := s.newItemPage(r, u, q.Item)
	if pageErr != nil {
		return pageErr
	}
	if stale, ok := isStale(err); ok {
		stale.Asked.Revision = q.Revision
		p.Stale = stale
		p.Last = nil
		p.Diffs = nil
		if stale.Asked.Title != "" {
			p.Diffs = []comparison{{From: stale.Asked.Revision, Old: plain(stale.Asked), New: plain(stale.Latest)}}
		}
	}
	q.Revision = p.D.Item.Revision
	p.Form = q
	if len(q.Columns) > 0 {
		p.Chosen = chosen(q.Columns)
	}
	if p.Stale != nil { // the page says it all
		return s.pages.Render(w, r, fault.Conflict.Status(), "item", p)
	}
	return s.again(w, r, "item", p, &p.Page, err)
}

func (s *Server) undo(w http.ResponseWriter, r *http.Request, u access.User) error {
	to := "/items/" + r.PathValue("id")
	if err := s.Review.Undo(r.Context(), u, r.PathValue("id")); err != nil {
		return s.undone(w, r, to, err)
	}
	return s.done(w, r, to, ui.T(s.lang(r), "已撤销，刚才的决定没有发出。"))
}

func (s *Server) claim(w http.ResponseWriter, r *http.Request, u access.User) error {
	to := "/items/" + r.PathValue("id")
	if err := s.Review.Claim(r.Context(), u, r.PathValue("id"), r.PostFormValue("note")); err != nil {
		return s.undone(w, r, to, err)
	}
	return s.done(w, r, to, ui.T(s.lang(r), "已领取，其他人暂时不能审这条。"))
}

func (s *Server) release(w http.ResponseWriter, r *http.Request, u access.User) error {
	to := "/items/" + r.PathValue("id")
	if err := s.Review.Release(r.Context(), u, r.PathValue("id")); err != nil {
		return s.undone(w, r, to, err)
	}
	return s.done(w, r, to, ui.T(s.lang(r), "已放回，其他人可以审了。"))
}

// adopt records that an outlet above the county took an item over.
func (s *Server) adopt(w http.ResponseWriter, r *http.Request, u access.User) error {
	id := r.PathValue("id")
	q := review.Outlet{Outlet: r.PostFormValue("outlet"), URL: r.PostFormValue("url")}
	var err error
	if q.At, err = dayOf(r.PostFormValue("at")); err == nil {
		err = s.Review.Adopt(r.Context(), u, id, q)
	}
	if err != nil {
		p, pageErr := s.newItemPage(r, u, id)
		if pageErr != nil {
			return pageErr
		}
		p.Outlet, p.Adopting = q, true
		return s.again(w, r, "item", p, &p.Page, err)
	}
	return s.done(w, r, "/items/"+id, ui.T(s.lang(r), "已登记上级采用，并通知报送单位。"))
}

// dayOf reads a date as people here mean it; none is the zero time.
func dayOf(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.ParseInLocation(time.DateOnly, text, chinatime.Zone)
	if err != nil {
		return time.Time{}, fault.Field("at", "请填写日期，例如 2026-11-03。")
	}
	return at, nil
}

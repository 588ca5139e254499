package web

import (
	"net/http"

	"zhanqun/hub/access"
	"zhanqun/hub/review"
	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
)

// tries is how many items are offered before giving up: each may be taken by
// somebody else in the same moment.
const tries = 5

// next leads a reviewer to the item to decide next. The one left behind, if
// any, is given back.
func (s *Server) next(w http.ResponseWriter, r *http.Request, u access.User) error {
	left := r.PostFormValue("after")
	if left != "" {
		if err := s.Review.Release(r.Context(), u, left); err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	to := s.goOn(r, u, left)
	if to == "/" {
		return s.done(w, r, "/", ui.T(s.lang(r), "没有等您审的信息了。"))
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// goOn claims the item that comes after one and returns its page, or the desk
// when nothing waits. Claiming keeps two reviewers who work down the same list
// from reading the same text; a claim that is not used runs out by itself.
func (s *Server) goOn(r *http.Request, u access.User, after string) string {
	ctx := r.Context()
	var from review.Position
	if after != "" {
		if d, err := s.Review.Item(ctx, u, after); err == nil {
			from = review.Position{At: d.Item.ReceivedAt, ID: after}
		}
	}
	list, err := s.Review.Next(ctx, u, from, tries)
	if err != nil {
		s.Logger.WarnContext(ctx, "finding the next item failed", "error", err)
		return "/"
	}
	for _, i := range list {
		if i.ID != after && s.Review.Claim(ctx, u, i.ID, "") == nil {
			return "/items/" + i.ID
		}
	}
	return "/"
}

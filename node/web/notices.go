package web

import (
	"net/http"

	"zhanqun/internal/ui"
	"zhanqun/node/queue"
)

type noticesPage struct {
	ui.Page
	Notices []queue.Notice
}

func (s *Server) noticesPage(w http.ResponseWriter, r *http.Request, _ queue.Account) error {
	list, err := s.Queue.Notices(r.Context(), 100)
	if err != nil {
		return err
	}
	p := &noticesPage{Notices: list}
	p.Title = ui.T(s.pages.Lang(r), "通知")
	return s.pages.Render(w, r, http.StatusOK, "notices", p)
}

func (s *Server) readNotice(w http.ResponseWriter, r *http.Request, _ queue.Account) error {
	if err := s.Queue.ReadNotice(r.Context(), r.PathValue("id")); err != nil {
		return err
	}
	return s.done(w, r, "已标为已读。", "/notices")
}

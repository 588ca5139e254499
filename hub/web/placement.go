package web

import (
	"net/http"
	"strconv"
	"time"

	"zhanqun/hub/access"
	"zhanqun/internal/chinatime"
	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
)

// hourOf reads the time of a form field, as people here mean it; none is the
// zero time.
func hourOf(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04"} {
		if at, err := time.ParseInLocation(layout, text, chinatime.Zone); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fault.Field("publishAt", "请填写日期和时间，例如 2026-11-03 08:30。")
}

// schedule gives another hour to what is approved and not yet published; an
// empty one publishes at once.
func (s *Server) schedule(w http.ResponseWriter, r *http.Request, u access.User) error {
	id := r.PathValue("id")
	revision, _ := strconv.Atoi(r.PostFormValue("revision")) // 0 is refused like any wrong number
	at, err := hourOf(r.PostFormValue("publishAt"))
	if err == nil {
		err = s.Review.Schedule(r.Context(), u, id, revision, at)
	}
	if err != nil {
		return s.undone(w, r, "/items/"+id, err)
	}
	text := ui.T(s.lang(r), "发布时间已改。")
	if at.IsZero() {
		text = ui.T(s.lang(r), "已发布；附件没有到齐的，到齐后马上发布。")
	}
	return s.done(w, r, "/items/"+id, text)
}

// repost puts the live entry of an item into other columns.
func (s *Server) repost(w http.ResponseWriter, r *http.Request, u access.User) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	return s.place(w, r, u, ui.T(s.lang(r), "栏目已换，并通知报送单位。"), func(entry string) error {
		return s.Review.Repost(r.Context(), u, entry, r.PostForm["columns"], r.PostFormValue("reason"))
	})
}

// pin keeps the live entry of an item on top of its lists, or no longer.
func (s *Server) pin(w http.ResponseWriter, r *http.Request, u access.User) error {
	text := ui.T(s.lang(r), "已置顶。")
	if r.PostFormValue("until") == "" {
		text = ui.T(s.lang(r), "已取消置顶。")
	}
	return s.place(w, r, u, text, func(entry string) error {
		until, err := untilOf(r.PostFormValue("until"))
		if err != nil {
			return err
		}
		return s.Review.Pin(r.Context(), u, entry, until, r.PostFormValue("reason"))
	})
}

// place does something to the entry that an item is part of, and goes back to
// the item.
func (s *Server) place(w http.ResponseWriter, r *http.Request, u access.User, done string, act func(entry string) error) error {
	d, err := s.Review.Item(r.Context(), u, r.PathValue("id"))
	if err != nil {
		return err
	}
	to := "/items/" + d.Item.ID
	if d.Entry == nil {
		return s.undone(w, r, to, fault.New(fault.Conflict, "这条信息不在门户上。"))
	}
	if err := act(d.Entry.ID); err != nil {
		return s.undone(w, r, to, err)
	}
	return s.done(w, r, to, done)
}

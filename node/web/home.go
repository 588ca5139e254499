package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
	"zhanqun/internal/web"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// Lengths of the lists on the first page; each has a page of its own.
const (
	homeDue    = 10
	homeLatest = 8
)

type homePage struct {
	ui.Page
	State    queue.QueueState
	Counts   queue.Counts
	Needs    int64 // how many things wait for somebody here
	Due      []row
	Findings []queue.Finding
	Notices  []queue.Notice
	Latest   []row
	Out      uint64 // entries the county has not confirmed
	MoreDue  bool
	New      bool // nothing was ever written here
	Township bool
	Fallen   bool // one of the vetoes below has
	Vetoes   int  // in which the unit has a part
}

// home answers first: is my work out, and does anything need me?
func (s *Server) home(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	ctx, lang, actor := r.Context(), s.pages.Lang(r), a.Actor()
	settings, err := s.Queue.Settings(ctx)
	if err != nil {
		return err
	}
	p := &homePage{Township: actor.Township()}
	if p.State, err = s.Queue.State(ctx); err != nil {
		return err
	}
	if p.Counts, err = s.Queue.Counts(ctx, actor); err != nil {
		return err
	}
	p.Out = p.State.Queued + p.State.Sent
	p.Needs = p.Counts.Due + p.Counts.Findings + p.Counts.Notices
	p.Title, p.Lead = needs(p.Needs, lang), wherePut(p.State, p.Counts, actor, lang)
	due, _, err := s.Queue.List(ctx, actor, queue.Filter{Due: true}, "", homeDue)
	if err != nil {
		return err
	}
	latest, _, err := s.Queue.List(ctx, actor, queue.Filter{}, "", homeLatest)
	if err != nil {
		return err
	}
	p.Due, p.Latest = s.rows(due, settings, actor, lang), s.rows(latest, settings, actor, lang)
	p.New, p.MoreDue = len(latest) == 0, p.Counts.Due > int64(len(due))
	if p.Counts.Findings > 0 {
		if p.Findings, err = s.dueFindings(ctx, actor); err != nil {
			return err
		}
	}
	vetoes, err := s.Queue.Vetoes(ctx, actor)
	if err != nil {
		return err
	}
	p.Vetoes = len(vetoes.Vetoes)
	p.Fallen = slices.ContainsFunc(vetoes.Vetoes, func(v protocol.Veto) bool { return v.State == protocol.VetoFallen })
	if p.Counts.Notices > 0 {
		if p.Notices, err = s.unread(ctx); err != nil {
			return err
		}
	}
	return s.pages.Render(w, r, http.StatusOK, "home", p)
}

// needs says how much waits for somebody here.
func needs(n int64, lang ui.Lang) string {
	if n == 0 {
		return ui.T(lang, "没有等您办的事")
	}
	return ui.T(lang, "有 %d 件事等您办", n)
}

// wherePut says where the work of a is. A village's is out when the township
// has it; only what the county has confirmed counts as there.
func wherePut(st queue.QueueState, c queue.Counts, a queue.Actor, lang ui.Lang) string {
	t := func(key string, args ...any) string { return ui.T(lang, key, args...) }
	switch {
	case !a.Township() && c.Awaiting > 0:
		return t("有 %d 条已交到镇里，等镇里签发。", c.Awaiting)
	case !a.Township():
		return t("写好后提交给镇里，镇里签发后自动报送县里。")
	case !st.Joined:
		return t("本机还没有入网，可以先写草稿。")
	case st.Pending && st.Queued > 0:
		return t("还有 %d 项存在本机，县里批准本机入网后自动发出。", st.Queued)
	case st.Queued > 0 && st.Sent > 0:
		return t("还有 %d 项存在本机等着发出，%d 项已发出，等县里确认。", st.Queued, st.Sent)
	case st.Queued > 0:
		return t("还有 %d 项存在本机等着发出，线路一通就自动发出。", st.Queued)
	case st.Sent > 0:
		return t("有 %d 项已发出，等县里确认收到。", st.Sent)
	case st.Blobs.Waiting > 0:
		return t("文字县里都已收到，还有 %d 个附件没传完。", st.Blobs.Waiting)
	case st.Confirmed > 0:
		return t("提交的信息县里都已收到。")
	}
	return t("还没有报送过信息。")
}

// dueFindings are the findings that wait for an answer from here, the nearest
// deadline first.
func (s *Server) dueFindings(ctx context.Context, a queue.Actor) ([]queue.Finding, error) {
	list, _, err := s.Queue.Findings(ctx, a, queue.FindingFilter{}, "", 100)
	var due []queue.Finding
	for i := range list {
		if list[i].Unanswered() && len(due) < homeDue {
			due = append(due, list[i])
		}
	}
	return due, err
}

func (s *Server) unread(ctx context.Context) ([]queue.Notice, error) {
	list, err := s.Queue.Notices(ctx, 100)
	var unread []queue.Notice
	for i := range list {
		if !list[i].Read && len(unread) < homeDue {
			unread = append(unread, list[i])
		}
	}
	return unread, err
}

// How an open page is kept up to date: at most one word a second, and a look at
// what other programs did to the data folder.
const (
	liveLeast = time.Second
	liveLook  = 3 * time.Second
	maxLive   = 100 // open pages; more reload by hand
)

// liveEvents tells an open page that something changed. It says only that: the
// page fetches the present state, so that a slow one misses nothing.
func (s *Server) liveEvents(w http.ResponseWriter, r *http.Request, _ queue.Account) error {
	if s.live.Add(1) > maxLive {
		s.live.Add(-1)
		return fault.New(fault.Unavailable, "打开的页面太多，本页不再自动更新，请手动刷新。")
	}
	defer s.live.Add(-1)
	ctx, stop := context.WithCancel(r.Context())
	events := make(chan web.Event)
	var watcher sync.WaitGroup
	watcher.Go(func() { s.watch(ctx, r.URL.Query().Get("after"), events) })
	defer watcher.Wait()
	defer stop()
	return web.Stream(w, r, events)
}

// liveAddress is where a page made now learns what changes after it. The mark
// stays in the address, so that a page that comes back after its stream broke
// off is told at once when it missed something.
func (s *Server) liveAddress(ctx context.Context) (string, error) {
	mark, err := s.mark(ctx)
	return "/events?after=" + mark, err
}

// mark names the present contents of the queue, for this run of the program.
func (s *Server) mark(ctx context.Context) (string, error) {
	v, err := s.Queue.DataVersion(ctx)
	return s.run + "." + strconv.FormatInt(v, 36), err
}

// watch sends an event after each change since the mark seen, until ctx ends.
func (s *Server) watch(ctx context.Context, seen string, events chan<- web.Event) {
	defer close(events)
	look := time.NewTicker(liveLook)
	defer look.Stop()
	rest := time.NewTimer(0)
	defer rest.Stop()
	for {
		changed := s.Queue.Changed()
		now, err := s.mark(ctx)
		if err != nil {
			if ctx.Err() == nil {
				s.Log.ErrorContext(ctx, "live pages not told", "err", err)
			}
			return
		}
		if now == seen {
			select {
			case <-ctx.Done():
				return
			case <-changed:
			case <-look.C:
			}
			continue
		}
		seen = now
		select {
		case <-ctx.Done():
			return
		case <-rest.C:
		}
		select {
		case <-ctx.Done():
			return
		case events <- web.Event{Name: "change", Data: "*"}:
		}
		rest.Reset(liveLeast)
	}
}

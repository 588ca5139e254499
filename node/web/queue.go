package web

import (
	"net/http"
	"time"

	"zhanqun/internal/ui"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

type queuePage struct {
	ui.Page
	State     queue.QueueState
	Line      lineWords
	Files     []ui.Upload
	More      int64         // files under way that are not listed
	Remaining time.Duration // until all files are there; 0 when nobody knows
	Machine   string
	Hub       string
	Key       string // fingerprint of this machine's key
	Retry     bool   // trying at once may help
}

// waitingShown is how many files under way the page lists.
const waitingShown = 30

// queuePage tells in words how the line stands and what is under way.
func (s *Server) queuePage(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	ctx, lang := r.Context(), s.pages.Lang(r)
	st, line, err := s.lineNow(ctx)
	if err != nil {
		return err
	}
	p := &queuePage{State: st, Line: wordsOf(st, line, s.Now(), lang), Remaining: s.pace.remaining(st.Blobs.BytesLeft, s.Now())}
	p.Title = ui.T(lang, "线路和队列")
	p.Retry = st.Joined && st.Serving && p.Line.Tone != ui.Good
	if id, err := s.Queue.Identity(ctx); err == nil {
		p.Machine, p.Hub, p.Key = id.Name, id.HubURL, protocol.KeyFingerprint(id.Key.Public())
	}
	if st.Blobs.Waiting > 0 && a.Actor().Township() {
		if p.Files, err = s.underWay(r, st); err != nil {
			return err
		}
		p.More = st.Blobs.Waiting - int64(len(p.Files))
	}
	return s.pages.Render(w, r, http.StatusOK, "queue", p)
}

// underWay are the files that have still to travel, in their order.
func (s *Server) underWay(r *http.Request, st queue.QueueState) ([]ui.Upload, error) {
	list, err := s.Queue.Waiting(r.Context(), waitingShown)
	if err != nil {
		return nil, err
	}
	lang, takes := s.pages.Lang(r), s.arrivals(list, st)
	files := make([]ui.Upload, 0, len(list))
	for _, f := range list {
		u := ui.Upload{Name: f.Name, Type: typeName(f.Type, lang), Size: f.Size, URL: fileURL(f.SHA256, f.Name), Note: f.Title,
			Sending: f.Have > 0, Sent: f.Have, Left: takes[f.SHA256], Error: f.Error}
		files = append(files, u)
	}
	return files, nil
}

// push asks the line to try at once instead of when its patience ends.
func (s *Server) push(w http.ResponseWriter, r *http.Request, _ queue.Account) error {
	s.Push()
	return s.done(w, r, "正在重试，结果会显示在这里。", "/queue")
}

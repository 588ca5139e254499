package web

import (
	"context"
	"net/http"
	"sync"
	"time"

	"zhanqun/internal/ui"
	"zhanqun/node/queue"
)

// lineState is the strip on every page.
func (s *Server) lineState(r *http.Request, lang ui.Lang) (*ui.LineState, error) {
	st, line, err := s.lineNow(r.Context())
	if err != nil {
		return nil, err
	}
	l := &ui.LineState{Up: st.Connected, Since: line.Since, Queued: int(st.Queued + st.Sent), Note: noteOf(st, line, lang), URL: "/queue"}
	if st.OldestUnsettled != nil {
		l.Oldest = *st.OldestUnsettled
	}
	return l, nil
}

func (s *Server) lineNow(ctx context.Context) (queue.QueueState, queue.Line, error) {
	st, err := s.Queue.State(ctx)
	if err != nil {
		return st, queue.Line{}, err
	}
	line, err := s.Queue.Line(ctx)
	return st, line, err
}

// clockTolerance is how wrong a clock may be before a person is told.
const clockTolerance = 5 * time.Minute

// noteOf is the one sentence that matters most about the line, or "".
func noteOf(st queue.QueueState, line queue.Line, lang ui.Lang) string {
	switch {
	case st.DiskNearlyFull:
		return ui.T(lang, "磁盘快满了，暂时不能写新信息；已提交的照常发送。请清理磁盘。")
	case !st.Joined:
		return ui.T(lang, "本机还没有入网，可以先写草稿。")
	case !st.Serving:
		return ui.T(lang, "报送服务没有运行，内容都存在本机。")
	case waits(st, line):
		return ui.T(lang, "正在等县级管理员批准本机入网，可以先写信息。")
	case line.Error != "":
		return ui.T(lang, line.Error)
	case !st.Connected:
		return ui.T(lang, "内容都存在本机，线路恢复后自动发出。")
	case line.Skew.Abs() > clockTolerance:
		return ui.T(lang, "本机时钟与县里相差 %s，请校准。", ui.Span(lang, line.Skew.Abs()))
	}
	return ""
}

// waits reports whether the county has not let this machine in yet. One that was
// turned away does not wait any more.
func waits(st queue.QueueState, line queue.Line) bool {
	return st.Pending && line.Error == queue.PendingWords
}

// lineWords is the state of the line for the page about it: what it is and what
// to do.
type lineWords struct {
	Tone       ui.Tone
	Title, Do  string
	Error      string
	Since      time.Time
	NextTry    time.Duration // 0: none due
	ClockWrong string        // how far the clock is off, or ""
	Way        string        // how the line runs, while it does
}

func wordsOf(st queue.QueueState, line queue.Line, now time.Time, lang ui.Lang) lineWords {
	w := lineWords{Tone: ui.Warn, Since: line.Since, Error: ui.T(lang, line.Error), Way: ui.T(lang, st.Way.Words())}
	if next := line.NextTry.Sub(now); next > 0 && !st.Connected {
		w.NextTry = next
	}
	if line.Skew.Abs() > clockTolerance {
		w.ClockWrong = ui.Span(lang, line.Skew.Abs())
	}
	switch {
	case !st.Joined:
		w.Title = ui.T(lang, "本机还没有入网")
		w.Do = ui.T(lang, "请向县级管理员要入网码，在本机运行 node join 入网码。草稿可以先写，入网后再提交。")
	case !st.Serving:
		w.Title = ui.T(lang, "报送服务没有运行")
		w.Do = ui.T(lang, "请在本机启动 node serve。内容都存在本机，服务启动后自动发出。")
	case waits(st, line):
		w.Title = ui.T(lang, "等县里批准入网")
		w.Do = ui.T(lang, "县级管理员会打电话核对本机的密钥指纹。批准后自动开始收发，不用重启。草稿可以先写，提交的内容存在本机，批准后自动发出。")
	case st.Connected && line.Error != "":
		w.Title = ui.T(lang, "线路通，但发送有阻碍")
		w.Do = ui.T(lang, "内容都存在本机，不会丢失，也不用重新提交。问题解决后自动发出。")
	case st.Connected:
		w.Tone, w.Title = ui.Good, ui.T(lang, "线路正常")
		w.Do = ui.T(lang, "提交的内容会马上发往县里，不用守着。")
	default:
		w.Title = ui.T(lang, "线路中断")
		w.Do = ui.T(lang, "请检查网线和路由器，能上网仍不通请联系县级管理员。内容都存在本机，恢复后自动发出，不用重新提交。")
	}
	return w
}

// pace tells from two looks at what is left how long the rest will take.
type pace struct {
	mu    sync.Mutex
	at    time.Time
	left  int64
	speed float64 // bytes a second, 0 while unknown
}

// Looks closer together than paceLeast say little, those further apart than
// paceMost are about another day.
const (
	paceLeast = 3 * time.Second
	paceMost  = 10 * time.Minute
)

// remaining notes that left bytes are still to go at now, and estimates how long
// that takes; 0 when nobody knows.
func (p *pace) remaining(left int64, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch d := now.Sub(p.at); {
	case left == 0 || left > p.left || d > paceMost || d < 0:
		p.at, p.left, p.speed = now, left, 0
	case d >= paceLeast:
		p.speed = float64(p.left-left) / d.Seconds()
		p.at, p.left = now, left
	}
	return p.takes(left)
}

// takes is how long that many bytes go at the speed of the last look.
func (p *pace) takes(bytes int64) time.Duration {
	if p.speed <= 0 {
		return 0
	}
	return time.Duration(float64(bytes) / p.speed * float64(time.Second))
}

// arrivals estimates for the files under way, in their order, how long each will
// take. Nothing moves while the line is down, and then nobody knows.
func (s *Server) arrivals(list []queue.WaitingFile, st queue.QueueState) map[string]time.Duration {
	takes := map[string]time.Duration{}
	if s.pace.remaining(st.Blobs.BytesLeft, s.Now()) == 0 || !st.Connected {
		return takes
	}
	s.pace.mu.Lock()
	defer s.pace.mu.Unlock()
	ahead := int64(0)
	for _, f := range list {
		if f.Error != "" {
			continue // it waits for its next try, and the others go on
		}
		ahead += f.Size - f.Have
		takes[f.SHA256] = s.pace.takes(ahead)
	}
	return takes
}

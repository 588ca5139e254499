package web

import (
	"net/http"
	"time"

	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
	"zhanqun/internal/web"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

type findingsPage struct {
	ui.Page
	Findings []queue.Finding
	Closed   bool
	Vetoes   []protocol.Veto // in which the unit has a part
	ToldAt   time.Time       // when the county said so
	Newer    string
	Older    string
}

func (s *Server) findingsPage(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	f := queue.FindingFilter{Closed: r.FormValue("state") == "closed"}
	list, next, err := s.Queue.Findings(r.Context(), a.Actor(), f, r.FormValue("cursor"), 30)
	if err != nil {
		return err
	}
	p := &findingsPage{Findings: list, Closed: f.Closed}
	lang := s.pages.Lang(r)
	p.Title = ui.T(lang, "预警")
	p.Lead = ui.T(lang, "县里确认有问题、要本单位处理的链接、站点和栏目。")
	if next != "" {
		p.Older = web.WithParam(r, "cursor", next)
	}
	if !p.Closed && r.FormValue("cursor") == "" {
		v, err := s.Queue.Vetoes(r.Context(), a.Actor())
		if err != nil {
			return err
		}
		p.Vetoes, p.ToldAt = v.Vetoes, v.At
	}
	if r.FormValue("cursor") != "" {
		p.Newer = web.WithParam(r, "cursor", "")
	}
	return s.pages.Render(w, r, http.StatusOK, "findings", p)
}

type findingPage struct {
	ui.Page
	F         queue.Finding
	Says      says
	Own       bool // the item it names is one of ours
	ItemTitle string
	CanDo     bool
	Note      string
	Another   bool // an answer was given, another one may follow
}

func (s *Server) findingPage(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	p, err := s.newFindingPage(r, a)
	if err != nil {
		return err
	}
	return s.pages.Render(w, r, http.StatusOK, "finding", p)
}

func (s *Server) newFindingPage(r *http.Request, a queue.Account) (*findingPage, error) {
	ctx, lang, actor := r.Context(), s.pages.Lang(r), a.Actor()
	f, err := s.Queue.Finding(ctx, actor, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	p := &findingPage{F: f, Says: findingSays(&f, lang, s.Now()), CanDo: f.Open() && actor.Township(), Another: f.Answer != nil}
	if p.Says.Do != "" && f.Advice != "" {
		p.Says.Do = ui.T(lang, f.Advice) // the county knows more of the case
	}
	p.Title = ui.T(lang, "%s：%s", ui.T(lang, f.Class), f.Target)
	if f.Item == "" {
		return p, nil
	}
	d, err := s.Queue.Item(ctx, actor, f.Item)
	switch {
	case err == nil:
		p.Own, p.ItemTitle = true, titleOf(d.Title, lang)
	case !fault.Is(err, fault.NotFound):
		return nil, err
	}
	return p, nil
}

// findingSays puts the state of a finding, and of the answer given here, into
// words.
func findingSays(f *queue.Finding, lang ui.Lang, now time.Time) says {
	t := func(key string, args ...any) string { return ui.T(lang, key, args...) }
	if f.Refusal != "" {
		return says{Tone: ui.Bad, Title: t("县里没有收下您的答复"), Why: t(f.Refusal), Do: t("请重新答复。")}
	}
	switch f.State {
	case protocol.FindingClosed:
		means := t("县里复查没有再发现这个问题。")
		switch f.Ending {
		case protocol.EndingRecovered:
			means = t("链接又能正常打开了。")
			if f.Kind != "" {
				means = t("县里复查没有再发现这个问题。")
			}
		case protocol.EndingWaived:
			means = t("这个问题不必再整改。")
		case protocol.EndingRemoved:
			means = t("页面上已经没有这个链接了。")
		}
		return says{Tone: ui.Good, Title: t("已销号"), Means: means, Why: t(f.Note)}
	case protocol.FindingStruck:
		return says{Tone: ui.Neutral, Title: t("已核减"), Means: t("县里核实不算问题，目标不变就不再预警。"), Why: t(f.Note)}
	}
	if f.Answer != nil {
		return answerSays(f, t)
	}
	s := says{Tone: ui.Warn, Title: t("等您处理"), Means: t("县里隔时多次检查，都有问题。"), Why: t(f.Note), Do: t("请修好或去掉这个链接，然后在这里答复。")}
	if f.Kind != "" {
		s.Do = t("请处理后在这里答复。")
	}
	if f.State == protocol.FindingRecheck {
		s = says{Tone: ui.Bad, Title: t("复查没有通过"), Means: t("县里按您的答复又查了一次，问题还在。"), Why: t(f.Note), Do: t("请再处理一次，然后答复。")}
	}
	if f.Overdue(now) {
		s.Tone, s.Title = ui.Bad, t("已过整改期限，等您处理")
	}
	if word := stageWords[f.Stage]; word != "" {
		s.Means = t(word)
	}
	return s
}

// stageWords say how far the county has urged the unit.
var stageWords = map[string]string{
	protocol.StageOverdue:    "期限已过还没有整改，会列入每周曝光。",
	protocol.StageExposed:    "逾期未整改，已列入每周曝光。",
	protocol.StageSupervised: "曝光后仍未整改，已列入每月督办。",
	protocol.StageCirculated: "督办后仍未整改，已列入每季通报。",
}

// answerSays is how far the answer given here has come.
func answerSays(f *queue.Finding, t func(string, ...any) string) says {
	s := says{Tone: ui.Info, Title: t("已答复“已整改”"), Why: t(f.Note)}
	if f.Answer.Answer == protocol.AnswerDisputed {
		s.Title = t("已答复“有异议”")
	}
	switch {
	case f.Line == queue.Queued:
		s.Means = t("答复已存在本机，等待发往县里。")
	case f.Line == queue.Sent:
		s.Means = t("答复已发出，等县里确认收到。")
	case f.State == protocol.FindingDisputed:
		s.Means = t("县里已收到，由人工核实，结果会显示在这里。")
	default:
		s.Means = t("县里已收到，会自动复查，结果会显示在这里。")
	}
	return s
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	id, note := r.PathValue("id"), decode(r.PostFormValue("note"))
	if err := s.Queue.AnswerFinding(r.Context(), a.Actor(), id, r.PostFormValue("answer"), note); err != nil {
		p, pageErr := s.newFindingPage(r, a)
		if pageErr != nil {
			return pageErr
		}
		p.Note = note
		return s.again(w, r, "finding", p, &p.Page, err)
	}
	s.Push()
	return s.done(w, r, "答复已存盘并发往县里。", "/findings/"+id)
}

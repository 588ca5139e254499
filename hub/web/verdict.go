package web

import (
	"net/http"
	"strings"

	"zhanqun/hub/access"
	"zhanqun/hub/health/fresh"
	"zhanqun/hub/health/rules"
	"zhanqun/hub/health/verdict"
	"zhanqun/internal/ui"
	"zhanqun/internal/web"
)

// apiVerdict answers with a site judged by the rule set in use.
func (s *Server) apiVerdict(w http.ResponseWriter, r *http.Request, _ access.User) error {
	result, err := s.Inspect.Site(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return web.WriteJSON(w, http.StatusOK, result)
}

// boardPage is the cluster at a glance.
type boardPage struct {
	ui.Page
	Board  rules.Board
	Vetoes []rules.Clause // columns of the table of units
	Recent []alarmView
	sleep  fresh.Limits
	Set    *rules.Set
}

func (s *Server) boardPage(w http.ResponseWriter, r *http.Request, _ access.User) error {
	board, err := s.Inspect.Cluster(r.Context())
	if err != nil {
		return err
	}
	recent, err := s.recent(r, "")
	if err != nil {
		return err
	}
	lang := s.lang(r)
	p := &boardPage{Board: board, Set: s.Inspect.Rules(), Recent: recent, sleep: s.Inspect.Sleep}
	for _, c := range p.Set.Clauses {
		if c.Veto {
			p.Vetoes = append(p.Vetoes, c)
		}
	}
	p.Title, p.Events, p.Lead = ui.T(lang, "站群总览"), eventsURL, boardLead(board, lang)
	return s.show(w, r, "board", p)
}

// recentDays is how long a change of a veto is shown, mostRecent how many are.
const (
	recentDays = 30
	mostRecent = 10
)

// alarmView is a change of a veto as pages show it.
type alarmView struct {
	verdict.Alarm
	Whose string // who answers for the count
}

// recent returns the last changes of vetoes, of a site, or of all for "".
func (s *Server) recent(r *http.Request, site string) ([]alarmView, error) {
	list, err := s.Inspect.Recent(r.Context(), site, mostRecent)
	from, lang := s.Now().AddDate(0, 0, -recentDays), s.lang(r)
	var views []alarmView
	for _, a := range list {
		if a.At.After(from) {
			views = append(views, alarmView{a, share(a.Owners, lang)})
		}
	}
	return views, err
}

// boardLead answers what will fail an inspection.
func boardLead(b rules.Board, lang ui.Lang) string {
	vetoed, near := 0, 0
	for _, r := range b.Sites {
		switch {
		case r.Outcome == rules.Vetoed:
			vetoed++
		case worst(r).State == rules.Near:
			near++
		}
	}
	switch {
	case len(b.Sites) == 0:
		return ui.T(lang, "登记站点后，这里按检查指标列出每个站点离单项否决还有多远。")
	case vetoed > 0:
		return ui.T(lang, "%d 个站点中，%d 个已触发单项否决，%d 个接近。", len(b.Sites), vetoed, near)
	case near > 0:
		return ui.T(lang, "%d 个站点都没有触发单项否决，%d 个接近。", len(b.Sites), near)
	}
	return ui.T(lang, "%d 个站点都没有触发单项否决。没有检查的项目不算合格。", len(b.Sites))
}

// worst returns the veto that is nearest, or an empty one.
func worst(r rules.Result) rules.Veto {
	var w rules.Veto
	for _, v := range r.Vetoes {
		if w.Clause == "" || weight(v) > weight(w) {
			w = v
		}
	}
	return w
}

func weight(v rules.Veto) float64 {
	base := map[rules.State]float64{rules.Fallen: 8, rules.Near: 4, rules.Insufficient: 2, rules.Clear: 1, rules.Unchecked: 0}[v.State]
	if v.Limit > 0 && v.State != rules.Unchecked {
		base += min(float64(v.Count)/float64(v.Limit), 1)
	}
	return base
}

// Worst is the veto of a site that is nearest.
func (p *boardPage) Worst(r rules.Result) rules.Veto { return worst(r) }

// Share is who answers for a veto's count.
func (p *boardPage) Share(o []rules.Owner) string { return share(o, p.Lang) }

// Of returns a veto of a site by its clause.
func (p *boardPage) Of(r rules.Result, kind string) rules.Veto {
	for _, v := range r.Vetoes {
		if v.Kind() == kind {
			return v
		}
	}
	return rules.Veto{}
}

// Cell is what a unit's signal of a clause says: its own part, and how the site
// stands.
func (p *boardPage) Cell(l rules.Line, clause string) string {
	sig, ok := l.Signals[clause]
	switch {
	case !ok:
		return ""
	case sig.State == rules.Unchecked:
		return ui.T(p.Lang, "未查") // a word for a narrow column
	case sig.State == rules.Insufficient:
		return ui.T(p.Lang, "样本不足")
	case sig.Mine != sig.Count:
		return ui.T(p.Lang, "%d（全站 %d/%d）", sig.Mine, sig.Count, sig.Limit)
	}
	return ui.T(p.Lang, "%d/%d", sig.Count, sig.Limit)
}

// StateOf is the state of a unit's signal of a clause.
func (p *boardPage) StateOf(l rules.Line, clause string) string {
	return "veto-" + string(l.Signals[clause].State)
}

// share is who owns parts of a count: "甲镇 2 个、乙镇 1 个".
func share(owners []rules.Owner, lang ui.Lang) string {
	var parts []string
	for _, o := range owners {
		name := o.UnitName
		if name == "" {
			name = o.Unit
		}
		parts = append(parts, ui.T(lang, "%s %d 个", name, o.Count))
	}
	return strings.Join(parts, ui.T(lang, "、"))
}

// verdictView is a result as pages show it.
type verdictView struct {
	rules.Result
	lang  ui.Lang
	sleep fresh.Limits
}

// Sleeps says what the word for a neglected site means, where it is used.
func (v verdictView) Sleeps() string {
	if c := fresh.Condition(v.Condition); c != fresh.Sleeping && c != fresh.Zombie {
		return ""
	}
	return sleeps(v.sleep, v.lang)
}

// sleeps says from when neglect is called sleep.
func sleeps(l fresh.Limits, lang ui.Lang) string {
	l = l.Set()
	return ui.T(lang, "全站 %d 天没有更新算睡眠网站，%d 天算僵尸网站（县内参考值）。", l.SiteSleeps, l.SiteZombie)
}

// Sleeps says from when neglect is called sleep.
func (p *boardPage) Sleeps() string { return sleeps(p.sleep, p.Lang) }

// Share is who answers for a veto's count.
func (v verdictView) Share(o []rules.Owner) string { return share(o, v.lang) }

// State is the name of a state for a chip.
func (v verdictView) State(s rules.State) string { return "veto-" + string(s) }

// Judged is the same with the vetoes alone that could be judged; Lacking names the
// others.
func (v verdictView) Judged() verdictView {
	var judged []rules.Veto
	for _, x := range v.Vetoes {
		if x.State != rules.Unchecked {
			judged = append(judged, x)
		}
	}
	v.Vetoes = judged
	return v
}

// Lacking names the vetoes that lack facts.
func (v verdictView) Lacking() string {
	titles := map[string]string{}
	for _, x := range v.Vetoes {
		titles[x.Clause] = ui.Named(v.lang, x.Title, x.English)
	}
	var names []string
	for _, id := range v.Unchecked {
		names = append(names, titles[id])
	}
	return strings.Join(names, ui.T(v.lang, "、"))
}

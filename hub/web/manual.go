package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/health"
	"zhanqun/hub/health/rules"
	"zhanqun/hub/health/verdict"
	"zhanqun/internal/chinatime"
	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
)

// manualPage is the form for what only a person can look at on a site.
type manualPage struct {
	ui.Page
	Site   health.Site
	Sheet  verdict.Sheet
	Old    bool // what is on file does not count any more
	Groups []manualGroup
}

// manualGroup is a part of the form.
type manualGroup struct {
	ID, Name string
	Fields   []ui.Field
}

func (s *Server) manualPage(w http.ResponseWriter, r *http.Request, _ access.User) error {
	p, err := s.newManualPage(r, nil)
	if err != nil {
		return err
	}
	return s.show(w, r, "manual", p)
}

// newManualPage fills the form from what is on file, or from what was sent.
func (s *Server) newManualPage(r *http.Request, errs map[string]string) (*manualPage, error) {
	ctx := r.Context()
	site, err := s.Health.Store.Site(ctx, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	sheets, err := s.Inspect.Store.Sheets(ctx, site.ID)
	if err != nil {
		return nil, err
	}
	p := &manualPage{Site: site, Sheet: sheets[site.ID]}
	p.Old = !p.Sheet.At.IsZero() && !p.Sheet.Holds(s.Now())
	lang := s.lang(r)
	values := written(p.Sheet)
	if errs != nil {
		values = func(name string) string { return r.PostFormValue(name) }
	}
	p.Groups = manualGroups(s.Inspect.Rules(), values, errs, lang)
	p.Title, p.Lead = ui.T(lang, "人工检查情况"), ui.T(lang, "%s：程序看不出来的项目由人检查后填在这里，空着的算没有检查，填写 100 天内有效。", site.Name)
	return p, nil
}

// written gives the values of the form's fields as they are on file.
func written(s verdict.Sheet) func(name string) string {
	number := func(n int, known bool) string {
		if !known {
			return ""
		}
		return strconv.Itoa(n)
	}
	return func(name string) string {
		kind, id, _ := strings.Cut(name, "-")
		switch kind {
		case "channel":
			if s.Channel != nil {
				return map[bool]string{true: "yes", false: "no"}[*s.Channel]
			}
		case "unanswered":
			var days []string
			for _, at := range s.Unanswered {
				days = append(days, at.In(chinatime.Zone).Format(time.DateOnly))
			}
			return strings.Join(days, "\n")
		case "services":
			switch {
			case s.NoServices:
				return "unneeded"
			case s.Services != nil && s.Services.Offered:
				return "yes"
			case s.Services != nil:
				return "no"
			}
		case "guides":
			if s.Services != nil {
				return strconv.Itoa(s.Services.Guides)
			}
		case "short":
			if s.Services != nil {
				return strconv.Itoa(s.Services.Short)
			}
		case "accounts":
			if s.Accounts != nil {
				return strconv.Itoa(s.Accounts.Total)
			}
		case "failing":
			if s.Accounts != nil {
				return strconv.Itoa(s.Accounts.Failed)
			}
		case "looked":
			if s.Looked {
				return "yes"
			}
		case "grave":
			return strings.Join(s.Grave, "\n")
		case "act":
			n, known := s.Acts[id]
			return number(n, known)
		case "count":
			g, known := s.Given[id]
			return number(g.Count, known)
		case "bonus":
			if g, known := s.Given[id]; known {
				return g.Points.String()
			}
		case "evidence":
			return strings.Join(s.Given[id].Evidence, "\n")
		}
		return ""
	}
}

// manualGroups are the fields the rule set needs.
func manualGroups(set *rules.Set, value func(string) string, errs map[string]string, lang ui.Lang) []manualGroup {
	t := func(key string, args ...any) string { return ui.T(lang, key, args...) }
	field := func(f ui.Field) ui.Field {
		f.Value, f.Error, f.Optional = value(f.Name), errs[f.Name], true
		return f
	}
	number := func(name, label, hint string) ui.Field {
		return field(ui.Field{Name: name, Label: label, Type: "number", Min: "0", InputMode: "numeric", Hint: hint})
	}
	choice := func(name, label string, options ...ui.Option) ui.Field {
		return field(ui.Field{Name: name, Label: label, Type: "select", Options: append([]ui.Option{{Label: t("没有检查")}}, options...)})
	}
	reply := manualGroup{ID: "reply", Name: t("互动回应")}
	service := manualGroup{ID: "service", Name: t("办事服务")}
	media := manualGroup{ID: "media", Name: t("政务新媒体")}
	grave := manualGroup{ID: "grave", Name: t("严重问题")}
	other := manualGroup{ID: "other", Name: t("扣分和加分项")}
	acts := map[string]string{"letters": "一年内有效信件（件）", "surveys": "一年内调查征集（次）", "interviews": "一年内在线访谈（次）"}
	for _, c := range set.Clauses {
		switch c.Kind {
		case rules.KindUnanswered:
			reply.Fields = append(reply.Fields,
				choice("channel", t("网上咨询渠道"), ui.Option{Value: "yes", Label: t("有，能用")}, ui.Option{Value: "no", Label: t("没有，或不能用")}),
				field(ui.Field{Name: "unanswered", Label: t("没有答复的有效留言"), Type: "textarea", Rows: 3, Hint: t("写收到日期，每行一个，例如 2026-11-03。没有就空着。")}))
		case rules.KindFewActs:
			reply.Fields = append(reply.Fields, number("act-"+c.Act, t(acts[c.Act]), ""))
		case rules.KindServices:
			service.Fields = append(service.Fields,
				choice("services", t("是否提供办事服务"), ui.Option{Value: "yes", Label: t("提供")}, ui.Option{Value: "no", Label: t("应提供而没有")}, ui.Option{Value: "unneeded", Label: t("不需要提供")}),
				number("guides", t("办事指南（项）"), ""), number("short", t("缺 %d 类以上要素的（项）", c.Classes), ""))
		case rules.KindAccounts:
			media.Fields = append(media.Fields, number("accounts", t("政务新媒体账号（个）"), t("微信、微博、客户端等。没有账号填 0。")),
				number("failing", t("其中不合格的（个）"), t("14 天不更新、没有有效互动功能、买粉丝或强制点赞、客户端下载或使用不了。")))
		case rules.KindSerious:
			grave.Fields = append(grave.Fields,
				choice("looked", t("是否全面检查过"), ui.Option{Value: "yes", Label: t("检查过")}),
				field(ui.Field{Name: "grave", Label: t("已核实的严重问题"), Type: "textarea", Rows: 3, Hint: t("每行一个：在哪一页、什么问题。填写即触发单项否决，请先核实。")}))
		case rules.KindGiven:
			other.Fields = append(other.Fields, number("count-"+c.ID, ui.Named(lang, c.Title, c.English), pointsHint(c, t)))
		case rules.KindBonus:
			other.Fields = append(other.Fields, field(ui.Field{Name: "bonus-" + c.ID, Label: ui.Named(lang, c.Title, c.English), Type: "number", Min: "0", Step: "0.01", Hint: t("得分超过 %s 才计加分，最多 %s 分。", set.Bonus.Above.String(), set.Bonus.Most.String())}))
		}
	}
	var groups []manualGroup
	for _, g := range []manualGroup{reply, service, media, grave, other} {
		if len(g.Fields) > 0 {
			groups = append(groups, g)
		}
	}
	return groups
}

func pointsHint(c rules.Clause, t func(string, ...any) string) string {
	hint := t("每处扣 %s 分。", c.Points.String())
	if !c.Official() {
		hint += t("（县内参考值）")
	}
	return hint
}

func (s *Server) saveManual(w http.ResponseWriter, r *http.Request, u access.User) error {
	id := r.PathValue("id")
	sheet, err := readSheet(r, s.Inspect.Rules())
	if err == nil {
		err = s.Inspect.SaveSheet(r.Context(), u, id, sheet)
	}
	if err != nil {
		errs := fault.Fields(err)
		if errs == nil {
			errs = map[string]string{}
		}
		p, pageErr := s.newManualPage(r, errs)
		if pageErr != nil {
			return pageErr
		}
		return s.again(w, r, "manual", p, &p.Page, err)
	}
	return s.done(w, r, "/sites/"+id, ui.T(s.lang(r), "已保存，评判已更新。"))
}

// readSheet reads the form.
func readSheet(r *http.Request, set *rules.Set) (verdict.Sheet, error) {
	s := verdict.Sheet{Acts: map[string]int{}, Given: map[string]rules.Given{}, Looked: r.PostFormValue("looked") == "yes"}
	if v := r.PostFormValue("channel"); v != "" {
		yes := v == "yes"
		s.Channel = &yes
	}
	var err error
	if s.Unanswered, err = verdict.ParseDays("unanswered", r.PostFormValue("unanswered")); err != nil {
		return s, err
	}
	for line := range strings.Lines(r.PostFormValue("grave")) {
		if line = strings.TrimSpace(line); line != "" {
			s.Grave = append(s.Grave, line)
		}
	}
	switch r.PostFormValue("services") {
	case "unneeded":
		s.NoServices = true
	case "yes", "no":
		s.Services = &rules.Services{Offered: r.PostFormValue("services") == "yes"}
		if s.Services.Guides, _, err = whole(r, "guides"); err == nil {
			s.Services.Short, _, err = whole(r, "short")
		}
		if err != nil {
			return s, err
		}
	}
	if n, known, err := whole(r, "accounts"); err != nil {
		return s, err
	} else if known {
		s.Accounts = &rules.Accounts{Total: n}
		if s.Accounts.Failed, _, err = whole(r, "failing"); err != nil {
			return s, err
		}
	}
	for _, c := range set.Clauses {
		switch c.Kind {
		case rules.KindFewActs:
			if n, known, err := whole(r, "act-"+c.Act); err != nil {
				return s, err
			} else if known {
				s.Acts[c.Act] = n
			}
		case rules.KindGiven:
			if n, known, err := whole(r, "count-"+c.ID); err != nil {
				return s, err
			} else if known {
				s.Given[c.ID] = rules.Given{Count: n}
			}
		case rules.KindBonus:
			text := strings.TrimSpace(r.PostFormValue("bonus-" + c.ID))
			if text == "" {
				continue
			}
			var g rules.Given
			if err := g.Points.UnmarshalJSON([]byte(text)); err != nil {
				return s, fault.Field("bonus-"+c.ID, "请填写分数，最多两位小数。")
			}
			s.Given[c.ID] = g
		}
	}
	return s, nil
}

// whole reads a number that may be left empty.
func whole(r *http.Request, name string) (n int, known bool, err error) {
	text := strings.TrimSpace(r.PostFormValue(name))
	if text == "" {
		return 0, false, nil
	}
	if n, err = strconv.Atoi(text); err != nil {
		return 0, false, fault.Field(name, "请填写 0 到 100000 的整数。")
	}
	return n, true, nil
}

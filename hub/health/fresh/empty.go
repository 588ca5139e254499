package fresh

import "zhanqun/internal/oneline"

// stub judges a list whose links lead nowhere.
func (rd *reader) stub(t *tree, items []*entry) {
	if sign := t.byScript(); sign != "" {
		rd.end(Unknown, ReasonScript, "列表由脚本生成：%s。程序不运行脚本，请用浏览器核实。", Word(sign))
		return
	}
	rd.end(Blank, ReasonTemplate, "列表里的 %d 个链接都没有真实地址（如“%s”），是没有填内容的模板。", len(items), oneline.First(items[0].raw, "空"))
}

func (rd *reader) end(s State, why Reason, kind string, of ...any) {
	rd.r.State, rd.r.Reason = s, why
	rd.r.say(kind, of...)
}

// empty judges a page on which no list was found.
func (rd *reader) empty(p Page, t *tree, lists []*list, framed bool) {
	if !framed && rd.framed(p, t) {
		return
	}
	letters, pictures := t.prose()
	switch sign, notice := t.byScript(), t.saying(emptyWords); {
	case sign != "":
		rd.end(Unknown, ReasonScript, "列表由脚本生成：%s。程序不运行脚本，请用浏览器核实。", Word(sign))
	case letters < 60 && t.unfilled() != "":
		rd.end(Blank, ReasonTemplate, "列表的位置上是没有填内容的模板（“%s”）。", t.unfilled())
	case notice != "" && letters < 400:
		rd.end(Blank, ReasonNotice, "页面写着“%s”，没有任何条目。", notice)
	case rd.unlinked(t):
	case letters >= 40 || pictures && letters >= 10:
		rd.single(p, t)
	case pictures:
		rd.end(Unknown, ReasonSingle, "页面主体是图片或视频，没有列表，请人工核实。")
	case rd.inner != "" && !framed:
		rd.end(Unknown, ReasonFrame, "列表可能在内嵌页面 %s 里，没有读到。", rd.inner)
	case t.maybeFilled() != "":
		rd.end(Unknown, ReasonScript, "列表可能由脚本生成：%s。程序不运行脚本，请用浏览器核实。", Word(t.maybeFilled()))
	case t.submenu(lists, p.URL):
		rd.end(Unknown, ReasonMenu, "页面只列出下级栏目，没有信息条目；请登记下级栏目。")
	default:
		rd.end(Blank, ReasonNoItems, "页面只有导航和页脚，没有任何条目。")
	}
}

// submenu tells whether one of the lists leads to columns below this one.
func (t *tree) submenu(lists []*list, address string) bool {
	dir, _ := columnMarks(address)
	for _, l := range lists {
		below := 0
		for _, e := range l.entries {
			if belongs(e.raw, dir, nil) {
				below++
			}
		}
		if below >= 2 && 2*below >= len(l.entries) && !sideHeading.MatchString(l.heading) {
			return true
		}
	}
	return false
}

// single judges a column that is one text.
func (rd *reader) single(p Page, t *tree) {
	rd.r.Single = true
	day, clock, text, place := t.articleDate(p.URL, rd.o.Now)
	rd.r.say("栏目只有一篇文字（静态页面），没有列表。")
	switch {
	case day == "":
		rd.end(Unknown, ReasonSingle, "页面上没有发布日期；机构职能一类的静态页面请标记为“静态”。")
		return
	case day > rd.today:
		rd.r.Items = []Item{{Title: rd.r.Title, URL: p.URL, Day: day, Clock: clock, Text: text, Place: place, Flags: []Flag{FlagFuture}}}
	default:
		rd.r.Items = []Item{{Title: rd.r.Title, URL: p.URL, Day: day, Clock: clock, Text: text, Place: place}}
	}
	rd.judge()
}

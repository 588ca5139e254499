package fresh

import "zhanqun/internal/oneline"

// judge comes to a state from the items, or says that the articles would have
// to be read first.
func (rd *reader) judge() {
	rd.r.grounds = len(rd.r.Evidence)
	if rd.r.settle() {
		return
	}
	if rd.asked > 0 && rd.lost < rd.asked {
		letters := 0
		for _, it := range rd.r.Items {
			letters += len([]rune(it.Title))
		}
		if letters < 7*len(rd.r.Items) {
			rd.end(Unknown, ReasonMenu, "页面上的链接像是下级栏目或导航，打开后也没有发布日期，请人工核实。")
			return
		}
		rd.end(Stale, ReasonUndated, "列表和文章页面都没有可见的发布日期，按未更新计。")
		return
	}
	rd.end(Unknown, ReasonArticles, "列表页没有发布日期，文章页面也没有读到，无法判断。")
}

// settle comes to a state from the days of the items; false if none has one.
func (r *Reading) settle() bool {
	doubtful := 0
	for _, it := range r.Items {
		for _, f := range it.Flags {
			if doubtful++; doubtful <= 5 {
				r.sayFlag(f, it)
			}
		}
	}
	best := newest(r.Items)
	switch {
	case best == nil && doubtful == 0:
		return false
	case best == nil:
		r.LastUpdate, r.Last, r.InDays = "", "", false
		r.State, r.Reason = Stale, ReasonDoubtful
		r.say("没有一条的日期可以采信，按未更新计。")
		return true
	}
	r.LastUpdate, r.Last, r.InDays = best.Day, r.rule().Last(best.Day), best.Day >= r.SinceDays
	newest := "最近更新 %s：《%s》，读自%s“%s”。"
	if best.Guessed {
		newest = "最近更新 %s：《%s》，读自%s“%s”，年份按不晚于今天推定。"
	}
	r.say(newest, best.Day, oneline.Clip(best.Title, 60), Word(placeNames[best.Place]), oneline.Clip(best.Text, 80))
	r.State, r.Reason = Fresh, ""
	if best.Day < r.Since {
		r.State, r.Reason = Stale, ReasonOverdue
	}
	switch class, period := Word(r.Class.Label()), Word(r.Class.Period()); {
	case r.rule().Own() && r.State == Stale:
		r.say("本栏目自己的期限是 %d 天：%s 以后没有更新，超期。", r.Days, r.Since)
	case r.rule().Own():
		r.say("本栏目自己的期限是 %d 天：%s 以后有更新，按时。", r.Days, r.Since)
	case r.State == Stale:
		r.say("%s的期限是 %s：%s 以后没有更新，超期。", class, period, r.Since)
	default:
		r.say("%s的期限是 %s：%s 以后有更新，按时。", class, period, r.Since)
	}
	return true
}

// sayFlag says what is wrong with an item's date.
func (r *Reading) sayFlag(f Flag, it Item) {
	title, text := oneline.Clip(it.Title, 40), oneline.Clip(it.Text, 40)
	switch f {
	case FlagFuture:
		r.say("《%s》的日期“%s”晚于它出现的日子，不算更新，请核实。", title, text)
	case FlagBackDated:
		r.say("《%s》的日期是“%s”，但以前检查时没有这一条，疑似补填旧日期，不算更新，请核实。", title, text)
	default:
		r.say("《%s》以前的日期是 %s，现在写成“%s”，疑似旧稿改新日期，仍按原日期计，请核实。", title, it.Day, text)
	}
}

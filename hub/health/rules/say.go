package rules

import "fmt"

// What a clause says, in one sentence. The pages translate finished sentences by
// these patterns, so a per cent sign comes in with its number.
const (
	saysNotWatched    = "没有检查：没有监测站点能不能打开。"
	saysFewVisits     = "没有查全：有效访问太少。"
	saysNoHome        = "没有检查：首页三天内没有读到，或看不出更新日期。"
	saysNoItems       = "没有检查：首页的信息没有逐条读到日期。"
	saysNoColumns     = "没有检查：没有登记栏目。"
	saysColumnsUnread = "没有查全：有栏目没有读到。"
	saysNoLinks       = "没有检查：站点的链接还没有读过。"
	saysByHand        = "没有检查：程序看不出来，要人工检查后填写。"
	saysNoAccounts    = "没有政务新媒体账号，本项不适用。"
	saysAccounts      = "%d 个政务新媒体账号中，不合格的 %d 个。"
	saysShort         = "%d 次有效访问中失败 %d 次；样本不足：%d 天里每天要有 %d 次有效访问，只有 %d 天够数，不能判定合格。"
	saysVisits        = "%d 次有效访问中失败 %d 次（%s），失败 %d 次即单项否决。"
	saysHomeNone      = "首页 %s内没有更新。"
	saysHome          = "首页 %s内更新 %d 条，最近一次在 %d 天前。"
	saysHomeNewest    = "首页最近一次更新在 %d 天前。"
	saysStale         = "%d 个栏目不更新，达到 %d 个即单项否决。"
	saysOverdue       = "%d 个栏目应更新未更新，达到 %d 个即单项否决。"
	saysBlank         = "%d 个空白栏目，达到 %d 个即单项否决。"
	saysSerious       = "已核实的严重问题 %d 个，待核实的线索 %d 条。"
	saysNoChannel     = "没有可用的网上咨询渠道。"
	saysUnanswered    = "超过 %s没有答复的留言 %d 条，其余未答复的最长已等 %d 天。"
	saysNoServices    = "网站不提供办事服务，本项不适用。"
	saysServicesNone  = "没有提供办事服务。"
	saysServices      = "%d 项办事指南中，缺 %d 类以上要素的有 %d 项。"
	saysClosedHome    = "首页大部分时间打不开（%s），疑似关停或改版。"
	saysClosedColumns = "%d 个栏目中有 %d 个打不开，疑似关停或改版。"
	saysLinks         = "%s：%s %d 条"
)

// lacking are how much makes a veto fall that has not, by what the clause counts.
var lacking = map[string]string{
	KindAvailability: "还差 %d 次失败", KindHome: "还差 %d 天", KindStale: "还差 %d 个栏目", KindOverdue: "还差 %d 个栏目", KindBlank: "还差 %d 个栏目",
	KindSerious: "还差 %d 个问题", KindUnanswered: "还差 %d 条留言", KindServices: "还差 %d 项",
}

// Distance says how far a veto of a kind is that is near: 还差 2 个栏目; "" for
// one that is not.
func Distance(state State, kind string, left int) string {
	if state != Near || left < 1 || lacking[kind] == "" {
		return ""
	}
	return says(lacking[kind], left)
}

func says(format string, args ...any) string { return fmt.Sprintf(format, args...) }

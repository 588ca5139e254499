package web

import (
	"strings"

	"zhanqun/internal/ui"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// says is what a page tells of an item's state: what it means, why it is so,
// what to do, and where it can be seen.
type says struct {
	Tone                  ui.Tone
	Title, Means, Why, Do string
	URL                   string
}

// sayOf puts the state of an item into words for a.
func sayOf(i *queue.Item, a queue.Actor, lang ui.Lang) says {
	t := func(key string, args ...any) string { return ui.T(lang, key, args...) }
	if i.Withdrawing {
		return says{Tone: ui.Info, Title: t("正在撤回"), Means: t("撤回申请已存在本机并自动发往县里，县里办理后这里会显示。"), Do: t("不用再做什么。")}
	}
	switch i.State {
	case queue.Drafting:
		if i.Comment != "" {
			return says{Tone: ui.Warn, Title: t("镇里退回修改"), Why: i.Comment, Do: t("按意见修改后，再提交给镇里。")}
		}
		return says{Tone: ui.Neutral, Title: t("草稿"), Means: t("只存在本机，还没有提交。"), Do: t("写完后点“提交”。")}
	case queue.Awaiting:
		if a.Township() {
			return says{Tone: ui.Warn, Title: t("等您签发"), Means: t("村里交来的信息，镇里签发后才会报送县里。"), Do: t("请核对内容，签发报送，或写明意见退回村里。")}
		}
		return says{Tone: ui.Info, Title: t("已交镇里，等镇里签发"), Means: t("镇里签发后自动报送县里，署名仍是本村。"), Do: t("不用再做什么；要改请先收回。")}
	case queue.Queued:
		return says{Tone: ui.Info, Title: t("已存在本机，正在等待发往县里"), Means: t("内容已存盘，线路一通就自动发出。"), Do: t("不用守着；发出之前请不要清理本机数据。")}
	case queue.Sent:
		return says{Tone: ui.Info, Title: t("已发到县里的信箱，等县里确认"), Means: t("现在关机也不会丢失。"), Do: t("不用再做什么。")}
	case queue.Refused:
		return refusedSays(i, t)
	}
	return hubSays(i, lang)
}

func refusedSays(i *queue.Item, t func(string, ...any) string) says {
	s := says{Tone: ui.Bad, Title: t("县里没有收下这一稿"), Means: t("这一稿不合县里的接收规定，没有进入审核。"), Do: t("按原因修改后重新提交。")}
	if i.Refusal != nil {
		s.Why = t(i.Refusal.Message)
	}
	return s
}

// hubSays is what the county has said of an item.
func hubSays(i *queue.Item, lang ui.Lang) says {
	t := func(key string, args ...any) string { return ui.T(lang, key, args...) }
	var st protocol.Status
	if i.Status != nil {
		st = *i.Status
	}
	s := says{Tone: ui.Info, Why: whyOf(&st, lang)}
	switch protocol.State(i.State) {
	case protocol.StateReceived:
		s.Title, s.Means, s.Why = t("县里已收到"), t("排队等待审核。"), ""
	case protocol.StateInReview:
		s.Title, s.Means = t("县里正在审核"), t("审核期间不能修改。")
		if st.Steps > 0 {
			s.Means = t("正在第 %d 步，共 %d 步。", st.Step, st.Steps) + s.Means
		}
	case protocol.StateReturned:
		s.Tone, s.Title, s.Means = ui.Warn, t("县里退回修改"), t("改好再提交，就是同一条信息的新一稿。")
		s.Do = doOf(&st, lang, t("请按审核意见修改后重新提交。"))
	case protocol.StateRejected:
		s.Tone, s.Title, s.Means = ui.Neutral, t("县里决定不采用"), t("这条信息到此为止，不能再次提交。")
		s.Do = doOf(&st, lang, t("有新内容请另写一条。"))
	case protocol.StateApproved:
		s.Tone, s.Title, s.Means = ui.Good, t("审核通过，等待发布"), t("附件到齐或到预定时间后发布。")
	case protocol.StateAdopted:
		s.Tone, s.Title, s.Means = ui.Good, t("已采用"), t("已在县门户发布。")
		if st.Combined {
			s.Means = t("与其他单位的信息综合发布，本单位已记一次采用。")
		}
		if st.Outlet != "" && st.Outlet != "county" {
			s.Title = t("%s已采用", t(outletName(st.Outlet)))
		}
	case protocol.StateCorrected:
		s.Tone, s.Title, s.Means = ui.Good, t("已更正"), t("门户上已换成更正后的内容。")
	case protocol.StateWithdrawn:
		s.Tone, s.Title, s.Means = ui.Neutral, t("已撤回"), t("这条信息已不在办理，门户上也不再显示。")
		s.Do = t("需要时请另写一条。")
	default:
		s.Title = string(i.State)
	}
	return s
}

// whyOf is the county's reason: its name, the parts to correct, the comment.
func whyOf(st *protocol.Status, lang ui.Lang) string {
	var parts []string
	if st.Reason != "" {
		parts = append(parts, ui.T(lang, reasonName(st.Reason)))
	}
	var fields []string
	for _, f := range st.Fields {
		fields = append(fields, ui.T(lang, fieldName(f)))
	}
	if len(fields) > 0 {
		parts = append(parts, strings.Join(fields, ui.T(lang, "、")))
	}
	why := strings.Join(parts, " · ")
	if st.Comment == "" {
		return why
	}
	if why != "" {
		why += ui.T(lang, "：")
	}
	return why + ui.T(lang, st.Comment)
}

func doOf(st *protocol.Status, lang ui.Lang, otherwise string) string {
	if r, ok := protocol.ReasonOf(st.Reason); ok {
		return ui.T(lang, r.Do)
	}
	return otherwise
}

// reasonName is the name of a coded reason; free text stays as it is.
func reasonName(code string) string {
	if r, ok := protocol.ReasonOf(code); ok {
		return r.Name
	}
	return code
}

// fieldNames are the parts of an item as the form calls them.
var fieldNames = map[string]string{
	"title": "标题", "body": "正文", "column": "栏目", "author": "作者", "source": "信息来源", "reviewer": "审签人",
	"attachments": "图片和附件", "override": "公开理由", "note": "说明",
}

func fieldName(key string) string {
	if name, ok := fieldNames[key]; ok {
		return name
	}
	return key
}

func outletName(outlet string) string {
	switch outlet {
	case "city":
		return "市级"
	case "province":
		return "省级"
	case "state":
		return "国家级"
	}
	return "县级门户"
}

// editable reports whether a may write a new text of the item now. The queue
// decides; this only spares people a form that cannot be saved.
func editable(i *queue.Item, a queue.Actor) bool {
	if i.Withdrawing {
		return false
	}
	switch i.State {
	case queue.Drafting, queue.Refused, queue.State(protocol.StateReturned), queue.State(protocol.StateAdopted), queue.State(protocol.StateCorrected):
		return true
	case queue.Awaiting:
		return a.Township()
	}
	return false
}

// recallable reports whether a may take the item back, and from whom: what is a
// draft is deleted and not taken back.
func recallable(i *queue.Item, a queue.Actor) bool {
	switch i.State {
	case queue.Drafting, queue.State(protocol.StateRejected), queue.State(protocol.StateWithdrawn):
		return false
	case queue.Awaiting:
		// The township sends back to the village what it has not endorsed.
		return !i.Withdrawing && (!a.Township() || i.Revision > 0)
	}
	return a.Township() && !i.Withdrawing
}

package web

import (
	"fmt"
	"slices"
	"strings"

	"zhanqun/hub/catalog"
	"zhanqun/hub/review"
	"zhanqun/internal/content"
	"zhanqun/internal/ui"
)

// check is one thing a reviewer is warned of.
type check struct {
	Kind   string   `json:"kind"` // id_card, phone, bank_card, secrecy, files
	Detail string   `json:"detail"`
	Found  []string `json:"found,omitempty"` // what was found, its middle hidden
}

// checksOf lists what to look at before deciding, what forbids approval first.
func checksOf(d review.Detail, lang ui.Lang) []check {
	checks := []check{}
	found := map[string][]string{}
	for _, h := range hits(d) {
		if masked := h.Masked; !slices.Contains(found[string(h.Kind)], masked) && len(found[string(h.Kind)]) < maxFound {
			found[string(h.Kind)] = append(found[string(h.Kind)], masked)
		}
	}
	for _, flag := range d.Item.Flags {
		c := check{Kind: flag, Detail: flagText(flag, lang), Found: found[flag]}
		if flag == review.FlagSecrecy {
			checks = slices.Insert(checks, 0, c)
			continue
		}
		checks = append(checks, c)
	}
	missing, unlike := 0, 0
	for _, a := range d.Item.Attachments {
		switch {
		case d.Unlike[a.SHA256]:
			unlike++
		case !d.Arrived[a.SHA256]:
			missing++
		}
	}
	if unlike > 0 {
		checks = append(checks, check{Kind: "files", Detail: ui.T(lang, "有 %d 个附件的内容与报送时说的不符，这一稿不会发布，请退回。", unlike)})
	}
	if missing > 0 {
		checks = append(checks, check{Kind: "files", Detail: ui.T(lang, "还有 %d 个附件正在传送，审核通过后等附件到齐再发布。", missing)})
	}
	return checks
}

// maxFound bounds how much of one kind is listed.
const maxFound = 5

// flagText says what a flag means and what follows from it.
func flagText(flag string, lang ui.Lang) string {
	switch content.Kind(flag) {
	case content.KindID:
		return ui.T(lang, "有身份证号码，公开须写明理由。")
	case content.KindPhone:
		return ui.T(lang, "有手机号码，公开须写明理由。")
	case content.KindCard:
		return ui.T(lang, "有银行卡号，公开须写明理由。")
	case content.KindSecrecy:
		return ui.T(lang, "有密级或不予公开的标记，不能通过。")
	}
	return flag
}

// history tells what happened to an item, newest first.
func history(d review.Detail, lang ui.Lang) []ui.Event {
	var list []ui.Event
	for _, v := range d.Revisions {
		e := ui.Event{At: v.ReceivedAt, Title: ui.T(lang, "收到第 %d 稿", v.Revision), Who: d.Item.UnitName, Tone: ui.Info}
		if v.Note != "" {
			e.Text = ui.T(lang, "报送单位说明：") + v.Note
		}
		list = append(list, e)
	}
	for _, dec := range d.Decisions {
		c := chips[dec.Action]
		list = append(list, ui.Event{At: dec.At, Title: decisionTitle(d, dec, lang), Who: dec.Name, Text: decisionText(dec, lang), Tone: c.Tone})
	}
	for _, a := range d.Adoptions {
		if a.Outlet != review.OutletCounty { // that is the last decision's own effect
			list = append(list, ui.Event{At: a.At, Title: ui.T(lang, "%s采用", ui.T(lang, outletName(a.Outlet))), Text: a.URL, Tone: ui.Good})
		}
	}
	// What happened at one instant stays in the order it was listed, turned round.
	slices.Reverse(list)
	slices.SortStableFunc(list, func(a, b ui.Event) int { return b.At.Compare(a.At) })
	return list
}

// decisionTitle names the step and what was decided.
func decisionTitle(d review.Detail, dec catalog.Decision, lang ui.Lang) string {
	title := ui.T(lang, chips[dec.Action].Word)
	if dec.Emergency {
		title = ui.T(lang, "紧急发布")
	} else if dec.Step >= 1 && dec.Step <= len(d.Steps) && dec.Action == catalog.ActionApprove {
		title = ui.T(lang, "%s已通过", ui.T(lang, d.Steps[dec.Step-1].Name))
	}
	if d.Item.Revision > 1 {
		title = fmt.Sprintf("%s · %s", title, ui.T(lang, "第 %d 稿", dec.Revision))
	}
	return title
}

// decisionText is what the decision said beside its action.
func decisionText(dec catalog.Decision, lang ui.Lang) string {
	var parts []string
	if dec.Reason != "" {
		parts = append(parts, ui.T(lang, reasonName(dec.Reason)))
	}
	for _, f := range dec.Fields {
		for _, known := range review.Fields {
			if known.Key == f {
				parts = append(parts, ui.T(lang, known.Name))
			}
		}
	}
	text := strings.Join(parts, " · ")
	for _, said := range []string{dec.Comment, dec.Override, dec.Note} {
		if said != "" && text != "" {
			text += "："
		}
		text += said
	}
	return text
}

func outletName(outlet string) string {
	switch outlet {
	case review.OutletCity:
		return "市级"
	case review.OutletProvince:
		return "省级"
	case review.OutletState:
		return "国家级"
	}
	return "县级门户"
}

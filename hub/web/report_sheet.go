package web

import (
	"bytes"
	"fmt"
	"mime"
	"net/http"
	"time"

	"zhanqun/internal/chinatime"
	"zhanqun/internal/ui"
	"zhanqun/internal/xlsx"
)

// workbook writes the report as a workbook for who wants to go on with it.
func (p *reportPage) workbook(w http.ResponseWriter) error {
	t := func(key string, args ...any) string { return ui.T(p.Lang, key, args...) }
	at := func(v time.Time) string {
		if v.IsZero() {
			return ""
		}
		return v.In(chinatime.Zone).Format("2006-01-02 15:04")
	}
	facts := [][]any{{p.Heading, ""}, {t("首页地址"), p.Site.URL}, {t("责任单位"), p.Site.UnitName}, {t("网站标识码"), p.Site.Code}, {t("出表时间"), at(p.Made)},
		{t("检查指标"), ui.Named(p.Lang, p.Verdict.SetName, p.Verdict.English)}, {t("依据"), p.Verdict.Text}, {t("结论"), t(chips["outcome-"+string(p.Verdict.Outcome)].Word)}}
	if c := p.Verdict.Condition; c != "" {
		facts = append(facts, []any{t("更新情况"), t(chips["condition-"+c].Word)}, []any{t("最近更新"), p.Verdict.Updated})
		if note := p.Verdict.Sleeps(); note != "" {
			facts = append(facts, []any{"", note})
		}
	}
	if s := p.Verdict.Score; s != nil {
		facts = append(facts, []any{t("得分"), float64(s.Total) / 100})
	}
	months := [][]any{{t("月份"), t("有效访问"), t("失败"), t("失败比例"), t("没有数据"), t("样本不足（天）"), t("平均用时（秒）")}}
	for _, m := range p.Months {
		months = append(months, []any{m.Name, m.Valid, m.Failed, m.Part, m.Lost, m.Short, m.Mean.Round(10 * time.Millisecond).Seconds()})
	}
	incidents := [][]any{{t("开始"), t("恢复时间"), t("原因"), t("失败（次）")}}
	for _, i := range p.Incidents {
		incidents = append(incidents, []any{at(i.Since), at(i.Until), t(i.Cause.Label()) + " " + t(i.Detail), i.Failures})
	}
	vetoes := [][]any{{t("单项否决"), t("状态"), t("现状"), t("责任单位"), t("照此下去触发"), t("出处")}}
	for _, v := range p.Verdict.Vetoes {
		falls := ""
		if !v.Falls.IsZero() {
			falls = v.Falls.Format(time.DateOnly)
		}
		vetoes = append(vetoes, []any{ui.Named(p.Lang, v.Title, v.English), t(chips["veto-"+string(v.State)].Word), t(v.Says), p.Verdict.Share(v.Owners), falls, source(v.Source, v.Official, t)})
	}
	deductions := [][]any{{t("扣分项"), t("数量"), t("扣分"), t("责任单位"), t("出处")}}
	for _, d := range p.Verdict.Deductions {
		deductions = append(deductions, []any{ui.Named(p.Lang, d.Title, d.English), d.Count, float64(d.Points) / 100, p.Verdict.Share(d.Owners), source(d.Source, d.Official, t)})
	}
	for _, l := range p.Verdict.Lacks {
		deductions = append(deductions, []any{ui.Named(p.Lang, l.Title, l.English), "", t("没有检查"), t(l.Why), source(l.Source, l.Official, t)})
	}
	var b bytes.Buffer
	err := xlsx.Write(&b, []xlsx.Sheet{
		{Name: t("站点"), Widths: []float64{16, 60}, Rows: facts},
		{Name: t("能不能打开"), Widths: []float64{12, 12, 10, 12, 12, 16, 16}, Rows: months},
		{Name: t("中断记录"), Widths: []float64{18, 18, 60, 12}, Rows: incidents},
		{Name: t("单项否决"), Widths: []float64{24, 12, 60, 40, 16, 40}, Rows: vetoes},
		{Name: t("扣分明细"), Widths: []float64{40, 10, 10, 40, 40}, Rows: deductions},
	})
	if err != nil {
		return fmt.Errorf("writing report: %w", err)
	}
	w.Header().Set("Content-Type", xlsx.Type)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": p.Heading + ".xlsx"}))
	_, err = w.Write(b.Bytes())
	return err
}

// source says where a rule comes from, and when it is none of the inspection's.
func source(text string, official bool, t func(string, ...any) string) string {
	if !official {
		return t("县内参考值")
	}
	return text
}

package web

import (
	"bytes"
	"net/http"
	"net/url"

	"zhanqun/hub/access"
	"zhanqun/hub/health/urge"
	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
	"zhanqun/internal/web"
)

type circularsPage struct {
	ui.Page
	Report urge.Report
	Kinds  []circularKind
	Cases  string // heading of what is listed
	Empty  string // what is said when nothing is
	Before string // addresses
	After  string // "" for the period that runs
	CSV    string
}

// circularKind is one of the four reports as a tab.
type circularKind struct {
	Name, URL string
	Current   bool
}

// circularWords say, for each report, what it is for, what it lists, and what an
// empty list means.
var circularWords = map[urge.Kind][3]string{
	urge.Day:     {"一日一检查：当天新发现的，和临近期限、已逾期还没有整改的。", "当天要盯的问题", "没有新发现，也没有临近期限和逾期的。"},
	urge.Week:    {"一周一曝光：到周末已过整改期限、还没有整改的。", "曝光名单", "没有逾期未整改的，不用曝光。"},
	urge.Month:   {"一月一督办：上过每周曝光、到月底还没有整改的，请分管领导督办。", "督办清单", "曝光过的都已整改，不用督办。"},
	urge.Quarter: {"一季一通报：各单位一个季度的整改情况，和督办后仍未整改的。", "督办后仍未整改的", "督办过的都已整改。"},
}

// circularsPage shows what units mended and what not: every day, week, month and
// quarter.
func (s *Server) circularsPage(w http.ResponseWriter, r *http.Request, u access.User) error {
	if r.FormValue("format") == "csv" {
		return s.apiCirculars(w, r, u)
	}
	report, err := s.circular(r, u)
	if err != nil {
		return err
	}
	lang := s.lang(r)
	period := report.Period
	words := circularWords[period.Kind]
	p := &circularsPage{Report: report, Cases: ui.T(lang, words[1]), Empty: ui.T(lang, words[2])}
	for _, k := range urge.Kinds() {
		p.Kinds = append(p.Kinds, circularKind{ui.T(lang, k.Label()), circularURL(string(k), period.ID), k == period.Kind})
	}
	p.Title = ui.T(lang, "%s：%s", ui.T(lang, period.Kind.Label()), ui.T(lang, period.Name))
	p.Lead = ui.T(lang, words[0])
	p.Before = circularURL(string(period.Kind), period.Shift(-1).ID)
	if period.Until.Before(s.Now()) {
		p.After = circularURL(string(period.Kind), period.Shift(1).ID)
	}
	p.CSV = circularURL(string(period.Kind), period.ID) + "&format=csv"
	return s.show(w, r, "circulars", p)
}

func circularURL(kind, day string) string {
	return "/findings/circulars?" + url.Values{"kind": {kind}, "day": {day}}.Encode()
}

// circular makes the report a request asks for; without a day that of the period
// that runs.
func (s *Server) circular(r *http.Request, u access.User) (urge.Report, error) {
	p, err := urge.ParsePeriod(r.FormValue("kind"), r.FormValue("day"), s.Now())
	if err != nil {
		return urge.Report{}, err
	}
	return s.Health.Report(r.Context(), u, p)
}

// apiCirculars answers GET /api/v1/circulars.
func (s *Server) apiCirculars(w http.ResponseWriter, r *http.Request, u access.User) error {
	report, err := s.circular(r, u)
	if err != nil {
		return err
	}
	switch r.FormValue("format") {
	case "", "json":
		return web.WriteJSON(w, http.StatusOK, report)
	case "csv":
		var b bytes.Buffer
		if err := report.WriteCSV(&b); err != nil {
			return err
		}
		return sendCSV(w, "circular-"+string(report.Period.Kind)+"-"+report.Period.ID, &b)
	}
	return fault.Field("format", "格式只能是 json 或 csv。")
}

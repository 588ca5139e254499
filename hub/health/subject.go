package health

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"zhanqun/hub/health/fresh"
	"zhanqun/hub/health/uptime"
	"zhanqun/hub/health/urge"
	"zhanqun/internal/chinatime"
	"zhanqun/protocol"
)

// Classes of findings that are not about a link.
const (
	ClassDown     = "站点打不开"
	ClassStale    = "栏目不更新"
	ClassSleeping = "睡眠栏目"
	ClassBlank    = "空白栏目"
)

// saysClosed is told of the findings of a site that was closed down.
const saysClosed = "站点已关停，不再检查，销号。"

// about begins a finding on something that is no link.
func about(kind, subject, class, reason string, by urge.Rules, now time.Time) Finding {
	f := Finding{ID: uuid.Must(uuid.NewV7()).String(), Kind: kind, Subject: subject, State: protocol.FindingOpen, Class: class, Reason: reason,
		OpenedAt: now, UpdatedAt: now}
	return begin(f, by, now)
}

// columnFault is what is wrong with a column, by class and in a sentence; empty
// when nothing is, or when that could not be told.
func columnFault(c Column, now time.Time, limits fresh.Limits) (class, reason string) {
	if c.Exempt() {
		return "", ""
	}
	class = map[fresh.Condition]string{fresh.Overdue: ClassStale, fresh.Sleeping: ClassSleeping, fresh.Empty: ClassBlank}[fresh.ColumnCondition(c.State, c.LastUpdate, now, limits)]
	switch {
	case class == "":
		return "", ""
	case class == ClassBlank:
		return class, fmt.Sprintf("栏目“%s”里没有任何内容。", c.Name)
	case c.LastUpdate == "" || c.Reading.Last == "":
		return class, fmt.Sprintf("栏目“%s”的更新期限是 %s，没有可以采信的发布日期，按没有更新计。", c.Name, c.Rule().Period())
	}
	return class, fmt.Sprintf("栏目“%s”的更新期限是 %s，最近更新 %s，从 %s 起超期。", c.Name, c.Rule().Period(), c.LastUpdate, c.Reading.Last.Add(1))
}

// columnMark is what a column showed: a false alarm that was struck off stays so
// for as long as it shows the same.
func columnMark(c Column) string { return string(c.State) + " " + string(c.LastUpdate) }

// columnFindings says what becomes of the finding about a column after a reading,
// or after a person changed what is known of it. last is the latest about it, nil
// for none. A fault is one when two readings in a row say the same.
func columnFindings(c Column, last *Finding, by urge.Rules, limits fresh.Limits, now time.Time) []Finding {
	class, reason := columnFault(c, now, limits)
	open := last != nil && !last.Closed()
	switch {
	case open && c.Exempt():
		return []Finding{closed(*last, protocol.EndingWaived, "栏目不再参加更新检查，销号。", now)}
	case open && last.Unit != c.Unit:
		moved := closed(*last, protocol.EndingWaived, fmt.Sprintf("栏目改由%s负责，销号。", c.UnitName), now)
		return append([]Finding{moved}, columnFindings(c, &moved, by, limits, now)...)
	case open && c.State == fresh.Fresh:
		return []Finding{closed(*last, protocol.EndingRecovered, fmt.Sprintf("栏目 %s 有更新，销号。", c.LastUpdate), now)}
	case class == "":
		return nil
	case open:
		return columnAgainst(c, *last, class, reason)
	case !c.Reading.Changed.Before(c.ReadAt):
		return nil // the first reading that says so
	case last != nil && last.State == protocol.FindingStruck && last.Mark == columnMark(c):
		return nil
	}
	f := about(AboutColumn, c.ID, class, reason, by, now)
	f.URL, f.Unit, f.Site, f.Mark = c.URL, c.Unit, c.Site, columnMark(c)
	f.Looks, f.FirstBad, f.LastBad = 2, c.Reading.Changed, c.ReadAt
	switch {
	case last == nil || last.Ending == protocol.EndingWaived:
	case last.State == protocol.FindingStruck:
		f.Note = "栏目有变化，原来的核减不再有效，重新预警。"
	default:
		f.Note = fmt.Sprintf("这个栏目 %s恢复过，现在又有问题。", dayText(last.ClosedAt))
	}
	return []Finding{f}
}

// columnAgainst takes an open finding on whose column is still at fault: after
// an answer, or because the fault is another by now.
func columnAgainst(c Column, f Finding, class, reason string) []Finding {
	changed := class != f.Class
	answered := f.State == protocol.FindingFixing && c.ReadAt.After(f.AnsweredAt)
	if !changed && !answered {
		return nil
	}
	f.Note = ""
	if changed {
		f.Note = fmt.Sprintf("原来是%s，现在是%s。", f.Class, class)
	}
	f.Class, f.Reason, f.Mark = class, reason, columnMark(c)
	f.Looks++
	f.LastBad = c.ReadAt
	if answered {
		f.State = protocol.FindingRecheck
		f.Note = fmt.Sprintf("%s 复查：%s", c.ReadAt.In(chinatime.Zone).Format("1月2日 15:04"), reason)
	}
	return []Finding{f}
}

// followColumn brings the finding about a column up to what is known of it.
func (s *Service) followColumn(ctx context.Context, c Column) error {
	return s.Store.Follow(ctx, About{AboutColumn, c.ID, c.Site, c.Unit}, func(last *Finding) []Finding {
		return columnFindings(c, last, s.Rules, s.Sleep, s.Now())
	})
}

// siteFindings says what becomes of the finding about a time in which a site is
// or was down. visit is the last visit after the unit's answer, nil for none. Of
// sites that hang on one that is down as well nobody is alarmed.
func siteFindings(i uptime.Incident, site Site, last *Finding, visit *uptime.Probe, by urge.Rules, now time.Time) []Finding {
	switch {
	case i.Open() && i.Root == "" && (last == nil || last.Ending == protocol.EndingWaived):
		f := about(AboutSite, i.ID, ClassDown, downReason(i), by, now)
		f.URL, f.Unit, f.Site, f.Status = site.URL, site.Unit, site.ID, i.Status
		f.Looks, f.FirstBad, f.LastBad = i.Failures, i.Since, i.OpenedAt
		switch i.Cause { // then all addresses of the host fail alike
		case uptime.CauseDNS, uptime.CauseConnect, uptime.CauseTLS, uptime.CauseTimeout:
			f.Host = HostOf(site.URL)
		}
		return []Finding{f}
	case last == nil || last.Closed():
		return nil
	case i.Root != "":
		return []Finding{closed(*last, protocol.EndingWaived, "这次中断由上级线路引起，并入上级线路的预警，销号。", now)}
	case !i.Open():
		f := closed(*last, protocol.EndingRecovered, "站点恢复访问，销号。", now)
		if !i.Until.IsZero() {
			f.Note = fmt.Sprintf("站点 %s恢复访问，共失败 %d 次，销号。", i.Until.In(chinatime.Zone).Format("1月2日 15:04"), i.Failures)
			f.Looks = i.Failures
		}
		return []Finding{f}
	case last.State == protocol.FindingFixing && visit != nil && visit.Outcome == uptime.Failed:
		f := *last
		f.Looks, f.LastBad, f.Status, f.State = i.Failures, visit.At, visit.Status, protocol.FindingRecheck
		f.Note = fmt.Sprintf("%s 复查仍打不开：%s", visit.At.In(chinatime.Zone).Format("1月2日 15:04"), visit.Cause.Label())
		return []Finding{f}
	}
	return nil
}

// downReason is the evidence of an incident in one sentence.
func downReason(i uptime.Incident) string {
	return fmt.Sprintf("首页从 %s 起打不开，连续 %d 次访问失败；最近一次：%s", i.Since.In(chinatime.Zone).Format("1月2日 15:04"), i.Failures, i.Cause.Label())
}

// followSites brings the findings about sites that are down up to the incidents.
func (s *Service) followSites(ctx context.Context) error {
	incidents, err := s.Store.OpenIncidents(ctx)
	if err != nil {
		return err
	}
	open, err := s.Store.OpenAbout(ctx, AboutSite)
	if err != nil {
		return err
	}
	told := map[string]Finding{}
	for _, f := range open {
		told[f.Subject] = f
	}
	for _, i := range incidents {
		f, is := told[i.ID]
		delete(told, i.ID)
		if is == (i.Root == "") && (!is || f.State != protocol.FindingFixing) {
			continue
		}
		if err := s.followSite(ctx, i, f); err != nil {
			return err
		}
	}
	for id, f := range told { // those that are over
		delete(s.asked, f.ID)
		i, err := s.Store.Incident(ctx, id)
		if err != nil {
			return err
		}
		i.Site = f.Site
		if err := s.followSite(ctx, i, f); err != nil {
			return err
		}
	}
	return nil
}

// followSite brings the finding about one incident up to date; f is that which is
// open, if any.
func (s *Service) followSite(ctx context.Context, i uptime.Incident, f Finding) error {
	site, err := s.Store.Site(ctx, i.Site)
	if err != nil {
		return err
	}
	var visit *uptime.Probe
	if f.State == protocol.FindingFixing {
		list, err := s.Store.Probes(ctx, site.ID, f.AnsweredAt, 1)
		if err != nil {
			return err
		}
		if len(list) > 0 {
			visit = &list[0]
		} else if s.Ask != nil && s.asked[f.ID] != f.AnsweredAt {
			s.asked[f.ID] = f.AnsweredAt
			s.Ask(site.ID)
		}
	}
	return s.Store.Follow(ctx, About{AboutSite, i.ID, site.ID, site.Unit}, func(last *Finding) []Finding {
		return siteFindings(i, site, last, visit, s.Rules, s.Now())
	})
}

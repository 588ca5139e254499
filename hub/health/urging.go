package health

import (
	"context"
	"fmt"
	"time"

	"zhanqun/hub/health/urge"
	"zhanqun/protocol"
)

// maxReport is how many findings one report counts.
const maxReport = 20_000

// settle is what a person's decision makes of a finding about t.
func settle(f Finding, t Target, strike bool, note string, by urge.Rules, now time.Time) Finding {
	f.Note = note
	switch {
	case strike:
		f.State, f.Ending, f.ClosedAt = protocol.FindingStruck, protocol.EndingStruck, now
		if f.Kind == "" {
			last, _ := telling(t.Looks)
			f.Mark = markOf(last).text()
		}
		return f
	case f.State == FindingFound:
		f.State = protocol.FindingOpen
		return begin(f, by, now)
	}
	// While the county looked at a dispute the unit could do nothing: it has at
	// least as long as for something urgent.
	f.State = protocol.FindingOpen
	short := by
	short.Days = by.UrgentDays
	if due := short.Deadline(now, f.Class); due.After(f.DueAt) {
		f.DueAt = due
	}
	term := urge.Term{From: f.OpenedAt, Due: f.DueAt}
	f.Stage, f.UrgeAt = by.Reached(term, now), by.Next(term, now)
	return f
}

// urged is what the passing of time makes of a finding that waits for its unit,
// and the step of its history; one without a kind when nothing is to be said.
func urged(f Finding, by urge.Rules, now time.Time) (Finding, Step) {
	if f.DueAt.IsZero() {
		f = begin(f, by, now)
		return f, Step{Kind: StepDeadline, Note: fmt.Sprintf("整改期限：%s。", dayText(f.DueAt))}
	}
	term := urge.Term{From: f.OpenedAt, Due: f.DueAt}
	f.UrgeAt = by.Next(term, now)
	stage := by.Reached(term, now)
	if urge.Rank(stage) <= urge.Rank(f.Stage) {
		return f, Step{}
	}
	f.Stage = stage
	return f, Step{Kind: stage, Note: urgeNote(f, now)}
}

func urgeNote(f Finding, now time.Time) string {
	switch f.Stage {
	case protocol.StageReminded:
		return fmt.Sprintf("整改期限是 %s，还有 %d 天。", dayText(f.DueAt), urge.DaysLeft(f.DueAt, now))
	case protocol.StageOverdue:
		return fmt.Sprintf("整改期限 %s 已过，还没有整改。", dayText(f.DueAt))
	case protocol.StageExposed:
		return "逾期未整改，列入每周曝光。"
	case protocol.StageSupervised:
		return "曝光后仍未整改，列入每月督办。"
	case protocol.StageCirculated:
		return "督办后仍未整改，列入每季通报。"
	}
	return ""
}

// urgeAll urges the units of what is due, one batch, and reports whether there
// may be more.
func (s *Service) urgeAll(ctx context.Context) (more bool, err error) {
	due, err := s.Store.DueUrges(ctx, s.Now(), batch)
	if err != nil {
		return false, err
	}
	for _, f := range due {
		err := s.Store.Urge(ctx, f.ID, func(f Finding) (Finding, Step) { return urged(f, s.Rules, s.Now()) })
		if err != nil {
			return false, err
		}
	}
	return len(due) == batch, nil
}

// tellAll tells the nodes what they have still to hear of.
func (s *Service) tellAll(ctx context.Context) error {
	for {
		more, err := s.Store.TellFindings(ctx)
		if err != nil || !more {
			return err
		}
	}
}

// casesOf is what reports know of findings.
func casesOf(list []Finding) []urge.Case {
	cases := make([]urge.Case, len(list))
	for i, f := range list {
		cases[i] = urge.Case{ID: f.ID, Unit: f.Unit, UnitName: f.UnitName, Site: f.SiteName, URL: f.Shown(), Class: f.Class, State: f.State, Note: f.Note,
			Opened: f.OpenedAt, Due: f.DueAt, Answered: f.AnsweredAt, Closed: f.ClosedAt, Ending: f.Ending}
	}
	return cases
}

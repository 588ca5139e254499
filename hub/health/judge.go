package health

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"zhanqun/hub/health/linkcheck"
	"zhanqun/hub/health/urge"
	"zhanqun/internal/chinatime"
	"zhanqun/protocol"
)

// System is who acts when no person does.
const System = "系统"

// rules are what a judgement goes by.
type rules struct {
	linkcheck.Policy
	urge.Rules
	watched bool // whether the availability of sites is watched
}

// judge says what follows from a case after a look, or, with look nil, after
// its places changed. It is pure: the same case gives the same effect.
func judge(c Case, look *Look, by rules, now time.Time) Effect {
	t := c.Target
	wanted := false
	if look != nil {
		seen, weak := weaker(t, *look, now)
		wanted = weak
		t.Looks = append(slices.Clone(t.Looks), seen)
		if n := len(t.Looks); n > maxLooks {
			t.Looks = t.Looks[n-maxLooks:]
		}
		t.CheckedAt = now
		t.State, t.NextAt = by.Policy.Next(bare(t.Looks), now)
	}
	e := Effect{Target: t, Who: System, Ask: wanted || look != nil && wantsOpinion(c, t)}
	state := alarm(t)
	open, struck := map[string]Finding{}, map[string]bool{}
	for _, f := range c.Findings {
		if f.State != protocol.FindingStruck {
			open[f.Unit] = f
			continue
		}
		if note := lapses(f, t, look, state); note != "" {
			e.Lapsed = append(e.Lapsed, Lapse{f.ID, note})
			c.Past = append([]Finding{f}, c.Past...)
			continue
		}
		struck[f.Unit] = true
	}
	for unit, f := range open {
		f.Places = c.Places[unit]
		if next, changed := follow(f, t, look, by, now); changed {
			e.Findings = append(e.Findings, next)
		} else if look != nil && look.From != "" {
			e.Steps = append(e.Steps, Lapse{f.ID, look.Detail})
		}
	}
	if state != "" {
		// Where the whole host is silent, its first finding speaks for all.
		whole := t.Looks[len(t.Looks)-1].Silent
		for unit, places := range c.Places {
			if _, known := open[unit]; !known && !struck[unit] && unit != "" && !(whole && c.Silent[unit]) && !(by.watched && ownHome(places, t)) {
				f := newFinding(t, unit, places, now)
				f.State = state
				f.Note = before(c.Past, unit)
				if state == protocol.FindingOpen {
					f = begin(f, by.Rules, now)
				}
				e.Findings = append(e.Findings, f)
			}
		}
	}
	slices.SortFunc(e.Findings, func(a, b Finding) int { return cmp.Compare(a.Unit, b.Unit) })
	return e
}

// ownHome reports whether a target that does not open is the home page of a site
// among the places: its incident tells of that.
func ownHome(places []Place, t Target) bool {
	return t.State == linkcheck.StateDead && slices.ContainsFunc(places, func(p Place) bool { return p.Element == homeElement })
}

// alarm is the state a finding about t begins in: open when it is sure,
// FindingFound when a person has to look first, "" when there is nothing to
// report. A suspicion counts when it was confirmed, but for a name that passed to
// a stranger: that can fail a whole site, so the county hears of it at once.
func alarm(t Target) string {
	if len(t.Looks) == 0 {
		return ""
	}
	last := t.Looks[len(t.Looks)-1]
	run := suspectRun(t.Looks)
	switch {
	case t.State == linkcheck.StateDead:
		return protocol.FindingOpen
	case t.State != linkcheck.StateSuspect || last.Verdict != linkcheck.Suspect:
		return ""
	case signOf(last.Reason):
		return FindingFound // only a person can tell
	case len(run) > 1 && (last.Class == linkcheck.ClassHijacked || last.Reason == linkcheck.ReasonCertificateSoon):
		return protocol.FindingOpen
	case len(run) > 1 || last.Class == linkcheck.ClassHijacked || last.Class == linkcheck.ClassHidden || last.Class == linkcheck.ClassTrojan:
		return FindingFound
	}
	return ""
}

// begin gives a finding its deadline.
func begin(f Finding, by urge.Rules, now time.Time) Finding {
	f.DueAt, f.Stage = by.Deadline(now, f.Class), ""
	f.UrgeAt = by.Next(urge.Term{From: now, Due: f.DueAt}, now)
	return f
}

// before is the word on a fault that comes back.
func before(past []Finding, unit string) string {
	for _, f := range past {
		if f.Unit != unit {
			continue
		}
		if f.State == protocol.FindingStruck {
			return "目标有变化，原来的核减不再有效，重新预警。"
		}
		if f.Ending == protocol.EndingRemoved {
			return fmt.Sprintf("这个链接 %s移除过，现在页面上又有了。", dayText(f.ClosedAt))
		}
		return fmt.Sprintf("这个链接 %s恢复过，现在又有问题。", dayText(f.ClosedAt))
	}
	return ""
}

// lapses says why a strike is over; "" while it holds. It holds for as long as
// the target shows what it showed when a person looked.
func lapses(f Finding, t Target, look *Look, state string) string {
	switch {
	case look == nil:
		return ""
	case t.State == linkcheck.StateAlive && f.Mark != "":
		return "目标恢复了正常访问，核减到此为止；以后再打不开，会重新预警。"
	case state == "":
		return ""
	}
	// A single blip ends nothing: the last two looks have to say so.
	last, previous := telling(t.Looks)
	if what := changed(f.Mark, markOf(last)); what != "" && changed(f.Mark, markOf(previous)) != "" {
		return fmt.Sprintf("%s，核减到此为止。", what)
	}
	return ""
}

// follow takes an open finding on: gone from the page, recovered, or still
// there after an answer.
func follow(f Finding, t Target, look *Look, by rules, now time.Time) (Finding, bool) {
	switch {
	case len(f.Places) == 0:
		return closed(f, protocol.EndingRemoved, "链接已从页面移除，销号。", now), true
	case t.State == linkcheck.StateAlive && look != nil && look.From != "":
		return closed(f, protocol.EndingRecovered, fmt.Sprintf("%s销号。", look.Detail), now), true
	case t.State == linkcheck.StateAlive && look != nil:
		return closed(f, protocol.EndingRecovered, "目标已恢复访问，销号。", now), true
	case f.State == FindingFound && alarm(t) == protocol.FindingOpen:
		last := t.Looks[len(t.Looks)-1]
		f.Class, f.Status, f.Looks, f.LastBad, f.Reason = last.Class.Label(), last.Status, f.Looks+1, last.At, seen(t.Looks)
		f.State = protocol.FindingOpen
		return begin(f, by.Rules, now), true
	case f.State != protocol.FindingFixing || len(t.Looks) == 0:
		return f, false
	}
	// Whether the answer holds is told by a look after it, and by the pages that
	// were read after it; either may come last.
	last := t.Looks[len(t.Looks)-1]
	if last.At.Before(f.AnsweredAt) {
		return f, false
	}
	switch {
	case last.Verdict == linkcheck.Dead && stillNamed(f):
		f.Looks++
		f.LastBad, f.Status, f.Reason = last.At, last.Status, seen(t.Looks)
		f.State = protocol.FindingRecheck
		f.Note = fmt.Sprintf("%s 复查仍打不开：%s", last.At.In(chinatime.Zone).Format("1月2日 15:04"), last.Detail)
		return f, true
	case signOf(last.Reason) && stillNamed(f):
		f.Looks++
		f.LastBad, f.State = last.At, protocol.FindingRecheck
		f.Note = fmt.Sprintf("%s 复查，链接还在页面上。", last.At.In(chinatime.Zone).Format("1月2日 15:04"))
		return f, true
	case last.Verdict == linkcheck.Suspect && f.Note != doubtful(last):
		f.Note = doubtful(last)
		return f, true
	}
	return f, false
}

// doubtful is the word on an answered finding whose target opens, but not as it
// should: that is for a person to settle.
func doubtful(l Look) string {
	return fmt.Sprintf("复查时能打开，但内容可疑：%s。等待县级管理员核实。", strings.TrimRight(l.Detail, "。"))
}

// stillNamed reports whether a page that was read after the answer still names
// the target. An entry's text is current, unless a newer one waits for review:
// that may well be the repair.
func stillNamed(f Finding) bool {
	return slices.ContainsFunc(f.Places, func(p Place) bool {
		if p.Item != "" {
			return !p.Pending
		}
		return !p.SeenAt.Before(f.AnsweredAt)
	})
}

func closed(f Finding, ending, note string, now time.Time) Finding {
	f.State, f.Ending, f.Note, f.ClosedAt = protocol.FindingClosed, ending, note, now
	return f
}

func newFinding(t Target, unit string, places []Place, now time.Time) Finding {
	bad := badRun(t.Looks)
	if last := t.Looks[len(t.Looks)-1]; last.Verdict == linkcheck.Suspect {
		bad = suspectRun(t.Looks)
	}
	last := bad[len(bad)-1]
	f := Finding{ID: uuid.Must(uuid.NewV7()).String(), Target: t.ID, URL: t.URL, Unit: unit, State: protocol.FindingOpen,
		Class: last.Class.Label(), Status: last.Status, Reason: seen(t.Looks), Looks: len(bad), FirstBad: bad[0].At, LastBad: last.At,
		OpenedAt: now, UpdatedAt: now, Places: places}
	if last.Silent {
		f.Host = HostOf(t.URL)
	}
	for _, p := range places {
		if id, ok := ownerSite(p.Owner); ok && f.Site == "" {
			f.Site = id
		}
		if f.Item == "" {
			f.Item = p.Item
		}
	}
	return f
}

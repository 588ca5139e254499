package health

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"zhanqun/hub/health/linkcheck"
	"zhanqun/internal/chinatime"
	"zhanqun/protocol"
)

// System is who acts when no person does.
const System = "系统"

// judge says what follows from a case after a look, or, with look nil, after
// its places changed. It is pure: the same case gives the same effect.
func judge(c Case, look *Look, policy linkcheck.Policy, now time.Time) Effect {
	t := c.Target
	if look != nil {
		t.Looks = append(slices.Clone(t.Looks), *look)
		if n := len(t.Looks); n > maxLooks {
			t.Looks = t.Looks[n-maxLooks:]
		}
		t.CheckedAt = now
		t.State, t.NextAt = policy.Next(bare(t.Looks), now)
	}
	e := Effect{Target: t, Who: System}
	open, struck := map[string]Finding{}, map[string]bool{}
	for _, f := range c.Findings {
		if f.State == protocol.FindingStruck {
			struck[f.Unit] = true
			continue
		}
		open[f.Unit] = f
	}
	for unit, f := range open {
		f.Places = c.Places[unit]
		if next, changed := follow(f, t, look, now); changed {
			e.Findings = append(e.Findings, next)
		}
	}
	if t.State == linkcheck.StateDead {
		// Where the whole host is silent, its first finding speaks for all.
		whole := t.Looks[len(t.Looks)-1].Silent
		for unit, places := range c.Places {
			if _, known := open[unit]; !known && !struck[unit] && unit != "" && !(whole && c.Silent[unit]) {
				e.Findings = append(e.Findings, newFinding(t, unit, places, now))
			}
		}
	}
	slices.SortFunc(e.Findings, func(a, b Finding) int { return cmp.Compare(a.Unit, b.Unit) })
	return e
}

// follow takes an open finding on: gone from the page, recovered, or still
// there after an answer.
func follow(f Finding, t Target, look *Look, now time.Time) (Finding, bool) {
	switch {
	case len(f.Places) == 0:
		return closed(f, "链接已从页面移除，销号。", now), true
	case t.State == linkcheck.StateAlive && look != nil:
		return closed(f, "目标已恢复访问，销号。", now), true
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
		f.LastBad, f.Status, f.Reason = last.At, last.Status, evidence(t.Looks)
		f.State = protocol.FindingRecheck
		f.Note = fmt.Sprintf("%s 复查仍打不开：%s", last.At.In(chinatime.Zone).Format("1月2日 15:04"), last.Detail)
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

func closed(f Finding, note string, now time.Time) Finding {
	f.State, f.Note, f.ClosedAt = protocol.FindingClosed, note, now
	return f
}

func newFinding(t Target, unit string, places []Place, now time.Time) Finding {
	bad := badRun(t.Looks)
	last := bad[len(bad)-1]
	f := Finding{ID: uuid.Must(uuid.NewV7()).String(), Target: t.ID, URL: t.URL, Unit: unit, State: protocol.FindingOpen,
		Class: last.Class.Label(), Status: last.Status, Reason: evidence(t.Looks), Looks: len(bad), FirstBad: bad[0].At, LastBad: last.At,
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

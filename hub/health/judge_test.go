package health

import (
	"strings"
	"testing"
	"time"

	"zhanqun/hub/health/linkcheck"
	"zhanqun/protocol"
)

var start = time.Date(2026, 11, 3, 6, 0, 0, 0, time.UTC)

func lookAt(after time.Duration, v linkcheck.Verdict, reason linkcheck.Reason, status int) Look {
	return Look{Look: linkcheck.Look{At: start.Add(after), Verdict: v, Reason: reason}, Class: linkcheck.ClassDead, Status: status, Detail: "服务器答复 404，页面已不存在"}
}

func gone(after time.Duration) *Look {
	l := lookAt(after, linkcheck.Dead, linkcheck.ReasonGone, 404)
	return &l
}

func alive(after time.Duration) *Look {
	l := lookAt(after, linkcheck.OK, "", 200)
	return &l
}

// walk feeds looks to judge one after another and returns the last effect and
// the findings as they stand.
func walk(c Case, looks ...*Look) (Effect, map[string]Finding) {
	found := map[string]Finding{}
	for _, f := range c.Findings {
		found[f.ID] = f
	}
	var e Effect
	for _, look := range looks {
		e = judge(c, look, linkcheck.DefaultPolicy, look.At)
		c.Target = e.Target
		for _, f := range e.Findings {
			found[f.ID] = f
		}
		c.Findings = nil
		for _, f := range found {
			if f.State != protocol.FindingClosed {
				c.Findings = append(c.Findings, f)
			}
		}
	}
	return e, found
}

func onSite(unit string) Case {
	return Case{Target: Target{ID: "t", URL: "http://town.example/a.html"},
		Places: map[string][]Place{unit: {{Target: "t", Owner: SiteOwner("s1"), Page: "http://town.example/", Element: "a", Label: "办事指南", Unit: unit, SeenAt: start}}}}
}

func only(t *testing.T, found map[string]Finding) Finding {
	t.Helper()
	if len(found) != 1 {
		t.Fatalf("%d findings, want one", len(found))
	}
	for _, f := range found {
		return f
	}
	panic("unreachable")
}

func TestDeadOnlyAfterASecondLook(t *testing.T) {
	if _, found := walk(onSite("u1"), gone(0)); len(found) != 0 {
		t.Fatal("one failing look made a finding")
	}
	if _, found := walk(onSite("u1"), gone(0), gone(5*time.Minute)); len(found) != 0 {
		t.Fatal("two looks minutes apart made a finding")
	}
	_, found := walk(onSite("u1"), gone(0), gone(31*time.Minute))
	f := only(t, found)
	if f.State != protocol.FindingOpen || f.Unit != "u1" || f.Site != "s1" || f.Class != "死链" || f.Looks != 2 || f.Status != 404 {
		t.Errorf("finding %+v", f)
	}
	if !strings.Contains(f.Reason, "共检查 2 次") {
		t.Errorf("evidence %q does not say how often", f.Reason)
	}
}

func TestInconclusiveIsNeverDead(t *testing.T) {
	var looks []*Look
	for i := range 30 {
		l := lookAt(time.Duration(i)*24*time.Hour, linkcheck.Inconclusive, "wall", 403)
		looks = append(looks, &l)
	}
	e, found := walk(onSite("u1"), looks...)
	if len(found) != 0 || e.Target.State == linkcheck.StateDead {
		t.Errorf("a wall of 30 days became %s with %d findings", e.Target.State, len(found))
	}
	if len(e.Target.Looks) > maxLooks {
		t.Errorf("%d looks kept", len(e.Target.Looks))
	}
}

func TestRecoveredTargetClosesItsFindings(t *testing.T) {
	_, found := walk(onSite("u1"), gone(0), gone(time.Hour), alive(2*time.Hour))
	if f := only(t, found); f.State != protocol.FindingClosed || f.ClosedAt.IsZero() || !strings.Contains(f.Note, "恢复") {
		t.Errorf("finding %+v", f)
	}
}

func TestOneTargetTwoUnits(t *testing.T) {
	c := onSite("u1")
	c.Places["u2"] = []Place{{Target: "t", Owner: EntryOwner("e1"), Page: "/entries/e1", Unit: "u2", Item: "i1", SeenAt: start}}
	_, found := walk(c, gone(0), gone(time.Hour))
	units := map[string]bool{}
	for _, f := range found {
		units[f.Unit] = true
		if f.Unit == "u2" && f.Item != "i1" {
			t.Errorf("the entry's finding names item %q", f.Item)
		}
	}
	if len(found) != 2 || !units["u1"] || !units["u2"] {
		t.Errorf("findings of %v, want one for each unit", units)
	}
}

func TestAnsweredFixed(t *testing.T) {
	c := onSite("u1")
	e, found := walk(c, gone(0), gone(time.Hour))
	f := only(t, found)
	f.State, f.AnsweredAt = protocol.FindingFixing, start.Add(2*time.Hour)
	c.Target, c.Findings = e.Target, []Finding{f}

	if _, found := walk(c, gone(3*time.Hour)); found[f.ID].State != protocol.FindingFixing {
		t.Error("called unfixed before the page was read again")
	}
	c.Places["u1"][0].SeenAt = start.Add(3 * time.Hour)
	if _, found := walk(c, gone(3*time.Hour)); found[f.ID].State != protocol.FindingRecheck || !strings.Contains(found[f.ID].Note, "复查") {
		t.Errorf("still there after the answer: %+v", found[f.ID])
	}
	c.Places = map[string][]Place{}
	if e := judge(c, nil, linkcheck.DefaultPolicy, start.Add(3*time.Hour)); len(e.Findings) != 1 ||
		e.Findings[0].State != protocol.FindingClosed || !strings.Contains(e.Findings[0].Note, "移除") {
		t.Errorf("removed from the page: %+v", e.Findings)
	}
}

func TestStruckOffStaysStruckOff(t *testing.T) {
	c := onSite("u1")
	c.Findings = []Finding{{ID: "old", Unit: "u1", State: protocol.FindingStruck}}
	if _, found := walk(c, gone(0), gone(time.Hour), gone(9*time.Hour)); len(found) != 1 {
		t.Error("a wrong alarm that was struck off came back")
	}
}

func TestAdviceSpeaksInEveryState(t *testing.T) {
	for _, state := range []string{protocol.FindingOpen, protocol.FindingFixing, protocol.FindingDisputed, protocol.FindingRecheck} {
		if Advice(Finding{State: state}) == "" {
			t.Errorf("no word on what to do when %s", state)
		}
	}
	if Advice(Finding{State: protocol.FindingClosed}) != "" {
		t.Error("advice on a closed finding")
	}
}

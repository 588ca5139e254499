package health

import (
	"strings"
	"testing"
	"time"

	"zhanqun/hub/health/linkcheck"
	"zhanqun/hub/health/urge"
	"zhanqun/protocol"
)

var start = time.Date(2026, 11, 3, 6, 0, 0, 0, time.UTC)

func lookAt(after time.Duration, v linkcheck.Verdict, reason linkcheck.Reason, status int) Look {
	return Look{Look: linkcheck.Look{At: start.Add(after), Verdict: v, Reason: reason}, Class: linkcheck.ClassDead, Status: status, Detail: "服务器答复 404，页面已不存在"}
}

var byDefault = rules{Policy: linkcheck.DefaultPolicy, Rules: urge.Defaults}

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
		e = judge(c, look, byDefault, look.At)
		c.Target = e.Target
		for _, f := range e.Findings {
			found[f.ID] = f
		}
		lapsed := map[string]bool{}
		for _, l := range e.Lapsed {
			lapsed[l.Finding] = true
		}
		c.Findings, c.Past = nil, nil
		for _, f := range found {
			switch {
			case f.State == protocol.FindingClosed:
				c.Past = append(c.Past, f)
			case !lapsed[f.ID]:
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
	if e := judge(c, nil, byDefault, start.Add(3*time.Hour)); len(e.Findings) != 1 ||
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

// A host that is silent as a whole is one finding; when its first address is
// settled, the next that is still silent speaks for the host.
func TestSilentHostIsOneFinding(t *testing.T) {
	mute := func(after time.Duration) *Look {
		l := lookAt(after, linkcheck.Dead, linkcheck.ReasonNetwork, 0)
		l.Silent = true
		return &l
	}
	looks := []*Look{mute(0), mute(time.Hour), mute(2 * time.Hour)}
	first := onSite("u1")
	_, found := walk(first, looks...)
	f := only(t, found)
	if f.Host != "town.example" || !strings.Contains(Advice(f), "不再逐条预警") {
		t.Errorf("finding %+v, advice %s", f, Advice(f))
	}
	second := onSite("u1")
	second.Target = Target{ID: "t2", URL: "http://town.example/b.html"}
	second.Silent = map[string]bool{"u1": true}
	if _, found := walk(second, looks...); len(found) != 0 {
		t.Errorf("a second warning of one silent host: %+v", found)
	}
	second.Places["u2"] = []Place{{Target: "t2", Owner: SiteOwner("s2"), Page: "http://other.example/", Unit: "u2", SeenAt: start}}
	if _, found := walk(second, looks...); only(t, found).Unit != "u2" {
		t.Errorf("the other unit was not told: %+v", found)
	}
	// An address of the host that is gone while others answer is another matter.
	if _, found := walk(second, gone(0), gone(time.Hour)); len(found) != 2 {
		t.Errorf("%d findings of an address that is gone, want one for each unit", len(found))
	}
	second.Silent = nil
	delete(second.Places, "u2")
	if _, found := walk(second, looks...); only(t, found).Host == "" {
		t.Error("nobody speaks for the host")
	}
}

// answered is a case with a finding that its unit says it has repaired.
func answered(t *testing.T) (Case, Finding) {
	t.Helper()
	c := onSite("u1")
	e, found := walk(c, gone(0), gone(time.Hour))
	f := only(t, found)
	f.State, f.AnsweredAt = protocol.FindingFixing, start.Add(2*time.Hour)
	c.Target, c.Findings = e.Target, []Finding{f}
	return c, f
}

// The page may be read after the target was looked at: then the reading tells.
func TestPageReadLate(t *testing.T) {
	c, f := answered(t)
	e, found := walk(c, gone(3*time.Hour))
	if found[f.ID].State != protocol.FindingFixing {
		t.Fatalf("judged before the page was read: %+v", found[f.ID])
	}
	c.Target = e.Target
	c.Places["u1"][0].SeenAt = start.Add(4 * time.Hour)
	e = judge(c, nil, byDefault, start.Add(4*time.Hour))
	if len(e.Findings) != 1 || e.Findings[0].State != protocol.FindingRecheck {
		t.Errorf("the page still names it: %+v", e.Findings)
	}
	// Without a look since the answer nothing is known.
	c, _ = answered(t)
	c.Places["u1"][0].SeenAt = start.Add(4 * time.Hour)
	if e := judge(c, nil, byDefault, start.Add(4*time.Hour)); len(e.Findings) != 0 {
		t.Errorf("judged by looks from before the answer: %+v", e.Findings)
	}
}

// A repair that waits for review at the county is waited for.
func TestRepairUnderReview(t *testing.T) {
	c, f := answered(t)
	c.Places = map[string][]Place{"u1": {{Target: "t", Owner: EntryOwner("e1"), Page: "/entries/e1", Unit: "u1", Item: "i1", SeenAt: start, Pending: true}}}
	if _, found := walk(c, gone(3*time.Hour)); found[f.ID].State != protocol.FindingFixing {
		t.Errorf("called unrepaired while the repair waits for review: %+v", found[f.ID])
	}
	c.Places["u1"][0].Pending = false
	if _, found := walk(c, gone(3*time.Hour)); found[f.ID].State != protocol.FindingRecheck {
		t.Errorf("nothing waits: %+v", found[f.ID])
	}
}

// A target that opens again, but not as it should, is said so once, for a person
// to settle.
func TestSuspectAfterAnswer(t *testing.T) {
	c, f := answered(t)
	l := lookAt(3*time.Hour, linkcheck.Suspect, linkcheck.ReasonSoft404, 200)
	l.Detail = "页面写着“找不到”。"
	e, found := walk(c, &l)
	if got := found[f.ID]; got.State != protocol.FindingFixing || !strings.Contains(got.Note, "可疑") || !strings.Contains(got.Note, "管理员核实") {
		t.Fatalf("finding %+v", got)
	}
	c.Target, c.Findings = e.Target, []Finding{found[f.ID]}
	l.At = l.At.Add(6 * time.Hour)
	if e := judge(c, &l, byDefault, l.At); len(e.Findings) != 0 {
		t.Errorf("said again: %+v", e.Findings)
	}
}

func TestSilence(t *testing.T) {
	for _, tt := range []struct {
		name string
		r    linkcheck.Result
		want bool
	}{
		{"no such name", linkcheck.Result{Verdict: linkcheck.Dead, ErrorKind: linkcheck.KindDNS}, true},
		{"nobody there", linkcheck.Result{Verdict: linkcheck.Dead, ErrorKind: linkcheck.KindRefused, Hops: make([]linkcheck.Hop, 1)}, true},
		{"sent on to a host that is silent", linkcheck.Result{Verdict: linkcheck.Dead, ErrorKind: linkcheck.KindRefused, Hops: make([]linkcheck.Hop, 2)}, false},
		{"a loop", linkcheck.Result{Verdict: linkcheck.Dead, ErrorKind: linkcheck.KindLoop}, false},
		{"a silent line", linkcheck.Result{Verdict: linkcheck.Inconclusive, ErrorKind: linkcheck.KindTimeout}, false},
		{"gone", linkcheck.Result{Verdict: linkcheck.Dead, Status: 404}, false},
	} {
		if got := lookOf(tt.r).Silent; got != tt.want {
			t.Errorf("%s: silent is %v", tt.name, got)
		}
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

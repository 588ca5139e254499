package health

import (
	"strings"
	"testing"
	"time"

	"zhanqun/hub/health/linkcheck"
	"zhanqun/hub/health/urge"
	"zhanqun/protocol"
)

func suspect(after time.Duration, class linkcheck.Class) *Look {
	l := lookAt(after, linkcheck.Suspect, linkcheck.ReasonSoft404, 200)
	l.Class, l.Detail = class, "页面写着“找不到”。"
	return &l
}

// A new finding has a deadline in working days; what can fail a whole site has
// a shorter one.
func TestDeadlines(t *testing.T) {
	_, found := walk(onSite("u1"), gone(0), gone(time.Hour)) // Tuesday, 3 November 2026
	if f := only(t, found); dayText(f.DueAt) != "2026年11月17日" || f.UrgeAt.IsZero() {
		t.Errorf("due %v, urged at %v", f.DueAt, f.UrgeAt)
	}
	_, found = walk(onSite("u1"), suspect(0, linkcheck.ClassHijacked), suspect(6*time.Hour, linkcheck.ClassHijacked))
	if f := only(t, found); dayText(f.DueAt) != "2026年11月5日" || f.State != protocol.FindingOpen || !strings.Contains(Advice(f), "马上去掉") {
		t.Errorf("a name that passed to a stranger: %+v", f)
	}
}

// What only looks wrong is for a person to see before the unit hears of it, and
// one look of it is nothing.
func TestSuspicionWaitsForAPerson(t *testing.T) {
	if _, found := walk(onSite("u1"), suspect(0, linkcheck.ClassSoft)); len(found) != 0 {
		t.Fatalf("one suspect look: %+v", found)
	}
	_, found := walk(onSite("u1"), suspect(0, linkcheck.ClassSoft), suspect(6*time.Hour, linkcheck.ClassSoft))
	f := only(t, found)
	if f.State != FindingFound || f.Class != "内容死链" || !f.DueAt.IsZero() || f.Looks != 2 || !strings.Contains(f.Reason, "可疑") {
		t.Fatalf("suspected: %+v", f)
	}
	now := start.Add(24 * time.Hour)
	target := Target{Looks: []Look{*suspect(0, linkcheck.ClassSoft)}}
	if f := settle(f, target, false, "确实打不开", urge.Defaults, now); f.State != protocol.FindingOpen || f.DueAt.IsZero() || f.UrgeAt.IsZero() {
		t.Errorf("confirmed: %+v", f)
	}
	if f := settle(f, target, true, "页面正常", urge.Defaults, now); f.State != protocol.FindingStruck || f.Ending != protocol.EndingStruck || f.Mark == "" {
		t.Errorf("struck off: %+v", f)
	}
	_, found = walk(onSite("u1"), suspect(0, linkcheck.ClassSoft), suspect(6*time.Hour, linkcheck.ClassSoft), gone(12*time.Hour), gone(24*time.Hour))
	if f := only(t, found); f.State != protocol.FindingOpen || f.Class != "死链" || f.DueAt.IsZero() {
		t.Errorf("suspected, and gone for sure now: %+v", f)
	}
	_, found = walk(onSite("u1"), suspect(0, linkcheck.ClassHijacked))
	if f := only(t, found); f.State != FindingFound {
		t.Errorf("the county hears at once of what can fail a site: %+v", f)
	}
}

// The three ways a finding ends are told apart.
func TestEndings(t *testing.T) {
	_, found := walk(onSite("u1"), gone(0), gone(time.Hour), alive(2*time.Hour))
	if f := only(t, found); f.Ending != protocol.EndingRecovered {
		t.Errorf("recovered: %+v", f)
	}
	c := onSite("u1")
	e, found := walk(c, gone(0), gone(time.Hour))
	c.Target, c.Findings, c.Places = e.Target, []Finding{only(t, found)}, nil
	if e := judge(c, nil, byDefault, start.Add(3*time.Hour)); e.Findings[0].Ending != protocol.EndingRemoved {
		t.Errorf("removed: %+v", e.Findings)
	}
}

// What comes back is a finding of its own that says so.
func TestBackAgain(t *testing.T) {
	_, found := walk(onSite("u1"), gone(0), gone(time.Hour), alive(2*time.Hour), gone(26*time.Hour), gone(27*time.Hour))
	if len(found) != 2 {
		t.Fatalf("%d findings", len(found))
	}
	for _, f := range found {
		if f.State == protocol.FindingOpen && !strings.Contains(f.Note, "恢复过") {
			t.Errorf("finding %+v", f)
		}
	}
}

// A strike holds while the target shows the same, and ends when it does not.
func TestStrikeHoldsUntilTheTargetChanges(t *testing.T) {
	page := func(after time.Duration, status int, reason linkcheck.Reason, title, final string) *Look {
		l := lookAt(after, linkcheck.Dead, reason, status)
		l.Title, l.Final = title, final
		return &l
	}
	then := *page(0, 404, linkcheck.ReasonGone, "办事指南 2026-11-03", "http://town.example/x.html")
	for _, tt := range []struct {
		name  string
		looks []*Look
		ends  string // what the history says; "" while the strike holds
	}{
		{"the same", []*Look{page(1*time.Hour, 404, linkcheck.ReasonGone, then.Title, then.Final), page(9*time.Hour, 404, linkcheck.ReasonGone, then.Title, then.Final)}, ""},
		{"gone in other words, dated anew", []*Look{page(1*time.Hour, 410, linkcheck.ReasonGone, "办事指南 2026-12-01", "https://www.town.example/x.html?s=1")}, ""},
		{"another title", []*Look{page(1*time.Hour, 404, linkcheck.ReasonGone, "域名出售", then.Final), page(8*time.Hour, 404, linkcheck.ReasonGone, "域名出售", then.Final)}, "标题"},
		{"another place", []*Look{page(1*time.Hour, 404, linkcheck.ReasonGone, then.Title, "http://other.example/"), page(8*time.Hour, 404, linkcheck.ReasonGone, then.Title, "http://other.example/")}, "另一个地址"},
		{"another status", []*Look{page(1*time.Hour, 500, "server", "", ""), page(2*time.Hour, 500, "server", "", "")}, "404"},
		{"another status once", []*Look{page(1*time.Hour, 500, "server", "", ""), page(8*time.Hour, 404, linkcheck.ReasonGone, then.Title, then.Final)}, ""},
		{"well in between", []*Look{alive(time.Hour)}, "恢复"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := onSite("u1")
			c.Target.Looks = []Look{*page(-3*time.Hour, 404, linkcheck.ReasonGone, then.Title, then.Final), then}
			c.Findings = []Finding{{ID: "old", Unit: "u1", State: protocol.FindingStruck, Mark: markOf(then).text()}}
			said := ""
			for _, look := range tt.looks {
				e := judge(c, look, byDefault, look.At)
				c.Target = e.Target
				for _, l := range e.Lapsed {
					said += l.Note
					c.Findings = nil
				}
				if len(e.Lapsed) == 0 && len(e.Findings) > 0 {
					t.Errorf("came back although the strike holds: %+v", e.Findings)
				}
				if len(e.Lapsed) > 0 && e.Target.State == linkcheck.StateDead && (len(e.Findings) != 1 || !strings.Contains(e.Findings[0].Note, "核减不再有效")) {
					t.Errorf("the new finding does not say so: %+v", e.Findings)
				}
			}
			if (said != "") != (tt.ends != "") || !strings.Contains(said, tt.ends) {
				t.Errorf("the history says %q, want %q", said, tt.ends)
			}
		})
	}
}

// Each step of urging is said once, in order, and one of a hub that was off is
// caught up with.
func TestUrged(t *testing.T) {
	f := Finding{State: protocol.FindingOpen, Class: "死链", OpenedAt: start, DueAt: urge.Defaults.Deadline(start, "")}
	f, step := urged(f, urge.Defaults, start)
	if step.Kind != "" || f.UrgeAt.IsZero() {
		t.Errorf("urged on the first day: %+v", step)
	}
	var kinds []string
	for now := f.UrgeAt; !f.UrgeAt.IsZero(); now = f.UrgeAt {
		f, step = urged(f, urge.Defaults, now)
		kinds = append(kinds, step.Kind)
		if step.Note == "" {
			t.Errorf("%s says nothing", step.Kind)
		}
		if _, again := urged(f, urge.Defaults, now); again.Kind != "" {
			t.Errorf("%s said twice", again.Kind)
		}
	}
	if got := strings.Join(kinds, " "); got != strings.Join(urge.Stages(), " ") {
		t.Errorf("steps %s", got)
	}
	late := Finding{State: protocol.FindingOpen, OpenedAt: start, DueAt: f.DueAt}
	if late, step := urged(late, urge.Defaults, f.DueAt.AddDate(1, 0, 0)); step.Kind != protocol.StageCirculated || !late.UrgeAt.IsZero() {
		t.Errorf("caught up with: %+v", step)
	}
	if old, step := urged(Finding{State: protocol.FindingOpen}, urge.Defaults, start); step.Kind != StepDeadline || old.DueAt.IsZero() {
		t.Errorf("one from before there were deadlines: %+v, %+v", old, step)
	}
}

// A dispute that is turned down leaves the unit time to act.
func TestDisputeTurnedDown(t *testing.T) {
	f := Finding{State: protocol.FindingDisputed, Class: "死链", OpenedAt: start, DueAt: start.Add(time.Hour), Stage: protocol.StageReminded}
	now := start.AddDate(0, 0, 20) // Monday, 23 November
	back := settle(f, Target{}, false, "确实打不开", urge.Defaults, now)
	if back.State != protocol.FindingOpen || dayText(back.DueAt) != "2026年11月25日" || urge.Rank(back.Stage) >= urge.Rank(protocol.StageOverdue) {
		t.Errorf("turned down: %+v", back)
	}
}

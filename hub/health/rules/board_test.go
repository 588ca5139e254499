package rules_test

import (
	"testing"

	"zhanqun/hub/health/rules"
)

func TestCluster(t *testing.T) {
	s := set(t, "2019-indicators")
	a := good()
	a.Site, a.Name = "a", "门户"
	other := func(c *rules.Column) { c.Unit, c.UnitName, c.ID = "202", "乙镇", c.ID+"x" }
	a.Columns = with(many(1, "news", "2026-11-01", other), many(2, "news", "2026-11-02"), many(2, "news", "2026-11-20"))
	dead(false, 4)(&a)
	b := good()
	b.Site, b.Name, b.Unit, b.UnitName = "b", "丙镇网", "203", "丙镇"
	visits(140, 7, 7, 28)(&b)
	board := rules.Cluster([]rules.Result{rules.Judge(s, a), rules.Judge(s, b)})
	if board.Sites[0].Site != "b" || board.Sites[1].Site != "a" {
		t.Errorf("the site with a veto is not first: %s", board.Sites[0].Name)
	}
	if len(board.Units) != 4 {
		t.Fatalf("%d units", len(board.Units))
	}
	lines := map[string]rules.Line{}
	for _, l := range board.Units {
		lines[l.UnitName] = l
	}
	if board.Units[0].UnitName != "丙镇" || board.Units[0].State != rules.Fallen {
		t.Errorf("worst is %+v", board.Units[0])
	}
	if got := lines["甲镇"].Signals["V3a"]; got.Mine != 2 || got.Count != 3 || got.Limit != 5 || got.State != rules.Near {
		t.Errorf("signal %+v", got)
	}
	if got := lines["乙镇"].Signals["V3a"]; got.Mine != 1 || got.Count != 3 {
		t.Errorf("signal %+v", got)
	}
	if lines["甲镇"].Falls.IsZero() || lines["甲镇"].Links != 4 {
		t.Errorf("line %+v", lines["甲镇"])
	}
	if got := lines["县政府办"]; got.State != rules.Clear {
		t.Errorf("the portal's office answers for the towns: %+v", got)
	}
}

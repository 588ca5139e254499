package health

import (
	"strings"
	"testing"
	"time"

	"zhanqun/hub/health/linkcheck"
	"zhanqun/protocol"
)

func opinion(after time.Duration, seen protocol.Looked) *Look {
	l := lookOfOpinion(Opinion{URL: "http://town.example/a.html", Unit: "塘头镇", At: start.Add(after), Looked: seen})
	return &l
}

var opens = protocol.Looked{Status: 200, Bytes: 4096, Millis: 812, Type: "text/html", Page: []byte("<title>办事指南</title><h1>办事指南</h1><p>请携带身份证和户口簿到便民服务中心办理。</p>")}

// sorry opens as well, and says that there is nothing.
var sorry = protocol.Looked{Status: 200, Bytes: 4096, Millis: 812, Type: "text/html", Page: []byte("<title>404</title><h1>您访问的页面不存在</h1>")}

// What opens from a township's line is alive, whatever the hub's line says, for a
// while; and the hub asks again instead of warning.
func TestOpinionBeatsOwnLine(t *testing.T) {
	c, f := answered(t)
	f.State = protocol.FindingDisputed
	c.Findings = []Finding{f}
	e, found := walk(c, opinion(3*time.Hour, opens))
	if got := found[f.ID]; got.State != protocol.FindingClosed || got.Ending != protocol.EndingRecovered || !strings.Contains(got.Note, "塘头镇") || !strings.Contains(got.Note, "0.8 秒") {
		t.Fatalf("disputed, and open from a township: %+v", got)
	}
	c.Target, c.Findings, c.Past = e.Target, nil, []Finding{found[f.ID]}
	e, found = walk(c, gone(27*time.Hour), gone(28*time.Hour), gone(40*time.Hour))
	if len(found) != 0 || e.Target.State != linkcheck.StateAlive || !e.Ask {
		t.Errorf("warned again although a township can open it: %s, asks %v, %+v", e.Target.State, e.Ask, found)
	}
	if last := e.Target.Looks[len(e.Target.Looks)-1]; !strings.Contains(last.Detail, "县里打不开") {
		t.Errorf("what was seen from here is lost: %q", last.Detail)
	}
	// A newer opinion that it is gone there, too, leaves the hub to its own eyes.
	c.Target = e.Target
	e, found = walk(c, opinion(41*time.Hour, protocol.Looked{Status: 404, Bytes: 100}), gone(42*time.Hour), gone(43*time.Hour))
	if f := only(t, found); f.State != protocol.FindingOpen {
		t.Errorf("gone for everybody: %+v, %s", f, e.Target.State)
	}
	// So does time.
	if _, found := walk(c, gone(200*time.Hour+vouched), gone(201*time.Hour+vouched)); len(found) != 1 {
		t.Errorf("an opinion of weeks ago still holds: %+v", found)
	}
}

// An opinion that says nothing good changes nothing but the history.
func TestOpinionThatFails(t *testing.T) {
	for _, seen := range []protocol.Looked{{Error: protocol.ErrorTimeout, Millis: 15000}, {Status: 403, Bytes: 10}, {Status: 200}, sorry, {Status: 200, Bytes: 4096}, {Error: protocol.ErrorPrivate}, {Error: "new"}} {
		c := onSite("u1")
		e, found := walk(c, gone(0), gone(time.Hour))
		c.Target, c.Findings = e.Target, []Finding{only(t, found)}
		e = judge(c, opinion(2*time.Hour, seen), byDefault, start.Add(2*time.Hour))
		if len(e.Findings) != 0 || len(e.Steps) != 1 || !strings.Contains(e.Steps[0].Note, "塘头镇") || e.Target.State != linkcheck.StateDead || e.Ask {
			t.Errorf("%+v: %+v", seen, e)
		}
	}
}

// An opinion is wanted where it can settle something, and not otherwise.
func TestWhenAnOpinionIsWanted(t *testing.T) {
	blocked := func(after time.Duration) *Look {
		l := lookAt(after, linkcheck.Inconclusive, "wall", 403)
		return &l
	}
	if e, _ := walk(onSite("u1"), gone(0), gone(time.Hour)); e.Ask {
		t.Error("asked about what is plainly gone")
	}
	if e, _ := walk(onSite("u1"), blocked(0), blocked(time.Hour)); e.Ask {
		t.Error("asked after two looks that proved nothing")
	}
	if e, _ := walk(onSite("u1"), blocked(0), blocked(time.Hour), blocked(2*time.Hour)); !e.Ask {
		t.Error("not asked although nothing is proved again and again")
	}
	c, f := answered(t)
	f.State = protocol.FindingDisputed
	c.Findings = []Finding{f}
	if e, _ := walk(c, gone(3*time.Hour)); !e.Ask {
		t.Error("not asked although the unit says that it opens")
	}
	c.Target.URL = "http://10.1.2.3/a.html"
	if e, _ := walk(c, gone(3*time.Hour)); e.Ask {
		t.Error("asked about an address of this office's network")
	}
}

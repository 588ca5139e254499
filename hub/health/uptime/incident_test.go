package uptime

import (
	"testing"
	"time"
)

// visits are made ten minutes apart: o good, x failed, n no data, p planned.
func visits(marks string) []Probe {
	var list []Probe
	for i, m := range marks {
		p := Probe{Site: "s", At: noon.Add(time.Duration(i) * 10 * time.Minute)}
		switch m {
		case 'o':
			p.Outcome = OK
		case 'x':
			p.Outcome, p.Cause = Failed, CauseTimeout
		case 'n':
			p.Outcome, p.Cause = NoData, CauseOwnLine
		case 'p':
			p.Outcome, p.Cause = Planned, CauseOffline
		}
		list = append(list, p)
	}
	return list
}

func TestFollow(t *testing.T) {
	for marks, want := range map[string]string{
		"x":            ".",
		"oxx":          "...",
		"oxox":         "....",
		"oxxx":         "...O",
		"oxxxx":        "...O+",
		"oxnxnx":       ".....O",
		"nnnnn":        ".....", // our own line is nobody's fault
		"xxxo":         "..O.",
		"xxxoo":        "..O.E",
		"xxxnpx":       "..O..+",
		"xxxoxoo":      "..O.+.E", // a good one between is no all-clear
		"xxxonno":      "..O...E",
		"xxxoooxo":     "..O.E...",
		"xxxooxxx":     "..O.E..O",
		"ppppppp":      ".......",
		"xxpppxx":      ".....O+", // still down after the announced time: alarmed
		"oooooooooooo": "............",
	} {
		var open Incident
		got := ""
		list := visits(marks)
		for i := range list {
			next, change := Follow(open, list[:i+1], DefaultHysteresis)
			switch change {
			case Opened:
				next.ID = "i"
			case Ended:
				if next.Until.IsZero() || next.Until.After(next.EndedAt) || next.Open() {
					t.Errorf("%s: ended %+v", marks, next)
				}
			}
			open = next
			got += map[Change]string{Same: ".", Opened: "O", Grew: "+", Ended: "E"}[change]
		}
		if got != want {
			t.Errorf("%s: %s, want %s", marks, got, want)
		}
	}
	i, _ := Follow(Incident{}, visits("oxxx"), DefaultHysteresis)
	if !i.Since.Equal(noon.Add(10*time.Minute)) || !i.OpenedAt.Equal(noon.Add(30*time.Minute)) || i.Failures != 3 || i.Cause != CauseTimeout {
		t.Errorf("incident %+v", i)
	}
	if _, failing := Failing(visits("oxn")); !failing {
		t.Error("no data ended a failure")
	}
	if _, failing := Failing(visits("xo")); failing {
		t.Error("failing after a good visit")
	}
}

func TestParentsAndRoot(t *testing.T) {
	parents := Parents([]Home{
		{ID: "portal", URL: "https://www.example.gov.cn/"}, {ID: "town", URL: "https://www.example.gov.cn/town/"}, {ID: "village", URL: "https://WWW.example.gov.cn/town/a/index.html"},
		{ID: "other", URL: "https://other.example.gov.cn/", Parent: "line"}, {ID: "port", URL: "https://www.example.gov.cn:8443/", Parent: "nothing"}, {ID: "bad", URL: "://"},
		{ID: "x", URL: "http://shared.example/x/", Parent: "y"}, {ID: "y", URL: "http://shared.example/yy/"},
		{ID: "line", URL: "http://gateway.example/", Parent: "line"}, {ID: "here", URL: "http://a.example/", Parent: "there"}, {ID: "there", URL: "http://b.example/", Parent: "here"},
	})
	for site, want := range map[string]string{"portal": "", "town": "portal", "village": "town", "other": "line", "port": "", "bad": "", "x": "y", "y": "", "line": "", "there": "here"} {
		if parents[site] != want {
			t.Errorf("%s hangs on %q, want %q", site, parents[site], want)
		}
	}
	down := map[string]bool{"portal": true, "town": true, "village": true}
	is := func(s string) bool { return down[s] }
	if got := Root("village", parents, is); got != "portal" {
		t.Errorf("root %q", got)
	}
	down["town"] = false
	if got := Root("village", parents, is); got != "" {
		t.Errorf("root %q over a site that is up", got)
	}
	if got := Root("a", map[string]string{"a": "b", "b": "a"}, func(string) bool { return true }); got != "b" {
		t.Errorf("a circle gave %q", got)
	}
}

func TestCovered(t *testing.T) {
	list := []Offline{{ID: "1", From: noon, To: noon.Add(time.Hour)}}
	for after, want := range map[time.Duration]bool{-time.Second: false, 0: true, time.Hour - 1: true, time.Hour: false} {
		if _, got := Covered(list, noon.Add(after)); got != want {
			t.Errorf("after %v: %v", after, got)
		}
	}
}

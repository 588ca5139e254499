package linkcheck

import (
	"testing"
	"time"
)

func TestPolicy(t *testing.T) {
	start := time.Date(2026, 11, 3, 8, 0, 0, 0, time.UTC)
	const m, h, d = time.Minute, time.Hour, 24 * time.Hour
	look := func(after time.Duration, v Verdict, reason Reason) Look {
		return Look{At: start.Add(after), Verdict: v, Reason: reason}
	}
	gone := func(after time.Duration) Look { return look(after, Dead, ReasonGone) }
	fail := func(after time.Duration) Look { return look(after, Dead, ReasonServerError) }
	good := func(after time.Duration) Look { return look(after, OK, "") }
	dunno := func(after time.Duration) Look { return look(after, Inconclusive, ReasonForbidden) }
	odd := func(after time.Duration) Look { return look(after, Suspect, ReasonSoft404) }
	with := func(l Look, retry time.Duration) Look { l.RetryAfter = retry; return l }
	tests := []struct {
		name  string
		looks []Look
		want  State
		wait  time.Duration // after the newest look
	}{
		{"good", []Look{good(0)}, StateAlive, d},
		{"gone once", []Look{gone(0)}, StateDoubtful, 30 * m},
		{"gone twice", []Look{gone(0), gone(30 * m)}, StateDead, 12 * h},
		{"gone twice in a hurry", []Look{gone(0), gone(29 * m)}, StateDoubtful, 30 * m},
		{"gone ten times in a hurry", []Look{gone(0), gone(m), gone(2 * m), gone(3 * m), gone(4 * m), gone(5 * m), gone(6 * m), gone(7 * m), gone(8 * m), gone(9 * m)}, StateDoubtful, 30 * m},
		{"order does not matter", []Look{gone(30 * m), gone(0)}, StateDead, 12 * h},
		{"failed twice", []Look{fail(0), fail(h)}, StateDoubtful, 30 * m},
		{"failed thrice", []Look{fail(0), fail(h), fail(2 * h)}, StateDead, 24 * h},
		{"failed, gone, gone", []Look{fail(0), gone(h), gone(2 * h)}, StateDead, 24 * h},
		{"failed and gone", []Look{fail(0), gone(h)}, StateDoubtful, 30 * m},
		{"comes and goes", []Look{fail(0), fail(h), good(2 * h), fail(3 * h)}, StateDoubtful, 30 * m},
		{"one success clears", []Look{gone(0), gone(h), gone(2 * h), good(3 * h)}, StateAlive, d},
		{"dead again needs as much as before", []Look{gone(0), gone(h), good(2 * h), gone(3 * h)}, StateDoubtful, 30 * m},
		{"bad address at once", []Look{look(0, Dead, ReasonBadAddress)}, StateDead, 6 * h},
		{"far apart does not add up", []Look{gone(0), gone(15 * d)}, StateDoubtful, 30 * m},
		{"dead for long stays dead", []Look{gone(0), gone(h), gone(7 * d), gone(14 * d), gone(21 * d)}, StateDead, 96 * h},
		{"the wait has an end", []Look{gone(0), gone(h), gone(2 * h), gone(3 * h), gone(4 * h), gone(5 * h), gone(6 * h), gone(7 * h)}, StateDead, 7 * d},

		{"wall", []Look{dunno(0)}, StateInconclusive, 30 * m},
		{"wall for ever is never dead", []Look{dunno(0), dunno(h), dunno(2 * h), dunno(3 * h)}, StateInconclusive, 4 * h},
		{"wall after good", []Look{good(0), dunno(d), dunno(2 * d)}, StateAlive, h},
		{"wall after failing neither counts", []Look{gone(0), dunno(h)}, StateDoubtful, h},
		{"nor clears", []Look{gone(0), dunno(h), gone(2 * h)}, StateDead, 12 * h},
		{"wall before dead", []Look{gone(0), gone(h), dunno(2 * h)}, StateDead, 24 * h},

		{"suspect", []Look{odd(0)}, StateSuspect, 6 * h},
		{"suspect for long", []Look{odd(0), odd(d), odd(2 * d)}, StateSuspect, 24 * h},
		{"suspect answers", []Look{gone(0), odd(h), gone(2 * h)}, StateDoubtful, 30 * m},
		{"excluded", []Look{look(0, Excluded, ReasonPrivate)}, StateExcluded, 7 * d},

		{"asked to wait", []Look{with(look(0, Inconclusive, ReasonRateLimited), 3*h)}, StateInconclusive, 3 * h},
		{"asked to wait less than the gap", []Look{with(fail(0), m)}, StateDoubtful, 30 * m},
		{"asked to wait for years", []Look{with(fail(0), 9000*h)}, StateDoubtful, 24 * h},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			newest := start
			for _, l := range tt.looks {
				if l.At.After(newest) {
					newest = l.At
				}
			}
			state, next := Next(tt.looks, newest)
			if state != tt.want || !next.Equal(newest.Add(tt.wait)) {
				t.Errorf("got %s in %s, want %s in %s", state, next.Sub(newest), tt.want, tt.wait)
			}
			if _, late := Next(tt.looks, newest.Add(60*d)); late.Before(newest.Add(60 * d)) {
				t.Errorf("next look lies in the past")
			}
			if _, early := Next(tt.looks, newest.Add(-60*d)); early.After(newest.Add(-60*d + tt.wait)) {
				t.Errorf("a look from the future puts the link to sleep until %s", early)
			}
		})
	}
	if state, next := Next(nil, start); state != StateUnknown || !next.Equal(start) {
		t.Errorf("nothing known: %s, %s", state, next)
	}
}

func TestPolicySettings(t *testing.T) {
	start := time.Date(2026, 11, 3, 8, 0, 0, 0, time.UTC)
	p := Policy{Gap: time.Minute, GoneLooks: 3}
	looks := []Look{
		{At: start, Verdict: Dead, Reason: ReasonGone},
		{At: start.Add(time.Minute), Verdict: Dead, Reason: ReasonGone},
	}
	if state, _ := p.Next(looks, start.Add(time.Minute)); state != StateDoubtful {
		t.Errorf("two looks of three: %s", state)
	}
	looks = append(looks, Look{At: start.Add(2 * time.Minute), Verdict: Dead, Reason: ReasonGone})
	if state, _ := p.Next(looks, start.Add(2*time.Minute)); state != StateDead {
		t.Errorf("three looks of three: %s", state)
	}
}

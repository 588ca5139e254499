package uptime

import (
	"testing"
	"time"

	"zhanqun/hub/health/linkcheck"
)

func TestJudge(t *testing.T) {
	ok := linkcheck.Result{Verdict: linkcheck.OK, Status: 200, Elapsed: time.Second}
	with := func(edit func(*linkcheck.Result)) linkcheck.Result {
		r := ok
		edit(&r)
		return r
	}
	status := func(n int, reason linkcheck.Reason) linkcheck.Result {
		return with(func(r *linkcheck.Result) { r.Status, r.Reason = n, reason })
	}
	kind := func(k linkcheck.ErrorKind) linkcheck.Result {
		return with(func(r *linkcheck.Result) { r.Status, r.ErrorKind, r.Reason = 0, k, linkcheck.ReasonNetwork })
	}
	took := func(d time.Duration) linkcheck.Result {
		return with(func(r *linkcheck.Result) { r.Elapsed = d })
	}
	for name, v := range map[string]struct {
		r       linkcheck.Result
		outcome Outcome
		cause   Cause
	}{
		"good":     {ok, OK, ""},
		"14.999 s": {took(14_999 * time.Millisecond), OK, ""},
		"15.000 s": {took(15 * time.Second), Failed, CauseTimeout},
		"timed out": {with(func(r *linkcheck.Result) {
			r.Reason, r.ErrorKind, r.Status = linkcheck.ReasonTimeout, linkcheck.KindTimeout, 0
		}), Failed, CauseTimeout},
		"404":                {status(404, linkcheck.ReasonGone), Failed, CauseStatus},
		"404 with a page":    {status(404, linkcheck.ReasonGoodContent), Failed, CauseStatus},
		"500":                {status(500, linkcheck.ReasonServerError), Failed, CauseStatus},
		"403":                {status(403, linkcheck.ReasonForbidden), Failed, CauseStatus},
		"429":                {status(429, linkcheck.ReasonRateLimited), NoData, CauseWall},
		"wall at 200":        {status(200, linkcheck.ReasonBotWall), NoData, CauseWall},
		"wall at 493":        {status(493, linkcheck.ReasonBotWall), NoData, CauseWall},
		"maintenance":        {status(200, linkcheck.ReasonMaintenance), Failed, CauseContent},
		"parked":             {status(200, linkcheck.ReasonParked), Failed, CauseContent},
		"welcome page":       {status(200, linkcheck.ReasonPlaceholder), Failed, CauseContent},
		"program error":      {status(200, linkcheck.ReasonErrorPage), Failed, CauseContent},
		"empty":              {status(200, linkcheck.ReasonEmpty), Failed, CauseContent},
		"sign-in":            {status(200, linkcheck.ReasonLogin), Failed, CauseLogin},
		"damaged":            {status(200, linkcheck.ReasonDamaged), Failed, CauseBroken},
		"dns":                {kind(linkcheck.KindDNS), Failed, CauseDNS},
		"dns silent":         {kind(linkcheck.KindDNSPassing), Failed, CauseDNS},
		"refused":            {kind(linkcheck.KindRefused), Failed, CauseConnect},
		"tls":                {kind(linkcheck.KindTLS), Failed, CauseTLS},
		"sm2":                {kind(linkcheck.KindTLSForeign), NoData, CauseUntestable},
		"no IPv6 here":       {kind(linkcheck.KindNoRoute), NoData, CauseUntestable},
		"loop":               {kind(linkcheck.KindLoop), Failed, CauseRedirect},
		"cut short":          {kind(linkcheck.KindTruncated), Failed, CauseBroken},
		"private":            {with(func(r *linkcheck.Result) { r.Verdict, r.Status = linkcheck.Excluded, 0 }), NoData, CauseForbidden},
		"shaky type":         {status(200, linkcheck.ReasonWrongType), OK, ""},
		"same as any answer": {status(200, linkcheck.ReasonCatchAll), OK, ""},
	} {
		outcome, cause := Judge(v.r)
		if outcome != v.outcome || cause != v.cause {
			t.Errorf("%s: %s %s, want %s %s", name, outcome, cause, v.outcome, v.cause)
		}
		if cause != "" && cause.Label() == "" {
			t.Errorf("%s: the cause %s has no name", name, cause)
		}
	}
}

func TestLineLost(t *testing.T) {
	type c = []Control
	dead := func(kinds ...linkcheck.ErrorKind) c {
		var list c
		for _, k := range kinds {
			list = append(list, Control{Kind: k})
		}
		return list
	}
	const (
		dns, silent, refused, timeout = linkcheck.KindDNS, linkcheck.KindDNSPassing, linkcheck.KindRefused, linkcheck.KindTimeout
	)
	for name, v := range map[string]struct {
		kind     linkcheck.ErrorKind
		controls c
		lost     bool
	}{
		"one other answers":                  {timeout, append(dead(timeout, timeout), Control{Answered: true}), false},
		"nobody answers":                     {timeout, dead(timeout, dns), true},
		"nobody answers, no names":           {dns, dead(silent, silent, silent), true},
		"refused while others time out":      {refused, dead(timeout, dns), false},
		"a gateway refuses everything":       {refused, dead(refused, refused), true},
		"nobody to ask, refused":             {refused, nil, false},
		"nobody to ask, silence":             {timeout, nil, false},
		"nobody to ask, name server silent":  {silent, nil, true},
		"nobody to ask, network unreachable": {linkcheck.KindUnreachable, nil, true},
		"one silent other is not several":    {timeout, dead(timeout), false},
	} {
		if got := LineLost(v.kind, v.controls); got != v.lost {
			t.Errorf("%s: lost %v", name, got)
		}
	}
	if NeedsControl(linkcheck.Result{Status: 500}) || NeedsControl(linkcheck.Result{ErrorKind: linkcheck.KindTruncated, Status: 200}) {
		t.Error("a host that answered needs no other witness")
	}
	if !NeedsControl(linkcheck.Result{ErrorKind: linkcheck.KindDNS}) {
		t.Error("a name that is not found may be our own line's fault")
	}
}

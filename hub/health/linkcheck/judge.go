package linkcheck

import (
	"errors"
	"net/http"
	"strings"
)

// judge fills in r from the last answer on the way from one address to
// another. f is nil when the answer is no page.
func judge(r *Result, from, to address, ans *answer, f *facts) {
	switch {
	case ans.header.Get("Cf-Mitigated") != "", ans.status == 521 && strings.Contains(ans.header.Get("Set-Cookie"), "__jsl"):
		// The second is how a widespread Chinese firewall asks for a script.
		r.say(Inconclusive, "", ReasonBotWall)
	case ans.status == http.StatusNoContent || ans.status == http.StatusResetContent:
		r.say(Suspect, ClassSoft, ReasonEmpty)
	case ans.status >= 200 && ans.status < 300:
		judgeContent(r, from, to, ans, f)
	case ans.status >= 300 && ans.status < 400:
		if f != nil && f.good() {
			r.say(OK, "", "")
		} else {
			r.say(Suspect, ClassSoft, ReasonNoTarget)
		}
	default:
		judgeStatus(r, ans.status, f)
	}
}

// judgeStatus judges an error status, with a look at the page that came along.
func judgeStatus(r *Result, status int, f *facts) {
	if f != nil && f.notice(false) == ReasonBotWall {
		r.say(Inconclusive, "", ReasonBotWall)
		return
	}
	good := f != nil && f.good()
	switch {
	case status == 404 || status == 410:
		dead(r, ReasonGone, good)
	case status == 400:
		dead(r, ReasonBadRequest, good)
	case status == 429 || status == 509 || status == 529:
		r.say(Inconclusive, "", ReasonRateLimited)
	case status == 401 || status == 407 || status == 511:
		r.say(Inconclusive, "", ReasonLogin)
	case status == 403 || status == 405 || status == 406 || status == 412 || status == 418 || status == 444 || status == 451:
		// 405 and 412 are how two widespread Chinese firewalls refuse.
		r.say(Inconclusive, "", ReasonForbidden)
	case status >= 500 && status <= 508, status == 510, status >= 520 && status <= 527, status == 530:
		dead(r, ReasonServerError, good)
	case status >= 460 && status < 500 || status > 530:
		// Numbers nobody but firewalls uses, 999 among them.
		r.say(Inconclusive, "", ReasonBotWall)
	default:
		r.say(Inconclusive, "", ReasonOddStatus)
	}
}

// dead says Dead, but asks for a person when a proper page stands there.
func dead(r *Result, reason Reason, good bool) {
	if good {
		r.say(Suspect, ClassSoft, ReasonGoodContent)
		return
	}
	r.say(Dead, ClassDead, reason)
}

// judgeContent judges an answer of status 200 and its like.
func judgeContent(r *Result, from, to address, ans *answer, f *facts) {
	if ans.opaque {
		r.say(OK, "", "")
		return
	}
	if ans.flaw == KindBadEncoding || ans.flaw == KindTruncated && (f == nil || !f.closed) {
		r.ErrorKind = ans.flaw
		r.say(Suspect, ClassSoft, ReasonDamaged)
		return
	}
	if len(ans.body) == 0 && harmless(from, ans) {
		r.say(OK, "", "")
		return
	}
	if len(ans.body) == 0 {
		r.say(Suspect, ClassSoft, ReasonEmpty)
		return
	}
	if f == nil {
		if damaged(ans) {
			r.say(Suspect, ClassSoft, ReasonDamaged)
		} else if otherKind(from, ans.body) {
			r.say(Suspect, ClassWrong, ReasonWrongType)
		} else if strayed(from, to, nil) == ReasonErrorRedirect {
			r.say(Suspect, ClassSoft, ReasonErrorRedirect)
		} else if !ans.more && notFoundText(ans.header.Get("Content-Type"), ans.body) {
			r.say(Suspect, ClassSoft, ReasonSoft404)
		} else {
			r.say(OK, "", "")
		}
		return
	}
	reason := f.notice(isHome(to))
	if reason == "" {
		reason = strayed(from, to, f)
	}
	if reason == "" && walled(from, f) {
		reason = ReasonLogin
	}
	if reason == "" && f.blank() {
		reason = ReasonEmpty
	}
	if reason == "" && wrongType(from, ans, f) {
		reason = ReasonWrongType
	}
	switch reason {
	case "":
		r.say(OK, "", "")
	case ReasonBotWall, ReasonLogin:
		r.say(Inconclusive, "", reason)
	case ReasonParked:
		r.say(Suspect, ClassHijacked, reason)
	case ReasonWrongType:
		r.say(Suspect, ClassWrong, reason)
	default:
		r.say(Suspect, ClassSoft, reason)
	}
}

// judgeFailure judges a request that brought no answer.
func judgeFailure(r *Result, fail *failure) {
	r.ErrorKind, r.phase = fail.kind, fail.phase
	switch fail.kind {
	case KindCancelled:
		r.say(Inconclusive, "", ReasonCancelled)
	case KindResting:
		r.RetryAfter = min(fail.after, maxRetryAfter)
		r.say(Inconclusive, "", ReasonRateLimited)
	case KindTimeout:
		r.say(Inconclusive, "", ReasonTimeout)
	case KindDNSPassing, KindNoRoute, KindTLSForeign:
		r.say(Inconclusive, "", ReasonUntestable)
	case KindPrivate:
		r.say(Excluded, ClassWrong, ReasonPrivate)
	case KindTooMany:
		r.say(Suspect, ClassDead, ReasonNetwork)
	default:
		r.say(Dead, ClassDead, ReasonNetwork)
	}
}

// judgeAddress judges what cannot be asked at all.
func judgeAddress(r *Result, raw string, err error) {
	other := &schemeError{}
	if errors.As(err, &other) {
		if reason := excludedScheme(other.scheme); reason != "" {
			r.say(Excluded, "", reason)
			return
		}
	}
	if r.Fault = slipIn(strings.TrimSpace(raw)); r.Fault == "" {
		r.Fault = FaultBadAddress
	}
	r.say(Dead, ClassWrong, ReasonBadAddress)
}

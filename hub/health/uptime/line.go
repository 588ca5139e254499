package uptime

import "zhanqun/hub/health/linkcheck"

// Control is what another host said when a site did not answer.
type Control struct {
	Host     string
	Answered bool // with any status at all
	Kind     linkcheck.ErrorKind
}

// NeedsControl reports whether a look may have failed because of our own line,
// so that other hosts have to be asked before it counts.
func NeedsControl(r linkcheck.Result) bool {
	if r.Status != 0 || len(r.Hops) > 1 {
		return false // somebody answered
	}
	switch r.ErrorKind {
	case linkcheck.KindDNS, linkcheck.KindDNSPassing, linkcheck.KindRefused, linkcheck.KindReset, linkcheck.KindUnreachable,
		linkcheck.KindNoRoute, linkcheck.KindTimeout, linkcheck.KindTLS:
		return true
	}
	return false
}

// LineLost reports whether a look that failed in this way only shows that our
// own line is down: none of several other hosts answers.
//
// A host that refuses or breaks a connection was reached, so such a failure is
// the site's own, unless every other host fails in the very same way, which is
// how a gateway without a line behind it behaves. Where there is nobody else to
// ask, a name server that is silent and a network that cannot be reached are
// put down to our line, and everything else to the site.
func LineLost(kind linkcheck.ErrorKind, controls []Control) bool {
	same := true
	for _, c := range controls {
		if c.Answered {
			return false
		}
		same = same && c.Kind == kind
	}
	switch kind {
	case linkcheck.KindRefused, linkcheck.KindReset, linkcheck.KindTLS:
		return len(controls) >= several && same
	case linkcheck.KindDNSPassing, linkcheck.KindUnreachable, linkcheck.KindNoRoute:
		return true
	}
	return len(controls) >= several
}

// several is how many other hosts have to be silent to blame our own line.
const several = 2

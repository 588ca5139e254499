package crawl

import (
	"zhanqun/hub/health/foreign"
	"zhanqun/hub/health/linkcheck"
)

// Reasons for Suspect that lie in the link and not in where it leads.
const (
	ReasonHiddenLink  linkcheck.Reason = foreign.SignHidden
	ReasonHiddenFrame linkcheck.Reason = foreign.SignFrame
	ReasonBadWords    linkcheck.Reason = foreign.SignWords
)

var signClasses = map[string]linkcheck.Class{
	foreign.SignHidden: linkcheck.ClassHidden, foreign.SignFrame: linkcheck.ClassTrojan, foreign.SignWords: linkcheck.ClassHijacked,
}

// maxMild bounds the labels remembered that advertise nothing.
const maxMild = 20_000

// foreign makes a link suspect that no page of the site should have, whatever
// became of where it leads; what is dead stays so.
func (c *crawl) foreign(l *Line, m *mention) {
	if c.o.Foreign == nil || m.target == nowhere || l.Verdict == linkcheck.Dead || l.Page == "" || l.Element != "a" && l.Element != "area" && l.Element != "iframe" {
		return
	}
	if c.t.get(m.target).flags&flagSite != 0 {
		return
	}
	label := fingerprint(l.Label)
	if _, ok := c.mild[label]; ok && m.hidden == "" {
		return
	}
	host := locate(l.URL).host
	if c.o.Cluster != nil && c.o.Cluster(host) {
		return
	}
	sign, ok := c.o.Foreign.Of(foreign.Link{Host: host, Label: l.Label, Hidden: m.hidden, Element: l.Element})
	if !ok {
		if m.hidden == "" && len(c.mild) < maxMild && c.o.Foreign.Advertises(l.Label) == "" {
			c.mild[label] = struct{}{}
		}
		return
	}
	l.Verdict, l.Class, l.Reason, l.Detail = linkcheck.Suspect, signClasses[sign.Kind], linkcheck.Reason(sign.Kind), sign.Evidence
}

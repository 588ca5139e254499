package linkcheck

import "strings"

// stranger makes a page suspect that has passed to a stranger: it advertises what
// no proper page does, or a government's home page has become somebody else's.
func (v *visit) stranger() {
	r := &v.result
	if r.Verdict != OK {
		return
	}
	if ask := v.checker.opts.Advertises; ask != nil && v.facts != nil {
		if words := ask(v.facts.title, v.facts.blocks); len(words) > 0 {
			r.evidence = strings.Join(words, "”“")
			r.say(Suspect, ClassHijacked, ReasonAdvertises)
			return
		}
	}
	if isHome(v.from) && official(v.from.host) && !official(v.at.host) {
		r.evidence = v.at.host
		r.say(Suspect, ClassHijacked, ReasonOtherOwner)
	}
}

// official tells whether a name is one that governments alone are given.
func official(host string) bool { return strings.HasSuffix("."+host, ".gov.cn") }

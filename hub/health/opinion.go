package health

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"zhanqun/hub/health/linkcheck"
	"zhanqun/internal/reach"
	"zhanqun/protocol"
)

// How second opinions are asked for and how long they hold.
const (
	askAfter = 3                  // looks in a row that proved nothing
	vouched  = 7 * 24 * time.Hour // what opened from a township's line is not called dead from here alone
)

// judged is what an opinion saw, as a look of the hub's own would be judged.
func (o Opinion) judged() linkcheck.Result {
	m := o.Looked
	if m.Status == 0 {
		return linkcheck.Result{Verdict: linkcheck.Inconclusive}
	}
	return linkcheck.Elsewhere{URL: o.URL, Final: m.Final, Status: m.Status, ContentType: m.Type, Bytes: m.Bytes, Body: m.Page,
		More: m.Cut || int64(len(m.Page)) < m.Bytes}.Judge()
}

// lookOfOpinion is an opinion as a look. It counts only when it opened and showed
// what was asked for: that a township's line cannot reach something proves no more
// than that, and a page that says there is nothing is no better there than here.
func lookOfOpinion(o Opinion) Look {
	r := o.judged()
	l := Look{Look: linkcheck.Look{At: o.At, Verdict: linkcheck.Inconclusive}, Status: o.Looked.Status, From: o.Unit, Title: shortTitle(r.Title)}
	if r.Verdict == linkcheck.OK {
		l.Verdict = linkcheck.OK
	}
	l.Detail = opinionText(o, r)
	return l
}

func opinionText(o Opinion, r linkcheck.Result) string {
	m := o.Looked
	took := fmt.Sprintf("%.1f", float64(m.Millis)/1000)
	switch {
	case r.Verdict == linkcheck.OK:
		return fmt.Sprintf("从%s的线路能正常打开（状态码 %d，%s 秒）。", o.Unit, m.Status, took)
	case m.Error == protocol.ErrorPrivate:
		return fmt.Sprintf("%s没有去看：这是内网地址。", o.Unit)
	case r.Verdict == linkcheck.Suspect:
		return fmt.Sprintf("从%s的线路能打开，但打开的不对：%s", o.Unit, r.Detail)
	case m.Status > 0:
		return fmt.Sprintf("从%s的线路访问，答复状态码 %d（%s 秒）。", o.Unit, m.Status, took)
	}
	why := map[string]string{protocol.ErrorDNS: "域名解析不到", protocol.ErrorConnect: "连接被拒绝", protocol.ErrorTimeout: "没有应答", protocol.ErrorTLS: "建不起加密连接",
		protocol.ErrorLoop: "反复跳转"}[m.Error]
	if why == "" {
		why = "出错"
	}
	return fmt.Sprintf("从%s的线路也打不开：%s。", o.Unit, why)
}

// witnessFor is how long what a township saw of a site stands beside the hub's own
// visits, and how soon it is asked again while these fail: each visit of the
// clock's gets an opinion of its own.
const witnessFor = 30 * time.Minute

// Witness is what townships say of a site that the hub cannot open.
type Witness struct {
	Opens bool   // it was well from a line of theirs
	Words string // what was seen, in one sentence
	Waits bool   // some were asked and have not answered
}

// Elsewhere tells whether a site that the hub could not open at a time was well
// when townships looked at it from their own lines about then, and asks them if
// nobody has.
func (s *Service) Elsewhere(ctx context.Context, site Site, failed time.Time) (w Witness, err error) {
	if !askable(site.URL) {
		return w, nil
	}
	list, waiting, err := s.Store.OpinionsOn(ctx, site.URL, failed.Add(-witnessFor))
	if err != nil {
		return w, err
	}
	for _, o := range list {
		if l := lookOfOpinion(o); l.Verdict == linkcheck.OK {
			return Witness{Opens: true, Words: l.Detail}, nil
		}
	}
	if len(list) == 0 && waiting == 0 && s.Now().Sub(failed) < witnessFor {
		waiting, err = s.Store.AskAbout(ctx, site.URL, witnessFor)
	}
	w.Waits = waiting > 0
	return w, err
}

// vouch returns the look from a township's line by which a target is well, while
// that holds.
func vouch(looks []Look, now time.Time) (Look, bool) {
	for i := len(looks) - 1; i >= 0; i-- {
		if l := looks[i]; l.From != "" {
			return l, l.Verdict == linkcheck.OK && now.Sub(l.At) < vouched
		}
	}
	return Look{}, false
}

// weaker is a failing look of the hub's own as long as somebody else could open
// the target: it proves nothing, and another opinion is wanted.
func weaker(t Target, look Look, now time.Time) (Look, bool) {
	by, ok := vouch(t.Looks, now)
	if !ok || look.Verdict != linkcheck.Dead || look.From != "" || look.Reason == linkcheck.ReasonBadAddress {
		return look, false
	}
	look.Verdict, look.Silent = linkcheck.Inconclusive, false
	look.Detail = fmt.Sprintf("县里打不开（%s），但%s", look.Detail, by.Detail)
	return look, true
}

// wantsOpinion reports whether an opinion from another line could settle a case:
// the hub has failed to make it out again and again, or a unit says that it opens.
func wantsOpinion(c Case, t Target) bool {
	if len(t.Looks) == 0 || t.Looks[len(t.Looks)-1].From != "" || !askable(t.URL) {
		return false
	}
	last := t.Looks[len(t.Looks)-1].Verdict
	for _, f := range c.Findings {
		if f.State == protocol.FindingDisputed && (last == linkcheck.Dead || last == linkcheck.Inconclusive) {
			return true
		}
	}
	run := 0
	for i := len(t.Looks) - 1; i >= 0 && t.Looks[i].Verdict == linkcheck.Inconclusive; i-- {
		run++
	}
	return run >= askAfter && len(c.Places) > 0
}

// askable reports whether a node could look at an address: none goes to where
// only this office can.
func askable(address string) bool {
	u, err := url.Parse(address)
	if strings.Contains(address, "#") {
		return false // a certificate or a link: a node would see the page behind it
	}
	if err != nil || u.Hostname() == "localhost" {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return err != nil || reach.Of(ip) == reach.Public
}

// weigh takes second opinions into the cases they are about. It returns whether
// there may be more.
func (s *Service) weigh(ctx context.Context) (more bool, err error) {
	list, err := s.Store.Opinions(ctx, batch)
	if err != nil {
		return false, err
	}
	for _, o := range list {
		look := lookOfOpinion(o)
		err := s.Store.Judge(ctx, o.Target, func(c Case) Effect { return judge(c, &look, s.rules(), s.Now()) })
		if err != nil {
			return false, err
		}
		if err := s.Store.Weighed(ctx, o.ID); err != nil {
			return false, err
		}
	}
	return len(list) == batch, nil
}

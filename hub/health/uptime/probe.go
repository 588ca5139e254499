package uptime

import (
	"time"

	"zhanqun/hub/health/linkcheck"
)

// Limit is the official limit: a home page that is complete at 15 s or later
// did not open.
const Limit = 15 * time.Second

// Outcome is what a visit counts as.
type Outcome string

// The outcomes. NoData and Planned are left out of what a share is counted of.
const (
	OK      Outcome = "ok"
	Failed  Outcome = "failed"
	NoData  Outcome = "nodata"  // not found out: our own line, a wall against robots
	Planned Outcome = "planned" // the site is announced to be off line (临时下线)
	// Pending is a visit that failed from here and about which others were asked: it
	// counts as nothing until they answered, or were waited for long enough.
	Pending Outcome = "pending"
)

// Cause says why a visit failed or is no data; empty for a good one.
type Cause string

// Causes of a failed visit.
const (
	CauseDNS      Cause = "dns"      // the name has no address
	CauseConnect  Cause = "connect"  // refused, reset, unreachable
	CauseTLS      Cause = "tls"      // no encrypted connection
	CauseTimeout  Cause = "timeout"  // not complete within the limit
	CauseStatus   Cause = "status"   // a status of 400 or more
	CauseContent  Cause = "content"  // only an error, a notice, an advertisement, or nothing
	CauseRedirect Cause = "redirect" // redirects that lead nowhere
	CauseBroken   Cause = "broken"   // what was sent is no page, or breaks off
	CauseLogin    Cause = "login"    // nobody gets in without signing in
)

// Causes of no data.
const (
	CauseOwnLine    Cause = "own_line"   // no host answers: it is our line
	CauseWall       Cause = "wall"       // robots are turned away, or asked to slow down
	CauseUntestable Cause = "untestable" // encryption or addresses this machine does not speak
	CauseForbidden  Cause = "forbidden"  // an address that may not be asked, see links.allow_private
	CauseOffline    Cause = "offline"    // announced, see Offline
	CauseParent     Cause = "parent"     // the line it hangs on does not answer either
	CauseElsewhere  Cause = "elsewhere"  // it opens from another line
)

// Causes are all of them, in the order they are shown.
var Causes = []Cause{
	CauseTimeout, CauseConnect, CauseDNS, CauseTLS, CauseStatus, CauseContent, CauseRedirect, CauseBroken, CauseLogin,
	CauseOwnLine, CauseWall, CauseUntestable, CauseForbidden, CauseOffline, CauseParent, CauseElsewhere,
}

var causeNames = map[Cause]string{
	CauseDNS: "域名解析失败", CauseConnect: "连接不上", CauseTLS: "加密连接失败", CauseTimeout: "15 秒内没有打开", CauseStatus: "返回错误状态",
	CauseContent: "打开的不是正常首页", CauseRedirect: "跳转出错", CauseBroken: "内容不完整", CauseLogin: "要登录才能打开",
	CauseOwnLine: "本机线路中断", CauseWall: "检查程序被拦截", CauseUntestable: "本机无法测试", CauseForbidden: "设置不允许访问的地址", CauseOffline: "临时下线", CauseParent: "上级线路中断", CauseElsewhere: "本机打不开，乡镇线路能打开",
}

// Label returns the cause's name in Chinese.
func (c Cause) Label() string { return causeNames[c] }

// Probe is one visit to the home page of a site.
type Probe struct {
	Site    string        `json:"site"`
	Slot    time.Time     `json:"slot"`            // when it was due
	At      time.Time     `json:"at"`              // when it was made
	Extra   bool          `json:"extra,omitempty"` // made to confirm another one; not counted in a share
	Outcome Outcome       `json:"outcome"`
	Cause   Cause         `json:"cause,omitempty"`
	Status  int           `json:"status,omitempty"` // of the last answer, 0 when none came
	Detail  string        `json:"detail,omitempty"` // one sentence in Chinese
	Elapsed time.Duration `json:"elapsedNs"`
}

// Judge says what a look at a home page counts as by the official rule, our own
// line taken to be in order; see LineLost.
func Judge(r linkcheck.Result) (Outcome, Cause) {
	if r.Verdict == linkcheck.Excluded {
		return NoData, CauseForbidden
	}
	switch r.Reason {
	case linkcheck.ReasonCancelled:
		return NoData, CauseOwnLine
	case linkcheck.ReasonBotWall, linkcheck.ReasonRateLimited:
		return NoData, CauseWall
	case linkcheck.ReasonTimeout:
		return Failed, CauseTimeout
	case linkcheck.ReasonBadAddress:
		return Failed, CauseRedirect
	}
	if cause, failed := causeOf(r.ErrorKind); failed {
		return Failed, cause
	}
	switch {
	case r.ErrorKind == linkcheck.KindNoRoute || r.ErrorKind == linkcheck.KindTLSForeign:
		return NoData, CauseUntestable
	case r.Elapsed >= Limit:
		return Failed, CauseTimeout
	case r.Status >= 400:
		return Failed, CauseStatus
	case r.Reason == linkcheck.ReasonLogin:
		return Failed, CauseLogin
	}
	switch r.Reason {
	case linkcheck.ReasonErrorPage, linkcheck.ReasonMaintenance, linkcheck.ReasonPlaceholder, linkcheck.ReasonParked,
		linkcheck.ReasonEmpty, linkcheck.ReasonSoft404, linkcheck.ReasonErrorRedirect:
		return Failed, CauseContent
	case linkcheck.ReasonNoTarget:
		return Failed, CauseRedirect
	case linkcheck.ReasonDamaged:
		return Failed, CauseBroken
	}
	return OK, ""
}

// causeOf translates the ways a connection fails that count as a failed visit.
func causeOf(kind linkcheck.ErrorKind) (Cause, bool) {
	switch kind {
	case linkcheck.KindDNS, linkcheck.KindDNSPassing:
		return CauseDNS, true
	case linkcheck.KindRefused, linkcheck.KindReset, linkcheck.KindUnreachable:
		return CauseConnect, true
	case linkcheck.KindTimeout:
		return CauseTimeout, true
	case linkcheck.KindTLS:
		return CauseTLS, true
	case linkcheck.KindProtocol, linkcheck.KindTruncated, linkcheck.KindBadEncoding:
		return CauseBroken, true
	case linkcheck.KindTooMany, linkcheck.KindLoop, linkcheck.KindBadTarget:
		return CauseRedirect, true
	}
	return "", false
}

package linkcheck

import (
	"fmt"
	"strings"

	"zhanqun/internal/oneline"
)

// Reason is the code of why a verdict was given; empty for a plain OK.
type Reason string

// Reasons for Dead.
const (
	ReasonGone        Reason = "gone"         // 404 or 410
	ReasonBadRequest  Reason = "bad_request"  // 400
	ReasonServerError Reason = "server_error" // 5xx
	ReasonNetwork     Reason = "network"      // no answer; ErrorKind says how
	ReasonBadAddress  Reason = "bad_address"  // no browser can open what is written there
)

// Reasons of CheckCertificate.
const (
	ReasonCertificate     Reason = "certificate"      // browsers warn of it
	ReasonCertificateSoon Reason = "certificate_soon" // it ends soon
)

// Reasons for Suspect.
const (
	ReasonSoft404       Reason = "soft_404"       // "not found" under status 200
	ReasonHomeRedirect  Reason = "home_redirect"  // a deep page sent to a home page
	ReasonErrorRedirect Reason = "error_redirect" // sent to a page made for errors
	ReasonEmpty         Reason = "empty"          // nothing in it
	ReasonWrongType     Reason = "wrong_type"     // another kind of file than the address says
	ReasonErrorPage     Reason = "error_page"     // a program's error message under status 200
	ReasonMaintenance   Reason = "maintenance"    // "under maintenance" under status 200
	ReasonPlaceholder   Reason = "placeholder"    // the web server's welcome page, a closed hosting account
	ReasonParked        Reason = "parked"         // the domain is for sale
	ReasonDamaged       Reason = "damaged"        // the file or the transfer breaks off or cannot be read
	ReasonGoodContent   Reason = "good_content"   // an error status over a proper page
	ReasonNoTarget      Reason = "no_target"      // a redirect without a target
	ReasonCatchAll      Reason = "catch_all"      // the same page as for an address that cannot exist
	ReasonAdvertises    Reason = "advertises"     // gambling and the like, in place of what was there
	ReasonOtherOwner    Reason = "other_owner"    // the home page of a government leads to somebody else's
)

// Reasons for Inconclusive.
const (
	ReasonForbidden   Reason = "forbidden"    // 403 and its kin
	ReasonLogin       Reason = "login"        // 401, or sent to a sign-in page
	ReasonRateLimited Reason = "rate_limited" // 429, or the host still rests
	ReasonBotWall     Reason = "bot_wall"     // a firewall took us for a robot
	ReasonOddStatus   Reason = "odd_status"   // a status that says nothing about the page
	ReasonTimeout     Reason = "timeout"      // no complete answer within the limit
	ReasonUntestable  Reason = "untestable"   // the fault may lie on our side
	ReasonCancelled   Reason = "cancelled"    // the caller gave up
)

// Reasons for Excluded.
const (
	ReasonMail        Reason = "mail"         // mailto:
	ReasonTelephone   Reason = "telephone"    // tel:, sms:
	ReasonScript      Reason = "script"       // javascript:
	ReasonInline      Reason = "inline"       // data:, blob:, about:
	ReasonOtherScheme Reason = "other_scheme" // ftp:, weixin:, …
	ReasonPrivate     Reason = "private"      // an address that is not public
	ReasonForm        Reason = "form"         // a form that is posted
	ReasonPort        Reason = "port"         // a port browsers refuse
)

// excludedScheme returns why links of a scheme are not asked; empty for file:
// and misspelt schemes, which are faults.
func excludedScheme(scheme string) Reason {
	switch scheme {
	case "mailto":
		return ReasonMail
	case "tel", "sms", "smsto", "callto", "fax", "mms", "wtai":
		return ReasonTelephone
	case "javascript", "vbscript", "jscript", "livescript":
		return ReasonScript
	case "data", "blob", "about", "cid":
		return ReasonInline
	case "file", "mhtml":
		return ""
	}
	if len(scheme) == 1 || misspelt(scheme) || strings.HasPrefix(scheme, "httphttp") || strings.Contains(scheme, ".") || scheme == "localhost" {
		return "" // a disk letter, a slip, or a host name with a port
	}
	return ReasonOtherScheme
}

// blockedPorts are those browsers refuse: other protocols live there, and a
// request would speak nonsense to them.
var blockedPorts = oneline.Words(`1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111
	113 115 117 119 123 135 137 139 143 161 179 389 427 465 512 513 514 515 526 530 531 532 540 548 554 556 563 587
	601 636 989 990 993 995 1719 1720 1723 2049 3659 4045 4190 5060 5061 6000 6566 6665 6666 6667 6668 6669 6679
	6697 10080`)

var reasonTexts = map[Reason]string{
	ReasonGone:          "网页不存在或已被删除（状态码 %d），请更正或删除链接。",
	ReasonBadRequest:    "对方服务器不接受这个网址（状态码 %d），请核对网址是否完整。",
	ReasonServerError:   "对方服务器出错（状态码 %d），稍后会再次检查。",
	ReasonBadAddress:    "网址写错，浏览器无法打开，请改正。",
	ReasonSoft404:       "网页能打开，但内容提示“不存在”，请人工核实。",
	ReasonHomeRedirect:  "原网页被转到了首页，内容可能已不在，请人工核实。",
	ReasonErrorRedirect: "原网页被转到了出错提示页，请人工核实。",
	ReasonEmpty:         "能打开，但没有任何内容，请人工核实。",
	ReasonWrongType:     "打开的内容与网址所示的文件类型不符，请人工核实。",
	ReasonErrorPage:     "网页显示的是程序出错信息，请人工核实。",
	ReasonMaintenance:   "网页提示网站正在维护或升级，请稍后再看。",
	ReasonPlaceholder:   "打开的是服务器默认页或停用提示，不是正常网页，请人工核实。",
	ReasonParked:        "域名可能已过期或被他人注册，请立即核实，必要时先撤下链接。",
	ReasonDamaged:       "内容没有传完整或文件已损坏，请人工核实。",
	ReasonGoodContent:   "网页内容正常，但状态码是 %d，请告知对方网站管理员。",
	ReasonNoTarget:      "服务器要求跳转（状态码 %d），却没有给出可用的去向，请人工核实。",
	ReasonCatchAll:      "该网站对不存在的网址也返回同一页面，无法确认内容还在，请人工核实。",
	ReasonForbidden:     "对方服务器拒绝了检查程序（状态码 %d），不能据此认定为死链，请用浏览器核实。",
	ReasonLogin:         "需要登录才能查看，不能判断内容是否还在。",
	ReasonRateLimited:   "对方服务器要求放慢访问，稍后再检查。",
	ReasonBotWall:       "被对方的安全防护拦截，不能据此认定为死链，请用浏览器核实。",
	ReasonOddStatus:     "对方返回了少见的状态码 %d，不能判断，请用浏览器核实。",
	ReasonCancelled:     "检查中途停止，没有结论。",
	ReasonMail:          "电子邮箱链接，不检查。",
	ReasonTelephone:     "电话或短信链接，不检查。",
	ReasonScript:        "脚本链接，不检查。",
	ReasonInline:        "内容写在网页里，不需要检查。",
	ReasonOtherScheme:   "不是网页地址（由其他程序打开），不检查。",
	ReasonPrivate:       "指向内部网络地址，没有访问；公众打不开这样的链接。",
	ReasonForm:          "表单提交地址，不检查。",
	ReasonPort:          "端口不是网页服务使用的，浏览器也会拒绝，没有访问。",
}

var kindTexts = map[ErrorKind]string{
	KindDNS:         "域名不存在，解析不到地址，请核对域名。",
	KindDNSPassing:  "域名解析服务暂时没有应答，稍后再检查。",
	KindRefused:     "对方服务器没有开放网页服务（拒绝连接），稍后会再次检查。",
	KindReset:       "连接被对方中断，没有收到内容，稍后会再次检查。",
	KindUnreachable: "网络无法到达对方服务器，稍后会再次检查。",
	KindNoRoute:     "本机没有到对方的线路（如对方只有 IPv6），不能判断。",
	KindTLS:         "无法建立加密连接（HTTPS 握手失败），稍后会再次检查。",
	KindTLSForeign:  "对方使用本程序不支持的加密方式（如国密 SM2 或很旧的协议），不能判断，请用浏览器核实。",
	KindProtocol:    "对方返回的不是网页协议（HTTP）内容，稍后会再次检查。",
	KindTooMany:     "跳转次数太多，请人工核实。",
	KindLoop:        "网页循环跳转，打不开。",
	KindBadTarget:   "跳转的去向是错误的网址，打不开。",
	KindTruncated:   "内容没有传完就断开了，请人工核实。",
	KindBadEncoding: "内容的压缩格式错误，浏览器可能打不开，请人工核实。",
}

// sentence says r's verdict in plain Chinese.
func (r *Result) sentence() string {
	switch r.Reason {
	case ReasonAdvertises:
		return fmt.Sprintf("网页能打开，但标题和内容是“%s”之类的广告，网站可能已易主或被篡改，请马上人工核实。", r.evidence)
	case ReasonOtherOwner:
		return fmt.Sprintf("这个政府网站的首页现在转到 %s，不是政府网站，域名可能已易主，请马上人工核实。", r.evidence)
	}
	if r.Reason == ReasonTimeout {
		return fmt.Sprintf("在 %s内没有完成应答（停在：%s），不能判断，稍后再检查。", seconds(r.limit), r.phase.label())
	}
	if r.Fault != "" && r.Reason == ReasonBadAddress {
		return r.Fault.Text()
	}
	if text, ok := kindTexts[r.ErrorKind]; ok {
		return text
	}
	text := reasonTexts[r.Reason]
	if strings.Contains(text, "%d") {
		return fmt.Sprintf(text, r.Status)
	}
	if text == "" && r.Verdict == OK {
		return "可以正常打开。"
	}
	return text
}

package health

import (
	"zhanqun/hub/health/linkcheck"
	"zhanqun/hub/health/urge"
	"zhanqun/protocol"
)

// Advice tells the responsible unit what to do about f, in plain words.
func Advice(f Finding) string {
	switch f.State {
	case protocol.FindingClosed, protocol.FindingStruck:
		return ""
	case protocol.FindingFixing:
		return "已收到答复，正在复查，结果会自动告知。"
	case protocol.FindingDisputed:
		return "已收到异议，等待县级管理员核实。"
	case FindingFound:
		return "等待县级管理员核实，核实属实后才通知责任单位。"
	case protocol.FindingRecheck:
		if f.Kind == AboutColumn {
			return "复查时仍没有更新。请确认内容已经发布、日期能在页面上看到，再次处理后重新答复。"
		}
		return "复查时仍打不开。请确认修改已经发布，再次处理后重新答复。"
	}
	switch f.Kind {
	case AboutSite:
		return "请马上联系网站的运行维护单位恢复访问；计划内的停机要先登记临时下线。恢复后平台会自己发现并销号，也可以点“已整改”马上复查。"
	case AboutColumn:
		return "请按期限发布真实的新内容，不要补填旧日期；栏目确实不必更新的，请县级管理员标记为静态或已关闭。发布后平台会自己发现并销号，也可以点“已整改”马上复查。"
	}
	if url, ok := linkTarget(f.URL); ok && f.Class != linkcheck.ClassHijacked.Label() {
		return "请马上让技术维护单位从页面模板和数据里去掉通向 " + url + " 的隐藏内容，再查清是谁、从哪里加进去的：看网站程序和服务器的登录、上传记录，改密码，补漏洞，同一台服务器上的其他页面也要查。页面被植入暗链可能造成整个网站单项否决。处理后点“已整改”。"
	}
	if urge.Urgent(f.Class) {
		return "请马上去掉这个链接，再查清页面为什么会出现它：外链变成不良内容、页面被植入暗链，可能造成整个网站单项否决。处理后点“已整改”。"
	}
	if host, ok := certificateHost(f.URL); ok {
		return "请联系 " + host + " 的技术维护单位更换证书：过期或快到期的续期，域名不符的用本域名重新申请，不受信任的改用正规机构签发的，并让服务器发送完整的证书链；在证书换好以前不要让群众“继续访问”。网站不归本单位管的，核实后可以先去掉链接。处理后点“已整改”。"
	}
	if f.Host != "" {
		return "整个网站（" + f.Host + "）没有应答，指向它的其他链接不再逐条预警。请恢复这个网站，或更换、删除这些链接；处理后点“已整改”。如果您能正常打开，请点“有异议”并写明情况。"
	}
	if f.Item != "" {
		return "请在稿件中更换或删除这个链接，以新的一版重新提交；或恢复被链接的页面。处理后点“已整改”。"
	}
	return "请按下面列出的位置更换或删除这个链接，或恢复被链接的页面。处理后点“已整改”；如果您能正常打开，请点“有异议”并写明情况。"
}

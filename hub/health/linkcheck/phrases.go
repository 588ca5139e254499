package linkcheck

import (
	"regexp"
	"strings"
	"unicode"
)

// A page is taken for an error page only when a whole title, heading or
// paragraph says so and nothing else, and little other text is there. A phrase
// somewhere in a text proves nothing: news of dead links is no dead link.

// plainWords lowers s and keeps its letters and digits alone, so that spelling
// and punctuation do not matter. Full-width letters become half-width.
func plainWords(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '！' && r <= '～' {
			r -= '！' - '!'
		}
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		if now, ok := simplified[r]; ok {
			return now
		}
		return unicode.ToLower(r)
	}, s)
}

// simplified are the characters of the phrases below that are written otherwise
// in the old script.
var simplified = func() map[rune]rune {
	old, now := []rune("該鏈條題間應瀏訪問頁網內資訊檔連結無開請您這個沒尋覽刪除對錯誤為現處發係繫繼續線伺務器統維護舊當經過轉導誰驗證攔"), []rune("该链条题间应浏访问页网内资讯档连结无开请您这个没寻览删除对错误为现处发系系继续线伺务器统维护旧当经过转导谁验证拦")
	m := make(map[rune]rune, len(old))
	for i, r := range old {
		m[r] = now[i]
	}
	return m
}()

// segments splits a title at what separates a page's own name from the site's.
func segments(title string) []string {
	return strings.FieldsFunc(title, func(r rune) bool { return strings.ContainsRune("-_|—–|·•»>:：｜", r) })
}

const (
	zhSubject = `(?:您|你)?(?:所|要|正在|正|想|想要|当前|请求|需要)*(?:需|访问|查找|浏览|请求|打开|查看|寻找|搜索|找|看)?的?(?:该条|该篇|该|此|这个|这篇|这条|此条|本|目标|您?要的|您?需要的)*(?:页面|网页|内容|文章|信息|文件|资源|地址|链接|网址|页|记录|栏目|频道|数据|路径|文档|稿件|新闻|资讯|档案|url|id)(?:url|id|编号|地址)?`
	zhLacks   = `(?:可能)?(?:并)?(?:暂时|目前|现在|似乎|好像|id)?(?:不存在|未找到|没有找到|没找到|找不到了?|找不着了?|未能找到|无法找到|无法显示|无法打开|无法访问|无法浏览|无法获取|打不开|不见了|走丢了|丢失了?|失踪了|飞走了|飞到火星去?了|(?:已经|已|被|发布者|作者|管理员|原作者)+(?:删除|移除|下线|下架|失效|撤销|撤下|撤回|撤稿|过期)|已经?不存在|(?:尚|还)?未(?:发布|审核|通过审核)|不见啦|跑到火星(?:上)?去?了|跑丢了|走失了|迷路了)`
	zhOr      = `(?:或者?(?:可能|已经|已|被|管理员|发布者|作者|暂时|尚未|还|未|没有|通过|信息|内容)*(?:不存在|删除|移除|移动|改名|更名|更改名称|不可用|下线|失效|撤销|隐藏|审核|发布|过期)(?:了)?)*`
	// zhNamed is a subject that is pointed at: "no such page", not "no page yet".
	zhNamed   = `(?:您|你)?(?:(?:所)?(?:要|需要|想|访问|查找|浏览|请求|打开|查看|寻找|找)+的|该|此|这个|这篇|这)(?:条|篇|个)?(?:页面|网页|内容|文章|信息|文件|资源|地址|网址|页|记录|栏目|数据|文档|稿件)`
	zhSorry   = `(?:非常|很|真)?(?:您好|出错了?|非法访问|对不起|抱歉|遗憾|哎呀|哎呦|啊哦|糟糕|温馨提示|错误提示|提示|信息提示|sorry|系统)*(?:啊|了|哦)?`
	number404 = `(?:(?:http|status|状态|错误|error|代码|code|码|提示)*404)`
	enTail    = `(?:notfound|wasnotfound|couldnotbefound|cannotbefound|cantbefound|isnotavailable|isntavailable|doesnotexist|doesntexist|nolongerexists|isnolongeravailable|hasbeenremovedordeleted)`
)

var notFoundWords = regexp.MustCompile(`^(?:` + strings.Join([]string{
	number404 + `(?:错误|页面|页|error|page|notfound|filenotfound|pagenotfound|提示|未找到|找不到|信息|了)*`,
	zhSorry + number404 + `?` + zhSorry + zhSubject + zhLacks + zhOr + `(?:了|啦|哦|呢)?(?:请.{0,40})?` + number404 + `?`,
	zhSorry + number404 + `?(?:无法找到|找不到|未能找到|未找到|没有找到|没找到)(?:了)?` + zhSubject + `(?:了|哦|或目录)?`,
	zhSorry + zhNamed + `(?:地址)?(?:有误|已(?:经)?(?:过保留期|归档|迁移|关闭))` + zhOr, zhSorry + `(?:网址|栏目已关闭|页面地址)(?:有误|或不存在)`,
	zhSorry + `(?:没有|没|未)查询到` + zhSubject, zhSorry + `查无此(?:文|页|条|篇|稿|信息|文章|页面|网页|内容|记录)`,
	`(?:系统)?(?:无法找到|找不到)指定的?(?:路径|文件|资源|页面|网页)`,
	`(?:http)?(?:错误|error)404\d?(?:notfound|未找到|找不到)`,
	`(?:暂无|没有|无)(?:访问|查看|浏览)?权限或(?:该|此)?(?:内容|页面|网页|信息|文章)(?:已)?不存在`,
	zhSorry + `(?:没有|无)` + zhNamed + `(?:了|哦)?`,
	`(?:error|oops|sorry|whoops)*(?:http)?(?:error)?(?:404)?(?:error)?(?:oops|sorry)?(?:the|this|that|your)?(?:requested)?(?:page|file|url|resource|object|document|webpage|content|article)?(?:you(?:are|re)?(?:lookingfor|requested|trying(?:toreach|toaccess)|wanted|want))?` + enTail + `(?:onthisserver|here|anymore)?(?:error)?(?:404)?`,
	`(?:oops|sorry)?we(?:couldnt|cant|couldnot|cannot)findth(?:e|at|is)page(?:youarelookingfor|yourelookingfor|youwanted)?`,
	`(?:sorry)?this(?:page|article|document|content)(?:hasbeen|was)(?:removed|deleted)`,
	`(?:nosuchpage|nothingfound|pagemissing|page(?:has)?(?:been)?(?:removed|deleted)|410gone|noinputfilespecified|filenotfound|therewasanunexpectederrortypenotfoundstatus404)`,
}, "|") + `)$`)

// notFound tells whether a line says that the page is not there, and only that.
func notFound(line string) bool {
	w := plainWords(line)
	if w == "" || len(w) >= 200 || !notFoundWords.MatchString(w) {
		return false
	}
	// That a document is no longer in force is what such pages have to say.
	return !strings.Contains(w, "失效") && !strings.Contains(w, "归档") || !strings.Contains(w, "文件") && !strings.Contains(w, "文档")
}

// notices are other things a whole title, heading or lone line may say, by
// what they mean. The patterns meet plainWords.
var notices = []struct {
	reason  Reason
	pattern *regexp.Regexp
}{
	{ReasonBotWall, regexp.MustCompile(`^(?:justamoment|onemoment(?:please)?|attentionrequired(?:cloudflare)?|sorryyouhavebeenblocked|checkingyourbrowser.*|checkingif.{0,40}secure|ddosguard|ddosprotectionby.*|verif(?:y|ying)(?:that)?youarehuman.*|(?:human|robot|bot|browser|security)(?:verification|check)|pardonourinterruption|requestrejected|therequestedurlwasrejected.*|requestunsuccessful.*|(?:百度|阿里云|腾讯云|网站)?(?:请(?:先)?(?:完成|进行|拖动滑块完成|拖动滑块))?(?:安全|人机|人机身份|身份|访问|滑动|滑块|图形)(?:检测|验证|校验|认证)(?:中|码|页|页面|后.{0,10})?|(?:当前|同时)?(?:访问|在线)(?:人数|用户|量)(?:过多|太多|过大)(?:请.{0,20}|稍后.{0,12})?|请(?:先)?完成(?:以下|下列|下方)?(?:操作|的)?验证(?:后.{0,10})?|(?:您的|当前|来访)?ip(?:地址)?(?:已经?)?被?(?:封禁|封锁|禁止|限制|拉黑|屏蔽)(?:访问)?.{0,20}|(?:境外|海外|国外)(?:ip|地区|用户|网络)?.{0,6}(?:禁止|限制|无法|不能)访问.{0,12}|请(?:先)?输入验证码(?:后?继续访问)?|验证码|正在(?:进行)?(?:安全|人机|浏览器)(?:检测|验证|检查).*|网站(?:防火墙|防护系统|安全防护)|网防g01|(?:您|你)的(?:请求|访问|操作|访问请求).{0,24}(?:被?(?:拦截|阻断|拒绝|禁止)|可能存在威胁|存在安全风险).*|(?:很抱歉)?由于您访问的url.{0,12}安全威胁.{0,20}|当前访问疑似.{0,30}|(?:网站)?(?:您的|你的)?(?:本次)?(?:访问|请求)(?:被拦截|被阻断|被拒绝|已被拦截|拦截|受限|过于频繁|频率过快|频率过高|太频繁|过快)(?:了)?(?:请.{0,20}|稍后.{0,12})?|拦截提示|防火墙拦截|enablejavascriptandcookiestocontinue|accessdenied|requestblocked|captcha|waf.{0,10}拦截.*)$`)},
	{ReasonLogin, regexp.MustCompile(`^(?:` + zhSorry + `(?:您|你)?(?:还|尚|当前)?(?:没有|未)登[录陆](?:或.{0,10}超时)?(?:请(?:先)?登[录陆].{0,10})?|` + zhSorry + `请(?:您)?(?:先)?登[录陆](?:后)?(?:再)?(?:访问|查看|浏览|操作)?|(?:会话|登[录陆])(?:已)?(?:超时|失效|过期)(?:请重新登[录陆])?)$`)},
	{ReasonMaintenance, regexp.MustCompile(`^(?:` + zhSorry + `(?:本|我们的|您访问的|该)?(?:网站|站点|系统|页面|平台|服务器?)(?:正在|暂停服务|例行|日常|升级|改版|改造|临时)*(?:维护|升级|改造|改版|建设|调整)(?:中|维护|改造|升级|公告|通知)*(?:(?:暂时)?(?:无法|不能)访问)?(?:敬?请.{0,16})?(?:给您.{0,14})?|(?:site|website|system|scheduled)?(?:is)?(?:currently)?(?:down|under|temporarilydown)?(?:for)?maintenance|(?:503)?servicetemporarilyunavailable|(?:we(?:ll)?)bebacksoon|503serviceunavailable)$`)},
	{ReasonPlaceholder, regexp.MustCompile(`^(?:welcometonginx.*|welcometoopenresty.*|iis\d*|iiswindowsserver|internetinformationservices|apache2(?:ubuntu|debian)?defaultpage.*|apachetomcat[\d.]*|testpagefortheapache.*|itworks|恭喜站点创建成功|没有找到站点|站点不存在|(?:本|该|此)?(?:网站|站点|空间|主机)(?:暂时)?(?:无法访问|已(?:被)?(?:关闭|停用|暂停|关停|停止)|尚未开通|已过期|未备案).{0,20}|(?:该)?(?:网站|域名)(?:尚)?未(?:根据.{0,20})?备案.{0,20}|(?:accountsuspended|thisaccounthasbeensuspended|websiteexpired)|站点已暂停|(?:未)?备案(?:拦截)?提示|网站访问报错)$`)},
	{ReasonParked, regexp.MustCompile(`^(?:(?:[a-z0-9]{0,40})?(?:该|此|本|您(?:所)?访问的)?域名(?:[a-z0-9]{3,60})?(?:正在|可以|现在?|已经|已|可|低价|诚意)*(?:出售|转让|待售|购买|过期|到期)(?:中|了)?(?:请.{0,20}|联系.{0,30}|有意.{0,20})?|.{0,40}domain(?:name)?(?:is|maybe)?forsale.*|buythisdomain|.{0,40}isforsale|domain(?:has)?expired|parkeddomain.*|thisdomainisparked.*)$`)},
	{ReasonErrorPage, regexp.MustCompile(`^(?:(?:http|status|状态|错误|error|代码|code|码)*(?:403|50[0-4])(?:错误|error|internalservererror|badgateway|gatewaytimeout|forbidden|serverinternalerror|serviceunavailable)*|serverinternalerror|internalservererror|runtimeerror|servererrorin.{0,60}application|applicationerror.*|errorestablishingadatabaseconnection|数据库连接(?:失败|错误|出错).*|httpstatus50\d.*|whoopslookslikesomethingwentwrong|系统(?:发生|出现)(?:错误|异常).{0,10}|(?:系统|服务器?)(?:繁忙|忙碌?|异常|故障)(?:请稍[后候].{0,12})?|(?:您的)?访问出错了?|[a-z0-9]{0,40}应用程序中的服务器错误|运行时错误|服务器(?:内部)?错误|网站出错了?|(?:非法|无效的?)参数|(?:参数|id|编号)(?:错误|无效|不正确|非法)(?:或.{0,10})?|(?:文档|文章|信息|栏目|内容)id(?:错误|无效)|(?:当前)?网络(?:繁忙|异常|超时|拥堵)请稍[后候].{0,12}|whitelabelerrorpage)$`)},
}

// dump is how the output of a failed program begins, on raw text.
var dump = regexp.MustCompile(`(?i)^(?:<?br ?/?>?\s*)?(?:(?:php )?(?:fatal error|parse error)\s*:.{0,300}\bon line\b|server error in '|microsoft (?:ole db|vbscript|jet|odbc)|microsoft vbscript (?:运行时|编译器)|adodb\.|active server pages|org\.(?:apache|springframework|hibernate)\.[\w.]+(?:exception|error)|java\.[\w.]+(?:exception|error)|javax\.[\w.]+exception|traceback \(most recent call last\)|ora-\d{5}|sqlstate\[|system\.[\w.]*exception|exception in thread|uncaught (?:exception|error)|you have an error in your sql syntax|http status 5\d\d|type exception report|error executing template|freemarker template error|应用程序中的服务器错误|\{"timestamp":[^,]{1,40},"status":[45]\d\d,)`)

// warning is what a program complains of that goes on all the same. There may be a
// page below it.
var warning = regexp.MustCompile(`(?i)^(?:php )?(?:warning|notice|deprecated)\s*:.{0,300}\bon line\b`)

// alerted finds what a page without text tells its visitor in a script box.
var alerted = regexp.MustCompile(`alert\(\s*["']([^"'\n]{2,100})`)

// challenge are marks, in pages without text, of firewalls that let only
// browsers pass.
var challenge = []string{"acw_sc__v2", "__jsl_clearance", "$_ts=", "_$_jsvmp", "cf_chl_", "challenge-platform", "__cf_chl", "captcha", "/_guard/", "probe.js?", "yunsuo_session", "_Incapsula_Resource", "aliyun_waf"}

// turnsBack finds in a page with nothing in it that it sends its visitor back or
// shuts its window.
var turnsBack = regexp.MustCompile(`^\s*(?:window\.|self\.)?(?:history\.(?:go\(\s*-1|back\()|close\()`)

// leaves finds where a script sends its visitor at once.
var leaves = regexp.MustCompile(`(?:window\.|self\.|top\.|parent\.|document\.)*\blocation(?:\.href)?\s*=\s*["']([^"'\n]{1,500})["']|\blocation\.(?:replace|assign)\(\s*["']([^"'\n]{1,500})["']\s*\)`)

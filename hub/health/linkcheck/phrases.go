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
		return unicode.ToLower(r)
	}, s)
}

// segments splits a title at what separates a page's own name from the site's.
func segments(title string) []string {
	return strings.FieldsFunc(title, func(r rune) bool { return strings.ContainsRune("-_|—–|·•»>:：｜", r) })
}

const (
	zhSubject = `(?:您|你)?(?:所|要|正在|正|想|想要|当前|请求)*(?:访问|查找|浏览|请求|打开|查看|寻找|找)?的?(?:该|此|这个|这篇|本|目标)?(?:页面|网页|内容|文章|信息|文件|资源|地址|链接|网址|页|记录|栏目|数据|路径|文档|url)`
	zhLacks   = `(?:可能)?(?:并)?(?:不存在|未找到|没有找到|没找到|找不到了?|无法找到|无法显示|无法打开|不见了|走丢了|丢失了?|失踪了|飞走了|(?:已经|已|被)+(?:删除|移除|下线|下架|失效|撤销|撤下|过期)|已不存在|未发布)`
	zhOr      = `(?:或者?(?:可能|已经|已|被|暂时|尚未|还|未|没有)*(?:不存在|删除|移除|移动|改名|更名|更改名称|不可用|下线|失效|隐藏|审核|发布)(?:了)?)*`
	zhSorry   = `(?:非常|很|真)?(?:对不起|抱歉|遗憾|哎呀|哎呦|糟糕|温馨提示|提示|信息提示|sorry)*(?:啊|了|哦)?`
	number404 = `(?:(?:http|status|状态|错误|error|代码|code|码|提示)*404)`
	enTail    = `(?:notfound|wasnotfound|couldnotbefound|cannotbefound|cantbefound|isnotavailable|isntavailable|doesnotexist|doesntexist|nolongerexists|isnolongeravailable|hasbeenremovedordeleted)`
)

var notFoundWords = regexp.MustCompile(`^(?:` + strings.Join([]string{
	number404 + `(?:错误|页面|error|page|notfound|filenotfound|pagenotfound|提示|未找到|找不到|信息|了)*`,
	zhSorry + number404 + `?` + zhSorry + zhSubject + zhLacks + zhOr + `(?:了|啦|哦|呢)?(?:请.{0,14})?` + number404 + `?`,
	zhSorry + number404 + `?(?:无法找到|找不到|未找到|没有找到|没找到)(?:了)?` + zhSubject + `(?:了|哦|或目录)?`,
	`(?:error|oops|sorry|whoops)*(?:http)?(?:error)?(?:404)?(?:error)?(?:oops|sorry)?(?:the|this|that|your)?(?:requested)?(?:page|file|url|resource|document|webpage|content|article)?(?:you(?:are|re)?(?:lookingfor|requested|trying(?:toreach|toaccess)|wanted|want))?` + enTail + `(?:onthisserver|here|anymore)?(?:error)?(?:404)?`,
	`(?:oops|sorry)?we(?:couldnt|cant|couldnot|cannot)findth(?:e|at|is)page(?:youarelookingfor|yourelookingfor|youwanted)?`,
	`(?:nosuchpage|nothingfound|pagemissing)`,
}, "|") + `)$`)

// notFound tells whether a line says that the page is not there, and only that.
func notFound(line string) bool {
	w := plainWords(line)
	return w != "" && len(w) < 200 && notFoundWords.MatchString(w)
}

// notices are other things a whole title, heading or lone line may say, by
// what they mean. The patterns meet plainWords.
var notices = []struct {
	reason  Reason
	pattern *regexp.Regexp
}{
	{ReasonBotWall, regexp.MustCompile(`^(?:justamoment|attentionrequired(?:cloudflare)?|checkingyourbrowser.*|ddosprotectionby.*|verif(?:y|ying)(?:that)?youarehuman.*|(?:请(?:先)?(?:完成|进行))?(?:安全|人机|访问|身份|滑动|滑块)(?:检测|验证|校验|认证)(?:中|页面)?|正在(?:进行)?(?:安全|人机|浏览器)(?:检测|验证|检查).*|网站防火墙|(?:您|你)的(?:请求|访问|操作).{0,12}(?:被?(?:拦截|阻断|拒绝|禁止)|可能存在威胁|存在安全风险).*|(?:访问|请求|本次访问)(?:被拦截|被阻断|被拒绝|已被拦截|受限|过于频繁).*|拦截提示|防火墙拦截|enablejavascriptandcookiestocontinue|accessdenied|requestblocked|captcha|waf.{0,10}拦截.*)$`)},
	{ReasonMaintenance, regexp.MustCompile(`^(?:` + zhSorry + `(?:本|我们的|您访问的|该)?(?:网站|站点|系统|页面|平台|服务器?)(?:正在|暂停服务|例行|日常|升级|改版|改造|临时)*(?:维护|升级|改造|改版|建设|调整)(?:中|维护|改造|升级|公告|通知)*(?:(?:暂时)?(?:无法|不能)访问)?(?:敬?请.{0,16})?(?:给您.{0,14})?|(?:site|website|system|scheduled)?(?:is)?(?:currently)?(?:down|under|temporarilydown)?(?:for)?maintenance|(?:503)?servicetemporarilyunavailable|(?:we(?:ll)?)bebacksoon|503serviceunavailable)$`)},
	{ReasonPlaceholder, regexp.MustCompile(`^(?:welcometonginx.*|welcometoopenresty.*|iis\d*|iiswindowsserver|internetinformationservices|apache2(?:ubuntu|debian)?defaultpage.*|apachetomcat[\d.]*|testpagefortheapache.*|itworks|恭喜站点创建成功|没有找到站点|站点不存在|(?:本|该|此)?(?:网站|站点|空间|主机)(?:暂时)?(?:无法访问|已(?:被)?(?:关闭|停用|暂停|关停|停止)|尚未开通|已过期|未备案).{0,20}|(?:该)?(?:网站|域名)(?:尚)?未(?:根据.{0,20})?备案.{0,20}|(?:accountsuspended|thisaccounthasbeensuspended|websiteexpired)|站点已暂停|(?:未)?备案(?:拦截)?提示|网站访问报错)$`)},
	{ReasonParked, regexp.MustCompile(`^(?:(?:该|此|本|您访问的|您所访问的)?域名.{0,20}(?:出售|转让|待售|可购买|已过期|已经过期|到期).{0,20}|.{0,40}domain(?:name)?(?:is|maybe)?forsale.*|buythisdomain|.{0,40}isforsale|domain(?:has)?expired|parkeddomain.*|thisdomainisparked.*)$`)},
	{ReasonErrorPage, regexp.MustCompile(`^(?:(?:http|status|状态|错误|error|代码|code|码)*(?:403|50[0-4])(?:错误|error|internalservererror|badgateway|gatewaytimeout|forbidden|serverinternalerror|serviceunavailable)*|serverinternalerror|internalservererror|runtimeerror|servererrorin.{0,60}application|applicationerror.*|errorestablishingadatabaseconnection|数据库连接(?:失败|错误|出错).*|httpstatus50\d.*|whoopslookslikesomethingwentwrong|系统(?:发生|出现)(?:错误|异常).{0,10}|服务器(?:内部)?错误|网站出错了?)$`)},
}

// dump is how the output of a failed program begins, on raw text.
var dump = regexp.MustCompile(`(?i)^(?:<?br ?/?>?\s*)?(?:(?:php )?(?:fatal error|parse error)\s*:.{0,300}\bon line\b|server error in '|microsoft (?:ole db|vbscript|jet|odbc)|microsoft vbscript (?:运行时|编译器)|adodb\.|active server pages|org\.(?:apache|springframework|hibernate)\.[\w.]+(?:exception|error)|java\.[\w.]+(?:exception|error)|javax\.[\w.]+exception|traceback \(most recent call last\)|ora-\d{5}|sqlstate\[|system\.[\w.]*exception|exception in thread|uncaught (?:exception|error)|you have an error in your sql syntax|http status 5\d\d|type exception report|error executing template|freemarker template error|应用程序中的服务器错误)`)

// alerted finds what a page without text tells its visitor in a script box.
var alerted = regexp.MustCompile(`alert\(\s*["']([^"'\n]{2,100})`)

// challenge are marks in scripts of firewalls that let only browsers pass.
var challenge = []string{"acw_sc__v2", "__jsl_clearance", "$_ts=", "_$_jsvmp", "cf_chl_", "challenge-platform", "__cf_chl", "captcha", "/_guard/", "probe.js?", "yunsuo_session"}

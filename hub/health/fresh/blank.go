package fresh

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"zhanqun/internal/oneline"

	"golang.org/x/net/html/atom"
)

// emptyWords are lines that say that there is nothing, or nothing yet. They
// meet lettersOf: a whole line says it, and only that.
var emptyWords = regexp.MustCompile(`^(?:(?:对不起|抱歉|很抱歉|非常抱歉|温馨提示|提示)?(?:该|本|此|当前|您访问的|您所访问的)?(?:栏目|频道|页面|网页|版块|板块|分类|类别|目录|列表|查询结果|内容)?(?:下|中|内|里|的)?(?:` +
	`(?:目前|现在|尚|还|暂时?|现)*(?:无|没有|未有|未找到|没有找到|没找到|未查询到|查无|未发布|未添加|未上传)(?:任何|相关|可显示的|可用|符合条件的|更多|该类|此类|最新|有关)*的?(?:信息|资讯|更新|内容|数据|记录|文章|新闻|资料|文件|结果|公告|条目|通知|政策|动态|列表|稿件)?(?:发布|显示|公开|可供查看|可显示)?(?:信息|内容)?(?:了|哦|呢)?` +
	`|(?:信息|内容|资料|数据)?(?:正在|在|尚在|处于|目前正在)?(?:抓紧)?(?:建设|更新|整理|完善|筹备|筹建|维护|调整|开发|录入|制作|补充|升级|改版|审核|收集)(?:当|之)?中` +
	`|(?:信息|内容|资料|数据)?(?:正在|抓紧)+(?:建设|更新|整理|完善|筹备|筹建|维护|调整|开发|录入|制作|补充|升级|改版)` +
	`|(?:内容|信息|数据)?(?:为)?空(?:空如也)?|待(?:更新|建设|完善|补充)|即将(?:上线|开通|推出)))(?:请?(?:稍[后候]|期待|关注|耐心等待|谅解|浏览其[他它]|返回|点击|访问).{0,24}|敬请.{0,16})*$` +
	`|^敬请(?:期待|关注)$|^(?:页面)?建设中$|^comingsoon$|^underconstruction$|^(?:no|empty)(?:data|records?|content|results?|items?|articles?|posts?)(?:found|available|yet)?$|^nothing(?:found|here)$|^共?0条(?:记录|信息|数据|内容)?(?:共?[01]页)?$|^共(?:有)?0(?:条|篇)(?:记录|信息|数据|内容|文章)?.{0,20}$`)

// waitWords are lines that stand where a script will put the content.
var waitWords = regexp.MustCompile(`^(?:(?:数据|内容|页面|信息|列表|正在|拼命|努力)*加载(?:数据|内容)?(?:中|ing)?(?:请.{0,8})?|(?:now)?loading(?:please.{0,8})?|请.{0,6}(?:启用|开启|打开)javascript.{0,30}|.{0,40}enablejavascript.{0,30})$`)

// lettersOf keeps the letters and digits of s, in lower case.
func lettersOf(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, plain(s))
}

// saying returns the first line in the page's main part that matches, looking
// at texts and at small elements as a whole.
func (t *tree) saying(form *regexp.Regexp) string {
	text, _ := t.said(form)
	return text
}

// said is saying with the node that says it.
func (t *tree) said(form *regexp.Regexp) (string, int32) {
	for i := range t.nodes {
		n := &t.nodes[i]
		if n.off {
			continue
		}
		text := n.text
		switch {
		case n.atom == atom.Img:
			text = n.attr["alt"]
		case n.tag != "" && (n.atom == atom.A || t.length(int32(i)) > 60 || t.length(int32(i)) == 0):
			continue
		case n.tag != "":
			text = t.textOf(int32(i), "", 60)
		}
		if w := lettersOf(text); w != "" && len(w) < 240 && form.MatchString(w) {
			return oneline.Of(text), int32(i)
		}
	}
	return "", -1
}

var (
	loader   = regexp.MustCompile(`\$\.(?:ajax|get|post|getJSON)\b|\bfetch\s*\(|\baxios\b|XMLHttpRequest|\.load\s*\(|getJSON|\.ajax\s*\(|new\s+Vue|createApp\s*\(|ReactDOM|jsonp|document\.write|innerHTML|insertAdjacentHTML|createElement|replaceChildren|\.render\s*\(|\.append(?:Child)?\s*\(|\.html\s*\(|laytpl|template\s*\(`)
	library  = regexp.MustCompile(`(?i)jquery|bootstrap|swiper|superslide|slick|wow\.|echarts|hm\.js|hm\.baidu|jiathis|bdstatic|share|html5shiv|respond|modernizr|polyfill|tongji|stat|trace|analytics|conac|dcs\.|cnzz|md5|cookie|search|nav|menu|top|header|foot|wza|barrier|canyou|toolbar|zeroclip|qrcode|jweixin|layer|fontsize|lazyload|calendar|clock|date|weather|font|swf|wechat|video|player|placeholder|pngfix|dd_belated|tab`)
	holder   = regexp.MustCompile(`(?i)list|news|main|con|article|data|item|result|right|box|app|root|ajax|body|wrap`)
	appRoots = oneline.Words("app root __next __nuxt main-app vue-app react-root application")
)

// byScript returns the sign that a script puts the list into the page, "" if
// there is none.
func (t *tree) byScript() string {
	if t.template {
		return "页面带有由脚本填写的模板"
	}
	all, scripted := t.allScripts(), t.hasScript()
	for i := range t.nodes {
		n := &t.nodes[i]
		if n.text != "" && scripted && !n.hidden && clientLeftover.MatchString(n.text) {
			return fmt.Sprintf("页面有由脚本填写的占位符“%s”", oneline.Clip(n.text, 30))
		}
		if n.attr == nil && !strings.Contains(n.tag, "-") {
			continue
		}
		for name := range n.attr {
			if strings.HasPrefix(name, "v-") || strings.HasPrefix(name, "ng-") || name == "data-reactroot" || name == "ms-for" {
				return fmt.Sprintf("页面由前端脚本框架生成（%s）", name)
			}
		}
		if t.placeholder(int32(i)) && t.hasScript() {
			return fmt.Sprintf("页面有由脚本填写的空位“%s”", oneline.First(n.attr["class"], n.attr["id"], n.tag))
		}
		if appRoots[n.attr["id"]] && t.length(int32(i)) < 20 && t.hasScript() {
			return fmt.Sprintf("页面主体“#%s”由脚本生成", n.attr["id"])
		}
		if sign := t.filled(int32(i), all); sign != "" {
			return sign
		}
	}
	if wait := t.saying(waitWords); wait != "" && t.hasScript() {
		return fmt.Sprintf("页面显示“%s”", wait)
	}
	return ""
}

// unfilled returns what a template should have filled in, "" if there is none.
func (t *tree) unfilled() string {
	for i := range t.nodes {
		n := &t.nodes[i]
		if n.off {
			continue
		}
		if leftover.MatchString(n.text) {
			return oneline.Clip(n.text, 40)
		}
		if href := n.attr["href"]; n.atom == atom.A && leftover.MatchString(href) {
			return oneline.Clip(href, 40)
		}
	}
	return ""
}

// placeholder tells whether an empty element is there for a script: it names
// the address of its data, turns while it waits, or is no element of HTML.
func (t *tree) placeholder(i int32) bool {
	n := &t.nodes[i]
	if n.off || t.length(i) > 0 || n.atom == atom.Script || n.atom == atom.Img {
		return false
	}
	for _, name := range []string{"data-url", "data-api", "data-source", "data-ajax", "data-remote", "data-load"} {
		if n.attr[name] != "" {
			return true
		}
	}
	return strings.Contains(n.tag, "-") || waiting.MatchString(n.attr["class"])
}

var waiting = regexp.MustCompile(`(?i)\b(?:loading|spinner|skeleton)\b`)

func (t *tree) hasScript() bool {
	for i := range t.nodes {
		if t.nodes[i].atom == atom.Script {
			return true
		}
	}
	return false
}

// allScripts joins the inline scripts that seem to put content into the page.
func (t *tree) allScripts() string {
	var b strings.Builder
	for _, text := range t.scripts {
		if loader.MatchString(text) {
			b.WriteString(text)
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// filled tells whether empty element i is one that a script fills.
func (t *tree) filled(i int32, scripts string) string {
	n := &t.nodes[i]
	switch n.atom {
	case atom.Ul, atom.Ol, atom.Dl, atom.Tbody, atom.Table, atom.Div, atom.Section, atom.Span:
	default:
		return ""
	}
	if n.off || t.length(i) > 20 || t.pictures(i) {
		return ""
	}
	name := n.attr["id"]
	for _, s := range append([]string{name}, strings.Fields(n.attr["class"])...) {
		if len(s) > 1 && mentions(scripts, s) {
			return fmt.Sprintf("空的列表“%s”由脚本填写", s)
		}
	}
	// A script inside the empty list.
	for j := i + 1; j < n.end; j++ {
		if c := &t.nodes[j]; c.atom == atom.Script && (ownScript(c.attr["src"]) || loader.MatchString(t.scripts[j])) {
			return "列表的位置上是一段脚本"
		}
	}
	return ""
}

// maybeFilled returns the sign that a list may be filled by a script that
// cannot be seen: it is empty, has a name for scripts to find it by, and the
// page loads scripts of the site's own.
func (t *tree) maybeFilled() string {
	own := ""
	for i := range t.nodes {
		if src := t.nodes[i].attr["src"]; t.nodes[i].atom == atom.Script && ownScript(src) {
			own = src
		}
	}
	if own == "" {
		return ""
	}
	for i := range t.nodes {
		n := &t.nodes[i]
		switch n.atom {
		case atom.Ul, atom.Ol, atom.Dl, atom.Tbody, atom.Table, atom.Div, atom.Section:
		default:
			continue
		}
		if name := n.attr["id"]; !n.off && holder.MatchString(name) && t.length(int32(i)) == 0 && !t.pictures(int32(i)) {
			return fmt.Sprintf("空的列表“%s”可能由脚本 %s 填写", name, oneline.Clip(own, 60))
		}
	}
	return ""
}

// mentions tells whether a script names an element, as a word of its own in
// quotes.
func mentions(script, name string) bool {
	for _, form := range []string{`"#` + name, `'#` + name, `".` + name, `'.` + name, `"` + name + `"`, `'` + name + `'`, "`#" + name} {
		if strings.Contains(script, form) {
			return true
		}
	}
	return false
}

func ownScript(src string) bool { return src != "" && !library.MatchString(src) }

// pictures tells whether element i shows something that is no text.
func (t *tree) pictures(i int32) bool {
	for j := i; j < t.nodes[i].end; j++ {
		switch t.nodes[j].atom {
		case atom.Img, atom.Iframe, atom.Video, atom.Embed, atom.Canvas, atom.Input:
			return true
		}
	}
	return false
}

// furniture are the lines of a page's frame that are not its content.
var furniture = regexp.MustCompile(`(?i)版权所有|主办|承办|协办|ICP备|公网安备|网站标识码|技术支持|copyright|all rights|位置[:：]|您(?:现在|当前)?(?:所在)?的?位置|邮编|建议使用|浏览器|分辨率|今天是|今日是|欢迎|访问量|联系电话|联系我们|热线`)

// prose counts the letters of the page's main part that are neither links nor
// furniture, and tells whether there is a picture or film in it.
func (t *tree) prose() (letters int, pictures bool) {
	for i := range t.nodes {
		n := &t.nodes[i]
		switch {
		case n.off:
		case n.atom == atom.Img && t.linkOf(int32(i)) < 0 && !ornament.MatchString(n.attr["src"]+n.attr["class"]):
			pictures = true
		case n.atom == atom.Video || n.atom == atom.Embed:
			pictures = true
		case n.text != "" && t.linkOf(int32(i)) < 0 && !furniture.MatchString(n.text) && !t.nodes[n.parent].heads():
			for _, r := range n.text {
				if unicode.IsLetter(r) {
					letters++
				}
			}
		}
	}
	return letters, pictures
}

var ornament = regexp.MustCompile(`(?i)logo|icon|banner|bg|bj|dot|arrow|line|top|foot|head|ewm|qr|weixin|wx|gongan|ga\.|jiucuo|dzjg|slogan|search|nodata|empty|building|construction|blank|spacer|loading`)

package fresh

import (
	"regexp"
	"strings"

	"zhanqun/internal/oneline"

	"golang.org/x/net/html/atom"
)

// A class or id with these words in it marks a part of the page that is not its
// list: menus, heads and feet, side boxes.
var sideParts = oneline.Words(`nav navbar navigation submenu mainmenu leftmenu dropdown footer foot copyright topbar breadcrumb
	breadcrumbs crumb crumbs dqwz sidebar aside side sidenav sidebox leftbar rightbar leftside rightside phb djph rmtj hot hots hotnews rank ranking ranks paihang recommend recommends
	recommended recom tuijian related relate relevant xiangguan xgyd friendlink friendlinks yqlj blogroll searchbox toolbar
	qrcode calendar rili tagcloud pager pagination pagebar pageinfo fenye`)

// These say so only when they are the whole of it.
var sideNames = oneline.Words(`menu header head top bottom position location currentposition links search banner share weather
	clock popup dialog modal tags login paging pages page hits counter tj hot fixed toolbar float`)

// zones marks what cannot hold the column's list. A part that holds most of the
// page's text is none of these, whatever it calls itself.
func (t *tree) zones() {
	all := t.runes[len(t.nodes)]
	for i := range t.nodes {
		n := &t.nodes[i]
		if n.parent < 0 {
			continue
		}
		up := &t.nodes[n.parent]
		n.off = up.off || n.hidden
		if n.off || n.tag == "" {
			continue
		}
		switch n.atom {
		case atom.Nav, atom.Footer, atom.Aside:
			n.off = true
		case atom.Header:
			n.off = t.within(int32(i), atom.Article, atom.Li, atom.Main, atom.Section) < 0
		case atom.Body, atom.Html, atom.Main, atom.Form, atom.Li, atom.A, atom.Td, atom.Tr, atom.Tbody:
		default:
			n.off = n.side() && 10*t.length(int32(i)) < 6*all
		}
	}
}

// within returns the nearest element around node i that is one of kinds, -1 if
// there is none.
func (t *tree) within(i int32, kinds ...atom.Atom) int32 {
	for p := t.nodes[i].parent; p >= 0; p = t.nodes[p].parent {
		for _, k := range kinds {
			if t.nodes[p].atom == k {
				return p
			}
		}
	}
	return -1
}

var camel = regexp.MustCompile(`[A-Z]?[a-z]+`)

// side tells whether an element's class or id calls it a side part.
func (n *node) side() bool {
	if n.attr == nil {
		return false
	}
	for name := range strings.FieldsSeq(n.attr["class"] + " " + n.attr["id"] + " " + n.attr["role"]) {
		if sideNames[strings.ToLower(name)] {
			return true
		}
		for _, part := range camel.FindAllString(name, 10) {
			if sideParts[strings.ToLower(part)] {
				return true
			}
		}
	}
	return false
}

// headParts are words in a class that mark the heading of a box.
var headParts = oneline.Words("title titles tit tt hd head heading bt caption name tab tabs column columnname lm lmmc lanmu channel")

// heads tells whether an element looks like a heading.
func (n *node) heads() bool {
	switch n.atom {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Caption, atom.Legend, atom.Dt:
		return true
	case atom.A, atom.Li:
		return false
	}
	if n.attr == nil {
		return false
	}
	for _, part := range camel.FindAllString(n.attr["class"], 20) {
		if headParts[strings.ToLower(part)] {
			return true
		}
	}
	return false
}

// sideHeading is what stands over boxes that are not the column's list.
var sideHeading = regexp.MustCompile(`^(?:本周|本月|今日|一周|24小时|月度|年度)?(?:热点|热门|热文|热搜|热议|推荐|编辑推荐|精彩推荐|为您推荐|小编推荐|相关|点击|浏览|阅读|人气|访问|排行|猜你|您可能|大家都在看|大家还看|看过|延伸|友情链接|常用链接|网站导航|栏目导航|快速通道|便民服务|图片新闻|专题|视频|微信|微博|政务新媒体|信息公开导航|最新(?:信息|更新|发布|文章|动态|资讯|消息|新闻|公开|要闻|推荐|通知|公告|政策|文件)?$)|排行榜?$|推荐$|热点$|热词|top ?\d+`)

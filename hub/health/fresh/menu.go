package fresh

import (
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"zhanqun/internal/oneline"

	"golang.org/x/net/html/atom"
)

// MenuLink is an entry of a page's navigation.
type MenuLink struct{ Name, URL string }

// maxMenu bounds the entries taken from one page.
const maxMenu = 200

var (
	navParts  = oneline.Words("nav navbar navigation menu submenu mainmenu leftmenu dropdown topnav mainnav daohang dh channel channels column columns lm lanmu")
	noColumns = regexp.MustCompile(`(?i)^(?:网站)?首页$|网站地图|无障碍|适老|关怀|长者|登录|注册|english|繁體|繁体|邮箱|联系我们|关于我们|设为首页|收藏|客户端|微信|微博|rss|rest|返回|更多|more|^\d+$|网站支持|智能问答|搜索|检索`)
)

// Menu returns what a home page's navigation leads to on the page's own host,
// each address once: columns, as far as names and addresses show.
func Menu(p Page) []MenuLink {
	t := parse(p.HTML)
	own, err := url.Parse(p.URL)
	if err != nil {
		return nil
	}
	addresses := resolver(p)
	seen := map[string]bool{p.URL: true}
	var list []MenuLink
	for i := int32(1); i < int32(len(t.nodes)) && len(list) < maxMenu; i++ {
		n := &t.nodes[i]
		if n.atom != atom.A || !t.inMenu(i) {
			continue
		}
		name := oneline.Of(oneline.First(t.words(i), n.attr["title"]))
		raw := strings.TrimSpace(n.attr["href"])
		if size := utf8.RuneCountInString(name); size < 2 || size > 16 || noColumns.MatchString(name) || hollow(raw) || notContent(raw) {
			continue
		}
		to := addresses(raw)
		u, err := url.Parse(to)
		if err != nil || u.Host != own.Host || seen[to] || fileLike.MatchString(u.Path) || addressDay(to) != "" || (u.Path == "" || u.Path == "/") && u.RawQuery == "" {
			continue
		}
		seen[to] = true
		list = append(list, MenuLink{name, to})
	}
	return list
}

// words joins the texts inside node i, shown or not: menus unfold.
func (t *tree) words(i int32) string {
	var b strings.Builder
	for j := i; j < t.nodes[i].end; j++ {
		b.WriteString(t.nodes[j].text)
	}
	return b.String()
}

func (t *tree) inMenu(i int32) bool {
	for p := t.nodes[i].parent; p > 0; p = t.nodes[p].parent {
		n := &t.nodes[p]
		switch n.atom {
		case atom.Nav:
			return true
		case atom.Footer:
			return false
		}
		if n.attr == nil {
			continue
		}
		for _, part := range camel.FindAllString(n.attr["class"]+" "+n.attr["id"], 20) {
			switch part = strings.ToLower(part); {
			case part == "footer" || part == "foot" || part == "links" || part == "friendlink" || part == "breadcrumb":
				return false
			case navParts[part]:
				return true
			}
		}
	}
	return false
}

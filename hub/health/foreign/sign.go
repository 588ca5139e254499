package foreign

import "fmt"

// Ways of hiding an element, as linkcheck.Link.Hidden names them. The first are
// those of menus and tabs too.
const (
	HiddenNone      = "none"      // display: none, or the attribute
	HiddenInvisible = "invisible" // visibility or opacity
	HiddenClipped   = "clipped"   // a box without room, as readers for the blind use it
	HiddenStyle     = "style"     // one of these or the next, by a style of the page

	HiddenOffscreen = "offscreen" // placed far off the page, by the element's own style
	HiddenTiny      = "tiny"      // letters without size
	HiddenColor     = "color"     // letters in the colour of what is behind them
	HiddenMarquee   = "marquee"   // running by without room or too fast to be seen
	HiddenWritten   = "written"   // by a box that a script writes around it
)

var hiddenTexts = map[string]string{
	HiddenNone: "不显示", HiddenInvisible: "透明", HiddenClipped: "没有大小", HiddenStyle: "被页面样式隐藏", HiddenOffscreen: "放在屏幕以外",
	HiddenTiny: "字号为零", HiddenColor: "文字与背景同色", HiddenMarquee: "放在看不见的滚动条里", HiddenWritten: "由脚本包起来隐藏",
}

// deceptive tells of a way of hiding that it serves no reader.
func deceptive(hidden string) bool {
	switch hidden {
	case HiddenOffscreen, HiddenTiny, HiddenColor, HiddenMarquee, HiddenWritten:
		return true
	}
	return false
}

// Link is a link that leads off the cluster.
type Link struct {
	Host    string // it leads to
	Label   string
	Hidden  string // how, if it is
	Element string // "a", "iframe", …
}

// Kinds of signs.
const (
	SignHidden = "hidden_link"  // 暗链
	SignFrame  = "hidden_frame" // 挂马
	SignWords  = "bad_words"    // advertises openly
)

// Sign is a suspicion.
type Sign struct {
	Kind     string
	Evidence string // one sentence in Chinese
}

// Of returns what is suspicious about a link; ok is false for nothing.
func (l *List) Of(link Link) (s Sign, ok bool) {
	if l.Harmless(link.Host) {
		return s, false
	}
	word := ""
	if link.Element == "a" || link.Element == "area" {
		word = l.Advertises(link.Label)
	}
	switch {
	case link.Element == "iframe" && link.Hidden != "" && link.Hidden != HiddenStyle:
		return Sign{SignFrame, fmt.Sprintf("页面里有看不见的框架（%s），装入外部网站 %s 的内容，可能被挂马。", hiddenTexts[link.Hidden], link.Host)}, true
	case link.Element != "a" && link.Element != "area":
		return s, false
	case link.Hidden != "" && word != "":
		return Sign{SignHidden, fmt.Sprintf("链接“%s”%s，访问者看不到，通向外部网站 %s，文字含“%s”，疑似暗链。", link.Label, hiddenTexts[link.Hidden], link.Host, word)}, true
	case deceptive(link.Hidden):
		return Sign{SignHidden, fmt.Sprintf("链接“%s”%s，访问者看不到，通向外部网站 %s，疑似暗链。", link.Label, hiddenTexts[link.Hidden], link.Host)}, true
	case word != "":
		return Sign{SignWords, fmt.Sprintf("链接“%s”含“%s”，通向外部网站 %s，疑似不良外链。", link.Label, word, link.Host)}, true
	}
	return s, false
}

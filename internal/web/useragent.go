package web

import (
	"net/http"
	"strings"
)

// named are what browsers and systems are called, by a word of the User-Agent
// header. Most browsers also name those they descend from, so the first that is
// found counts. Only the names are told, for a person to know his own PC by;
// nothing rests on what anybody may claim to be.
var (
	browsers = [][2]string{
		{"wxwork/", "企业微信"}, {"MicroMessenger/", "微信"}, {"DingTalk/", "钉钉"}, {"QQBrowser/", "QQ 浏览器"}, {"QihooBrowser", "360 浏览器"}, {"360SE", "360 浏览器"},
		{"360EE", "360 浏览器"}, {"MetaSr", "搜狗浏览器"}, {"UBrowser/", "UC 浏览器"}, {"UCBrowser/", "UC 浏览器"}, {"HuaweiBrowser/", "华为浏览器"}, {"MiuiBrowser/", "小米浏览器"},
		{"Edg/", "Edge"}, {"EdgA/", "Edge"}, {"Edge/", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Trident/", "IE"}, {"MSIE ", "IE"}, {"Safari/", "Safari"},
	}
	systems = [][2]string{
		{"OpenHarmony", "HarmonyOS"}, {"HarmonyOS", "HarmonyOS"}, {"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows NT 6.1", "Windows 7"}, {"Windows NT 5.1", "Windows XP"},
		{"Windows", "Windows"}, {"Macintosh", "Mac"}, {"Linux", "Linux"},
	}
)

// Browser says in a few words what browser on what system r came from, as far as
// it says so itself: "Edge · Windows". It is empty when nothing of it is known.
func Browser(r *http.Request) string {
	said := r.UserAgent()
	words := make([]string, 0, 2)
	for _, list := range [][][2]string{browsers, systems} {
		for _, one := range list {
			if strings.Contains(said, one[0]) {
				words = append(words, one[1])
				break
			}
		}
	}
	return strings.Join(words, " · ")
}

package foreign

import (
	"os"
	"path/filepath"
	"testing"
)

func TestLinks(t *testing.T) {
	l := Default()
	for name, tt := range map[string]struct {
		link Link
		want string
	}{
		"hidden advertisement":         {Link{"spam.example.com", "澳门新葡京官网", HiddenNone, "a"}, SignHidden},
		"by a style of the page":       {Link{"spam.example.com", "传奇私服发布网", HiddenStyle, "a"}, SignHidden},
		"off the page":                 {Link{"spam.example.com", "手机", HiddenOffscreen, "a"}, SignHidden},
		"letters without size":         {Link{"spam.example.com", "软件下载", HiddenTiny, "a"}, SignHidden},
		"running by unseen":            {Link{"spam.example.com", "x", HiddenMarquee, "a"}, SignHidden},
		"in the colour of the page":    {Link{"spam.example.com", "x", HiddenColor, "a"}, SignHidden},
		"written around":               {Link{"spam.example.com", "x", HiddenWritten, "a"}, SignHidden},
		"open advertisement":           {Link{"spam.example.com", "百 家 乐 开户", "", "a"}, SignWords},
		"in full-width letters":        {Link{"spam.example.com", "ＢＥＴ３６５", "", "a"}, SignWords},
		"unseen frame":                 {Link{"bad.example.com", "", HiddenClipped, "iframe"}, SignFrame},
		"news of prosecution":          {Link{"news.example.com", "我县公安打击六合彩赌博专项行动", "", "a"}, ""},
		"warning":                      {Link{"news.example.com", "警惕！远离百家乐等网络赌博", "", "a"}, ""},
		"hidden news":                  {Link{"news.example.com", "民警破获裸聊诈骗案", HiddenNone, "a"}, ""},
		"menu that unfolds":            {Link{"partner.example.com", "合作单位", HiddenNone, "a"}, ""},
		"tab":                          {Link{"bank.example.com", "农村信用社", HiddenInvisible, "a"}, ""},
		"drawer of telephones":         {Link{"partner.example.com", "办事大厅", HiddenStyle, "a"}, ""},
		"for readers for the blind":    {Link{"partner.example.com", "无障碍", HiddenClipped, "a"}, ""},
		"official, off the page":       {Link{"www.gz.gov.cn", "贵州省人民政府", HiddenOffscreen, "a"}, ""},
		"share button without letters": {Link{"service.weibo.com", "微博", HiddenTiny, "a"}, ""},
		"counter in a frame":           {Link{"hm.baidu.com", "", HiddenClipped, "iframe"}, ""},
		"map in a frame":               {Link{"map.example.com", "", "", "iframe"}, ""},
		"picture that is hidden":       {Link{"img.example.com", "澳门新葡京", HiddenNone, "img"}, ""},
		"lottery for welfare":          {Link{"www.cwl.example.cn", "中国福利彩票", "", "a"}, ""},
		"hotel of that name":           {Link{"hotel.example.com", "金沙大酒店", "", "a"}, ""},
		"film festival":                {Link{"film.example.com", "成人教育招生", "", "a"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, ok := l.Of(tt.link)
			if s.Kind != tt.want || ok != (tt.want != "") || ok && s.Evidence == "" {
				t.Errorf("got %+v, want %q", s, tt.want)
			}
		})
	}
}

func TestPages(t *testing.T) {
	l := Default()
	for name, tt := range map[string]struct {
		title string
		lines []string
		want  bool
	}{
		"taken over":          {"澳门新葡京-真人娱乐平台", nil, true},
		"words below":         {"百家乐官网", []string{"欢迎光临", "注册送彩金，体育投注"}, true},
		"news":                {"公安机关打击百家乐等网络赌博", []string{"六合彩"}, false},
		"one word alone":      {"老虎机", []string{"老虎机的历史"}, false},
		"in the text only":    {"县法院公开宣判", []string{"百家乐", "六合彩"}, false},
		"plain":               {"思南县人民政府", []string{"工作动态"}, false},
		"lecture on the harm": {"百家乐骗局", []string{"六合彩的危害", "时时彩陷阱"}, false},
	} {
		if got := l.Page(tt.title, tt.lines); (got != nil) != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	write := func(text string) string {
		path := filepath.Join(dir, "words.toml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	l, err := Load(write(`bad = ["某某平台"]` + "\n" + `hosts = ["ok.example"]`))
	if err != nil || l.Advertises("某某平台开户") == "" || l.Advertises("澳门新葡京") != "" || !l.Harmless("www.ok.example:8080") {
		t.Errorf("a list of one's own: %v", err)
	}
	for name, text := range map[string]string{"too short": `bad = ["赌"]`, "misspelt": `bda = ["某某平台"]`, "no list": "bad = 3"} {
		if _, err := Load(write(text)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := Load(filepath.Join(dir, "none")); err == nil {
		t.Error("no file: no error")
	}
}

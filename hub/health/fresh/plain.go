package fresh

import (
	"regexp"
	"strings"
)

// plain returns s as dates are looked for in it: full-width characters, the
// many dashes, brackets and blanks in their ASCII form, Chinese numerals of
// dates as digits, one blank for every run of white space.
func plain(s string) string {
	s = strings.Join(strings.Fields(strings.Map(ascii, s)), " ")
	if strings.ContainsAny(s, "年月") {
		s = numeralYear.ReplaceAllStringFunc(s, func(m string) string { return strings.Map(digit, strings.TrimSuffix(m, "年")) + "年" })
		s = numeralPart.ReplaceAllStringFunc(s, arabic)
	}
	return s
}

// simplified are the characters of the words looked for that are written
// otherwise where the old script is used.
var simplified = func() map[rune]rune {
	old, now := []rune("發佈時間號點擊週無暫資訊內沒關數據條聞輯來載錄題閱覽責編單檔"), []rune("发布时间号点击周无暂资讯内没关数据条闻辑来载录题阅览责编单档")
	m := make(map[rune]rune, len(old))
	for i, r := range old {
		m[r] = now[i]
	}
	return m
}()

func ascii(r rune) rune {
	switch {
	case r >= '！' && r <= '～':
		return r - '！' + '!'
	case r == '　' || r == '\u00a0' || r >= '\u2000' && r <= '\u200a' || r == '\u202f':
		return ' '
	case r == '\u200b' || r == '\u200c' || r == '\u200d' || r == '\ufeff' || r == '\u00ad':
		return -1
	case r >= '‐' && r <= '―' || r == '−':
		return '-'
	case r == '〔' || r == '【' || r == '「' || r == '［' || r == '『':
		return '['
	case r == '〕' || r == '】' || r == '」' || r == '］' || r == '』':
		return ']'
	case r == '∕' || r == '⁄':
		return '/'
	case r == '·' || r == '•' || r == '．':
		return '.'
	case r == '∶':
		return ':'
	}
	if now, ok := simplified[r]; ok {
		return now
	}
	return r
}

var (
	numeralYear = regexp.MustCompile(`[〇○零Oo一二三四五六七八九]{4}年`)
	numeralPart = regexp.MustCompile(`(?:[一二三]?十[一二三四五六七八九]?|[一二三四五六七八九元]|廿[一二三四五六七八九]?|卅[一]?)[月日号]`)
)

func digit(r rune) rune {
	switch i := strings.IndexRune("〇一二三四五六七八九", r); {
	case i >= 0:
		return rune('0' + i/len("〇"))
	case strings.ContainsRune("○零Oo", r):
		return '0'
	}
	return r
}

// arabic turns 十一月 into 11月.
func arabic(s string) string {
	runes := []rune(s)
	unit := runes[len(runes)-1]
	tens, ones := 0, 0
	for _, r := range runes[:len(runes)-1] {
		switch r {
		case '十':
			if tens, ones = max(ones, 1), 0; tens > 3 {
				return s
			}
		case '廿':
			tens = 2
		case '卅':
			tens = 3
		case '元':
			ones = 1
		default:
			ones = int(digit(r) - '0')
		}
	}
	n := 10*tens + ones
	if n > 31 {
		return s
	}
	text := string(rune('0' + n%10))
	if n >= 10 {
		text = string(rune('0'+n/10)) + text
	}
	return text + string(unit)
}

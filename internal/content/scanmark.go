package content

import (
	"strings"
	"unicode/utf8"
)

// scanMarks finds marks that a text is secret or not for publication. The words
// alone are no mark: laws and news speak of 国家秘密 and of what is 依法不予公开.
// A mark stands by itself, in brackets, on its own line, after a colon, or says
// 此件.
func scanMarks(text string) []span {
	var out []span
	each(text, "★", func(i int) { // 机密★1年
		if start, ok := levelBefore(text, i); ok {
			out = append(out, span{KindSecrecy, start, termAfter(text, i+len("★"))})
		}
	})
	each(text, "此件不公开", func(i int) {
		out = append(out, span{KindSecrecy, i, i + len("此件不公开")})
	})
	each(text, "不予公开", func(i int) {
		end := i + len("不予公开")
		left := text[:i]
		for _, w := range [...]string{"此件", "本件", "该件", "此文", "本文", "此文件", "本文件", "该文件", "本材料", "此材料", "本信息", "此信息"} {
			if strings.HasSuffix(left, w) {
				out = append(out, span{KindSecrecy, i - len(w), end})
				return
			}
		}
		if standsLeft(left) && standsRight(text[end:]) {
			out = append(out, span{KindSecrecy, i, end})
		}
	})
	each(text, "内部资料", func(i int) {
		end := i + len("内部资料")
		if last, _ := utf8.DecodeLastRuneInString(text[:i]); strings.ContainsRune("和与及或、", last) {
			return // 内部刊物和内部资料, in a list of things
		}
		if n := warningAfter(text[end:]); n > 0 {
			out = append(out, span{KindSecrecy, i, end + n})
		} else if standsRight(text[end:]) {
			out = append(out, span{KindSecrecy, i, end})
		}
	})
	each(text, "内部文件", func(i int) {
		end := i + len("内部文件")
		if n := warningAfter(text[end:]); n > 0 {
			out = append(out, span{KindSecrecy, i, end + n})
		} else if standsLeft(text[:i]) && standsRight(text[end:]) {
			out = append(out, span{KindSecrecy, i, end})
		}
	})
	return out
}

// each calls fn with every place of word in text.
func each(text, word string, fn func(at int)) {
	for at := 0; ; {
		i := strings.Index(text[at:], word)
		if i < 0 {
			return
		}
		fn(at + i)
		at += i + len(word)
	}
}

const (
	openers = "（(【[〔「『《<“\"‘'：:;；。！!？?|"
	closers = "）)】]〕」』》>”\"’'，,。；;、：:！!？?|★"
	spaces  = " \t\r\n　\u00a0"
)

// standsLeft reports whether what follows left begins by itself: at the start
// of the text, after white space, an opening bracket, a colon or a full stop. A
// comma does not count, a sentence goes on there.
func standsLeft(left string) bool {
	last, n := utf8.DecodeLastRuneInString(left)
	return n == 0 || strings.ContainsRune(spaces+openers, last)
}

// standsRight reports whether what is before right ends there.
func standsRight(right string) bool {
	first, n := utf8.DecodeRuneInString(right)
	return n == 0 || strings.ContainsRune(spaces+closers, first)
}

// warningAfter returns the length of a warning such as 注意保存 that right begins
// with, punctuation before it included, or 0.
func warningAfter(right string) int {
	rest := strings.TrimLeft(right, spaces+closers+"·—-（(")
	skipped := len(right) - len(rest)
	if skipped > 24 {
		return 0
	}
	for _, w := range [...]string{"注意保存", "注意保密", "妥善保管", "妥善保存", "不得外传", "不得公开", "严禁外传", "严禁外泄", "请勿外传", "禁止外传", "切勿外传", "仅供内部"} {
		if strings.HasPrefix(rest, w) {
			return skipped + len(w)
		}
	}
	return 0
}

// levelBefore finds 绝密, 机密 or 秘密, blanks inside allowed, that ends at i.
func levelBefore(text string, i int) (start int, ok bool) {
	left := strings.TrimRight(text[:i], spaces)
	if left, ok = strings.CutSuffix(left, "密"); !ok {
		return 0, false
	}
	left = strings.TrimRight(left, spaces)
	for _, w := range [...]string{"绝", "机", "秘"} {
		if strings.HasSuffix(left, w) {
			return len(left) - len(w), true
		}
	}
	return 0, false
}

// termAfter returns where the term after a star ends: 1年, 6个月, 长期.
func termAfter(text string, i int) int {
	rest := strings.TrimLeft(text[i:], " 　")
	at := len(text) - len(rest)
	for _, w := range [...]string{"长期", "启用前"} {
		if strings.HasPrefix(rest, w) {
			return at + len(w)
		}
	}
	number := strings.TrimLeft(rest, "0123456789０１２３４５６７８９一二三四五六七八九十")
	if n := len(rest) - len(number); n == 0 || n > 12 {
		return i
	}
	for _, unit := range [...]string{"年", "个月", "月", "天", "日"} {
		if strings.HasPrefix(number, unit) {
			return len(text) - len(number) + len(unit)
		}
	}
	return i
}

package content

import (
	"strings"
	"unicode/utf8"
)

// markAt looks for a mark whose tell-tale character, ★, 公 or 内, is at byte i.
//
// The words alone are no mark: laws and news speak of 国家秘密 and of what is
// 依法不予公开. A mark stands by itself, in brackets, on its own line, after a
// colon, or says 此件.
func markAt(text string, i int) (span, bool) {
	switch at := text[i:]; {
	case strings.HasPrefix(at, "★"):
		start, ok := levelBefore(text, i)
		return span{KindSecrecy, start, termAfter(text, i+len("★"))}, ok
	case strings.HasPrefix(at, "公开"):
		return withheld(text, i, i+len("公开"))
	case strings.HasPrefix(at, "内部资料"):
		return internal(text, i, i+len("内部资料"), false)
	case strings.HasPrefix(at, "内部文件"):
		return internal(text, i, i+len("内部文件"), true)
	}
	return span{}, false
}

// thisText are the ways in which a text speaks of itself.
var thisText = strings.Fields("此件 本件 该件 此文 本文 此文件 本文件 该文件 本材料 此材料 本信息 此信息")

// withheld finds 此件不公开 and 不予公开; 公开 is at i.
func withheld(text string, i, end int) (span, bool) {
	if left, ok := strings.CutSuffix(text[:i], "此件不"); ok {
		return span{KindSecrecy, len(left), end}, true
	}
	left, ok := strings.CutSuffix(text[:i], "不予")
	if !ok {
		return span{}, false
	}
	for _, w := range thisText {
		if strings.HasSuffix(left, w) {
			return span{KindSecrecy, len(left) - len(w), end}, true
		}
	}
	return span{KindSecrecy, len(left), end}, standsLeft(left) && standsRight(text[end:])
}

// internal finds 内部资料 and 内部文件, alone or with a warning behind them. The
// second is such a common word that it must begin by itself.
func internal(text string, i, end int, strict bool) (span, bool) {
	left, right := text[:i], text[end:]
	if last, _ := utf8.DecodeLastRuneInString(left); strings.ContainsRune("和与及或、", last) {
		return span{}, false // 内部刊物和内部资料, in a list of things
	}
	if n := warningAfter(right); n > 0 {
		return span{KindSecrecy, i, end + n}, true
	}
	return span{KindSecrecy, i, end}, standsRight(right) && (!strict || standsLeft(left))
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

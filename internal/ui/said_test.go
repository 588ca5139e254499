package ui

import "testing"

func TestFinishedSentencesAreSaidInEnglish(t *testing.T) {
	en := newEnglish(map[string]string{
		"附件“%s”已损坏，请重新添加。":   "The file “%s” is damaged. Add it again.",
		"%s有 %d 个字，最多 %d 个字": "%s has %d character; at most %d | %s has %d characters; at most %d",
		"附件 %d 个，最多 %d 个":    "%d files; at most %d",
		"%s不能为空":             "%s is missing",
		"县级平台没有接受本机的请求：%s":   "The county did not take the request: %s",
		"%s后":              "in %s",
		"%s 至 %s 共检查 %d 次": "%[3]d looks from %[1]s to %[2]s",
		"不认识的种类 %q，请升级":    "unknown kind %q; upgrade",
		"标题":               "Title",
		"请选择栏目":            "Choose a column",
		"文件第 %d 行：%s。请改正。": "Line %d: %s. Correct it.",
		"没有这个单位。":          "There is no such unit.",
		"里面有%s。":           "It holds: %s.",
		"手机号":              "mobile number",
	})
	tests := []struct{ name, text, want string }{
		{"one part", "附件“名单 1.doc”已损坏，请重新添加。", "The file “名单 1.doc” is damaged. Add it again."},
		{"a part with words of its own", "标题有 201 个字，最多 200 个字", "Title has 201 characters; at most 200"},
		{"a sentence within a sentence", "县级平台没有接受本机的请求：附件 31 个，最多 30 个", "The county did not take the request: 31 files; at most 30"},
		{"a full stop more", "标题不能为空。", "Title is missing."},
		{"a full stop more, whole", "请选择栏目。", "Choose a column."},
		{"a full stop less", "文件第 3 行：没有这个单位。请改正。", "Line 3: There is no such unit. Correct it."},
		{"a list of words", "里面有手机号、标题。", "It holds: mobile number, Title."},
		{"a list not all of whose words are known", "里面有手机号、家谱。", "It holds: 手机号、家谱."},
		{"a key that is nearly only a part takes nothing", "请在会议结束后", "请在会议结束后"},
		{"a number too large to be one", "附件 99999999999999999999 个，最多 30 个", "附件 99999999999999999999 个，最多 30 个"},
		{"percent signs stay what they are", "附件“100%s.doc”已损坏，请重新添加。", "The file “100%s.doc” is damaged. Add it again."},
		{"a quoted part", `不认识的种类 "a\x00\"b"，请升级`, `unknown kind "a\x00\"b"; upgrade`},
		{"times", "11月3日 08:05 至 12月13日 14:00 共检查 3 次", "3 looks from 3 Nov 08:05 to 13 Dec 14:00"},
		{"nothing known", "会议开得很好。", "会议开得很好。"},
		{"nothing", "", ""},
	}
	for _, tt := range tests {
		if got := T(en, tt.text); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
		if got := T(Lang{}, tt.text); got != tt.text {
			t.Errorf("%s: Chinese changed to %q", tt.name, got)
		}
	}
}

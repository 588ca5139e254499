package oneline

import "testing"

func TestOneLine(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{Of("  一\n 二\t三 "), "一 二 三"},
		{Clip("短", 5), "短"},
		{Clip("一二三四五六", 3), "一二三"},
		{Clip("a\x00b\n\xffc", 9), "ab\uFFFDc"},
		{First("", " \n", "甲", "乙"), "甲"},
		{First(" "), ""},
	} {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
	if set := Words("a  b\na"); len(set) != 2 || !set["b"] {
		t.Errorf("%v", set)
	}
}

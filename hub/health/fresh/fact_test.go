package fresh

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
)

// A fact is kept whole, says in Chinese what its sentence says, and hands its words
// to who translates, but nothing that stands on the page.
func TestFacts(t *testing.T) {
	var r Reading
	r.say("最近更新 %s：《%s》，读自%s“%s”。", Day("2026-11-03"), "列表", Word("列表"), "11-03")
	r.say("首页有 %d 条信息。", 12)
	r.told("栏目页面已经不在：404")
	text, err := json.Marshal(r.Facts)
	if err != nil {
		t.Fatal(err)
	}
	var back []Fact
	if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(back, r.Facts) {
		t.Errorf("%+v came back as %+v, %v", r.Facts, back, err)
	}
	english := map[string]string{"最近更新 %s：《%s》，读自%s“%s”。": "%s: %s from %s (%s)", "列表": "the list", "首页有 %d 条信息。": "%d items"}
	for i, want := range []string{"2026-11-03: 列表 from the list (11-03)", "12 items", "栏目页面已经不在：404"} {
		got := back[i].Line(func(key string, args ...any) string {
			if told := english[key]; told != "" {
				key = told
			}
			if len(args) == 0 {
				return key
			}
			return fmt.Sprintf(key, args...)
		})
		if got != want {
			t.Errorf("line %d: %q, want %q", i, got, want)
		}
		if chinese := back[i].Line(func(key string, args ...any) string {
			if len(args) == 0 {
				return key
			}
			return fmt.Sprintf(key, args...)
		}); chinese != r.Evidence[i] {
			t.Errorf("line %d: %q, and %q in evidence", i, chinese, r.Evidence[i])
		}
	}
}

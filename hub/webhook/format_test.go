package webhook

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"zhanqun/hub/health"
	"zhanqun/hub/health/rules"
	"zhanqun/hub/health/verdict"
	"zhanqun/internal/chinatime"
	"zhanqun/protocol"
)

var update = flag.Bool("update", false, "write testdata anew")

var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, chinatime.Zone)

func finding(id, class, state string) health.Finding {
	return health.Finding{ID: id, Unit: "520624101", UnitName: "塘头镇", URL: "http://tangtou.example.gov.cn/" + id, Class: class, State: state, DueAt: noon.AddDate(0, 0, 14)}
}

func changes() []Change {
	return []Change{
		{Kind: "open", At: noon, Finding: finding("f1", "死链", "open")},
		{Kind: "overdue", At: noon, Finding: finding("f2", "死链", "open")},
		{Kind: "open", At: noon, Finding: finding("f3", "外链变异", "open")},
		{Kind: "open", At: noon, Finding: finding("f4", "死链", "closed")},
		{Kind: "closed", At: noon, Finding: finding("f4", "死链", "closed")}, // found and gone between two messages: it is told how it ended
		{Kind: "reminded", At: noon, Finding: finding("f5", "死链", "open")},
		{Kind: "fixing", At: noon, Finding: finding("f1", "死链", "fixing")},
	}
}

func service() *Service {
	return New(Options{Now: func() time.Time { return noon }, Base: func() string { return "https://hub.example.gov.cn" }})
}

// The bodies and headers of each form, to the letter.
func TestForms(t *testing.T) {
	m := service().digest("思南县", Now, changes())
	for _, h := range []Hook{
		{Kind: JSON, URL: "https://oa.example.gov.cn/hook?x=1", Secret: "0123456789abcdef"},
		{Kind: DingTalk, URL: "https://oapi.dingtalk.com/robot/send?access_token=t", Secret: "SECabc"},
		{Kind: WeCom, URL: "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k"},
		{Kind: Feishu, URL: "https://open.feishu.cn/open-apis/bot/v2/hook/h", Secret: "abc"},
	} {
		t.Run(string(h.Kind), func(t *testing.T) {
			r, err := form(h, "0193a5f0-0000-7000-8000-00000000000f", *m, noon)
			if err != nil {
				t.Fatal(err)
			}
			var body any
			if err := json.Unmarshal(r.body, &body); err != nil {
				t.Fatal(err)
			}
			got, err := json.MarshalIndent(map[string]any{"url": r.url, "headers": r.headers, "body": body}, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", string(h.Kind)+".json")
			if *update {
				if err := os.WriteFile(path, append(got, '\n'), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.TrimSpace(string(want)), string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Each topic has the changes that belong to it, each finding once.
func TestDigests(t *testing.T) {
	for _, tt := range []struct {
		topic Topic
		title string
		items int
	}{
		{Now, "预警：新发现 2 条，销号 1 条", 3}, {Urging, "整改督办：逾期 1 条", 1}, {Veto, "单项否决风险：新发现 1 条", 1},
	} {
		m := service().digest("", tt.topic, changes())
		if m == nil || m.Title != tt.title || len(m.Items) != tt.items || len(m.Lines) != tt.items {
			t.Errorf("%s: %+v", tt.topic, m)
		}
	}
	if m := service().digest("", Urging, changes()[:1]); m != nil {
		t.Errorf("of nothing: %+v", m)
	}
}

// A veto that came near is told with its distance, whose share it is and when it
// falls.
func TestVetoes(t *testing.T) {
	near := verdict.Alarm{ID: "a", State: rules.Near, SiteName: "思南县人民政府网", Title: "栏目不更新", Kind: rules.KindStale, Official: true, Count: 3, Limit: 5,
		Says: "3 个栏目不更新，达到 5 个即单项否决。", Owners: []rules.Owner{{UnitName: "塘头镇", Count: 2}, {Unit: "u9", Count: 1}}, Falls: noon.AddDate(0, 0, 3)}
	fallen, over := near, near
	fallen.State, fallen.Count, fallen.Official, fallen.Falls = rules.Fallen, 5, false, time.Time{}
	over.State, over.Count, over.Says = rules.Clear, 1, "1 个栏目不更新，达到 5 个即单项否决。"
	m := service().vetoes("思南县", []Change{{Veto: &near}, {Kind: "open"}, {Veto: &over}, {Veto: &fallen}})
	if m == nil || m.Title != "思南县 · 检查指标：触发单项否决 1 项，接近单项否决 1 项，解除 1 项" || m.Total != 3 || len(m.Vetoes) != 3 || m.Topic != Veto {
		t.Fatalf("%+v", m)
	}
	for i, want := range []string{
		"[触发单项否决] 思南县人民政府网 栏目不更新（县内参考值）：3 个栏目不更新，达到 5 个即单项否决；塘头镇占 2 个、u9占 1 个",
		"[接近单项否决] 思南县人民政府网 栏目不更新：3 个栏目不更新，达到 5 个即单项否决；还差 2 个栏目；塘头镇占 2 个、u9占 1 个；照此下去 " + near.Falls.In(chinatime.Zone).Format("1月2日") + "触发",
		"[解除] 思南县人民政府网 栏目不更新：1 个栏目不更新，达到 5 个即单项否决",
	} {
		if m.Lines[i] != want {
			t.Errorf("line %d: %s\nwant %s", i, m.Lines[i], want)
		}
	}
	if service().vetoes("", changes()) != nil {
		t.Error("of nothing")
	}
}

// A long list does not outgrow what a robot takes, and nothing from outside is
// markup.
func TestBoundedAndPlain(t *testing.T) {
	var many []Change
	for i := range 300 {
		f := finding(strings.Repeat("长", 200), "死链", protocol.FindingOpen)
		f.ID, f.UnitName = string(rune('a'+i%26))+strings.Repeat("x", i), "<@all>[点这里](http://evil.example/)"
		many = append(many, Change{Kind: "open", At: noon, Finding: f})
	}
	m := service().digest("", Now, many)
	if m.Total != 300 || len(m.Items) != mostItems {
		t.Fatalf("%d items of %d", len(m.Items), m.Total)
	}
	text := markdown(*m, maxWeCom)
	if len(text) > maxWeCom || !utf8.ValidString(text) || !strings.HasSuffix(text, "(https://hub.example.gov.cn/findings)") {
		t.Errorf("%d bytes: %s", len(text), text)
	}
	if strings.Contains(text, "<@all>") || strings.Contains(text, "](http://evil") {
		t.Errorf("markup from outside: %s", text)
	}
}

func TestAnswers(t *testing.T) {
	for _, tt := range []struct {
		kind   Kind
		status int
		body   string
		want   string // in the reason; "" when it was taken
	}{
		{JSON, 204, "", ""}, {JSON, 500, "", "500"}, {JSON, 302, "", "转到"},
		{DingTalk, 200, `{"errcode":0,"errmsg":"ok"}`, ""}, {DingTalk, 200, `{"errcode":310000,"errmsg":"sign not match"}`, "310000"},
		{WeCom, 200, `{"errcode":93000,"errmsg":"invalid webhook url"}`, "93000"}, {WeCom, 200, `<html>`, "看不懂"},
		{Feishu, 200, `{"code":0,"msg":"success"}`, ""}, {Feishu, 200, `{"StatusCode":0}`, ""}, {Feishu, 200, `{"code":19021,"msg":"sign match fail"}`, "19021"},
	} {
		err := taken(tt.kind, tt.status, []byte(tt.body))
		if (err != nil) != (tt.want != "") || err != nil && !strings.Contains(reason(err), tt.want) {
			t.Errorf("%s %d %s: %v", tt.kind, tt.status, tt.body, err)
		}
	}
}

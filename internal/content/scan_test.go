package content_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"zhanqun/internal/content"
)

// vector is one line of a file of texts and what is to be found in them.
type vector struct {
	ID     string
	Text   string
	Expect []expectation
}

type expectation struct {
	Kind       content.Kind
	Start, End int
	Value      string
}

func runVectors(t *testing.T, path string, atLeast int) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	n := 0
	for in := bufio.NewScanner(f); in.Scan(); n++ {
		var v vector
		if err := json.Unmarshal(in.Bytes(), &v); err != nil {
			t.Fatalf("line %d: %v", n+1, err)
		}
		got := []expectation{}
		for _, h := range content.Scan(v.Text) {
			got = append(got, expectation{h.Kind, h.Start, h.End, h.Value})
		}
		if diff := cmp.Diff(v.Expect, got); diff != "" {
			t.Errorf("%s: %s\n%s", v.ID, v.Text, diff)
		}
	}
	if n < atLeast {
		t.Errorf("%d vectors, want at least %d", n, atLeast)
	}
}

func TestScanVectors(t *testing.T) {
	runVectors(t, filepath.Join("testdata", "scan.jsonl"), 60)
}

// ZHANQUN_DATA names a folder of larger test data; the test is whole without it.
func TestScanSharedVectors(t *testing.T) {
	if dir := os.Getenv("ZHANQUN_DATA"); dir != "" {
		runVectors(t, filepath.Join(dir, "pii_vectors.jsonl"), 200)
	}
}

// Nothing that readers meet hides from the scan, however it is marked up.
func TestScanHTML(t *testing.T) {
	for _, tt := range []struct {
		name, html string
		want       []content.Kind
	}{
		{"plain", `<p>电话13812345678</p>`, []content.Kind{content.KindPhone}},
		{"in an image's description", `<p><img src="att:` + shaA + `" alt="机密★1年"/></p>`, []content.Kind{content.KindSecrecy}},
		{"where a tokenizer sees a style sheet and a browser text", `<svg><style><p>13812345678`, []content.Kind{content.KindPhone}},
		{"in what looks like a tag", `<p>&lt;a 13812345678&gt;</p>`, []content.Kind{content.KindPhone}},
		{"over two elements", `<p>机<b>密</b>★</p>`, []content.Kind{content.KindSecrecy}},
		{"nested too deep to be shown", strings.Repeat("<div>", 600) + "机密★1年", []content.Kind{content.KindSecrecy}},
		{"nothing", `<p><a href="https://x.cn/?id=13812345678">链接</a></p>`, nil},
	} {
		seen := map[content.Kind]bool{}
		for _, h := range content.ScanHTML(tt.html) {
			seen[h.Kind] = true
		}
		if len(seen) != len(tt.want) || len(tt.want) > 0 && !seen[tt.want[0]] {
			t.Errorf("%s: found %v, want %v", tt.name, seen, tt.want)
		}
	}
}

func TestMask(t *testing.T) {
	for _, tt := range []struct {
		kind        content.Kind
		value, want string
	}{
		{content.KindID, "51182419890311999X", "51*************99X"},
		{content.KindID, "１５０７２３１９５３０４２８９９２２", "１５*************９２２"},
		{content.KindPhone, "13800001234", "138****1234"},
		{content.KindPhone, "181 0004 3629", "181 **** 3629"},
		{content.KindPhone, "130-0009-5015", "130-****-5015"},
		{content.KindCard, "6217 7900 0093 7747 598", "6217 79** **** ***7 598"},
		{content.KindSecrecy, "机密★1年", "机密★1年"},
	} {
		if got := content.Mask(tt.kind, tt.value); got != tt.want {
			t.Errorf("Mask(%s, %q) = %q, want %q", tt.kind, tt.value, got, tt.want)
		}
	}
}

func TestKinds(t *testing.T) {
	for _, k := range []content.Kind{content.KindID, content.KindPhone, content.KindCard, content.KindSecrecy} {
		if k.Name() == string(k) || k.Blocks() != (k == content.KindSecrecy) {
			t.Errorf("kind %q: %q, %v", k, k.Name(), k.Blocks())
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add("一卡通账号：6217 7900 0093 7747 598，手机+86 181-0004-3629，机密★1年")
	f.Add("证件号码:１５０７２３１９５３０４２８９９２２ 内部资料 注意保存 http://x.cn/13800001111")
	f.Add(strings.Repeat("1 ", 40) + "\xff138\u200b0000\u200b1111")
	f.Fuzz(func(t *testing.T, text string) {
		runes := []rune(text)
		last := 0
		for _, h := range content.Scan(text) {
			if h.Start < last || h.End <= h.Start || h.End > len(runes) {
				t.Fatalf("hit %+v after %d of %d characters", h, last, len(runes))
			}
			if utf8.ValidString(text) && string(runes[h.Start:h.End]) != h.Value {
				t.Fatalf("hit %+v, but the text there is %q", h, string(runes[h.Start:h.End]))
			}
			if h.Kind != content.KindSecrecy && h.Masked == h.Value {
				t.Fatalf("hit %+v is not masked", h)
			}
			last = h.End
		}
	})
}

// prose is 4 KiB of Chinese with dates and figures and nothing to find.
var prose = strings.Repeat("2026年3月12日，塘头镇召开春耕备耕工作会议，全镇28个村完成整地1.2万亩，发放补贴356.8万元，办公室电话0856-7222197。"+
	"会议强调，要依法保守国家秘密，对依法不予公开的信息严格管理。", 18)

func BenchmarkScan(b *testing.B) {
	for name, text := range map[string]string{
		"nothing": prose,
		"list":    strings.Repeat("姓名\t身份证号\t电话\n韩再文\t62010319561113997X\t18700058025\n", 50),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if n := len(content.Scan(text)); (n > 0) != (name == "list") {
					b.Fatalf("%d hits", n)
				}
			}
		})
	}
}

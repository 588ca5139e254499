package protocol_test

import (
	"encoding/base64"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhanqun/protocol"
)

var update = flag.Bool("update", false, "write testdata/vectors anew; changing one changes the wire")

// vector is one frame a stranger's client can be held against: what it is, the
// keys, the bytes, and what a reader must say of each entry.
type vector struct {
	Name      string             `json:"name"`
	Direction protocol.Direction `json:"direction"`
	Node      string             `json:"node"`
	Seed      string             `json:"seed"` // of the key that signed; Ed25519 gives the same signature everywhere
	PublicKey string             `json:"publicKey"`
	Frame     string             `json:"frame"`           // text; every frame of valid entries is UTF-8
	Fault     protocol.Code      `json:"fault,omitempty"` // the whole frame is refused
	Entries   []vectorEntry      `json:"entries,omitempty"`
}

type vectorEntry struct {
	Seq         uint64          `json:"seq"`
	Kind        protocol.Kind   `json:"kind"`
	SigningText string          `json:"signingText"`
	Codes       []protocol.Code `json:"codes,omitempty"` // none: a good entry
	Fields      []string        `json:"fields,omitempty"`
}

// judge reads v's frame as a reader must and returns v with what it found.
func judge(t testing.TB, v vector) vector {
	t.Helper()
	key, err := protocol.ParsePublic(v.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	v.Fault, v.Entries = "", nil
	entries, fault := protocol.DecodeFrame([]byte(v.Frame))
	if fault != nil {
		v.Fault = fault.Code
		return v
	}
	for _, e := range entries {
		found := vectorEntry{Seq: e.Seq, Kind: e.Kind, SigningText: string(e.SigningText(v.Direction))}
		if fault := e.Check(v.Direction, v.Node, key); fault != nil {
			found.Codes = []protocol.Code{fault.Code}
		} else if _, faults := protocol.ReadBody(v.Direction, e); len(faults) > 0 {
			for _, f := range faults {
				found.Codes = append(found.Codes, f.Code)
				found.Fields = append(found.Fields, f.Field)
			}
		}
		v.Entries = append(v.Entries, found)
	}
	return v
}

func TestVectors(t *testing.T) {
	if *update {
		writeVectors(t)
	}
	files, err := filepath.Glob("testdata/vectors/*.json")
	if err != nil || len(files) < 6 {
		t.Fatalf("%d vectors (%v)", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var want vector
			if err := json.Unmarshal(data, &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, judge(t, want)); diff != "" {
				t.Errorf("the wire has changed (-vector +now):\n%s", diff)
			}
		})
	}
}

func writeVectors(t *testing.T) {
	t.Helper()
	at := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	up := func(seq uint64, kind protocol.Kind, body string) protocol.Entry {
		return protocol.New(protocol.Up, node, epoch, seq, kind, []byte(body), nodeKey)
	}
	down := func(seq uint64, kind protocol.Kind, m protocol.Message) protocol.Entry {
		return protocol.New(protocol.Down, node, epoch, seq, kind, body(t, m), hubKey)
	}
	frame := func(entries ...protocol.Entry) string {
		var f protocol.Frame
		for _, e := range entries {
			if !f.Add(e, protocol.MaxFrameBytes) {
				t.Fatal("vector does not fit")
			}
		}
		return string(f.Bytes())
	}
	const other = "0190d3a0-7c4e-7a51-9f6b-2d1e8c4b5a61"
	submit := string(body(t, goodSubmit()))
	forged := up(3, protocol.KindSubmit, submit)
	forged.Body = []byte(strings.Replace(submit, "春耕", "秋收", 1))
	moved := up(4, protocol.KindSubmit, submit)
	moved.Seq = 5
	nextHubKey, err := protocol.ParseKey([]byte("SNAIJTTCEJRCDC24ISQQKV4NPX4OIYZZNDEXFLGXAVCYAYKOOLCHAPTBQA"))
	if err != nil {
		t.Fatal(err)
	}
	vectors := []vector{
		{Name: "down_vetoes", Direction: protocol.Down, Frame: frame(
			down(11, protocol.KindVetoes, &protocol.Vetoes{At: at, Vetoes: []protocol.Veto{{Site: "思南县人民政府", Title: "栏目不更新", English: "Columns are not updated",
				State: protocol.VetoNear, Says: "2 个栏目不更新，达到 5 个即单项否决。", Count: 2, Limit: 5, Own: 1, Names: []string{"通知公告"}, Falls: at.AddDate(0, 0, 9), Official: true}}}),
			down(12, protocol.KindVetoes, &protocol.Vetoes{At: at, Vetoes: []protocol.Veto{}}),
			protocol.New(protocol.Down, node, epoch, 13, protocol.KindVetoes, []byte(`{"vetoes":[{"site":"x","state":"so so"}],"at":"2026-03-02T08:00:00Z"}`), hubKey))},
		{Name: "up", Frame: frame(
			up(1, protocol.KindSubmit, submit),
			up(2, protocol.KindWithdraw, string(body(t, &protocol.Withdraw{Item: item, Revision: 1, Reason: "数字有误", By: "张秀英", At: at}))),
			up(3, protocol.KindAnswer, string(body(t, &protocol.Answer{Finding: item, Answer: protocol.AnswerFixed, Note: "已更换链接", By: "张秀英", At: at}))))},
		{Name: "up_refused", Frame: frame(
			up(1, "item.sing", `{}`),
			up(2, protocol.KindSubmit, `{"item":"x","revision":0,"title":"两\n行"}`),
			forged, moved,
			up(6, protocol.KindAnswer, `not json`))},
		{Name: "up_unknown_field", Frame: frame(up(1, protocol.KindSubmit, strings.Replace(submit, "{", `{"later":[1],`, 1)))},
		{Name: "empty", Frame: frame()},
		{Name: "cut", Frame: strings.TrimSuffix(frame(up(1, protocol.KindSubmit, submit)), "}\n")},
		{Name: "not_a_frame", Frame: `{"stream":"ZQ_UP","seq":12}`},
		{Name: "down", Direction: protocol.Down, Frame: frame(
			down(1, protocol.KindSettings, &protocol.Settings{Unit: protocol.Unit{Code: "520624101", Name: "塘头镇"},
				Villages: []protocol.Unit{{Code: "520624101200", Name: "尧上村"}}, County: "思南县",
				Columns: []protocol.Column{{Slug: "township", Name: "乡镇传真", Steps: []string{"初审"}}},
				Limits:  &protocol.Limits{Attachments: 9, AttachmentBytes: 20 << 20, ItemBytes: 50 << 20}}),
			down(2, protocol.KindReceipt, &protocol.Receipt{Epoch: epoch, Through: 3, Hash: protocol.HashOf([]byte(submit))}),
			down(3, protocol.KindRefusal, &protocol.Refusal{Epoch: epoch, Seq: 2, Kind: protocol.KindSubmit, Code: protocol.CodeField, Field: "title", Message: "标题里不能有换行和控制字符"}),
			down(4, protocol.KindStatus, &protocol.Status{Item: item, Revision: 1, State: protocol.StateReturned, Step: 1, Steps: 1, StepName: "初审",
				Reason: "element", Fields: []string{"body"}, Comment: "请写明面积和户数", At: at, Memo: []byte("sealed")}),
			down(5, protocol.KindFinding, &protocol.Finding{ID: item, State: protocol.FindingOpen, Class: "死链", Target: "http://example.gov.cn/a.html",
				Places: []protocol.Place{{Page: "http://example.gov.cn/", Element: "a", Label: "办事指南"}}, Total: 1, Status: 404, Reason: "两次访问都返回 404", Looks: 2, FirstBad: at, LastBad: at, At: at}),
			down(6, protocol.KindNotice, &protocol.Notice{ID: item, Title: "关于清明期间信息报送的通知", Text: "请照常报送。", At: at}),
			down(7, protocol.KindRefusal, &protocol.Refusal{Epoch: epoch, Seq: 4, Kind: protocol.KindSubmit, Item: item, Revision: 1, Code: protocol.CodeRevision, Field: "revision", Message: "第 1 稿接不上县里已有的第 2 稿", Have: 2}))},
		{Name: "down_findings", Direction: protocol.Down, Frame: frame(
			down(9, protocol.KindFindings, &protocol.Findings{At: at, Findings: []protocol.Finding{
				{ID: item, State: protocol.FindingOpen, Class: "死链", Target: "http://example.gov.cn/a.html",
					Places: []protocol.Place{{Page: "http://example.gov.cn/", Element: "a", Label: "办事指南"}}, Total: 1, Status: 404, Reason: "两次访问都返回 404", Looks: 2,
					FirstBad: at, LastBad: at, Due: at.AddDate(0, 0, 14), Stage: protocol.StageReminded, At: at},
				{ID: other, State: protocol.FindingClosed, Class: "死链", Target: "http://example.gov.cn/b.html", Places: []protocol.Place{}, Status: 404,
					Reason: "两次访问都返回 404", Looks: 2, FirstBad: at, LastBad: at, Ending: protocol.EndingRemoved, At: at}}}),
			protocol.New(protocol.Down, node, epoch, 10, protocol.KindFindings, []byte(`{"findings":[{"id":"x","state":"open"}],"at":"2026-03-02T08:00:00Z"}`), hubKey))},
		{Name: "up_looked", Frame: frame(
			up(4, protocol.KindLooked, string(body(t, &protocol.Looked{Look: item, Status: 200, Final: "https://example.gov.cn/a/", Millis: 812, Bytes: 5120, SHA256: protocol.HashOf([]byte("x")), At: at}))),
			up(5, protocol.KindLooked, string(body(t, &protocol.Looked{Look: item, Error: protocol.ErrorTimeout, Millis: 15000, At: at}))),
			up(6, protocol.KindLooked, `{"look":"x","millis":-1}`))},
		{Name: "down_look", Direction: protocol.Down, Frame: frame(
			down(11, protocol.KindLook, &protocol.Look{ID: item, URL: "http://example.gov.cn/a", Until: at.AddDate(0, 0, 1), At: at}),
			protocol.New(protocol.Down, node, epoch, 12, protocol.KindLook, []byte(`{"id":"`+item+`","url":"file:///etc/passwd"}`), hubKey))},
		{Name: "down_hubkey", Direction: protocol.Down, Frame: frame(
			down(13, protocol.KindHubKey, protocol.NewHubKeyMessage(hubKey.Public(), nextHubKey, at)),
			protocol.New(protocol.Down, node, epoch, 14, protocol.KindReceipt, body(t, &protocol.Receipt{Epoch: epoch, Through: 4}), nextHubKey),
			protocol.New(protocol.Down, node, epoch, 15, protocol.KindHubKey, []byte(strings.Replace(string(body(t, protocol.NewHubKeyMessage(hubKey.Public(), nextHubKey, at))), `"proof":"`, `"proof":"AAAA`, 1)), hubKey))},
		{Name: "down_rotate", Direction: protocol.Down, Frame: frame(down(8, protocol.KindRotate, &protocol.Rotate{At: at}))},
	}
	for _, v := range vectors {
		if v.Direction == "" {
			v.Direction = protocol.Up
		}
		key := nodeKey
		if v.Direction == protocol.Down {
			key = hubKey
		}
		v.Node, v.PublicKey, v.Seed = node, key.Public(), string(key.Seed())
		writeJSON(t, filepath.Join("testdata/vectors", v.Name+".json"), judge(t, v))
	}
}

// signed is a text that is signed outside the logs.
type signed struct {
	Name      string `json:"name"`
	Seed      string `json:"seed"`
	Text      string `json:"text"`
	Signature string `json:"signature"` // standard base64, as in the header Zq-Sig
}

// TestSignedTexts pins what is signed outside the logs: the texts are spelt out,
// the signatures are in testdata/signed.json.
func TestSignedTexts(t *testing.T) {
	const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	file := strings.Repeat("ab", 32)
	var list []signed
	for _, v := range []struct {
		name  string
		key   protocol.Key
		text  []byte
		spelt string
	}{
		{"request", nodeKey, protocol.RequestText("zq.ask.n7k2.hello", "_INBOX_n7k2.a", nil), "zhanqun-ask-1\nzq.ask.n7k2.hello\n_INBOX_n7k2.a\n" + empty},
		{"beat", nodeKey, protocol.RequestText("zq.beat.n7k2", "", nil), "zhanqun-ask-1\nzq.beat.n7k2\n\n" + empty},
		{"chunk", nodeKey, protocol.ChunkText("zq.ask.n7k2.chunk", "_INBOX_n7k2.b", file, 65536, nil),
			"zhanqun-ask-1\nzq.ask.n7k2.chunk\n_INBOX_n7k2.b\n" + empty + "\n" + file + "\n65536"},
		{"answer", hubKey, protocol.AnswerText("c2ln", "", nil), "zhanqun-answer-1\nc2ln\n\n" + empty},
		{"refusing answer", hubKey, protocol.AnswerText("c2ln", "busy", nil), "zhanqun-answer-1\nc2ln\nbusy\n" + empty},
		{"rekey", nodeKey, protocol.RekeyText("n7k2", hubKey.Public(), nodeKey.Public()), "zhanqun-rekey-1\nn7k2\n" + hubKey.Public() + "\n" + nodeKey.Public()},
		{"enrol", nodeKey, protocol.EnrolText("zqi_secret", nodeKey.Public()), "zhanqun-enrol-1\nzqi_secret\n" + nodeKey.Public()},
	} {
		if string(v.text) != v.spelt {
			t.Errorf("%s text is %q, want %q", v.name, v.text, v.spelt)
		}
		list = append(list, signed{v.name, string(v.key.Seed()), v.spelt, base64.StdEncoding.EncodeToString(v.key.Sign(v.text))})
	}
	const path = "testdata/signed.json"
	if *update {
		writeJSON(t, path, list)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var want []signed
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Errorf("the wire has changed (-file +now):\n%s", diff)
	}
}

func writeJSON(t *testing.T, path string, v any) {
	t.Helper()
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(data, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
}

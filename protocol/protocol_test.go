package protocol_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhanqun/protocol"
)

const (
	item  = "0190d3a0-7c4e-7a51-9f6b-2d1e8c4b5a60"
	epoch = "6a0f6a52-92a6-4d0c-9a55-0a8d64d2f5d1"
	node  = "n7k2"
)

// nodeKey and hubKey are fixed so that signatures in vectors never change.
var (
	nodeKey = fixedKey("SUAAYEMPES56DKX6E3N2ZLFT7PVGDBWOBOEGQCH7TSQMTHTF7WUWL5MDAE")
	nextKey = fixedKey("SUANUSFXDIBO2H2MVKPMNYV7XOAWBCCTGGZPDRPK7PCNCGF24DEXPV5AJU") // that the node takes later
	hubKey  = fixedKey("SNAE5AYRFVPLZYVRBJR7SYCCSU4VS74G4ZYUYBTLQPRWUOKBUZX22XXGWQ")
)

func goodSubmit() *protocol.Submit {
	return &protocol.Submit{
		Item: item, Revision: 1, Unit: "520624101", Origin: "520624101200", Column: "township",
		Title: "塘头镇：春耕备耕正当时", Body: "<p>连日来，塘头镇抢抓农时。</p>", Author: "张秀英", Source: "塘头镇人民政府",
		Reviewer: "李国强", CreatedAt: time.Date(2026, 3, 2, 6, 5, 4, 0, time.UTC),
		Attachments: []protocol.Attachment{{SHA256: strings.Repeat("ab", 32), Name: "春耕.jpg", Size: 52013, Type: "image/jpeg", Alt: "村民在田间"}},
	}
}

func body(t testing.TB, m protocol.Message) []byte {
	t.Helper()
	b, err := protocol.WriteBody(m)
	if err != nil {
		t.Fatalf("WriteBody: %v", err)
	}
	return b
}

func entry(t testing.TB, seq uint64, m protocol.Message) protocol.Entry {
	t.Helper()
	return protocol.New(protocol.Up, node, epoch, seq, protocol.KindSubmit, body(t, m), nodeKey)
}

func nodePublic(t testing.TB) protocol.PublicKey {
	t.Helper()
	p, err := protocol.ParsePublic(nodeKey.Public())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestEntryRoundTrip(t *testing.T) {
	var f protocol.Frame
	want := []protocol.Entry{entry(t, 7, goodSubmit()), entry(t, 8, goodSubmit())}
	for _, e := range want {
		if !f.Add(e, protocol.MaxFrameBytes) {
			t.Fatal("entry does not fit into a new frame")
		}
	}
	got, fault := protocol.DecodeFrame(f.Bytes())
	if fault != nil {
		t.Fatal(fault)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("frame changed on the way (-want +got):\n%s", diff)
	}
	for _, e := range got {
		if fault := e.Check(protocol.Up, node, nodePublic(t)); fault != nil {
			t.Errorf("good entry refused: %v", fault)
		}
		m, faults := protocol.ReadBody(protocol.Up, e)
		if len(faults) > 0 {
			t.Fatalf("good body refused: %v", faults)
		}
		if diff := cmp.Diff(goodSubmit(), m); diff != "" {
			t.Errorf("body changed on the way (-want +got):\n%s", diff)
		}
	}
}

func TestEntryFaults(t *testing.T) {
	other := fixedKey("SUAOCMKGBOHFZYPEOFWBX4FG3LCABDFWUP4Q3FLTA3ZZP3M5LX3TXIK6FA")
	tests := []struct {
		name  string
		spoil func(*protocol.Entry)
		want  protocol.Code
	}{
		{"later version", func(e *protocol.Entry) { e.V = 9 }, protocol.CodeVersion},
		{"another node's", func(e *protocol.Entry) { e.Node = "n9" }, protocol.CodeNode},
		{"position zero", func(e *protocol.Entry) { e.Seq = 0 }, protocol.CodeMalformed},
		{"no epoch", func(e *protocol.Entry) { e.Epoch = "" }, protocol.CodeMalformed},
		{"line break in the kind", func(e *protocol.Entry) { e.Kind = "item\nsubmit" }, protocol.CodeMalformed},
		{"too large", func(e *protocol.Entry) { e.Body = bytes.Repeat([]byte{'a'}, protocol.MaxBodyBytes+1) }, protocol.CodeTooLarge},
		{"body changed", func(e *protocol.Entry) { e.Body = append([]byte(" "), e.Body...) }, protocol.CodeHash},
		{"moved to another position", func(e *protocol.Entry) { e.Seq = 8 }, protocol.CodeSignature},
		{"moved to another epoch", func(e *protocol.Entry) { e.Epoch = "x" }, protocol.CodeSignature},
		{"passed off as another kind", func(e *protocol.Entry) { e.Kind = protocol.KindWithdraw }, protocol.CodeSignature},
		{"signed by another", func(e *protocol.Entry) { e.Sig = other.Sign(e.SigningText(protocol.Up)) }, protocol.CodeSignature},
		{"signed for the other log", func(e *protocol.Entry) { e.Sig = nodeKey.Sign(e.SigningText(protocol.Down)) }, protocol.CodeSignature},
		{"no signature", func(e *protocol.Entry) { e.Sig = nil }, protocol.CodeSignature},
		{"not UTF-8", func(e *protocol.Entry) {
			*e = protocol.New(protocol.Up, node, epoch, 7, e.Kind, []byte("{\"title\":\"\xc4\xe3\"}"), nodeKey)
		}, protocol.CodeMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := entry(t, 7, goodSubmit())
			tt.spoil(&e)
			fault := e.Check(protocol.Up, node, nodePublic(t))
			if fault == nil || fault.Code != tt.want {
				t.Fatalf("Check = %v, want %s", fault, tt.want)
			}
			if fault.Detail == "" {
				t.Error("no reason for a person")
			}
		})
	}
}

func TestFrameKeepsItsLimit(t *testing.T) {
	big := goodSubmit()
	big.Body = "<p>" + strings.Repeat("田", 60_000) + "</p>"
	var f protocol.Frame
	n := 0
	for f.Add(entry(t, uint64(n+1), big), protocol.MaxFrameBytes) {
		n++
	}
	if n != 1 || f.Len() != 1 {
		t.Errorf("%d entries of 180 KB in a frame of 256 KiB", n)
	}
	if len(f.Bytes()) > protocol.MaxFrameBytes {
		t.Errorf("frame of %d bytes", len(f.Bytes()))
	}
	var small protocol.Frame
	if !small.Add(entry(t, 1, big), 1000) {
		t.Error("an entry larger than a small limit must still travel alone")
	}
}

func TestDecodeFrameFaults(t *testing.T) {
	var f protocol.Frame
	f.Add(entry(t, 1, goodSubmit()), protocol.MaxFrameBytes)
	good := string(f.Bytes())
	tests := []struct {
		name, data string
		want       protocol.Code
	}{
		{"empty", "", protocol.CodeMalformed},
		{"a PubAck", `{"stream":"ZQ_UP","seq":1}`, protocol.CodeMalformed},
		{"later version", strings.Replace(good, "ZQ1 1", "ZQ2 1", 1), protocol.CodeVersion},
		{"negative count", strings.Replace(good, "ZQ1 1", "ZQ1 -1", 1), protocol.CodeMalformed},
		{"count with a plus", strings.Replace(good, "ZQ1 1", "ZQ1 +1", 1), protocol.CodeMalformed},
		{"count of a flood", strings.Replace(good, "ZQ1 1", "ZQ1 99999", 1), protocol.CodeMalformed},
		{"cut short", good[:len(good)-9], protocol.CodeMalformed},
		{"one entry missing", strings.Replace(good, "ZQ1 1", "ZQ1 2", 1), protocol.CodeMalformed},
		{"something behind", good + "x", protocol.CodeMalformed},
		{"length too large", strings.Replace(good, `"len":`, `"len":9`, 1), protocol.CodeMalformed},
		{"negative length", strings.Replace(good, `"len":`, `"len":-`, 1), protocol.CodeMalformed},
		{"oversized", strings.Repeat("a", protocol.MaxFrameBytes+1), protocol.CodeTooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			entries, fault := protocol.DecodeFrame([]byte(tt.data))
			if fault == nil || fault.Code != tt.want || entries != nil {
				t.Fatalf("DecodeFrame = %d entries, %v; want %s", len(entries), fault, tt.want)
			}
		})
	}
}

func TestReadBodyFaults(t *testing.T) {
	make := func(kind protocol.Kind, body string) protocol.Entry {
		return protocol.New(protocol.Up, node, epoch, 1, kind, []byte(body), nodeKey)
	}
	tests := []struct {
		name  string
		entry protocol.Entry
		want  protocol.Code
	}{
		{"unknown kind", make("item.sing", `{}`), protocol.CodeKind},
		{"a kind of the other log", make(protocol.KindReceipt, `{}`), protocol.CodeKind},
		{"no JSON", make(protocol.KindSubmit, `<p>`), protocol.CodeMalformed},
		{"two values", make(protocol.KindAnswer, `{} {}`), protocol.CodeMalformed},
		{"wrong type", make(protocol.KindSubmit, `{"revision":"one"}`), protocol.CodeMalformed},
		{"nothing filled in", make(protocol.KindSubmit, `{}`), protocol.CodeField},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, faults := protocol.ReadBody(protocol.Up, tt.entry)
			if len(faults) == 0 || faults[0].Code != tt.want {
				t.Fatalf("ReadBody = %v, want %s", faults, tt.want)
			}
		})
	}
}

func TestUnknownFieldsAreIgnored(t *testing.T) {
	b := bytes.Replace(body(t, goodSubmit()), []byte(`{`), []byte(`{"mood":"good",`), 1)
	e := protocol.New(protocol.Up, node, epoch, 1, protocol.KindSubmit, b, nodeKey)
	if _, faults := protocol.ReadBody(protocol.Up, e); len(faults) > 0 {
		t.Errorf("a field of a later minor change was refused: %v", faults)
	}
}

// The fingerprint of a CA travels along, and only a whole one, with an address
// that shows certificates.
func TestJoinCodeWithCA(t *testing.T) {
	ca := base64.RawURLEncoding.EncodeToString(make([]byte, 32))
	want := protocol.JoinCode{Hub: "https://10.0.0.1:8443", Secret: "ABCD-EFGH", CA: ca}
	if got, err := protocol.ParseJoinCode(want.String()); err != nil || got != want {
		t.Errorf("ParseJoinCode = %v, %v", got, err)
	}
	for _, bad := range []protocol.JoinCode{
		{Hub: "http://10.0.0.1:8080", Secret: "a", CA: ca}, {Hub: want.Hub, Secret: "a", CA: ca[:40]}, {Hub: want.Hub, Secret: "a", CA: "=" + ca[1:]},
	} {
		if _, err := protocol.ParseJoinCode(bad.String()); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}

func TestJoinCode(t *testing.T) {
	want := protocol.JoinCode{Hub: "http://10.0.0.1:8080", Secret: "ABCD-EFGH"}
	code := want.String()
	got, err := protocol.ParseJoinCode(" " + code[:10] + "\n" + code[10:] + " ")
	if err != nil || got != want {
		t.Fatalf("ParseJoinCode = %v, %v", got, err)
	}
	for _, bad := range []string{"", "zq1-", "hello", code[:len(code)-5], "zq2" + code[3:], protocol.JoinCode{Hub: "ftp://x", Secret: "a"}.String(), protocol.JoinCode{Hub: "http://x"}.String()} {
		if _, err := protocol.ParseJoinCode(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

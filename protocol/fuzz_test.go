package protocol_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"zhanqun/protocol"
)

// FuzzDecodeFrame holds that no bytes break a reader, that what is read back
// encodes to the same frame, and that a body that passes can be written again.
func FuzzDecodeFrame(f *testing.F) {
	files, err := filepath.Glob("testdata/vectors/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		var v vector
		if err := json.Unmarshal(data, &v); err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(v.Frame))
	}
	public := nodePublic(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, fault := protocol.DecodeFrame(data)
		if fault != nil {
			if fault.Code == "" || fault.Detail == "" || entries != nil {
				t.Fatalf("a fault without words: %+v", fault)
			}
			return
		}
		var again protocol.Frame
		for _, e := range entries {
			if !again.Add(e, protocol.MaxFrameBytes) {
				return // heads in another spelling may encode longer
			}
			for _, dir := range []protocol.Direction{protocol.Up, protocol.Down} {
				_ = e.Check(dir, e.Node, public)
				m, faults := protocol.ReadBody(dir, e)
				if len(faults) > 0 {
					continue
				}
				if _, err := protocol.WriteBody(m); err != nil && len(e.Body) < protocol.MaxBodyBytes/8 {
					t.Fatalf("%s was read but cannot be written: %v", e.Kind, err)
				}
			}
		}
		back, fault := protocol.DecodeFrame(again.Bytes())
		if fault != nil || len(back) != len(entries) {
			t.Fatalf("%d entries came back as %d (%v)", len(entries), len(back), fault)
		}
		for i := range back {
			if back[i].Seq != entries[i].Seq || !bytes.Equal(back[i].Body, entries[i].Body) {
				t.Fatalf("entry %d changed", i)
			}
		}
	})
}

// FuzzParseJoinCode holds that whatever is pasted is answered, not crashed on.
func FuzzParseJoinCode(f *testing.F) {
	f.Add(protocol.JoinCode{Hub: "http://10.0.0.1:8080", Secret: "ABCD"}.String())
	f.Add("zq1-")
	f.Fuzz(func(t *testing.T, s string) {
		j, err := protocol.ParseJoinCode(s)
		if err != nil {
			return
		}
		if again, err := protocol.ParseJoinCode(j.String()); err != nil || again != j {
			t.Fatalf("%q reads as %v, and again as %v (%v)", s, j, again, err)
		}
	})
}

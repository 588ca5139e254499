package protocol_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhanqun/protocol"
)

// bundleVector is what a reader must find in the bundle of the same name.
type bundleVector struct {
	Fault  protocol.Code         `json:"fault,omitempty"` // it is not taken
	Digest string                `json:"digest,omitempty"`
	Index  *protocol.BundleIndex `json:"index,omitempty"`
	Frames []string              `json:"frames,omitempty"` // text
	Files  map[string]string     `json:"files,omitempty"`
}

func judgeBundle(t testing.TB, data []byte) bundleVector {
	t.Helper()
	b, frames, files, err := read(t.Context(), data)
	if err != nil {
		if codeOf(err) == "" {
			t.Fatal(err)
		}
		return bundleVector{Fault: codeOf(err)}
	}
	v := bundleVector{Digest: b.Digest, Index: &b.Index, Frames: frames}
	if len(files) > 0 {
		v.Files = files
	}
	return v
}

func TestBundleVectors(t *testing.T) {
	const dir = "testdata/bundles"
	if *update {
		if err := os.MkdirAll(dir, 0o750); err != nil {
			t.Fatal(err)
		}
		for name, data := range bundleVectors(t) {
			text, err := json.MarshalIndent(judgeBundle(t, data), "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			for ext, content := range map[string][]byte{".zqb": data, ".json": append(text, '\n')} {
				if err := os.WriteFile(filepath.Join(dir, name+ext), content, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	list, err := filepath.Glob(dir + "/*.zqb")
	if err != nil || len(list) < 8 {
		t.Fatalf("%d bundles (%v)", len(list), err)
	}
	for _, file := range list {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".zqb"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(strings.TrimSuffix(file, ".zqb") + ".json")
			if err != nil {
				t.Fatal(err)
			}
			var want bundleVector
			if err := json.Unmarshal(text, &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, judgeBundle(t, data)); diff != "" {
				t.Errorf("the format has changed (-vector +now):\n%s", diff)
			}
		})
	}
}

func bundleVectors(t *testing.T) map[string][]byte {
	t.Helper()
	x, frames, files := upBundle(t)
	up := write(t, x, nodeKey, frames, files)
	whole := strings.Join(frames, "") + files[x.Files[0].SHA256] + files[x.Files[1].SHA256]
	text := indexText(t, x, nodeKey)
	down, downFrames := downBundle(t)

	secret := protocol.HashOf([]byte("zqi_AAAA"))
	join := protocol.BundleIndex{Dir: protocol.Up, Epoch: epoch, Number: 1, At: bundleAt, Program: "zhanqun-node/1.0",
		Join: &protocol.JoinRequest{Ticket: protocol.JoinTicket(secret), Proof: protocol.JoinProof(secret, nodeKey.Public()), Name: "党政办"}}
	welcome := down
	welcome.Re, welcome.Offered = &protocol.BundleRef{Epoch: epoch, Number: 1}, nil
	welcome.Welcome = &protocol.BundleWelcome{
		EnrolAnswer: protocol.EnrolAnswer{Node: node, Unit: protocol.Unit{Code: "520624101", Name: "塘头镇"}, HubKey: hubKey.Public(), HubEpoch: epoch, NATS: []string{}, Now: bundleAt},
		Proof:       protocol.WelcomeProof(secret, nodeKey.Public(), hubKey.Public(), node)}
	frozen := down
	frozen.Answer, frozen.Frames, frozen.First, frozen.Last, frozen.Offered = nil, nil, 0, 0, nil
	frozen.Fault = &protocol.Fault{Code: protocol.CodeFrozen, Detail: "已暂停接收"}
	recall, word := x, frameOf(t, protocol.New(protocol.Down, node, "old", 12, protocol.KindNotice, body(t, &protocol.Notice{ID: item, Title: "通知", Text: "。", At: bundleAt}), hubKey))
	recall.Recall = &protocol.BundleRecall{HubEpoch: epoch, Frames: []protocol.BundlePart{partOf(word)}, Done: true, Gone: 2}
	return map[string][]byte{
		"recall": write(t, recall, nodeKey, append(frames[:2:2], word), files),
		"up":     up, "down": write(t, down, hubKey, downFrames, nil),
		"join": write(t, join, nodeKey, nil, nil), "welcome": write(t, welcome, hubKey, downFrames, nil),
		"frozen":         write(t, frozen, hubKey, nil, nil),
		"unknown_fields": seal(t, `{"later":[1],`+text[1:], whole, nodeKey),
		"cut":            up[:len(up)/2],
		"altered_index":  bytesWithIndex(t, strings.Replace(text, `"number":3`, `"number":4`, 1), text, whole),
		"altered_file":   seal(t, text, strings.Replace(whole, "photo", "fotos", 1), nodeKey),
		"not_a_bundle":   []byte("PK\x03\x04 something else"),
		"later_version":  append([]byte("ZQB2\n"), up[5:]...),
	}
}

// bytesWithIndex seals one index and puts another one in its place.
func bytesWithIndex(t *testing.T, index, signed, content string) []byte {
	t.Helper()
	sealed := seal(t, signed, content, nodeKey)
	return wrap(t, strings.Replace(inside(t, sealed), signed, index, 1))
}

// FuzzBundle holds that no bytes break a reader, that it holds no more than the
// bytes could hold, and that what is read can be written again.
func FuzzBundle(f *testing.F) {
	files, err := filepath.Glob("testdata/bundles/*.zqb")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, true)
		f.Add([]byte(inside(f, data)), false)
	}
	f.Fuzz(func(t *testing.T, data []byte, whole bool) {
		if !whole { // the inside alone: the fuzzer cannot compress
			data = wrap(t, string(data))
		}
		b, frames, contents, err := read(t.Context(), data)
		if err != nil {
			if codeOf(err) == "" {
				t.Fatalf("a fault without a code: %v", err)
			}
			return
		}
		key := nodeKey
		if b.Index.Dir == protocol.Down {
			key = hubKey
		}
		again, gotFrames, gotContents, err := read(t.Context(), write(t, b.Index, key, frames, contents))
		if err != nil {
			t.Fatal(err)
		}
		again.Index.From = b.Index.From
		if !cmp.Equal(again.Index, b.Index) || !cmp.Equal(frames, gotFrames) || !cmp.Equal(contents, gotContents) {
			t.Fatal("a bundle changed when it was written again")
		}
	})
}

// FuzzBundleIndex holds that no index, however signed, breaks a reader.
func FuzzBundleIndex(f *testing.F) {
	up, _, _ := upBundle(f)
	down, _ := downBundle(f)
	f.Add(indexText(f, up, nodeKey), "", true)
	f.Add(indexText(f, down, hubKey), "", false)
	f.Fuzz(func(t *testing.T, index, content string, fromNode bool) {
		if !json.Valid([]byte(index)) || index[0] != '{' {
			return
		}
		var x struct{ Dir protocol.Direction }
		if json.Unmarshal([]byte(index), &x) != nil {
			return
		}
		key := hubKey
		if fromNode {
			key = nodeKey
		}
		if _, _, _, err := read(t.Context(), seal(t, index, content, key)); err != nil && codeOf(err) == "" {
			t.Fatalf("a fault without a code: %v", err)
		}
	})
}

package protocol_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhanqun/protocol"
)

var bundleAt = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

func partOf(data string) protocol.BundlePart {
	return protocol.BundlePart{Size: int64(len(data)), SHA256: protocol.HashOf([]byte(data))}
}

// upBundle is the index of a bundle up with its two files.
func upBundle(t testing.TB) (x protocol.BundleIndex, frames []string, files map[string]string) {
	t.Helper()
	photo, table := "a photo of the fields", strings.Repeat("面积,户数\n", 200)
	frames = []string{frameOf(t, entry(t, 7, goodSubmit()), entry(t, 8, goodSubmit())), frameOf(t, entry(t, 9, goodSubmit()))}
	files = map[string]string{}
	x = protocol.BundleIndex{Dir: protocol.Up, To: hubKey.Public(), Node: node, Epoch: epoch, Number: 3, At: bundleAt, Program: "zhanqun-node/1.0",
		First: 7, Last: 9,
		Hello: &protocol.Hello{V: 1, Epoch: epoch, Last: 9, Confirmed: 6, Down: 12, HubEpoch: epoch, Program: "zhanqun-node/1.0", Clock: bundleAt}}
	for _, f := range frames {
		x.Frames = append(x.Frames, partOf(f))
	}
	for _, data := range []string{photo, table} {
		p := partOf(data)
		x.Files, x.Offers = append(x.Files, p), append(x.Offers, protocol.Offer{SHA256: p.SHA256, Size: p.Size})
		files[p.SHA256] = data
	}
	x.Offers = append(x.Offers, protocol.Offer{SHA256: strings.Repeat("ab", 32), Size: 52013})
	return x, frames, files
}

func downBundle(t testing.TB) (protocol.BundleIndex, []string) {
	t.Helper()
	frame := frameOf(t, protocol.New(protocol.Down, node, epoch, 13, protocol.KindReceipt, body(t, &protocol.Receipt{Epoch: epoch, Through: 9}), hubKey))
	return protocol.BundleIndex{Dir: protocol.Down, To: nodeKey.Public(), Node: node, Epoch: epoch, Number: 2, At: bundleAt, Program: "zhanqun-hub/1.0",
		First: 13, Last: 13, Frames: []protocol.BundlePart{partOf(frame)},
		Re:      &protocol.BundleRef{Epoch: epoch, Number: 3},
		Answer:  &protocol.HelloAnswer{V: 1, HubEpoch: epoch, Epoch: epoch, Cursor: 9, Head: 13, MaxFrame: protocol.MaxFrameBytes, Now: bundleAt},
		Offered: []protocol.BundleOffer{{SHA256: strings.Repeat("ab", 32)}, {SHA256: strings.Repeat("cd", 32), Done: true}},
	}, []string{frame}
}

func frameOf(t testing.TB, entries ...protocol.Entry) string {
	t.Helper()
	var f protocol.Frame
	for _, e := range entries {
		if !f.Add(e, protocol.MaxFrameBytes) {
			t.Fatal("does not fit")
		}
	}
	return string(f.Bytes())
}

func write(t testing.TB, x protocol.BundleIndex, key protocol.Key, frames []string, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	c := contentOf(frames, files)
	c.Recall = func(i int) ([]byte, error) { return []byte(frames[len(x.Frames)+i]), nil }
	if _, err := protocol.WriteBundle(&b, x, key, c); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func contentOf(frames []string, files map[string]string) protocol.BundleContent {
	return protocol.BundleContent{
		Frame: func(i int) ([]byte, error) { return []byte(frames[i]), nil },
		File: func(p protocol.BundlePart) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(files[p.SHA256])), nil
		},
	}
}

// seal makes a bundle by the text of the specification and nothing else, so
// that it can be wrong in any way.
func seal(t testing.TB, index, content string, key protocol.Key) []byte {
	t.Helper()
	var x struct{ Dir protocol.Direction }
	if err := json.Unmarshal([]byte(index), &x); err != nil {
		t.Fatal(err)
	}
	sig := key.Sign([]byte("zhanqun-bundle-1\n" + string(x.Dir) + "\n" + protocol.HashOf([]byte(index))))
	return wrap(t, fmt.Sprintf("%d %s\n%s\n%s", len(index), base64.StdEncoding.EncodeToString(sig), index, content))
}

func wrap(t testing.TB, inside string) []byte {
	t.Helper()
	var b bytes.Buffer
	b.WriteString("ZQB1\n")
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, inside); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	b.WriteString("ZQB1 end\n")
	return b.Bytes()
}

// inside is what a bundle's gzip member holds.
func inside(t testing.TB, data []byte) string {
	t.Helper()
	data = bytes.TrimSuffix(bytes.TrimPrefix(data, []byte("ZQB1\n")), []byte("ZQB1 end\n"))
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return ""
	}
	text, _ := io.ReadAll(z) // a cut one gives what it has
	return string(text)
}

func indexText(t testing.TB, x protocol.BundleIndex, key protocol.Key) string {
	t.Helper()
	x.V, x.From = 1, key.Public()
	text, err := json.Marshal(x)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// read opens a bundle and walks through it. Frames of recall follow the others.
func read(ctx context.Context, data []byte) (*protocol.Bundle, []string, map[string]string, error) {
	b, err := protocol.OpenBundle(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, nil, nil, err
	}
	var frames []string
	files := map[string]string{}
	frame := func(data []byte) error {
		frames = append(frames, string(data))
		return nil
	}
	err = b.Walk(ctx, protocol.BundleParts{Frame: frame, Recall: frame, File: func(p protocol.BundlePart, r io.Reader) error {
		data, err := io.ReadAll(r)
		files[p.SHA256] = string(data)
		return err
	}})
	return b, frames, files, err
}

func codeOf(err error) protocol.Code {
	var f protocol.Fault
	if errors.As(err, &f) {
		return f.Code
	}
	return ""
}

func TestBundleRoundTrip(t *testing.T) {
	x, frames, files := upBundle(t)
	data := write(t, x, nodeKey, frames, files)
	b, gotFrames, gotFiles, err := read(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	x.V, x.From = 1, nodeKey.Public()
	if diff := cmp.Diff(x, b.Index); diff != "" {
		t.Errorf("index (-written +read):\n%s", diff)
	}
	if diff := cmp.Diff(frames, gotFrames); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(files, gotFiles); diff != "" {
		t.Error(diff)
	}
	if b.Digest != protocol.HashOf([]byte(indexText(t, x, nodeKey))) {
		t.Error("the digest is not that of the index")
	}
	if err := b.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	sealed := seal(t, indexText(t, x, nodeKey), strings.Join(frames, "")+files[x.Files[0].SHA256]+files[x.Files[1].SHA256], nodeKey)
	if b, err := protocol.OpenBundle(bytes.NewReader(sealed), int64(len(sealed))); err != nil || b.Verify(t.Context()) != nil {
		t.Errorf("a bundle made by the specification is not read: %v", err)
	}
	if len(data) >= len(files[x.Files[1].SHA256]) {
		t.Errorf("%d bytes: not compressed", len(data))
	}
}

// Every byte that is missing or wrong is noticed, and what is told of it is
// right: a file cut anywhere is called cut, one changed anywhere is not.
func TestBundleDamage(t *testing.T) {
	x, frames, files := upBundle(t)
	data := write(t, x, nodeKey, frames, files)
	for n := range data {
		if _, _, _, err := read(t.Context(), data[:n]); codeOf(err) != protocol.CodeIncomplete {
			t.Fatalf("cut to %d of %d bytes: %v", n, len(data), err)
		}
	}
	altered := map[protocol.Code]bool{protocol.CodeHash: true, protocol.CodeSignature: true}
	head, tail := len("ZQB1\n"), len(data)-len("ZQB1 end\n")
	for i := head; i < tail; i++ {
		spoilt := bytes.Clone(data)
		spoilt[i] ^= 0x20
		_, gotFrames, gotFiles, err := read(t.Context(), spoilt)
		if err == nil && cmp.Equal(gotFrames, frames) && cmp.Equal(gotFiles, files) {
			continue // a byte of the gzip head that means nothing, such as the system
		}
		if !altered[codeOf(err)] {
			t.Fatalf("byte %d changed: %v", i, err)
		}
	}
	for i := range head {
		spoilt := bytes.Clone(data)
		spoilt[i] ^= 0x20
		want := protocol.CodeMalformed
		if i > 2 {
			want = protocol.CodeVersion
		}
		if _, _, _, err := read(t.Context(), spoilt); codeOf(err) != want {
			t.Errorf("byte %d of the head changed: %v, want %s", i, err, want)
		}
	}
	for _, other := range []string{"", "PK\x03\x04", "\x1f\x8b", "{}", "ZQ1 1\n"} {
		want := protocol.CodeMalformed
		if other == "" {
			want = protocol.CodeIncomplete
		}
		if _, _, _, err := read(t.Context(), []byte(other)); codeOf(err) != want {
			t.Errorf("%q: %v", other, err)
		}
	}
}

// A frame or file that is not what the index says is handed to nobody as whole.
func TestBundleContentIsChecked(t *testing.T) {
	x, frames, files := upBundle(t)
	a, b := files[x.Files[0].SHA256], files[x.Files[1].SHA256]
	whole := strings.Join(frames, "") + a + b
	for name, content := range map[string]string{
		"a changed frame": strings.Replace(whole, "春耕", "秋收", 1),
		"a changed file":  strings.Join(frames, "") + "A" + a[1:] + b,
		"files swapped":   strings.Join(frames, "") + b + a,
		"a byte less":     whole[:len(whole)-1],
		"a byte more":     whole + "x",
		"nothing":         "",
	} {
		if _, _, _, err := read(t.Context(), seal(t, indexText(t, x, nodeKey), content, nodeKey)); codeOf(err) != protocol.CodeHash {
			t.Errorf("%s: %v", name, err)
		}
	}
	two := seal(t, indexText(t, x, nodeKey), whole, nodeKey)
	second := bytes.TrimPrefix(two, []byte("ZQB1\n"))
	if _, _, _, err := read(t.Context(), append(bytes.TrimSuffix(bytes.Clone(two), []byte("ZQB1 end\n")), second...)); codeOf(err) != protocol.CodeHash {
		t.Errorf("a second gzip member: %v", err)
	}
}

func TestBundleSignature(t *testing.T) {
	x, frames, files := upBundle(t)
	whole := strings.Join(frames, "") + files[x.Files[0].SHA256] + files[x.Files[1].SHA256]
	other, err := protocol.NewNodeKey()
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := read(t.Context(), seal(t, indexText(t, x, nodeKey), whole, other)); codeOf(err) != protocol.CodeSignature {
		t.Errorf("signed by somebody else: %v", err)
	}
	// Somebody else under his own name is for the caller to turn away.
	b, _, _, err := read(t.Context(), seal(t, indexText(t, x, other), whole, other))
	if err != nil || b.Index.From != other.Public() {
		t.Errorf("signed by the key it names: %v", err)
	}
}

// A disk that cannot be read says nothing about the bundle.
func TestBundleDiskError(t *testing.T) {
	x, frames, files := upBundle(t)
	data := write(t, x, nodeKey, frames, files)
	broken := errors.New("input/output error")
	b, err := protocol.OpenBundle(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for _, from := range []int64{0, 100} {
		_, err := protocol.OpenBundle(brokenDisk{bytes.NewReader(data), from, broken}, int64(len(data)))
		if !errors.Is(err, broken) || codeOf(err) != "" {
			t.Errorf("unreadable from byte %d: %v", from, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Verify(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

type brokenDisk struct {
	r    io.ReaderAt
	from int64
	err  error
}

func (d brokenDisk) ReadAt(p []byte, at int64) (int, error) {
	if at+int64(len(p)) > d.from && at < d.from+50 {
		return 0, d.err
	}
	return d.r.ReadAt(p, at)
}

func TestBundleContentErrorsEndTheWriting(t *testing.T) {
	x, frames, files := upBundle(t)
	lost := errors.New("lost")
	for name, c := range map[string]protocol.BundleContent{
		"a frame that is gone": {Frame: func(int) ([]byte, error) { return nil, lost }},
		"a file that is gone":  {Frame: contentOf(frames, nil).Frame, File: func(protocol.BundlePart) (io.ReadCloser, error) { return nil, lost }},
		"a file that changed":  contentOf(frames, map[string]string{x.Files[0].SHA256: "other"}),
		"a file that grew":     contentOf(frames, map[string]string{x.Files[0].SHA256: files[x.Files[0].SHA256] + "more"}),
		"another frame":        contentOf([]string{frames[1], frames[0]}, files),
	} {
		var b bytes.Buffer
		if _, err := protocol.WriteBundle(&b, x, nodeKey, c); err == nil {
			t.Errorf("%s: written", name)
		}
		if _, _, _, err := read(t.Context(), b.Bytes()); codeOf(err) != protocol.CodeIncomplete {
			t.Errorf("%s: what was written reads as %v", name, err)
		}
	}
}

func TestJoinProofs(t *testing.T) {
	hash := protocol.HashOf([]byte("zqi_secret"))
	if ticket := protocol.JoinTicket(hash); !protocol.ValidTicket(ticket) || !strings.HasPrefix(hash, ticket) {
		t.Errorf("ticket %q", ticket)
	}
	for _, bad := range []string{"", "abc", strings.Repeat("g", 16), strings.Repeat("A", 16), hash, "%'--" + strings.Repeat("0", 12)} {
		if protocol.ValidTicket(bad) {
			t.Errorf("%q is taken for a ticket", bad)
		}
	}
	join := protocol.JoinProof(hash, nodeKey.Public())
	if protocol.SameProof(join, protocol.JoinProof(hash, hubKey.Public())) || protocol.SameProof(join, protocol.JoinProof(hash[1:], nodeKey.Public())) {
		t.Error("a proof holds for another key or secret")
	}
	if protocol.SameProof(join, nil) || !protocol.SameProof(join, bytes.Clone(join)) {
		t.Error("proofs are not compared")
	}
	welcome := protocol.WelcomeProof(hash, nodeKey.Public(), hubKey.Public(), node)
	for _, other := range [][]byte{join, protocol.WelcomeProof(hash, nodeKey.Public(), hubKey.Public(), "n8"), protocol.WelcomeProof(hash, nodeKey.Public(), nodeKey.Public(), node)} {
		if protocol.SameProof(welcome, other) {
			t.Error("a welcome holds for another hub or node")
		}
	}
}

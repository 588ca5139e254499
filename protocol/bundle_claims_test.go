package protocol_test

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"zhanqun/protocol"
)

// What an index claims costs nothing before it is believed, and much of it is
// not believed at all.
func TestBundleClaims(t *testing.T) {
	sha := strings.Repeat("ab", 32)
	many := make([]protocol.BundlePart, protocol.MaxBundleFiles+1)
	for i := range many {
		many[i] = partOf(fmt.Sprint(i))
	}
	large := make([]protocol.BundlePart, 30)
	for i := range large {
		large[i] = protocol.BundlePart{Size: protocol.MaxAttachmentBytes, SHA256: protocol.HashOf([]byte{byte(i)})}
	}
	for name, c := range map[string]struct {
		spoil func(*protocol.BundleIndex)
		code  protocol.Code
	}{
		"a later version":     {func(x *protocol.BundleIndex) { x.V = 2 }, protocol.CodeVersion},
		"no direction":        {func(x *protocol.BundleIndex) { x.Dir = "" }, protocol.CodeMalformed},
		"the other direction": {func(x *protocol.BundleIndex) { x.Dir = protocol.Down }, protocol.CodeMalformed},
		"a path for a node":   {func(x *protocol.BundleIndex) { x.Node = "../n1" }, protocol.CodeMalformed},
		"no node":             {func(x *protocol.BundleIndex) { x.Node = "" }, protocol.CodeMalformed},
		"for a node":          {func(x *protocol.BundleIndex) { x.To = nodeKey.Public() }, protocol.CodeMalformed},
		"for nobody":          {func(x *protocol.BundleIndex) { x.To = "" }, protocol.CodeMalformed},
		"no epoch":            {func(x *protocol.BundleIndex) { x.Epoch = "" }, protocol.CodeMalformed},
		"no number":           {func(x *protocol.BundleIndex) { x.Number = 0 }, protocol.CodeMalformed},
		"a number nobody has": {func(x *protocol.BundleIndex) { x.Number = 1 << 63 }, protocol.CodeMalformed},
		"backwards":           {func(x *protocol.BundleIndex) { x.First, x.Last = 9, 7 }, protocol.CodeMalformed},
		"frames of nothing":   {func(x *protocol.BundleIndex) { x.First, x.Last = 0, 0 }, protocol.CodeMalformed},
		"words of no epoch":   {func(x *protocol.BundleIndex) { x.Recall = &protocol.BundleRecall{} }, protocol.CodeMalformed},
		"too large a word": {func(x *protocol.BundleIndex) {
			x.Recall = &protocol.BundleRecall{HubEpoch: x.Epoch, Frames: []protocol.BundlePart{{Size: protocol.MaxFrameBytes + 1, SHA256: x.Frames[0].SHA256}}}
		}, protocol.CodeMalformed},
		"no word":               {func(x *protocol.BundleIndex) { x.Hello = nil }, protocol.CodeMalformed},
		"a cursor nobody has":   {func(x *protocol.BundleIndex) { x.Hello.Down = 1 << 63 }, protocol.CodeMalformed},
		"an epoch with a NUL":   {func(x *protocol.BundleIndex) { x.Hello.HubEpoch = "a\x00" }, protocol.CodeMalformed},
		"a frame too large":     {func(x *protocol.BundleIndex) { x.Frames[0].Size = protocol.MaxFrameBytes + 1 }, protocol.CodeMalformed},
		"a frame of less":       {func(x *protocol.BundleIndex) { x.Frames[0].Size = -1 }, protocol.CodeMalformed},
		"a path for a file":     {func(x *protocol.BundleIndex) { x.Files[0].SHA256 = "../../etc/passwd" }, protocol.CodeMalformed},
		"an empty file":         {func(x *protocol.BundleIndex) { x.Files[0].Size = 0 }, protocol.CodeMalformed},
		"a file too large":      {func(x *protocol.BundleIndex) { x.Files[0].Size = 1 << 62 }, protocol.CodeMalformed},
		"one file twice":        {func(x *protocol.BundleIndex) { x.Files[1] = x.Files[0] }, protocol.CodeMalformed},
		"too many files":        {func(x *protocol.BundleIndex) { x.Files = many }, protocol.CodeTooLarge},
		"too many frames":       {func(x *protocol.BundleIndex) { x.Frames = make([]protocol.BundlePart, protocol.MaxBundleFrames+1) }, protocol.CodeTooLarge},
		"too many offers":       {func(x *protocol.BundleIndex) { x.Offers = make([]protocol.Offer, protocol.MaxBundleFiles+1) }, protocol.CodeTooLarge},
		"an offer of nothing":   {func(x *protocol.BundleIndex) { x.Offers = []protocol.Offer{{SHA256: sha}} }, protocol.CodeMalformed},
		"too much in all":       {func(x *protocol.BundleIndex) { x.Files = large }, protocol.CodeTooLarge},
		"joining and more":      {func(x *protocol.BundleIndex) { x.Join, x.Hello, x.Node = &protocol.JoinRequest{}, nil, "" }, protocol.CodeMalformed},
		"joining with a node":   {func(x *protocol.BundleIndex) { x.Join, x.Hello = &protocol.JoinRequest{}, nil }, protocol.CodeMalformed},
		"an index of megabytes": {func(x *protocol.BundleIndex) { x.Program = strings.Repeat("x", protocol.MaxBundleIndexBytes) }, protocol.CodeTooLarge},
	} {
		x, _, _ := upBundle(t)
		x.V, x.From = 1, nodeKey.Public()
		c.spoil(&x)
		text, err := json.Marshal(x)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, _, err := read(t.Context(), seal(t, string(text), "", nodeKey)); codeOf(err) != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
		if name == "a later version" {
			continue // what is written is of this version
		}
		if _, err := protocol.WriteBundle(io.Discard, x, nodeKey, protocol.BundleContent{}); err == nil {
			t.Errorf("%s: is written", name)
		}
	}
	down, _ := downBundle(t)
	for name, spoil := range map[string]func(*protocol.BundleIndex){
		"no answer":             func(x *protocol.BundleIndex) { x.Answer = nil },
		"an answer and a fault": func(x *protocol.BundleIndex) { x.Fault = &protocol.Fault{Code: protocol.CodeFrozen} },
		"files":                 func(x *protocol.BundleIndex) { x.Files = []protocol.BundlePart{{Size: 1, SHA256: sha}} },
		"words":                 func(x *protocol.BundleIndex) { x.Recall = &protocol.BundleRecall{HubEpoch: x.Epoch} },
		"for a hub":             func(x *protocol.BundleIndex) { x.To = hubKey.Public() },
		"for nobody":            func(x *protocol.BundleIndex) { x.To = "" },
	} {
		x := down
		spoil(&x)
		if _, _, _, err := read(t.Context(), seal(t, indexText(t, x, hubKey), "", hubKey)); codeOf(err) != protocol.CodeMalformed {
			t.Errorf("down, %s: %v", name, err)
		}
	}
}

// Heads that lie about the size of the index, or have none.
func TestBundleIndexLine(t *testing.T) {
	for name, inside := range map[string]string{
		"no line break":    strings.Repeat("1", 10_000),
		"no number":        "x c2ln\n{}\n",
		"a negative one":   "-5 c2ln\n{}\n",
		"leading zeros":    "02 c2ln\n{}\n",
		"more than there":  "1000000 c2ln\n{}\n",
		"less than there":  "1 c2ln\n{}\n",
		"no signature":     "2\n{}\n",
		"not base64":       "2 ???\n{}\n",
		"not JSON":         "2 c2ln\nxx\n",
		"nothing":          "",
		"a number too big": "99999999999999999999 c2ln\n{}\n",
	} {
		_, _, _, err := read(t.Context(), wrap(t, inside))
		if c := codeOf(err); c != protocol.CodeHash && c != protocol.CodeSignature {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, _, err := read(t.Context(), wrap(t, "1048577 c2ln\n{}\n")); codeOf(err) != protocol.CodeTooLarge {
		t.Errorf("an index beyond the limit: %v", err)
	}
}

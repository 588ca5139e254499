package protocol

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// head is the JSON line in front of each body in a frame.
type head struct {
	V     int    `json:"v"`
	Node  string `json:"node"`
	Epoch string `json:"epoch"`
	Seq   uint64 `json:"seq"`
	Kind  Kind   `json:"kind"`
	Len   int    `json:"len"`
	Hash  string `json:"sha256"`
	Sig   []byte `json:"sig"`
}

// Frame collects consecutive entries of one log until it is full. The zero
// value is an empty frame.
type Frame struct {
	data  []byte // room for the first line, then the entries
	count int
}

// frameLine is the longest first line: "ZQ1 " + count + line break.
const frameLine = 16

// Add appends e and reports whether it fitted. An entry within the limits of
// this package always fits into an empty frame. An entry that did not fit
// leaves the frame unchanged.
func (f *Frame) Add(e Entry, limit int) bool {
	f.Grow(0)
	before := len(f.data)
	f.data = e.appendHead(f.data)
	if f.count > 0 && (f.count >= MaxFrameEntries || len(f.data)+len(e.Body)+2 > min(limit, MaxFrameBytes)) {
		f.data = f.data[:before]
		return false
	}
	f.data = append(f.data, '\n')
	f.data = append(f.data, e.Body...)
	f.data = append(f.data, '\n')
	f.count++
	return true
}

// Grow makes room for n bytes of entries, so that adding them copies nothing
// twice.
func (f *Frame) Grow(n int) {
	if f.data == nil {
		f.data = make([]byte, frameLine, frameLine+n)
		return
	}
	f.data = slices.Grow(f.data, n)
}

// Len returns the number of entries in the frame.
func (f *Frame) Len() int { return f.count }

// Bytes returns the encoded frame, which shares the frame's memory: it holds
// until the next Add. An empty frame is "ZQ1 0\n".
func (f *Frame) Bytes() []byte {
	f.Grow(0)
	line := fmt.Appendf(nil, "ZQ1 %d\n", f.count)
	start := frameLine - len(line)
	copy(f.data[start:], line)
	return f.data[start:]
}

// appendHead appends the head line to b. Heads are short and of known form, so
// writing them needs no encoder unless one of the texts needs escaping.
func (e Entry) appendHead(b []byte) []byte {
	if !unescaped(e.Node) || !unescaped(e.Epoch) || !unescaped(string(e.Kind)) || !unescaped(e.Hash) || e.Sig == nil {
		return append(b, e.headLine()...)
	}
	b = append(b, `{"v":`...)
	b = strconv.AppendInt(b, int64(e.V), 10)
	b = append(b, `,"node":"`...)
	b = append(b, e.Node...)
	b = append(b, `","epoch":"`...)
	b = append(b, e.Epoch...)
	b = append(b, `","seq":`...)
	b = strconv.AppendUint(b, e.Seq, 10)
	b = append(b, `,"kind":"`...)
	b = append(b, e.Kind...)
	b = append(b, `","len":`...)
	b = strconv.AppendInt(b, int64(len(e.Body)), 10)
	b = append(b, `,"sha256":"`...)
	b = append(b, e.Hash...)
	b = append(b, `","sig":"`...)
	b = base64.StdEncoding.AppendEncode(b, e.Sig)
	return append(b, `"}`...)
}

// unescaped reports whether s stands in JSON as it is.
func unescaped(s string) bool {
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' || strings.IndexByte(`"\<>&`, c) >= 0 {
			return false
		}
	}
	return true
}

func (e Entry) headLine() []byte {
	line, err := json.Marshal(head{V: e.V, Node: e.Node, Epoch: e.Epoch, Seq: e.Seq, Kind: e.Kind,
		Len: len(e.Body), Hash: e.Hash, Sig: e.Sig})
	if err != nil { // strings, integers and bytes always marshal
		panic(err)
	}
	return line
}

// DecodeFrame reads a frame back. The bodies share data's memory. It checks the
// form only; each entry still has to pass Entry.Check. On a Fault nothing of
// the frame is returned.
func DecodeFrame(data []byte) ([]Entry, *Fault) {
	if len(data) > MaxFrameBytes {
		return nil, &Fault{Code: CodeTooLarge, Detail: fmt.Sprintf("数据帧 %d 字节，超过上限", len(data))}
	}
	line, rest, ok := bytes.Cut(data, []byte{'\n'})
	if !ok || len(line) > frameLine || !bytes.HasPrefix(line, []byte("ZQ")) {
		return nil, &Fault{Code: CodeMalformed, Detail: "不是数据帧"}
	}
	version, number, ok := bytes.Cut(line[2:], []byte{' '})
	if !ok || string(version) != "1" {
		return nil, &Fault{Code: CodeVersion, Detail: "数据帧版本无法识别，请升级程序"}
	}
	count, err := strconv.Atoi(string(number))
	if err != nil || count < 0 || count > MaxFrameEntries || strconv.Itoa(count) != string(number) {
		return nil, &Fault{Code: CodeMalformed, Detail: "数据帧的条数不对"}
	}
	entries := make([]Entry, 0, min(count, len(rest)/64+1))
	for i := range count {
		var e Entry
		var fault *Fault
		if e, rest, fault = decodeEntry(rest); fault != nil {
			fault.Detail = fmt.Sprintf("第 %d 条：%s", i+1, fault.Detail)
			return nil, fault
		}
		entries = append(entries, e)
	}
	if len(rest) != 0 {
		return nil, &Fault{Code: CodeMalformed, Detail: "数据帧末尾有多余内容"}
	}
	return entries, nil
}

func decodeEntry(data []byte) (Entry, []byte, *Fault) {
	line, rest, ok := bytes.Cut(data, []byte{'\n'})
	if !ok || len(line) > MaxHeadBytes {
		return Entry{}, nil, &Fault{Code: CodeMalformed, Detail: "缺少报文头"}
	}
	var h head
	if err := json.Unmarshal(line, &h); err != nil {
		return Entry{}, nil, &Fault{Code: CodeMalformed, Detail: "报文头无法读取"}
	}
	if h.Len < 0 || h.Len+1 > len(rest) || rest[h.Len] != '\n' {
		return Entry{}, nil, &Fault{Code: CodeMalformed, Field: "len", Detail: "正文长度与报文头不符"}
	}
	return Entry{V: h.V, Node: h.Node, Epoch: h.Epoch, Seq: h.Seq, Kind: h.Kind, Hash: h.Hash, Sig: h.Sig,
		Body: rest[:h.Len:h.Len]}, rest[h.Len+1:], nil
}

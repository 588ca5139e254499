package bundle_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"log/slog"
	"math/rand"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"zhanqun/internal/account"
	"zhanqun/internal/dropbox"
	"zhanqun/internal/fault"
	"zhanqun/node/bundle"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	nodeID = "n7"
	unit   = "520623103"
)

var liaison = queue.Actor{Login: "wang", Name: "王芳", Role: account.RoleLiaison}

// office is a node without a line and the county as a stranger could write it,
// which only knows the wire.
type office struct {
	*testing.T
	q      *queue.Queue
	s      *bundle.Service
	clock  time.Time
	hub    protocol.Key
	epoch  string // of the hub
	log    [][]byte
	number uint64 // of its answers
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := unjoined(t)
	if _, err := o.q.Key(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := o.q.SaveIdentity(t.Context(), protocol.EnrolAnswer{Node: nodeID, Unit: protocol.Unit{Code: unit, Name: "许家坝镇"}, HubKey: o.hub.Public(), HubEpoch: o.epoch}, "http://127.0.0.1:1", "测试机")
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func unjoined(t *testing.T) *office {
	t.Helper()
	o := &office{T: t, clock: time.Date(2026, 11, 3, 6, 0, 0, 0, time.UTC), epoch: "hub-epoch-1"}
	now := func() time.Time { return o.clock }
	var err error
	if o.hub, err = protocol.NewHubKey(); err != nil {
		t.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	if o.q, err = queue.Open(context.Background(), queue.Options{Dir: t.TempDir(), Now: now, Reserve: -1, Log: quiet}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.q.Close(); err != nil {
			t.Error(err)
		}
	})
	o.s = bundle.New(bundle.Options{Queue: o.q, Program: "node test", Now: now, Log: quiet})
	return o
}

func (o *office) cursors() queue.Cursors {
	o.Helper()
	c, err := o.q.Cursors(o.Context())
	if err != nil {
		o.Fatal(err)
	}
	return c
}

// submit hands an item in, with photos of the given widths.
func (o *office) submit(title string, photos ...int) string {
	o.Helper()
	d := queue.Draft{Text: queue.Text{Column: "township", Title: title, Body: "<p>正文</p>", Format: queue.HTML, Author: "王芳", Source: "许家坝镇"}}
	for _, width := range photos {
		a, err := o.q.AddFile(o.Context(), fmt.Sprintf("%d.png", width), bytes.NewReader(picture(o.T, width)))
		if err != nil {
			o.Fatal(err)
		}
		d.Attachments = append(d.Attachments, a)
	}
	got, err := o.q.Post(o.Context(), liaison, d)
	if err != nil {
		o.Fatal(err)
	}
	return got.ID
}

// submitLong hands in a text that fills a frame.
func (o *office) submitLong() {
	o.Helper()
	_, err := o.q.Post(o.Context(), liaison, queue.Draft{Text: queue.Text{
		Column: "township", Title: "长稿", Body: strings.Repeat("田", 60_000), Author: "王芳", Source: "许家坝镇"}})
	if err != nil {
		o.Fatal(err)
	}
}

// picture is a photo of noise: it does not shrink.
func picture(t testing.TB, width int) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, width, 100))
	r := rand.New(rand.NewSource(int64(width)))
	if _, err := r.Read(m.Pix); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (o *office) state(item string) queue.State {
	o.Helper()
	d, err := o.q.Item(o.Context(), liaison, item)
	if err != nil {
		o.Fatal(err)
	}
	return d.State
}

// up is a bundle of the node as the county reads it.
type up struct {
	protocol.BundleIndex
	seqs  []uint64
	files map[string]int64
}

func (o *office) export() up {
	o.Helper()
	made, err := o.s.Export(o.Context(), o.TempDir(), "")
	if err != nil {
		o.Fatal(err)
	}
	return o.read(made.Path)
}

func (o *office) read(path string) up {
	o.Helper()
	f, err := dropbox.Open(path)
	if err != nil {
		o.Fatal(err)
	}
	defer f.Close()
	if name, ok := dropbox.ParseName(filepath.Base(path)); !ok || name.Number != f.Index.Number || name.Dir != protocol.Up {
		o.Errorf("number %d is called %s", f.Index.Number, path)
	}
	u := up{BundleIndex: f.Index, files: map[string]int64{}}
	err = f.Walk(o.Context(), protocol.BundleParts{Frame: func(data []byte) error {
		entries, fault := protocol.DecodeFrame(data)
		if fault != nil {
			return *fault
		}
		for _, e := range entries {
			u.seqs = append(u.seqs, e.Seq)
		}
		return nil
	}, File: func(p protocol.BundlePart, r io.Reader) error {
		n, err := io.Copy(io.Discard, r)
		u.files[p.SHA256] = n
		return err
	}})
	if err != nil {
		o.Fatal(err)
	}
	return u
}

// says appends to the county's down log.
func (o *office) says(kind protocol.Kind, m protocol.Message) {
	o.Helper()
	body, err := json.Marshal(m)
	if err != nil {
		o.Fatal(err)
	}
	var f protocol.Frame
	f.Add(protocol.New(protocol.Down, nodeID, o.epoch, uint64(len(o.log))+1, kind, body, o.hub), protocol.MaxFrameBytes)
	o.log = append(o.log, f.Bytes())
}

func (o *office) receipt(through uint64) {
	o.Helper()
	o.says(protocol.KindReceipt, &protocol.Receipt{Epoch: o.cursors().Epoch, Through: through})
}

func (o *office) status(item string, s protocol.State) {
	o.Helper()
	o.says(protocol.KindStatus, &protocol.Status{Item: item, Revision: 1, State: s, At: o.clock})
}

// answer is the county's answer to bundle re: its down log after a position.
// through is the receipt it stands for.
func (o *office) answer(re, after, through uint64, spoil ...func(*protocol.BundleIndex)) []byte {
	o.Helper()
	key, err := o.q.Key(o.Context())
	if err != nil {
		o.Fatal(err)
	}
	o.number++
	epoch := o.cursors().Epoch
	x := protocol.BundleIndex{Dir: protocol.Down, To: key.Public(), Node: nodeID, Epoch: o.epoch, Number: o.number, At: o.clock,
		Answer: &protocol.HelloAnswer{V: 1, HubEpoch: o.epoch, Epoch: epoch, Cursor: through, Head: uint64(len(o.log)), Now: o.clock}}
	if re > 0 {
		x.Re = &protocol.BundleRef{Epoch: epoch, Number: re}
	}
	frames := o.log[min(after, uint64(len(o.log))):]
	for _, f := range frames {
		x.Frames = append(x.Frames, protocol.BundlePart{Size: int64(len(f)), SHA256: protocol.HashOf(f)})
	}
	if len(frames) > 0 {
		x.First, x.Last = after+1, uint64(len(o.log))
	}
	for _, f := range spoil {
		f(&x)
	}
	return o.seal(x, o.hub, frames)
}

func (o *office) seal(x protocol.BundleIndex, key protocol.Key, frames [][]byte) []byte {
	o.Helper()
	if len(x.Frames) == 0 {
		frames = nil
	}
	var b bytes.Buffer
	_, err := protocol.WriteBundle(&b, x, key, protocol.BundleContent{Frame: func(i int) ([]byte, error) { return frames[i], nil }})
	if err != nil {
		o.Fatal(err)
	}
	return b.Bytes()
}

func (o *office) take(data []byte) (bundle.Report, error) {
	b, err := protocol.OpenBundle(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return bundle.Report{}, err
	}
	return o.s.Take(o.Context(), b)
}

func (o *office) must(data []byte) bundle.Report {
	o.Helper()
	r, err := o.take(data)
	if err != nil {
		o.Fatal(err)
	}
	return r
}

func codeOf(err error) protocol.Code {
	var f protocol.Fault
	if errors.As(err, &f) {
		return f.Code
	}
	switch {
	case err == nil:
		return ""
	case fault.Is(err, fault.Conflict):
		return "conflict"
	}
	return "another error"
}

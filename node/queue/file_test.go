package queue_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zhanqun/internal/fault"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

func attach(t testing.TB, q *queue.Queue, n int) protocol.Attachment {
	t.Helper()
	a, err := q.AddFile(t.Context(), "会场.jpg", bytes.NewReader(pngBytes(t, n)))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// What the county does not take is refused here, where somebody can do something
// about it.
func TestLimitsOfTheCounty(t *testing.T) {
	q, h := open(t)
	first, second := attach(t, q, 1), attach(t, q, 2)
	d := draft("两张图")
	d.Attachments = []protocol.Attachment{first, second}
	saved, err := q.SaveDraft(t.Context(), liaison, d)
	if err != nil {
		t.Fatal(err)
	}
	settings := &protocol.Settings{Unit: protocol.Unit{Code: unit, Name: "许家坝镇"}, Columns: []protocol.Column{{Slug: "township", Name: "乡镇传真"}},
		Limits: &protocol.Limits{Attachments: 1, AttachmentBytes: first.Size, ItemBytes: 1 << 40}}
	down(t, q, h.says(t, protocol.KindSettings, settings))
	_, err = q.Submit(t.Context(), liaison, saved.ID, queue.Handing{})
	if wantKind(t, err, fault.Invalid); fault.Fields(err)["attachments"] == "" {
		t.Errorf("fields %v", fault.Fields(err))
	}
	if _, err := q.AddFile(t.Context(), "大.txt", strings.NewReader(strings.Repeat("字", int(first.Size)))); !fault.Is(err, fault.TooLarge) {
		t.Errorf("a file the county does not take: %v", err)
	}
	d.Attachments = d.Attachments[:1]
	if _, err := q.Post(t.Context(), liaison, d); err != nil {
		t.Errorf("what the county takes: %v", err)
	}
	// More than the wire carries nobody can take.
	settings.Limits = &protocol.Limits{Attachments: 1000, AttachmentBytes: 1 << 50, ItemBytes: 1 << 50}
	down(t, q, h.says(t, protocol.KindSettings, settings))
	many := make([]protocol.Attachment, protocol.MaxAttachments+1)
	for i := range many {
		many[i] = first
	}
	d.Attachments = many
	if _, err := q.Post(t.Context(), liaison, d); !fault.Is(err, fault.Invalid) {
		t.Errorf("more than the wire carries: %v", err)
	}
}

// Files travel oldest entry first, each once, and only when an item that names
// them was handed in.
func TestFileLane(t *testing.T) {
	now := start
	q := openAt(t, t.TempDir(), func() time.Time { return now })
	h := join(t, q)
	first, second, unused := attach(t, q, 1), attach(t, q, 2), attach(t, q, 3)
	if first.Name != "会场.png" || first.Type != "image/png" {
		t.Errorf("described as %+v", first)
	}
	if _, wait, ok, err := q.NextFile(t.Context()); ok || wait != 0 || err != nil {
		t.Errorf("nothing was handed in: %v %v %v", wait, ok, err)
	}
	for _, list := range [][]protocol.Attachment{{first, first}, {first, second}} {
		d := draft("标题")
		d.Attachments = list
		if _, err := q.Post(t.Context(), liaison, d); err != nil {
			t.Fatal(err)
		}
	}
	next := func() queue.File {
		t.Helper()
		f, _, ok, err := q.NextFile(t.Context())
		if err != nil || !ok {
			t.Fatalf("no file is due: %v", err)
		}
		return f
	}
	if f := next(); f.SHA256 != first.SHA256 || f.Have != 0 {
		t.Errorf("next: %+v", f)
	}
	if err := q.FileFailed(t.Context(), first.SHA256, "县里磁盘已满", 10*time.Minute); err != nil {
		t.Fatal(err)
	}
	if f := next(); f.SHA256 != second.SHA256 {
		t.Errorf("one that fails blocks the others: %+v", f)
	}
	for _, step := range []error{q.FileProgress(t.Context(), second.SHA256, 10), q.FileDone(t.Context(), second.SHA256)} {
		if step != nil {
			t.Fatal(step)
		}
	}
	if _, wait, ok, err := q.NextFile(t.Context()); ok || wait != 10*time.Minute || err != nil {
		t.Errorf("due in %v, %v, %v", wait, ok, err)
	}
	now = now.Add(-5 * 365 * 24 * time.Hour) // the clock was wrong by years
	if f := next(); f.SHA256 != first.SHA256 || f.Tries != 1 || f.Error != "县里磁盘已满" {
		t.Errorf("after the clock was put right: %+v", f)
	}
	if st, err := q.State(t.Context()); err != nil || st.Blobs.Waiting != 1 || st.Blobs.Sent != 1 || st.Blobs.BytesLeft != first.Size {
		t.Errorf("%+v, %v", st.Blobs, err)
	}
	if err := q.FileDone(t.Context(), first.SHA256); err != nil {
		t.Fatal(err)
	}
	down(t, q, h.receipt(t, q, 2))
	if err := q.Rewind(t.Context(), 0); err != nil { // the hub lost both items: it may have lost the files
		t.Fatal(err)
	}
	if f := next(); f.SHA256 != first.SHA256 || f.Have != 0 {
		t.Errorf("after the hub lost it: %+v", f)
	}
	if f, err := q.File(t.Context(), unused.SHA256); err != nil || f.Done {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestAddFileRefuses(t *testing.T) {
	q, _ := open(t)
	html := "<html><script>alert(1)</script></html>"
	for name, content := range map[string]string{"空.pdf": "", "网页.jpg": html, "程序.exe": "MZ" + strings.Repeat("\x00", 600)} {
		_, err := q.AddFile(t.Context(), name, strings.NewReader(content))
		wantKind(t, err, fault.Invalid)
		sha := protocol.HashOf([]byte(content))
		_, err = q.File(t.Context(), sha)
		wantKind(t, err, fault.NotFound)
		d := draft("标题")
		d.Attachments = []protocol.Attachment{{SHA256: sha, Name: name}}
		_, err = q.SaveDraft(t.Context(), liaison, d)
		wantKind(t, err, fault.Invalid)
	}
	// The same bytes under a name that may not be: the good one stays.
	a := attach(t, q, 1)
	_, err := q.AddFile(t.Context(), "会场.exe", bytes.NewReader(pngBytes(t, 1)))
	wantKind(t, err, fault.Invalid)
	if f, err := q.File(t.Context(), a.SHA256); err != nil || f.Type != "image/png" {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestSubmitNeedsTheFileOnDisk(t *testing.T) {
	q, _ := open(t)
	a := attach(t, q, 1)
	d := draft("标题")
	d.Attachments = []protocol.Attachment{a}
	s, err := q.SaveDraft(t.Context(), liaison, d)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(q.Dir(), "blobs", a.SHA256[:2], a.SHA256[2:])
	if err := os.Truncate(path, 3); err != nil {
		t.Fatal(err)
	}
	_, err = q.Submit(t.Context(), liaison, s.ID, queue.Handing{})
	wantKind(t, err, fault.Invalid)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	_, err = q.Submit(t.Context(), liaison, s.ID, queue.Handing{})
	wantKind(t, err, fault.Invalid)
	attach(t, q, 1)
	if _, err := q.Submit(t.Context(), liaison, s.ID, queue.Handing{}); err != nil {
		t.Errorf("after it was added again: %v", err)
	}
}

func TestWhoMayOpenAFile(t *testing.T) {
	q, _ := open(t)
	a, loose := attach(t, q, 1), attach(t, q, 2)
	d := draft("标题")
	d.Attachments = []protocol.Attachment{a}
	if _, err := q.Post(t.Context(), villager, d); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		who  queue.Actor
		file protocol.Attachment
		ok   bool
	}{{liaison, a, true}, {villager, a, true}, {stranger, a, false}, {stranger, loose, true}, {liaison, protocol.Attachment{SHA256: strings.Repeat("0", 64)}, false}} {
		f, info, err := q.OpenFile(t.Context(), tt.who, tt.file.SHA256)
		if !tt.ok {
			wantKind(t, err, fault.NotFound)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(f); err != nil || int64(len(b)) != info.Size || info.Type != "image/png" {
			t.Errorf("%d bytes, %+v, %v", len(b), info, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestPruneSweepsFilesNobodyUses(t *testing.T) {
	now := start
	q := openAt(t, t.TempDir(), func() time.Time { return now })
	join(t, q)
	used, unused := attach(t, q, 1), attach(t, q, 2)
	d := draft("标题")
	d.Attachments = []protocol.Attachment{used}
	if _, err := q.SaveDraft(t.Context(), liaison, d); err != nil {
		t.Fatal(err)
	}
	now = now.Add(8 * 24 * time.Hour)
	fresh := attach(t, q, 3)
	if p, err := q.Prune(t.Context()); err != nil || p.Files != 1 {
		t.Errorf("%+v, %v", p, err)
	}
	for _, a := range []protocol.Attachment{used, fresh} {
		if f, err := q.Blob(a.SHA256); err != nil || f.Close() != nil {
			t.Errorf("a file in use is gone: %v", err)
		}
	}
	_, err := q.Blob(unused.SHA256)
	wantKind(t, err, fault.NotFound)
}

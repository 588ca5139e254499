package queue_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"zhanqun/internal/fault"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// A backup taken while people hand in makes a node that goes on: the same
// identity, a new epoch, all texts and files, and what was not confirmed once
// more.
func TestBackupAndRestore(t *testing.T) {
	from := t.TempDir()
	q := openAt(t, from, func() time.Time { return start })
	h := join(t, q)
	authority := []byte("key and certificate that browsers in villages trust")
	if err := os.WriteFile(filepath.Join(from, "ca.pem"), authority, 0o600); err != nil {
		t.Fatal(err)
	}
	image := attach(t, q, 40)
	d := draft("带图")
	d.Text.Attachments = []protocol.Attachment{image}
	with, err := q.Post(t.Context(), liaison, d)
	if err != nil {
		t.Fatal(err)
	}
	post(t, q, "二")
	down(t, q, h.receipt(t, q, 1))
	if err := q.FileDone(t.Context(), image.SHA256); err != nil {
		t.Fatal(err)
	}
	unsent := attach(t, q, 41)
	d = draft("又一张")
	d.Text.Attachments = []protocol.Attachment{image, unsent}
	if _, err := q.Post(t.Context(), liaison, d); err != nil {
		t.Fatal(err)
	}
	busy, stop := context.WithCancel(t.Context())
	var work sync.WaitGroup
	work.Go(func() {
		for busy.Err() == nil {
			post(t, q, "同时报的")
		}
	})
	path := filepath.Join(t.TempDir(), "node 备份.tar.zst")
	made, err := q.Backup(t.Context(), path, "node test", nil)
	stop()
	work.Wait()
	if err != nil || made.Files != 2 || made.Lost != 0 || made.Node != nodeID {
		t.Fatalf("%+v, %v", made, err)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if list, err := filepath.Glob(path + ".*"); err != nil || len(list) > 0 {
		t.Errorf("left behind: %v, %v", list, err)
	}
	if _, err := q.Backup(t.Context(), path, "", nil); !fault.Is(err, fault.Conflict) {
		t.Errorf("over another one: %v", err)
	}

	dir := filepath.Join(t.TempDir(), "新电脑")
	got, err := queue.Restore(t.Context(), path, dir, nil)
	if err != nil || got.Files != 2 || got.Bytes != made.Bytes {
		t.Fatalf("%+v, %v", got, err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "ca.pem")); err != nil || !bytes.Equal(text, authority) {
		t.Errorf("the CA of its pages: %q, %v", text, err)
	}
	again := openAt(t, dir, nil)
	old, id := identity(t, q), identity(t, again)
	if id.Node != old.Node || id.Key.Public() != old.Key.Public() || id.Epoch == old.Epoch {
		t.Errorf("%+v", id)
	}
	list, whole := logOf(t, again), logOf(t, q)
	if len(list) < 2 || hashes(list)[0] != hashes(whole)[1] {
		t.Errorf("%d entries, of %d", len(list), len(whole))
	}
	if d, err := again.Item(t.Context(), liaison, with.ID); err != nil || d.State != queue.Received || len(d.Text.Attachments) != 1 {
		t.Errorf("%+v, %v", d.State, err)
	}
	// Files of what goes out again are offered again, those the hub has are not.
	f, _, ok, err := again.NextFile(t.Context())
	if err != nil || !ok || f.SHA256 != unsent.SHA256 {
		t.Errorf("%+v %v %v", f, ok, err)
	}
	file, err := again.Blob(image.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(file); err != nil || protocol.HashOf(b.Bytes()) != image.SHA256 {
		t.Error("the file is another one")
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
	if _, err := queue.Restore(t.Context(), path, dir, nil); !fault.Is(err, fault.Conflict) || !strings.Contains(fault.Message(err), "node serve") {
		t.Errorf("over a node: %v", err)
	}
}

func identity(t *testing.T, q *queue.Queue) queue.Identity {
	t.Helper()
	id, err := q.Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// A node that has not joined has drafts worth keeping.
func TestBackupBeforeJoining(t *testing.T) {
	q := openAt(t, t.TempDir(), nil)
	made, err := q.SaveDraft(t.Context(), liaison, draft("草稿"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "b")
	if _, err := q.Backup(t.Context(), path, "", nil); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := queue.Restore(t.Context(), path, dir, nil); err != nil {
		t.Fatal(err)
	}
	again := openAt(t, dir, nil)
	if d, err := again.Item(t.Context(), liaison, made.ID); err != nil || d.State != queue.Drafting {
		t.Errorf("%+v, %v", d, err)
	}
	join(t, again)
	post(t, again, "第一条")
	if list := logOf(t, again); len(list) != 1 {
		t.Errorf("%d entries", len(list))
	}
}

func TestBadNodeBackups(t *testing.T) {
	q, _ := open(t)
	image := attach(t, q, 40)
	d := draft("带图")
	d.Text.Attachments = []protocol.Attachment{image}
	if _, err := q.Post(t.Context(), liaison, d); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "whole")
	if _, err := q.Backup(t.Context(), path, "", nil); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"empty": {}, "text": []byte("no backup"), "cut": whole[:len(whole)-30], "half": whole[:len(whole)/2]} {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, data, 0o600); err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(t.TempDir(), "data")
		if _, err := queue.Restore(t.Context(), p, to, nil); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
		if list, err := os.ReadDir(to); err != nil || len(list) > 0 {
			t.Errorf("%s left %v, %v", name, list, err)
		}
	}
	// A file the disk has lost is named.
	if err := os.Remove(filepath.Join(q.Dir(), "blobs", image.SHA256[:2], image.SHA256[2:])); err != nil {
		t.Fatal(err)
	}
	lost, err := q.Backup(t.Context(), filepath.Join(dir, "lost"), "", nil)
	if err != nil || lost.Lost != 1 || len(lost.Missing) != 1 || lost.Missing[0] != image.SHA256 {
		t.Errorf("%+v, %v", lost, err)
	}
}

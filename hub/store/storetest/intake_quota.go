package storetest

import (
	"bytes"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zhanqun/hub/intake"
	"zhanqun/internal/blob"
	"zhanqun/protocol"
)

// A node that begins file after file and ends none holds no more than its share of
// the disk. It hears why; what else it says goes on, as does everybody else, and what
// it goes on with later is taken.
func unfinishedFiles(t *testing.T, open Open) {
	s, stream, node := line(t, open)
	const kib = 1 << 10
	files := folder(t)
	var log bytes.Buffer
	in := intake.New(intake.Options{Store: s, Files: files, Now: s.Now, Unfinished: 256 * kib, Log: slog.New(slog.NewTextHandler(&log, nil))})
	stream.Intake = in
	flush := func() { running(t, in)() }
	content := func(i int) []byte { return bytes.Repeat([]byte{byte(i)}, 100*kib) }
	offer := func(node string, i, size int) protocol.Code {
		_, err := in.Offer(t.Context(), node, protocol.Offer{SHA256: protocol.HashOf(content(i)), Size: int64(size)})
		return code(err)
	}
	bring := func(i, from, to int) protocol.Code {
		_, err := in.Chunk(t.Context(), node.Node.ID, protocol.HashOf(content(i)), int64(from), content(i)[from:to])
		return code(err)
	}
	id := node.Node.ID
	for i := range 2 {
		if c := offer(id, i, 100*kib); c != "" {
			t.Fatalf("file %d: %s", i, c)
		}
		bring(i, 0, 90*kib)
	}
	if c := offer(id, 2, 100*kib); c != protocol.CodeQuota {
		t.Errorf("a third: %s", c)
	}
	flush() // what is open is closed, and known from the database only
	for range 3 {
		if c := offer(id, 2, 100*kib); c != protocol.CodeQuota {
			t.Errorf("a third, later: %s", c)
		}
	}
	if n := in.QuotaRefused(); n != 4 || strings.Count(log.String(), "too much unfinished") != 1 || !strings.Contains(log.String(), "node="+id) {
		t.Errorf("refused %d:\n%s", n, log.String())
	}
	// The same content under ever other sizes takes no more room than once.
	for i := range 20 {
		if c := offer(id, 1, 100*kib+i+1); c != "" {
			t.Fatalf("announced anew: %s", c)
		}
		if c := bring(1, 0, 90*kib); c != "" {
			t.Fatalf("brought anew: %s", c)
		}
		if i%5 == 4 {
			flush()
		}
	}
	if held := onDisk(t, files); held > 256*kib {
		t.Errorf("%d bytes on the disk", held)
	}
	stream.Send(node, node.Submit(node.Text())) // words are not held up
	same(t, "told", news(t, s, node), []string{"receipt 1"})
	other, _ := Node(t, s, Tangtou)
	if c := offer(other.ID, 2, 100*kib); c != "" {
		t.Errorf("another node: %s", c)
	}
	// What it goes on with is taken, and then there is room again.
	if c := offer(id, 0, 100*kib); c != "" {
		t.Fatalf("the first again: %s", c)
	}
	if c := bring(0, 90*kib, 100*kib); c != "" {
		t.Fatalf("the rest of the first: %s", c)
	}
	if c := offer(id, 2, 100*kib); c != "" {
		t.Errorf("with room again: %s", c)
	}
	// Many small ones are bounded by their number.
	refused := false
	for i := range 600 {
		_, err := in.Offer(t.Context(), other.ID, protocol.Offer{SHA256: protocol.HashOf(fmt.Append(nil, i)), Size: 1})
		refused = refused || code(err) == protocol.CodeQuota
	}
	if !refused {
		t.Error("600 files were begun")
	}
	// Without progress they are dropped, and the nodes named.
	flush()
	dropped := must[[]intake.Dropped](t)(s.DropUnfinished(t.Context(), s.Now().Add(-time.Hour)))
	if len(dropped) != 0 {
		t.Errorf("dropped too soon: %+v", dropped)
	}
	dropped = must[[]intake.Dropped](t)(s.DropUnfinished(t.Context(), s.Now().Add(time.Hour)))
	if len(dropped) != 2 {
		t.Errorf("dropped %+v", dropped)
	}
	if list := must[[]intake.File](t)(s.Unfinished(t.Context(), id, 10)); len(list) != 0 {
		t.Errorf("left %+v", list)
	}
}

// onDisk is how much the pieces of unfinished files take.
func onDisk(t *testing.T, files *blob.Store) (bytes int64) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(files.Dir(), "partial"), func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		bytes += info.Size()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}

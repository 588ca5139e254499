package backup_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"zhanqun/hub/signer"

	"github.com/google/go-cmp/cmp"

	"zhanqun/hub/backup"
	"zhanqun/hub/catalog"
	"zhanqun/hub/intake"
	"zhanqun/hub/store"
	"zhanqun/hub/store/storetest"
	"zhanqun/internal/blob"
	"zhanqun/internal/fault"
	"zhanqun/internal/testenv"
	"zhanqun/protocol"
)

// hub is a hub with files on its disk.
type hub struct {
	*storetest.Office
	files *blob.Store
	dir   string // of the files
	ca    []byte // its own CA, if it has one
}

func newHub(t *testing.T, open storetest.Open) *hub {
	t.Helper()
	h := &hub{Office: storetest.NewOffice(t, open), dir: filepath.Join(t.TempDir(), "files")}
	var err error
	if h.files, err = blob.Open(h.dir); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, h.files) })
	return h
}

func closed(t *testing.T, c interface{ Close() error }) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// bring puts a file on the disk and on record, and returns its digest.
func (h *hub) bring(content string) string {
	h.T.Helper()
	ref, err := h.files.Put(h.T.Context(), strings.NewReader(content), 1<<20)
	if err != nil {
		h.T.Fatal(err)
	}
	f := intake.File{Node: h.Nodes[0].Node.ID, SHA256: ref.SHA256, Size: ref.Size, Have: ref.Size, Done: true}
	if err := h.FileArrived(h.T.Context(), f, "text/plain"); err != nil {
		h.T.Fatal(err)
	}
	return ref.SHA256
}

func (h *hub) write(path string) (backup.Report, error) {
	return backup.Write(h.T.Context(), backup.Source{Store: h.Store, Files: h.files, CA: h.ca, Program: "hub test"}, path)
}

func target(t *testing.T, database string) backup.Target {
	return backup.Target{Dir: filepath.Join(t.TempDir(), "数据 hub"), Database: database, Seed: "hub.seed", CA: "ca.pem", Files: "files", Actor: "local:test"}
}

// databases are where a hub can come from or go to.
var databases = map[string]struct {
	open storetest.Open
	url  func(t *testing.T) string
}{
	"SQLite":     {storetest.SQLite, func(*testing.T) string { return "" }},
	"PostgreSQL": {storetest.Postgres, func(t *testing.T) string { return testenv.Postgres(t) }},
}

// A backup taken while the hub works holds one moment of it, and makes a hub of
// it on either database.
func TestBackupIsRestored(t *testing.T) {
	for from, source := range databases {
		for to, dest := range databases {
			t.Run(from+" to "+to, func(t *testing.T) {
				h := newHub(t, source.open)
				if from == "SQLite" { // the other one has none
					h.ca = []byte("key and certificate")
				}
				item := h.Submit(0, "township")
				h.Decide(h.Reviewer, item, catalog.ActionApprove)
				content := strings.Repeat("一张照片。", 50_000)
				sha := h.bring(content)
				busy, stop := context.WithCancel(t.Context())
				var work sync.WaitGroup
				work.Go(func() {
					for busy.Err() == nil {
						h.Submit(1, "township")
					}
				})
				path := filepath.Join(t.TempDir(), "hub.tar.zst")
				made, err := h.write(path)
				stop()
				work.Wait()
				if err != nil {
					t.Fatal(err)
				}
				if made.Files != 1 || made.Rows["unit"] != 8 || made.Lost != 0 || made.Epoch != h.Epoch() {
					t.Errorf("made %+v", made)
				}
				if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
					t.Errorf("mode %v, %v", info.Mode(), err)
				}

				place := target(t, dest.url(t))
				got, err := backup.Restore(t.Context(), path, place)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(made, got); diff != "" {
					t.Errorf("restored (-made +got):\n%s", diff)
				}
				authority, err := os.ReadFile(filepath.Join(place.Dir, "ca.pem"))
				if string(authority) != string(h.ca) || err != nil && h.ca != nil {
					t.Errorf("the CA is %q, %v", authority, err)
				}
				if info, err := os.Stat(filepath.Join(place.Dir, "ca.pem")); err == nil && runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
					t.Errorf("the CA's mode %v", info.Mode())
				}
				seed, err := os.ReadFile(filepath.Join(place.Dir, "hub.seed"))
				if err != nil {
					t.Fatal(err)
				}
				key, err := protocol.ParseKey(seed)
				if err != nil {
					t.Fatal(err)
				}
				s, err := store.Open(t.Context(), store.Options{URL: place.Database, Dir: place.Dir, Keys: signer.Of(key)})
				if err != nil {
					t.Fatal(err)
				}
				defer closed(t, s)
				if s.Epoch() == h.Epoch() {
					t.Error("the restored hub has the epoch of the old one")
				}
				if d, err := s.Item(t.Context(), item); err != nil || d.Item.State != protocol.StateAdopted || d.Entry == nil {
					t.Errorf("item %+v, %v", d.Item, err)
				}
				n, err := s.NodeState(t.Context(), h.Nodes[1].Node.ID)
				if err != nil {
					t.Fatal(err)
				}
				if events, err := s.Events(t.Context(), 0, 100_000); err != nil || count(events, "item.received") != int(n.Up)+1 {
					t.Errorf("%d items of %d entries, %v", count(events, "item.received"), n.Up, err)
				}
				files, err := blob.Open(filepath.Join(place.Dir, "files"))
				if err != nil {
					t.Fatal(err)
				}
				defer closed(t, files)
				if err := files.Verify(t.Context(), sha); err != nil {
					t.Error(err)
				}
				if left, err := filepath.Glob(filepath.Join(place.Dir, ".*")); err != nil || len(left) > 0 {
					t.Errorf("left behind: %v, %v", left, err)
				}
				if _, err := backup.Restore(t.Context(), path, place); !fault.Is(err, fault.Conflict) || !strings.Contains(fault.Message(err), "不是空的") {
					t.Errorf("restoring over a hub: %v", err)
				}
			})
		}
	}
}

func count(events []catalog.Event, kind string) int {
	n := 0
	for _, e := range events {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// Files that are gone or spoilt are named and do not keep the rest from being
// kept; the restored hub does not claim to have them.
func TestLostFiles(t *testing.T) {
	h := newHub(t, storetest.SQLite)
	there, gone, spoilt := h.bring("在"), h.bring("丢了"), h.bring("坏了")
	if err := h.files.Remove(gone); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(h.dir, spoilt[:2], spoilt[2:]), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "hub.tar.zst")
	r, err := h.write(path)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(r.Missing)
	want := []string{gone, spoilt}
	slices.Sort(want)
	if r.Files != 1 || r.Lost != 2 || !slices.Equal(r.Missing, want) {
		t.Errorf("report %+v", r)
	}
	place := target(t, "")
	if _, err := backup.Restore(t.Context(), path, place); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), store.Options{Dir: place.Dir, Keys: signer.Of(storetest.HubKey(h.Store))})
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, s)
	if list, err := s.Blobs(t.Context(), "", 10); err != nil || len(list) != 1 || list[0].SHA256 != there {
		t.Errorf("on record %v, %v", list, err)
	}
	if f, err := s.FileOf(t.Context(), h.Nodes[0].Node.ID, gone); err != nil || f.Done {
		t.Errorf("the node is told it need not bring %+v, %v", f, err)
	}
}

// What is not a whole backup leaves nothing, in the folder or in the database.
func TestBadBackups(t *testing.T) {
	h := newHub(t, storetest.SQLite)
	h.bring("附件")
	dir := t.TempDir()
	path := filepath.Join(dir, "hub.tar.zst")
	if _, err := h.write(path); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	bad := map[string][]byte{"empty": {}, "text": []byte("no backup"), "cut": whole[:len(whole)-40], "half": whole[:len(whole)/2]}
	for name, data := range bad {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, data, 0o600); err != nil {
			t.Fatal(err)
		}
		for db, dest := range databases {
			place := target(t, dest.url(t))
			if _, err := backup.Restore(t.Context(), p, place); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s into %s: %v", name, db, err)
			}
			if list, err := os.ReadDir(place.Dir); err != nil || len(list) > 0 {
				t.Errorf("%s into %s left %v, %v", name, db, list, err)
			}
			if place.Database == "" {
				continue
			}
			if err := store.Empty(t.Context(), place.Database); err != nil {
				t.Errorf("%s left the database filled: %v", name, err)
			}
		}
	}
	if _, err := backup.Restore(t.Context(), filepath.Join(dir, "nowhere"), target(t, "")); !fault.Is(err, fault.NotFound) {
		t.Errorf("no file: %v", err)
	}
}

// The rest of a restore that was killed is in nobody's way; anything else is.
func TestRestoreWantsAnEmptyFolder(t *testing.T) {
	h := newHub(t, storetest.SQLite)
	path := filepath.Join(t.TempDir(), "hub.tar.zst")
	if _, err := h.write(path); err != nil {
		t.Fatal(err)
	}
	if _, err := h.write(path); !fault.Is(err, fault.Conflict) {
		t.Errorf("over another backup: %v", err)
	}
	place := target(t, "")
	for _, sub := range []string{".restoring-123/files", "lost+found"} {
		if err := os.MkdirAll(filepath.Join(place.Dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	stranger := filepath.Join(place.Dir, "hub.seed")
	if err := os.WriteFile(stranger, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := backup.Restore(t.Context(), path, place); !fault.Is(err, fault.Conflict) {
		t.Errorf("into a folder with a key: %v", err)
	}
	if err := os.Remove(stranger); err != nil {
		t.Fatal(err)
	}
	if _, err := backup.Restore(t.Context(), path, place); err != nil {
		t.Error(err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := backup.Restore(cancelled, path, target(t, "")); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}

package storetest

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"zhanqun/hub/catalog"
	"zhanqun/hub/review"
	"zhanqun/hub/store"
	"zhanqun/internal/fault"
	"zhanqun/internal/testenv"
	"zhanqun/protocol"
)

func dumpSuite(t *testing.T, open Open) {
	t.Run("loads into either database", func(t *testing.T) { dumpLoads(t, open) })
	t.Run("is of one moment", func(t *testing.T) { dumpMoment(t, open) })
	t.Run("renewed", func(t *testing.T) { renewed(t, open) })
}

// Dump returns what is in a store: its schema, its parts, and all rows as texts,
// sorted.
func Dump(t testing.TB, s *store.Store) (schema int64, parts []store.Part, rows []string) {
	t.Helper()
	err := s.Dump(t.Context(), func(n int64) error {
		schema = n
		return nil
	}, func(p store.Part) error {
		p.Lines = slices.Clone(p.Lines)
		parts = append(parts, p)
		for line := range strings.Lines(string(p.Lines)) {
			rows = append(rows, p.Table+" "+line)
		}
		return p.Read(func([]any) error { return nil })
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(rows)
	return schema, parts, rows
}

// full is a hub with something in most tables, odd texts among it.
func full(t testing.TB, open Open) *Office {
	t.Helper()
	o := NewOffice(t, open)
	photo := protocol.Attachment{SHA256: digest('a'), Name: "现场.jpg", Size: 9, Type: "image/jpeg", Alt: "会场"}
	o.Arrive(photo)
	live := o.Submit(0, "township", func(m *protocol.Submit) {
		m.Title, m.Attachments = `引号"、反斜杠\、<尖括号>&\u2028`+"\u2028", []protocol.Attachment{photo}
	})
	o.Decide(o.Reviewer, live, catalog.ActionApprove)
	o.Submit(1, "headline")
	o.Stream.Send(o.Nodes[0], o.Nodes[0].Raw("no.such.kind", []byte("\x00\xff not text")))
	addSite(t, o.Store, Sitang, "街道网站", "http://sitang.example.cn/")
	return o
}

func dumpLoads(t *testing.T, open Open) {
	o := full(t, open)
	schema, parts, rows := Dump(t, o.Store)
	if len(rows) < 40 {
		t.Errorf("only %d rows", len(rows))
	}
	for name, to := range map[string]store.Options{"SQLite": {Dir: t.TempDir()}, "PostgreSQL": {URL: testenv.Postgres(t)}} {
		t.Run(name, func(t *testing.T) {
			next := func(list []store.Part) func() (store.Part, error) {
				return func() (p store.Part, err error) {
					if len(list) == 0 {
						return p, io.EOF
					}
					p, list = list[0], list[1:]
					return p, nil
				}
			}
			if to.URL != "" { // a restore that was broken off can be begun again
				broken := slices.Clone(parts)
				broken[len(broken)-1].Columns = []string{"x; DROP TABLE item"}
				if err := store.Load(t.Context(), to, schema, next(broken)); !fault.Is(err, fault.Invalid) {
					t.Errorf("an unknown column: %v", err)
				}
				if err := store.Empty(t.Context(), to.URL); err != nil {
					t.Errorf("left behind: %v", err)
				}
			}
			if err := store.Load(t.Context(), to, schema, next(parts)); err != nil {
				t.Fatal(err)
			}
			if err := store.Load(t.Context(), to, schema, next(parts)); !fault.Is(err, fault.Conflict) {
				t.Errorf("loading into a database in use: %v", err)
			}
			to.Keys = o.Store.Keys()
			s, err := store.Open(t.Context(), to)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}()
			_, _, again := Dump(t, s)
			same(t, "rows", again, rows)
			if s.Epoch() != o.Store.Epoch() {
				t.Error("the epoch is another one before Renew")
			}
		})
	}
	if err := store.Load(t.Context(), store.Options{Dir: t.TempDir()}, 99_999, nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("a later schema: %v", err)
	}
}

// What is committed while a dump runs is not in it, not even in part.
func dumpMoment(t *testing.T, open Open) {
	o := full(t, open)
	_, _, before := Dump(t, o.Store)
	var rows []string
	err := o.Store.Dump(t.Context(), func(int64) error { return nil }, func(p store.Part) error {
		o.Submit(0, "township")
		for line := range strings.Lines(string(p.Lines)) {
			rows = append(rows, p.Table+" "+line)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(rows)
	same(t, "rows", rows, before)
}

// A renewed store is another one to its nodes, and keeps nothing of the moment.
func renewed(t *testing.T, open Open) {
	o := full(t, open)
	s, epoch := o.Store, o.Store.Epoch()
	waiting := o.Submit(0, "township")
	must[review.Held](t)(o.Desk.Hold(t.Context(), o.Reviewer, o.Decision(waiting, catalog.ActionReject)))
	gone := NewSender(t, s, Xujiaba)
	if _, err := Access(s).RevokeNode(t.Context(), Admin(), gone.Node.ID, "报废"); err != nil {
		t.Fatal(err)
	}
	if err := s.Renew(t.Context(), "local:test", map[string]string{"backupOf": "x"}); err != nil {
		t.Fatal(err)
	}
	if s.Epoch() == epoch || uuid.Validate(s.Epoch()) != nil {
		t.Errorf("epoch %q", s.Epoch())
	}
	if d := o.Item(waiting); d.Held != nil || d.Item.State != protocol.StateReceived {
		t.Errorf("still held: %+v", d.Held)
	}
	_, _, rows := Dump(t, s)
	has := func(prefix, part string) bool {
		return slices.ContainsFunc(rows, func(r string) bool { return strings.HasPrefix(r, prefix) && strings.Contains(r, part) })
	}
	node := o.Nodes[0].Node.ID
	if !has(`down_past ["`+node+`","`+epoch, "") || has("down_past", gone.Node.ID) || !has("audit", "hub.restore") {
		t.Errorf("rows:\n%s", strings.Join(rows, ""))
	}
	o.Submit(0, "township")
	last := must[[]protocol.Entry](t)(downTail(t, s, node))
	if e := last[len(last)-1]; e.Epoch != s.Epoch() || e.Seq != uint64(len(last)) {
		t.Errorf("the log goes on with %d of %s", e.Seq, e.Epoch)
	}
	if err := s.ForgetFiles(t.Context(), []string{digest('a')}); err != nil {
		t.Fatal(err)
	}
	if list := must[[]store.Blob](t)(s.Blobs(t.Context(), "", 10)); len(list) > 0 {
		t.Errorf("files %v", list)
	}
}

func downTail(t testing.TB, s *store.Store, node string) ([]protocol.Entry, error) {
	_, list, err := s.PullDown(t.Context(), node, 0, protocol.MaxFrameBytes)
	return list, err
}

package review

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// Reposting changes the columns of an entry, nothing else, and tells the node.
func TestRepost(t *testing.T) {
	r, s, entry := published(t, "township")
	e, err := r.repost(s, second, entry.ID, []string{"photo", "township"}, "图片好")
	_, e = must(t, s, e, err)
	want := entry
	want.Columns = []string{"photo", "township"}
	if diff := cmp.Diff(want, e.Entries[0]); diff != "" {
		t.Errorf("entry (-want +got):\n%s", diff)
	}
	if st := e.Down[0].Status; st.State != protocol.StateAdopted || st.Comment != "县里把稿件放到了这些栏目：图片新闻、乡镇传真。" || len(st.Columns) != 2 {
		t.Errorf("status: %+v", st)
	}
	if e.Events[0].Kind != EventReposted || e.Audits[0].Kind != "entry.repost" || e.Audits[0].Actor != second.Login {
		t.Errorf("noted: %+v %+v", e.Events, e.Audits)
	}
	for _, tt := range []struct {
		name    string
		who     access.User
		columns []string
		edit    func(*Snapshot)
		kind    fault.Kind
	}{
		{"a column with a further step, by a reviewer", second, []string{"headline"}, nil, fault.Forbidden},
		{"the same by a chief", chief, []string{"headline"}, nil, 0},
		{"where it is already", second, []string{"township"}, nil, fault.Invalid},
		{"a column that does not exist", second, []string{"nosuch"}, nil, fault.Invalid},
		{"a closed column", second, []string{"photo"}, func(s *Snapshot) {
			s.Columns = catalog.FirstColumns()
			s.Columns[3].Closed = true
		}, fault.Invalid},
		{"an administrator", admin, []string{"photo"}, nil, fault.Forbidden},
		{"while a newer revision waits", second, []string{"photo"}, func(s *Snapshot) { *s = revise(*s, 0) }, fault.Conflict},
		{"what was rushed", second, []string{"photo"}, func(s *Snapshot) { s.Items[0].Item.Emergency = true }, fault.Conflict},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := s
			s.Items = append([]Subject(nil), s.Items...)
			if tt.edit != nil {
				tt.edit(&s)
			}
			_, err := r.repost(s, tt.who, entry.ID, tt.columns, "转发")
			wantKind(t, err, tt.kind)
		})
	}
}

// Pinning is for who may do the column's last step; it leaves the entry alone.
func TestPin(t *testing.T) {
	r, s, entry := published(t, "township")
	e, err := r.pin(s, second, entry.ID, tomorrow, "汛期提示")
	if err != nil || len(e.Entries) != 0 || len(e.Items) != 0 || len(e.Down) != 0 {
		t.Errorf("effect: %+v, %v", e, err)
	}
	if diff := cmp.Diff([]Pin{{Entry: entry.ID, Until: tomorrow}}, e.Pins); diff != "" {
		t.Errorf("pins (-want +got):\n%s", diff)
	}
	if e.Audits[0].Kind != "entry.pin" {
		t.Errorf("audit: %+v", e.Audits)
	}
	for name, who := range map[string]access.User{"an administrator": admin, "a liaison": liaison} {
		if _, err := r.pin(s, who, entry.ID, tomorrow, "x"); !fault.Is(err, fault.Forbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
	entry.Columns = []string{"headline"}
	s.Entries[entry.ID] = entry
	if _, err := r.pin(s, second, entry.ID, tomorrow, "x"); !fault.Is(err, fault.Forbidden) {
		t.Errorf("a reviewer pinned a headline: %v", err)
	}
}

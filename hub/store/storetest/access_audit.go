package storetest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhanqun/hub/catalog"
	"zhanqun/internal/account"
)

// auditSuite holds that acts are noted in the order they were done, under the
// name of who did them, each chained to the one before, and never with a secret.
func auditSuite(t *testing.T, open Open) {
	s := open(t)
	Units(t, s)
	n, _ := Node(t, s, Sitang)
	u := User(t, s, "wang", account.RoleReviewer, "")
	must[string](t)(Access(s).ResetPassword(t.Context(), Admin(), u.ID, ""))
	got := must[[]catalog.Audit](t)(s.Audits(t.Context(), 0, 100))
	var acts []string
	last := ""
	for i, a := range got {
		if last = a.Chain(last); a.Hash != last {
			t.Errorf("act %d does not fit the one before it", i+1)
		}
		if a.Seq != uint64(i)+1 {
			t.Errorf("act %d has number %d", i, a.Seq)
		}
		acts = append(acts, a.Actor+" "+a.Act+" "+a.Ref)
	}
	want := []string{"test unit.import ", "local:test node.invite " + Sitang, "node:" + n.ID + " node.join " + n.ID,
		"test user.add " + u.ID, "local:test user.password " + u.ID}
	if diff := cmp.Diff(want, acts); diff != "" {
		t.Errorf("acts (-want +got):\n%s", diff)
	}
	if end, err := s.VerifyAudit(t.Context(), nil); err != nil || end != (catalog.Link{Seq: uint64(len(got)), Hash: last}) {
		t.Errorf("the chain ends at %+v (%v), want act %d", end, err, len(got))
	}
	for i, a := range got {
		if made := a.Act == "user.add" || a.Act == "unit.import"; made && a.After == "" {
			t.Errorf("act %d, %s, keeps no digest of what it made", i+1, a.Act)
		}
	}
	if page := must[[]catalog.Audit](t)(s.Audits(t.Context(), 2, 2)); len(page) != 2 || page[0].Seq != 3 {
		t.Errorf("second page: %+v", page)
	}
}

// anchorSuite holds that a day gets one anchor, that it is an act like others,
// and that readings can be noted.
func anchorSuite(t *testing.T, open Open) {
	s := open(t)
	if err := s.NoteAudit(t.Context(), "wang", catalog.ActAuditRead, "", map[string]int{"from": 1}); err != nil {
		t.Fatal(err)
	}
	for i, tt := range []struct {
		day  string
		put  bool
		want string
	}{
		{"2026-11-03", true, "2026-11-03"}, {"2026-11-03", false, "2026-11-03"}, {"2026-11-04", true, "2026-11-04"},
		{"2026-11-03", false, "2026-11-04"}, // a clock that went back
		{"2099-01-01", true, "2099-01-01"},  // one that was wrong by years, and was put right
		{"2026-11-05", true, "2026-11-05"}, {"2026-11-05", false, "2026-11-05"},
	} {
		a, put, err := s.AnchorAudit(t.Context(), tt.day)
		if err != nil || put != tt.put || a.Ref != tt.want || a.Act != catalog.ActAuditAnchor || a.Hash == "" {
			t.Errorf("call %d: %+v put %v, %v", i, a, put, err)
		}
	}
	if list := must[[]catalog.Audit](t)(s.AuditAnchors(t.Context(), 10)); len(list) != 4 || list[0].Ref != "2026-11-05" {
		t.Errorf("anchors: %+v", list)
	}
	if end, err := s.VerifyAudit(t.Context(), nil); err != nil || end.Seq != 5 {
		t.Errorf("the chain ends at %+v, %v", end, err)
	}
}

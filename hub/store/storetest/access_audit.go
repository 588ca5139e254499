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
	must[string](t)(Access(s).ResetPassword(t.Context(), Admin(), u.ID))
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
	if n, broken, err := s.CheckAudits(t.Context()); err != nil || n != uint64(len(got)) || broken != 0 {
		t.Errorf("%d acts, broken at %d, %v", n, broken, err)
	}
	if page := must[[]catalog.Audit](t)(s.Audits(t.Context(), 2, 2)); len(page) != 2 || page[0].Seq != 3 {
		t.Errorf("second page: %+v", page)
	}
}

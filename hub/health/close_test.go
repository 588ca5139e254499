package health_test

import (
	"testing"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/health"
	"zhanqun/hub/store/storetest"
	"zhanqun/internal/account"
)

// A site that was closed down is asked no more, its findings are closed, and it is
// watched again when somebody says so.
func TestClosedSite(t *testing.T) {
	w := newWatch(t)
	s := newTown(t, map[string]string{"/": doc("思唐街道", `<a href="/gone.html">旧文件</a>`)})
	site := w.site(storetest.Sitang, "思唐街道网", s.url+"/")
	w.settle()
	w.clock.Advance(25 * time.Hour)
	w.settle()
	if open := w.findings(health.StateActive); len(open) != 2 {
		t.Fatalf("findings %+v", open)
	}
	for name, err := range map[string]error{
		"without a reason": w.CloseSite(t.Context(), access.Local("test"), site.ID, " ", false),
		"not closed":       w.CloseSite(t.Context(), access.Local("test"), site.ID, "恢复", true),
		"by a viewer":      w.CloseSite(t.Context(), access.User{Role: account.RoleViewer}, site.ID, "x", false),
	} {
		if err == nil {
			t.Errorf("%s: closed or opened", name)
		}
	}
	if err := w.CloseSite(t.Context(), access.Local("test"), site.ID, "并入县门户", false); err != nil {
		t.Fatal(err)
	}
	if open := w.findings(health.StateActive); len(open) != 0 {
		t.Errorf("findings of a closed site: %+v", open)
	}
	asked := func() int {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.asked["/"]
	}
	before := asked()
	w.clock.Advance(100 * time.Hour)
	w.settle()
	if n := asked() - before; n != 0 {
		t.Errorf("asked %d times", n)
	}
	if err := w.CloseSite(t.Context(), access.Local("test"), site.ID, "恢复", true); err != nil {
		t.Fatal(err)
	}
	w.settle()
	if asked() == before {
		t.Error("not asked when it is watched again")
	}
}

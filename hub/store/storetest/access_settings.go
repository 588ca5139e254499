package storetest

import (
	"sync"
	"testing"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/hub/store"
	"zhanqun/protocol"
)

// told returns how many entries the down log of a node has. In these tests all
// of them are settings.
func told(t testing.TB, s *store.Store, n access.Node) uint64 {
	t.Helper()
	return must[access.Node](t)(s.NodeByID(t.Context(), n.ID)).DownSeq
}

func settingsSuite(t *testing.T, open Open) {
	t.Run("whoever is concerned is told once", func(t *testing.T) {
		s := open(t)
		a := Access(s)
		Units(t, s)
		Columns(t, s)
		sitang, _ := Node(t, s, Sitang)
		tangtou, _ := Node(t, s, Tangtou)
		frozen, _ := Node(t, s, Sitang)
		revoked, _ := Node(t, s, Sitang)
		must[access.Node](t)(a.FreezeNode(t.Context(), Admin(), frozen.ID, "两台机器用了同一个身份"))
		must[access.Node](t)(a.RevokeNode(t.Context(), Admin(), revoked.ID, "电脑被盗"))
		expect := func(step string, want ...uint64) {
			t.Helper()
			for range 2 { // the second time there is nothing left to say
				if err := a.SendSettings(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			for i, n := range []access.Node{sitang, tangtou, frozen, revoked} {
				if got := told(t, s, n); got != want[i] {
					t.Errorf("%s: node %d was told %d times, want %d", step, i, got, want[i])
				}
			}
		}
		expect("after joining", 1, 1, 1, 1)
		column := catalog.FirstColumns()[1]
		column.Name = "乡镇动态"
		if err := a.SaveColumn(t.Context(), Admin(), column); err != nil {
			t.Fatal(err)
		}
		expect("a column was renamed", 2, 2, 1, 1)
		importing(t, s, "520624103202,新村,village,520624103\n")
		expect("塘头镇 has a new village", 2, 3, 1, 1)
		if err := a.SetPortal(t.Context(), "https://portal.example"); err != nil {
			t.Fatal(err)
		}
		expect("the portal has an address", 3, 4, 1, 1)
		if err := a.SetPortal(t.Context(), "https://portal.example"); err != nil {
			t.Fatal(err)
		}
		expect("the same address", 3, 4, 1, 1)
		if err := a.SetLimits(t.Context(), protocol.WireLimits()); err != nil {
			t.Fatal(err)
		}
		expect("the limits nodes know anyway", 3, 4, 1, 1)
		less := protocol.Limits{Attachments: 9, AttachmentBytes: 20 << 20, ItemBytes: 50 << 20}
		if err := a.SetLimits(t.Context(), less); err != nil {
			t.Fatal(err)
		}
		expect("the county takes less", 4, 5, 1, 1)
		words := Words(t, s, sitang.ID, 3)
		if m, ok := words[0].(*protocol.Settings); !ok || m.Limits == nil || *m.Limits != less {
			t.Errorf("told %+v", words[0])
		}
		must[access.Node](t)(a.ReleaseNode(t.Context(), Admin(), frozen.ID))
		expect("released", 4, 5, 2, 1)
	})

	t.Run("in pieces, and by two programs at once", func(t *testing.T) {
		s := open(t)
		Units(t, s)
		Columns(t, s)
		nodes := make([]access.Node, 7)
		for i := range nodes {
			nodes[i], _ = Node(t, s, Tangtou)
		}
		if err := s.SetPortal(t.Context(), "https://portal.example"); err != nil {
			t.Fatal(err)
		}
		if n := must[int](t)(s.SendSettings(t.Context(), 3)); n != 3 {
			t.Errorf("a piece of 3 has %d", n)
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for {
					n, err := s.SendSettings(t.Context(), 3)
					if err != nil {
						t.Error(err)
					}
					if n < 3 {
						return
					}
				}
			})
		}
		wg.Wait()
		if n := must[int](t)(s.SendSettings(t.Context(), 3)); n != 0 {
			t.Errorf("%d nodes are still behind", n)
		}
		for _, n := range nodes {
			if got := told(t, s, n); got != 2 {
				t.Errorf("node %s was told %d times, want 2", n.ID, got)
			}
		}
	})
}

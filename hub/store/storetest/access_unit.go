package storetest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/hub/store"
	"zhanqun/internal/account"
	"zhanqun/internal/fault"
)

const sinan = `code,name,level,parent
520624,思南县,county,5206
520624001,思唐街道,township,520624
520624001001,城北社区,village,520624001
`

func importing(t *testing.T, s *store.Store, text string) (total, changed int) {
	t.Helper()
	total, changed, err := Access(s).ImportUnits(t.Context(), Admin(), strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return total, changed
}

func unitSuite(t *testing.T, open Open) {
	t.Run("importing again changes nothing", func(t *testing.T) {
		s := open(t)
		moved := 0
		s.OnEvent(func(uint64) { moved++ })
		if total, changed := importing(t, s, sinan); total != 3 || changed != 3 || moved != 1 {
			t.Errorf("first import: %d units, %d changed, %d times an event", total, changed, moved)
		}
		if total, changed := importing(t, s, sinan); total != 3 || changed != 0 || moved != 1 {
			t.Errorf("second import: %d units, %d changed, %d times an event", total, changed, moved)
		}
		if _, changed := importing(t, s, strings.Replace(sinan, "城北社区", "城北居委会", 1)); changed != 1 || moved != 2 {
			t.Errorf("a new name: %d changed, %d times an event", changed, moved)
		}
		if u := must[catalog.Unit](t)(s.Unit(t.Context(), SitangA)); u.Name != "城北居委会" {
			t.Errorf("unit %+v", u)
		}
	})

	t.Run("parents may be on file", func(t *testing.T) {
		s := open(t)
		importing(t, s, sinan)
		if total, changed := importing(t, s, "520624103,塘头镇,township,520624\n"); total != 1 || changed != 1 {
			t.Errorf("%d units, %d changed", total, changed)
		}
	})

	t.Run("a fault imports nothing and names the line", func(t *testing.T) {
		s, a := open(t), access.Service{}
		a.Store = s
		importing(t, s, sinan)
		var crowd strings.Builder
		for i := range access.MaxVillages {
			fmt.Fprintf(&crowd, "520624001%03d,村,village,520624001\n", 100+i)
		}
		for _, tt := range []struct{ name, text, says string }{
			{"unknown parent", "520624103,塘头镇,township,520624\n520624104,甲,township,520699\n", "第 2 行：上级单位 520699"},
			{"wrong level", "520624103,塘头镇,township,520624\n520624103201,甲,village,520624\n", "第 2 行：村的上级单位 520624"},
			{"orphans on file", "520624001,思唐街道,department,520624\n", "第 1 行：改动后，已登记的单位 520624001001"},
			{"too many villages", crowd.String(), "501 个村，最多 500 个"},
		} {
			_, _, err := a.ImportUnits(t.Context(), Admin(), strings.NewReader(tt.text))
			t.Run(tt.name, func(t *testing.T) { refused(t, err, fault.Invalid, tt.says) })
		}
		if all := must[[]catalog.Unit](t)(s.Units(t.Context(), access.UnitQuery{Limit: 500})); len(all) != 3 || all[1].Level != catalog.LevelTownship {
			t.Errorf("on file now: %+v", all)
		}
		_, _, err := a.ImportUnits(t.Context(), access.User{Role: account.RoleChief}, strings.NewReader(sinan))
		refused(t, err, fault.Forbidden, "管理员")
	})

	t.Run("pages", func(t *testing.T) {
		s := open(t)
		Units(t, s)
		for _, tt := range []struct {
			q    access.UnitQuery
			want []string
		}{
			{access.UnitQuery{Limit: 2}, []string{County, Bureau}},
			{access.UnitQuery{Limit: 2, After: Bureau}, []string{Sitang, SitangA}},
			{access.UnitQuery{Limit: 9, Parent: Sitang}, []string{SitangA, SitangB}},
			{access.UnitQuery{Limit: 9, Level: catalog.LevelTownship, After: Sitang}, []string{Xujiaba, Tangtou}},
			{access.UnitQuery{Limit: 9, Level: catalog.LevelVillage, Parent: Tangtou}, []string{TangtouA}},
			{access.UnitQuery{Limit: 9, Parent: "x"}, []string{}},
		} {
			codes := []string{}
			for _, u := range must[[]catalog.Unit](t)(Access(s).Units(t.Context(), tt.q)) {
				codes = append(codes, u.Code)
			}
			if diff := cmp.Diff(tt.want, codes); diff != "" {
				t.Errorf("%+v (-want +got):\n%s", tt.q, diff)
			}
		}
		_, err := s.Unit(t.Context(), "x")
		refused(t, err, fault.NotFound, "没有代码为 x 的单位")
	})
}

func columnSuite(t *testing.T, open Open) {
	t.Run("first ones are made once", func(t *testing.T) {
		s := open(t)
		want := Columns(t, s)
		if diff := cmp.Diff(want, must[[]catalog.Column](t)(s.Columns(t.Context()))); diff != "" {
			t.Errorf("columns (-want +got):\n%s", diff)
		}
		edited := want[0]
		edited.Name, edited.Closed = "县内要闻", true
		if err := Access(s).SaveColumn(t.Context(), Admin(), edited); err != nil {
			t.Fatal(err)
		}
		Columns(t, s)
		if got := must[catalog.Column](t)(Access(s).Column(t.Context(), "headline")); !cmp.Equal(got, edited) {
			t.Errorf("after another start: %+v", got)
		}
	})

	t.Run("rules", func(t *testing.T) {
		s := open(t)
		a := Access(s)
		good := catalog.Column{Slug: "special", Name: "专题", Position: 8, Steps: []catalog.Step{{Name: " 初审 ", Role: "reviewer"}}}
		with := func(f func(*catalog.Column)) catalog.Column {
			c := good
			f(&c)
			return c
		}
		for field, c := range map[string]catalog.Column{
			"slug":     with(func(c *catalog.Column) { c.Slug = "A b" }),
			"name":     with(func(c *catalog.Column) { c.Name = " " }),
			"position": with(func(c *catalog.Column) { c.Position = -1 }),
			"steps":    with(func(c *catalog.Column) { c.Steps = nil }),
		} {
			if err := a.SaveColumn(t.Context(), Admin(), c); fault.Fields(err)[field] == "" {
				t.Errorf("%s: %v", field, err)
			}
		}
		err := a.SaveColumn(t.Context(), Admin(), with(func(c *catalog.Column) { c.Steps = []catalog.Step{{Name: "审", Role: "admin"}} }))
		refused(t, err, fault.Invalid, "只能由审核员或分管领导")
		refused(t, a.SaveColumn(t.Context(), access.User{Role: account.RoleReviewer}, good), fault.Forbidden, "管理员")
		if err := a.SaveColumn(t.Context(), Admin(), good); err != nil {
			t.Fatal(err)
		}
		if c := must[catalog.Column](t)(a.Column(t.Context(), "special")); c.Steps[0].Name != "初审" || good.Steps[0].Name != " 初审 " {
			t.Errorf("saved %+v, given %+v", c, good)
		}
		_, err = a.Column(t.Context(), "none")
		refused(t, err, fault.NotFound, "没有这个栏目")
	})
}

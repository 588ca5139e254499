package access_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/internal/account"
	"zhanqun/internal/fault"
)

// One row per role, one column per action: the whole rule, written a second time.
func TestMay(t *testing.T) {
	type row struct {
		role account.Role
		may  []access.Action
	}
	for _, tt := range []row{
		{account.RoleViewer, []access.Action{access.ReadAll}},
		{account.RoleReviewer, []access.Action{access.ReadAll, access.Review, access.Adopt, access.Inspect}},
		{account.RoleChief, []access.Action{access.ReadAll, access.Review, access.Final, access.Withdraw, access.Adopt, access.Inspect, access.Audit}},
		{account.RoleAdmin, []access.Action{access.ReadAll, access.Inspect, access.Manage, access.Audit}},
		{account.RoleLiaison, nil},
		{account.RoleVillage, nil},
		{"root", nil},
		{"", nil},
	} {
		u := access.User{Role: tt.role}
		var may []access.Action
		for _, a := range access.Actions() {
			if u.May(a) {
				may = append(may, a)
			}
			if err := u.Need(a); (err == nil) != u.May(a) || err != nil && !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s: Need(%s) = %v, May = %v", tt.role, a, err, u.May(a))
			}
		}
		if diff := cmp.Diff(tt.may, may); diff != "" {
			t.Errorf("%s (-want +may):\n%s", tt.role, diff)
		}
		u.Disabled = true
		for _, a := range access.Actions() {
			if u.May(a) {
				t.Errorf("%s, disabled, may %s", tt.role, a)
			}
		}
	}
}

func TestMayDecide(t *testing.T) {
	first, final := catalog.Step{Name: "初审", Role: "reviewer"}, catalog.Step{Name: "终审", Role: "chief"}
	for _, tt := range []struct {
		role         account.Role
		first, final bool
	}{
		{account.RoleReviewer, true, false}, {account.RoleChief, true, true}, {account.RoleAdmin, false, false},
		{account.RoleViewer, false, false}, {account.RoleLiaison, false, false}, {account.RoleVillage, false, false},
	} {
		u := access.User{Role: tt.role}
		if u.MayDecide(first) != tt.first || u.MayDecide(final) != tt.final {
			t.Errorf("%s: first %v, final %v", tt.role, u.MayDecide(first), u.MayDecide(final))
		}
	}
}

func TestMayRead(t *testing.T) {
	for _, tt := range []struct {
		name         string
		u            access.User
		unit, origin string
		want         bool
	}{
		{"viewer", access.User{Role: account.RoleViewer}, "1", "", true},
		{"liaison, own", access.User{Role: account.RoleLiaison, Unit: "1"}, "1", "", true},
		{"liaison, a village of hers", access.User{Role: account.RoleLiaison, Unit: "1"}, "1", "1001", true},
		{"liaison, another's", access.User{Role: account.RoleLiaison, Unit: "1"}, "2", "", false},
		{"village, own", access.User{Role: account.RoleVillage, Unit: "1001"}, "1", "1001", true},
		{"village, the township's", access.User{Role: account.RoleVillage, Unit: "1001"}, "1", "", false},
		{"village, a neighbour's", access.User{Role: account.RoleVillage, Unit: "1001"}, "1", "1002", false},
		{"without a unit nothing matches", access.User{Role: account.RoleVillage}, "1", "", false},
		{"disabled", access.User{Role: account.RoleViewer, Disabled: true}, "1", "", false},
		{"disabled liaison", access.User{Role: account.RoleLiaison, Unit: "1", Disabled: true}, "1", "", false},
	} {
		if got := tt.u.MayRead(tt.unit, tt.origin); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

package queue

import (
	"zhanqun/internal/account"
	"zhanqun/internal/fault"
)

// Actor is the person who acts.
type Actor struct {
	Login   string       `json:"login"`
	Name    string       `json:"name"`
	Role    account.Role `json:"role"`              // RoleLiaison or RoleVillage
	Village string       `json:"village,omitempty"` // code of the village a village liaison writes for
}

// Township reports whether a speaks for the township: only that endorses,
// withdraws and answers.
func (a Actor) Township() bool { return a.Role == account.RoleLiaison }

// sees reports whether a may know of an item of the given village.
func (a Actor) sees(village string) bool {
	return a.Township() || a.Role == account.RoleVillage && a.Village != "" && a.Village == village
}

// known returns a fault unless a is somebody this package can act for.
func (a Actor) known() error {
	if a.Name == "" || !a.Township() && (a.Role != account.RoleVillage || a.Village == "") {
		return fault.New(fault.Forbidden, "这个账号不能办理信息报送，请联系本单位管理员。")
	}
	return nil
}

// township returns a fault unless a speaks for the township.
func (a Actor) township() error {
	if !a.Township() {
		return fault.New(fault.Forbidden, "这一步要由镇里的信息员办理。")
	}
	return nil
}

var errNoItem = fault.New(fault.NotFound, "没有这条信息，可能已被删除。")

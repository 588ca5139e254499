// Package account holds the rules of who-is-it that both programs share, as
// pure code without storage.
//
// It promises: passwords are kept only as argon2id PHC strings and compared in
// constant time, with the same cost whether or not the login exists; tokens and
// codes carry enough chance that they are kept only as SHA-256 digests; the
// lock-out after failed sign-ins is a function of numbers and times, so the
// caller may keep its counters in whatever database it has; and every refusal
// is a fault with a sentence in plain Chinese.
package account

// Role says what a signed-in person may do. The value is what databases and
// the API carry; Name is what pages show.
type Role string

// The roles, from the township's writer to the county's administrator.
const (
	RoleLiaison  Role = "liaison"  // 信息员: writes and submits for a township or department
	RoleVillage  Role = "village"  // 村信息员: writes for a village, the township endorses
	RoleReviewer Role = "reviewer" // 审核员: reviews and edits submitted items at the county
	RoleChief    Role = "chief"    // 分管领导: final approval and withdrawal
	RoleAdmin    Role = "admin"    // 管理员: users, units, nodes, settings
	RoleViewer   Role = "viewer"   // 查看者: reads, changes nothing
)

var roleNames = map[Role]string{
	RoleLiaison:  "信息员",
	RoleVillage:  "村信息员",
	RoleReviewer: "审核员",
	RoleChief:    "分管领导",
	RoleAdmin:    "管理员",
	RoleViewer:   "查看者",
}

// Roles returns all roles in the order forms list them.
func Roles() []Role {
	return []Role{RoleLiaison, RoleVillage, RoleReviewer, RoleChief, RoleAdmin, RoleViewer}
}

// Valid reports whether r is one of the roles.
func (r Role) Valid() bool { return roleNames[r] != "" }

// Name returns the Chinese name of the role, which is also its key for
// translation. An unknown role is returned as it is.
func (r Role) Name() string {
	if n := roleNames[r]; n != "" {
		return n
	}
	return string(r)
}

package storetest

import (
	"context"
	"sync"
	"testing"

	"github.com/google/uuid"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/hub/store"
	"zhanqun/internal/account"
	"zhanqun/protocol"
)

// Units of the sample county: three townships, a department and some villages.
const (
	County     = "520624"
	Sitang     = "520624001" // 思唐街道, with two villages
	Tangtou    = "520624103" // 塘头镇, with one village
	Xujiaba    = "520624102" // 许家坝镇, without villages on file
	Bureau     = "520624-jy" // 教育局, a department
	SitangA    = "520624001001"
	SitangB    = "520624001002"
	TangtouA   = "520624103201"
	countyName = "思南县"
)

// Units puts the sample county on file and returns its units by code.
func Units(t testing.TB, s *store.Store) map[string]catalog.Unit {
	t.Helper()
	list := []catalog.Unit{
		{Code: County, Name: countyName, Level: catalog.LevelCounty, Parent: "5206"},
		{Code: Bureau, Name: "县教育局", Level: catalog.LevelDepartment, Parent: County},
		{Code: Sitang, Name: "思唐街道", Level: catalog.LevelTownship, Parent: County},
		{Code: Xujiaba, Name: "许家坝镇", Level: catalog.LevelTownship, Parent: County},
		{Code: Tangtou, Name: "塘头镇", Level: catalog.LevelTownship, Parent: County},
		{Code: SitangA, Name: "城北社区", Level: catalog.LevelVillage, Parent: Sitang},
		{Code: SitangB, Name: "文化街社区", Level: catalog.LevelVillage, Parent: Sitang},
		{Code: TangtouA, Name: "红旗村委会", Level: catalog.LevelVillage, Parent: Tangtou},
	}
	if _, err := s.ImportUnits(t.Context(), "test", list, func([]catalog.Unit) error { return nil }); err != nil {
		t.Fatal(err)
	}
	units := make(map[string]catalog.Unit, len(list))
	for _, u := range list {
		units[u.Code] = u
	}
	return units
}

// Columns puts the columns of a new hub on file and returns them.
func Columns(t testing.TB, s *store.Store) []catalog.Column {
	t.Helper()
	if err := s.PutFirstColumns(t.Context(), catalog.FirstColumns()); err != nil {
		t.Fatal(err)
	}
	return catalog.FirstColumns()
}

// Access returns the area's service on s and its clock.
func Access(s *store.Store) *access.Service {
	return access.New(access.Config{
		Store: s, HubEpoch: s.Epoch(), Now: s.Now,
		NATS: func() []string { return []string{"nats://127.0.0.1:4222"} },
	})
}

// Admin is who does what tests need done.
func Admin() access.User { return access.Local("test") }

// Node enrols a machine of a unit on file, as a township would, and returns it
// with its key. Its down log holds one entry, the settings.
func Node(t testing.TB, s *store.Store, unit string) (access.Node, protocol.Key) {
	t.Helper()
	a := Access(s)
	code, _, err := a.Invite(t.Context(), Admin(), unit, "http://127.0.0.1:8080", 0)
	if err != nil {
		t.Fatal(err)
	}
	key, err := protocol.NewNodeKey()
	if err != nil {
		t.Fatal(err)
	}
	answer, err := a.Enrol(t.Context(), EnrolRequest(code.Secret, key))
	if err != nil {
		t.Fatal(err)
	}
	n, err := s.NodeByID(t.Context(), answer.Node)
	if err != nil {
		t.Fatal(err)
	}
	return n, key
}

// EnrolRequest is what a node sends to join.
func EnrolRequest(secret string, key protocol.Key) protocol.Enrol {
	return protocol.Enrol{
		Secret: secret, Key: key.Public(), Name: "值班室电脑", Program: "node test",
		Sig: key.Sign(protocol.EnrolText(secret, key.Public())),
	}
}

// Password is the password of every account made by User.
const Password = "correct horse battery 站群"

// User makes an account that need not change its password and returns it. unit
// may be empty.
func User(t testing.TB, s *store.Store, login string, role account.Role, unit string) access.User {
	t.Helper()
	hash, err := hashed()
	if err != nil {
		t.Fatal(err)
	}
	u := access.User{ID: uuid.NewString(), Login: login, Name: "测试" + login, Role: role, Unit: unit}
	if err := s.AddAccount(t.Context(), "test", u, hash); err != nil {
		t.Fatal(err)
	}
	u, err = s.Account(t.Context(), u.ID)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// hashed is made once per test binary: hashing is slow on purpose, and nothing
// here depends on the salt.
var hashed = sync.OnceValues(func() (string, error) {
	return account.Hash(context.Background(), Password)
})

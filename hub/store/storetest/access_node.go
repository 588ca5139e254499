package storetest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhanqun/hub/access"
	"zhanqun/internal/account"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

const base = "http://127.0.0.1:8080"

func nodeKey(t testing.TB) protocol.Key {
	t.Helper()
	return must[protocol.Key](t)(protocol.NewNodeKey())
}

func enrolSuite(t *testing.T, open Open) {
	t.Run("an invitation is used once", func(t *testing.T) {
		s := open(t)
		a := Access(s)
		Units(t, s)
		Columns(t, s)
		code, invite, err := a.Invite(t.Context(), Admin(), Sitang, base, 0)
		if err != nil || invite.ExpiresAt.Sub(invite.CreatedAt) != access.InviteLife {
			t.Fatalf("invite %+v, %v", invite, err)
		}
		requests := make([]protocol.Enrol, 8)
		for i := range requests {
			requests[i] = EnrolRequest(code.Secret, nodeKey(t))
		}
		answers, errs := make([]protocol.EnrolAnswer, len(requests)), make([]error, len(requests))
		var wg sync.WaitGroup
		for i := range requests {
			wg.Go(func() { answers[i], errs[i] = a.Enrol(t.Context(), requests[i]) })
		}
		wg.Wait()
		won := -1
		for i, err := range errs {
			if err == nil && won < 0 {
				won = i
				continue
			}
			refused(t, err, fault.Gone, "用过")
		}
		if won < 0 {
			t.Fatal("nobody got in")
		}
		nodes := must[[]access.Node](t)(s.Nodes(t.Context(), access.NodeQuery{Limit: 9}))
		if len(nodes) != 1 || nodes[0].ID != answers[won].Node || nodes[0].PublicKey != requests[won].Key || nodes[0].DownSeq != 1 {
			t.Errorf("nodes on file: %+v", nodes)
		}
		got := answers[won]
		want := protocol.EnrolAnswer{Node: nodes[0].ID, Unit: protocol.Unit{Code: Sitang, Name: "思唐街道"},
			HubKey: s.Key(), HubEpoch: s.Epoch(), NATS: []string{"nats://127.0.0.1:4222"}, Now: got.Now}
		if diff := cmp.Diff(want, got); diff != "" || !protocol.ValidNode(got.Node) {
			t.Errorf("answer (-want +got):\n%s", diff)
		}
		// The winner's answer was lost on the way: he asks again and is who he was.
		again, err := a.Enrol(t.Context(), requests[won])
		if err != nil || again.Node != got.Node {
			t.Errorf("asked again: %+v, %v", again, err)
		}
		if list := must[[]access.Invite](t)(a.Invites(t.Context(), Admin())); len(list) != 1 || list[0].Node != got.Node || list[0].UsedAt.IsZero() {
			t.Errorf("invitations: %+v", list)
		}
		// Once revoked, the code does not bring the identity back.
		must[access.Node](t)(a.RevokeNode(t.Context(), Admin(), got.Node, "电脑被盗"))
		_, err = a.Enrol(t.Context(), requests[won])
		refused(t, err, fault.Gone, "用过")
	})

	t.Run("who does not get in", func(t *testing.T) {
		clock := NewClock()
		s := open(t, clock.Now)
		a := Access(s)
		Units(t, s)
		code, _, err := a.Invite(t.Context(), Admin(), Bureau, base, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		key, hubKey := nodeKey(t), must[protocol.Key](t)(protocol.NewHubKey())
		change := func(f func(*protocol.Enrol)) protocol.Enrol {
			e := EnrolRequest(code.Secret, key)
			f(&e)
			return e
		}
		for _, tt := range []struct {
			name string
			e    protocol.Enrol
			kind fault.Kind
			says string
		}{
			{"unknown secret", EnrolRequest("zqi_x", key), fault.NotFound, "入网码不对"},
			{"no secret", EnrolRequest("", key), fault.NotFound, "入网码不对"},
			{"no signature", change(func(e *protocol.Enrol) { e.Sig = nil }), fault.Invalid, "签名"},
			{"another's key", change(func(e *protocol.Enrol) { e.Key = nodeKey(t).Public() }), fault.Invalid, "签名"},
			{"a hub's key", EnrolRequest(code.Secret, hubKey), fault.Invalid, "公钥"},
			{"no key", change(func(e *protocol.Enrol) { e.Key = "" }), fault.Invalid, "公钥"},
			{"name of two lines", change(func(e *protocol.Enrol) { e.Name = "a\nb" }), fault.Invalid, "换行"},
		} {
			_, err := a.Enrol(t.Context(), tt.e)
			t.Run(tt.name, func(t *testing.T) { refused(t, err, tt.kind, tt.says) })
		}
		clock.Advance(time.Hour)
		_, err = a.Enrol(t.Context(), EnrolRequest(code.Secret, key))
		refused(t, err, fault.Gone, "过期")
		if nodes := must[[]access.Node](t)(s.Nodes(t.Context(), access.NodeQuery{Limit: 9})); len(nodes) != 0 {
			t.Errorf("nodes on file: %+v", nodes)
		}
		_, taken := Node(t, s, Bureau)
		code, _, err = a.Invite(t.Context(), Admin(), Bureau, base, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = a.Enrol(t.Context(), EnrolRequest(code.Secret, taken))
		refused(t, err, fault.Conflict, "已经登记过")
		// The failed attempt has not used the code up.
		if _, err := a.Enrol(t.Context(), EnrolRequest(code.Secret, key)); err != nil {
			t.Error(err)
		}
	})

	t.Run("who is not invited", func(t *testing.T) {
		s := open(t)
		a := Access(s)
		Units(t, s)
		for _, tt := range []struct {
			name       string
			actor      access.User
			unit, base string
			life       time.Duration
			kind       fault.Kind
			says       string
		}{
			{"by a reviewer", access.User{Role: account.RoleReviewer}, Sitang, base, 0, fault.Forbidden, "管理员"},
			{"unknown unit", Admin(), "x", base, 0, fault.NotFound, "没有代码为 x"},
			{"village", Admin(), SitangA, base, 0, fault.Invalid, "所属乡镇"},
			{"too long", Admin(), Sitang, base, 91 * 24 * time.Hour, fault.Invalid, "有效期"},
			{"no address", Admin(), Sitang, "", 0, fault.Invalid, "public_url"},
			{"no web address", Admin(), Sitang, "hub.example", 0, fault.Invalid, "完整的网址"},
		} {
			_, _, err := a.Invite(t.Context(), tt.actor, tt.unit, tt.base, tt.life)
			t.Run(tt.name, func(t *testing.T) { refused(t, err, tt.kind, tt.says) })
		}
		if err := a.SetPortal(t.Context(), "http://10.0.0.1:8080"); err != nil {
			t.Fatal(err)
		}
		code, _, err := a.Invite(t.Context(), Admin(), Sitang, "", 0)
		if err != nil || code.Hub != "http://10.0.0.1:8080" {
			t.Errorf("code %+v, %v", code, err)
		}
		// The CA is told with an address that is encrypted, as long as there is one.
		ca := strings.Repeat("A", 42) + "E"
		for _, tt := range []struct{ pin, base, want string }{
			{ca, "http://10.0.0.1:8080", ""}, {ca, "https://10.0.0.1:8443", ca}, {"", "https://10.0.0.1:8443", ""},
		} {
			if err := a.SetPin(t.Context(), tt.pin); err != nil {
				t.Fatal(err)
			}
			code, _, err := a.Invite(t.Context(), Admin(), Sitang, tt.base, 0)
			if err != nil || code.CA != tt.want {
				t.Errorf("with %q at %s: %+v, %v", tt.pin, tt.base, code, err)
			}
		}
	})
}

// standings says of each unit that may have nodes how many it has, and codes.
func standings(t *testing.T, a *access.Service) []string {
	t.Helper()
	var list []string
	for after := ""; ; {
		page := must[[]access.Standing](t)(a.Standings(t.Context(), Admin(), after, 2))
		for _, x := range page {
			list, after = append(list, fmt.Sprintf("%s %s %d %d", x.Code, x.Level, x.Nodes, x.Invites)), x.Code
		}
		if len(page) < 2 {
			return list
		}
	}
}

func inviteSuite(t *testing.T, open Open) {
	t.Run("many at once, all or none", func(t *testing.T) {
		clock := NewClock()
		s := open(t, clock.Now)
		a := Access(s)
		Units(t, s)
		list := must[[]access.Issued](t)(a.InviteAll(t.Context(), Admin(), []string{Sitang, Bureau}, access.Terms{Base: base, Life: time.Hour}))
		if len(list) != 2 || list[0].Unit != Sitang || list[1].UnitName == "" || list[0].Code.Secret == list[1].Code.Secret {
			t.Fatalf("issued %+v", list)
		}
		same(t, "standings", standings(t, a), []string{Bureau + " department 0 1", Sitang + " township 0 1", Xujiaba + " township 0 0", Tangtou + " township 0 0"})
		if _, err := a.Enrol(t.Context(), EnrolRequest(list[0].Code.Secret, nodeKey(t))); err != nil {
			t.Fatal(err)
		}
		gone, _ := Node(t, s, Tangtou)
		must[access.Node](t)(a.RevokeNode(t.Context(), Admin(), gone.ID, "电脑被盗"))
		clock.Advance(time.Hour)
		same(t, "later", standings(t, a), []string{Bureau + " department 0 0", Sitang + " township 1 0", Xujiaba + " township 0 0", Tangtou + " township 0 0"})

		before := len(must[[]access.Invite](t)(a.Invites(t.Context(), Admin())))
		for _, tt := range []struct {
			actor access.User
			units []string
			kind  fault.Kind
			says  string
		}{
			{Admin(), []string{Sitang, "x"}, fault.NotFound, "没有代码为 x"},
			{Admin(), []string{Sitang, SitangA}, fault.Invalid, "所属乡镇"},
			{Admin(), nil, fault.Invalid, "请选择单位"},
			{Admin(), make([]string, access.MaxInvites+1), fault.Invalid, "最多给 300 个单位"},
			{access.User{Role: account.RoleChief}, []string{Sitang}, fault.Forbidden, "管理员"},
		} {
			_, err := a.InviteAll(t.Context(), tt.actor, tt.units, access.Terms{Base: base})
			refused(t, err, tt.kind, tt.says)
		}
		if after := len(must[[]access.Invite](t)(a.Invites(t.Context(), Admin()))); after != before {
			t.Errorf("%d invitations made by those who failed", after-before)
		}
		_, err := a.Standings(t.Context(), access.User{Role: account.RoleViewer}, "", 9)
		refused(t, err, fault.Forbidden, "管理员")
	})
}

func nodeSuite(t *testing.T, open Open) {
	t.Run("lookups", func(t *testing.T) {
		s := open(t)
		Units(t, s)
		n, key := Node(t, s, Sitang)
		other, _ := Node(t, s, Bureau)
		if got := must[access.Node](t)(Access(s).NodeByKey(t.Context(), key.Public())); !cmp.Equal(n, got) || n.UnitName != "思唐街道" || n.Name != "值班室电脑" {
			t.Errorf("by id %+v, by key %+v", n, got)
		}
		_, err := s.NodeByKey(t.Context(), nodeKey(t).Public())
		refused(t, err, fault.NotFound, "没有这个节点")
		if list := must[[]access.Node](t)(Access(s).Nodes(t.Context(), access.NodeQuery{Unit: Bureau})); len(list) != 1 || list[0].ID != other.ID {
			t.Errorf("of the bureau: %+v", list)
		}
		first, second := min(n.ID, other.ID), max(n.ID, other.ID)
		if list := must[[]access.Node](t)(Access(s).Nodes(t.Context(), access.NodeQuery{State: access.NodeActive, After: first})); len(list) != 1 || list[0].ID != second {
			t.Errorf("second page: %+v", list)
		}
	})

	t.Run("revoking is final and noticed everywhere once", func(t *testing.T) {
		clock := NewClock()
		s := open(t, clock.Now)
		Units(t, s)
		here, there := Access(s), Access(s)
		var heard []string
		here.OnRevoked(func(n access.Node) { heard = append(heard, "here "+n.ID) })
		there.OnRevoked(func(n access.Node) { heard = append(heard, "there "+n.ID) })
		n, _ := Node(t, s, Sitang)
		refresh := func() {
			t.Helper()
			for _, a := range []*access.Service{here, there, here, there} {
				if err := a.Refresh(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		refresh()
		gone := must[access.Node](t)(here.RevokeNode(t.Context(), Admin(), n.ID, "电脑被盗"))
		if gone.State != access.NodeRevoked || !gone.RevokedAt.Equal(clock.Now()) || gone.Reason != "电脑被盗" {
			t.Errorf("revoked: %+v", gone)
		}
		refresh()
		clock.Advance(time.Hour)
		again := must[access.Node](t)(here.RevokeNode(t.Context(), Admin(), n.ID, "再次吊销"))
		if !cmp.Equal(gone, again) {
			t.Errorf("revoked again: %+v", again)
		}
		refresh()
		if diff := cmp.Diff([]string{"here " + n.ID, "there " + n.ID}, heard); diff != "" {
			t.Errorf("heard (-want +got):\n%s", diff)
		}
		_, err := here.ReleaseNode(t.Context(), Admin(), n.ID)
		refused(t, err, fault.Conflict, "不能恢复")
		_, err = here.FreezeNode(t.Context(), Admin(), n.ID, "x")
		refused(t, err, fault.Conflict, "不能恢复")
	})

	t.Run("a running program notices what another one did", func(t *testing.T) {
		s := open(t)
		Units(t, s)
		n, _ := Node(t, s, Sitang)
		running := Access(s)
		heard := make(chan access.Node, 9)
		running.OnRevoked(func(n access.Node) { heard <- n })
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			running.Watch(ctx, time.Millisecond, func(err error) { t.Error(err) })
		}()
		must[access.Node](t)(Access(s).RevokeNode(t.Context(), Admin(), n.ID, "电脑被盗"))
		if got := <-heard; got.ID != n.ID {
			t.Errorf("heard of %+v", got)
		}
		// New columns reach the other node without anybody asking.
		other, _ := Node(t, s, Tangtou)
		rung := make(chan map[string]uint64, 9)
		s.OnDown(func(heads map[string]uint64) { rung <- heads })
		Columns(t, s)
		if heads := <-rung; heads[other.ID] != 2 || len(heads) != 1 {
			t.Errorf("rung for %v, want %s at 2", heads, other.ID)
		}
		stop()
		<-ended
	})

	t.Run("freezing", func(t *testing.T) {
		s := open(t)
		Units(t, s)
		a := Access(s)
		n, _ := Node(t, s, Sitang)
		_, err := a.FreezeNode(t.Context(), Admin(), n.ID, " ")
		refused(t, err, fault.Invalid, "原因")
		_, err = a.FreezeNode(t.Context(), access.User{Role: account.RoleChief}, n.ID, "x")
		refused(t, err, fault.Forbidden, "管理员")
		_, err = a.FreezeNode(t.Context(), Admin(), "n0", "x")
		refused(t, err, fault.NotFound, "没有这个节点")
		if f := must[access.Node](t)(a.FreezeNode(t.Context(), Admin(), n.ID, "磁盘被复制")); f.State != access.NodeFrozen || f.Reason != "磁盘被复制" {
			t.Errorf("frozen: %+v", f)
		}
		if r := must[access.Node](t)(a.ReleaseNode(t.Context(), Admin(), n.ID)); r.State != access.NodeActive || r.Reason != "" {
			t.Errorf("released: %+v", r)
		}
	})
}

package web

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"

	"zhanqun/hub/store/storetest"
	"zhanqun/protocol"
)

// All townships of a large county can join at once from behind one address;
// somebody who tries codes by the hundred is told to wait.
func TestEnrolManyFromOneAddress(t *testing.T) {
	c := newCounty(t)
	admin := storetest.User(t, c.Store, "guanli", "admin", "")
	v := c.visit(t)
	enrol := func(secret string) *answer {
		t.Helper()
		key, err := protocol.NewNodeKey()
		if err != nil {
			t.Fatal(err)
		}
		body, err := json.Marshal(storetest.EnrolRequest(secret, key))
		if err != nil {
			t.Fatal(err)
		}
		return v.do(http.MethodPost, protocol.EnrolPath, "application/json", bytes.NewReader(body))
	}
	for n := range 60 {
		code, _, err := c.access.Invite(t.Context(), admin, storetest.Sitang, storetest.Portal, 0)
		if err != nil {
			t.Fatal(err)
		}
		if a := enrol(code.Secret); a.Code != http.StatusOK {
			t.Fatalf("township %d: %d %s", n+1, a.Code, a.Body)
		}
	}
	last := 0
	for range 60 {
		last = enrol("zqi_wrong").Code
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the sixtieth wrong code got %d", last)
	}
	v.from = "192.0.2.7:1234"
	if a := enrol("zqi_wrong"); a.Code != http.StatusNotFound {
		t.Errorf("another address got %d %s", a.Code, a.Body)
	}
}

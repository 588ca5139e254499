package web

import (
	"net/http"
	"testing"

	"zhanqun/internal/account"
)

func TestDesk(t *testing.T) {
	c := newCounty(t)
	v := c.as(t, account.RoleReviewer)
	v.get("/").is(http.StatusOK).says("都审完了")
	c.Submit(0, "township")
	v.get("/").is(http.StatusOK).says("春耕备耕", "开始审")
}

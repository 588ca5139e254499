package web

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"net/http"
	"strings"
	"testing"

	"zhanqun/internal/account"
	"zhanqun/internal/ui/uitest"
	"zhanqun/protocol"
)

// A reviewer is shown photos in a size to look at, made at the hub, and nothing a
// node has only spoken of.
func TestReviewedFiles(t *testing.T) {
	c := newCounty(t)
	big := image.NewGray(image.Rect(0, 0, 3000, 2000))
	for x := range 3000 {
		big.SetGray(x, 1000, color.Gray{Y: 255})
	}
	var raw bytes.Buffer
	if err := jpeg.Encode(&raw, big, nil); err != nil {
		t.Fatal(err)
	}
	ref, err := c.files.Put(t.Context(), bytes.NewReader(raw.Bytes()), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	photo := protocol.Attachment{SHA256: ref.SHA256, Name: "现场.jpg", Size: ref.Size, Type: "image/jpeg", Alt: "会场"}
	with := func(list ...protocol.Attachment) func(*protocol.Submit) {
		return func(m *protocol.Submit) { m.Attachments = list }
	}
	lie := protocol.Attachment{SHA256: strings.Repeat("a", 64), Name: "名单.docx", Size: 5,
		Type: "application/vnd.openxmlformats-officedocument.wordprocessingml.document"}
	own, foreign := c.Submit(0, "photo", with(photo)), c.Submit(1, "photo", with(photo, lie))
	c.Arrive(photo)
	found := lie
	found.Type = "text/plain"
	c.ArriveFrom(1, found)

	v := c.as(t, account.RoleReviewer)
	src := uitest.Attr(uitest.Find(v.get("/items/"+own).is(http.StatusOK).page(), ".photos img"), "src")
	for _, size := range []struct {
		query string
		long  int
	}{{src[strings.Index(src, "?"):], 1200}, {"?size=160", 160}, {"", 3000}} {
		a := v.get(strings.TrimSuffix(src, "?size=1200") + size.query).is(http.StatusOK)
		cfg, _, err := image.DecodeConfig(a.Body)
		if err != nil || cfg.Width != size.long {
			t.Errorf("%q: %+v, %v", size.query, cfg, err)
		}
		if h := a.Header(); h.Get("Content-Type") != "image/jpeg" || h.Get("X-Content-Type-Options") != "nosniff" ||
			!strings.Contains(h.Get("Content-Security-Policy"), "sandbox") || !strings.Contains(h.Get("Cache-Control"), "private") {
			t.Errorf("%q: %v", size.query, h)
		}
	}
	v.get(strings.TrimSuffix(src, "?size=1200") + "?size=4000").is(http.StatusNotFound)

	page := v.get("/items/" + foreign).is(http.StatusOK)
	page.says("正在传送，还没有到齐", "内容与报送时说的类型或大小不符", "有 1 个附件的内容与报送时说的不符", "还有 1 个附件正在传送")
	if uitest.Find(page.page(), ".photos img") != nil {
		t.Error("shows another unit's photo")
	}
	v.get("/items/" + foreign + "/files/" + photo.SHA256 + "/x.jpg").is(http.StatusNotFound)
	v.get("/items/" + foreign + "/files/" + lie.SHA256 + "/x.docx").is(http.StatusNotFound)
}

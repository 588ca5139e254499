package web

import (
	"bytes"
	"image/png"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"zhanqun/hub/access"
	"zhanqun/hub/store/storetest"
	"zhanqun/internal/account"
	"zhanqun/internal/browsertest"
	"zhanqun/protocol"
)

// scan reads the QR code of the page as a telephone does, which looks again from
// another distance when it could not.
func (p *guest) scan() (text string) {
	p.t.Helper()
	var err error
	for _, width := range []int64{390, 500, 640, 860} {
		p.Look(width, true)
		if text, err = p.glance(); err == nil {
			return text
		}
	}
	p.t.Fatalf("the QR code cannot be read: %v", err)
	return ""
}

func (p *guest) glance() (string, error) {
	p.t.Helper()
	file := filepath.Join(p.t.TempDir(), "page.png")
	p.Picture(file)
	f, err := os.Open(file)
	if err != nil {
		p.t.Fatal(err)
	}
	defer f.Close()
	shot, err := png.Decode(f)
	if err != nil {
		p.t.Fatal(err)
	}
	bitmap, err := gozxing.NewBinaryBitmapFromImage(shot)
	if err != nil {
		p.t.Fatal(err)
	}
	hints := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true}
	r, err := qrcode.NewQRCodeReader().Decode(bitmap, hints)
	if err != nil {
		return "", err
	}
	return r.GetText(), nil
}

// pages counts the sheets of a PDF.
func pages(pdf []byte) int { return bytes.Count(pdf, []byte("/Type /Page\n")) }

// The sheet of one unit: what stands in groups, in one piece and in the QR code
// is one code, it fits on a page, in the dark as well, and lets a machine in.
func TestSheetOfOneUnit(t *testing.T) {
	c := newCounty(t)
	p := someone(browsertest.Open(t), c.serve(), t, "admin")
	p.Visit(p.url + "/nodes")
	p.Look(390, true)
	p.Choose("#f-unit", storetest.Xujiaba)
	p.goes("生成入网码")
	text := p.Eval(`document.querySelector(".sheet code").innerText`)
	if got := p.scan(); got != text {
		t.Errorf("the QR code says %q, the page %q", got, text)
	}
	code, err := protocol.ParseJoinCode(p.Eval(`document.querySelector(".groups").innerText`))
	if err != nil || code.String() != text {
		t.Errorf("in groups: %v, %v", code, err)
	}
	if n := pages(p.Print()); n != 1 {
		t.Errorf("printed on %d pages", n)
	}
	p.OnPaper()
	p.lacks(text) // the copy is for the screen
	p.says("许家坝镇", "node join", "有效期到", storetest.Portal, "测试admin")
	if where := p.Eval(`location.href`); strings.Contains(where, code.Secret) || strings.Contains(where, text) {
		t.Errorf("the code is in the address: %s", where)
	}
	key, err := protocol.NewNodeKey()
	if err != nil {
		t.Fatal(err)
	}
	if a, err := c.access.Enrol(t.Context(), storetest.EnrolRequest(code.Secret, key)); err != nil || a.Unit.Code != storetest.Xujiaba {
		t.Errorf("%+v, %v", a, err)
	}
	p.quiet()
}

// All townships without a node get a sheet each, in one go and nothing of it in
// the log.
func TestSheetsOfManyUnits(t *testing.T) {
	var said bytes.Buffer
	c := newCounty(t, func(o *Options) {
		o.Logger = slog.New(slog.NewTextHandler(&said, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	p := someone(browsertest.Open(t), c.serve(), t, "admin")
	p.Visit(p.url + "/units")
	p.goes("成批发入网码…")
	p.says("还没有节点的乡镇有 1 个，已经选上", "已有 1 个节点")
	p.Eval(`for (const box of document.querySelectorAll("[name=unit]")) box.checked = true; ""`)
	p.Fill("#f-days", "30")
	p.Fill("#f-contact", "李敏 0856-1234567")
	p.goes("生成入网单")
	list, err := c.access.Standings(t.Context(), storetest.Admin(), "", 500)
	if err != nil {
		t.Fatal(err)
	}
	secrets := map[string]bool{}
	for text := range strings.FieldsSeq(p.Eval(`[...document.querySelectorAll(".sheet code")].map((e) => e.innerText).filter((x) => x.startsWith("zq1-")).join(" ")`)) {
		code, err := protocol.ParseJoinCode(text)
		if err != nil {
			t.Fatal(err)
		}
		secrets[code.Secret] = true
		if strings.Contains(said.String(), text) || strings.Contains(said.String(), code.Secret) {
			t.Error("a code is in the log")
		}
	}
	if len(secrets) != len(list) || len(list) < 3 {
		t.Errorf("%d codes for %d units", len(secrets), len(list))
	}
	for _, x := range list {
		p.says(x.Name)
		if x.Invites != 1 {
			t.Errorf("%s has %d codes", x.Name, x.Invites)
		}
	}
	p.says("李敏 0856-1234567")
	if n := pages(p.Print()); n != len(list) {
		t.Errorf("%d units are printed on %d pages", len(list), n)
	}
	p.Visit(p.url + "/nodes/invite")
	p.says("入网码未使用")
	p.quiet()
}

// The file for the command line is the same sheets and needs nothing else.
func TestWriteSheets(t *testing.T) {
	c := newCounty(t)
	list, err := c.access.InviteAll(t.Context(), c.people[account.RoleAdmin], []string{storetest.Sitang, storetest.Xujiaba}, access.Terms{Base: storetest.Portal})
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := WriteSheets(&file, list, "思南县", "李敏"); err != nil {
		t.Fatal(err)
	}
	for _, outside := range []string{"/static/", "<script", "<link"} {
		if strings.Contains(file.String(), outside) {
			t.Errorf("the file needs %s", outside)
		}
	}
	path := onDisk(t, "入网单.html", file.String())
	p := &guest{browsertest.Open(t), t, ""}
	p.Visit("file://" + path)
	p.says("思南县", "李敏", list[0].UnitName, list[1].UnitName)
	if n := pages(p.Print()); n != 2 {
		t.Errorf("printed on %d pages", n)
	}
	p.quiet()
}

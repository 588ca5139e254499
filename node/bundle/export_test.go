package bundle_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhanqun/internal/fault"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

func TestExport(t *testing.T) {
	o := newOffice(t)
	item := o.submit("春耕", 50)
	o.submit("夏收", 50, 60)
	if got := o.state(item); got != queue.Queued {
		t.Errorf("before: %s", got)
	}
	u := o.export()
	id, err := o.q.Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if u.From != id.Key.Public() || u.To != o.hub.Public() || u.Node != nodeID || u.Epoch != id.Epoch || u.Number != 1 || u.First != 1 || u.Last != 2 ||
		!cmp.Equal(u.seqs, []uint64{1, 2}) || len(u.files) != 2 || len(u.Offers) != 2 {
		t.Errorf("bundle %+v", u)
	}
	if h := u.Hello; h.Last != 2 || h.Confirmed != 0 || h.HubEpoch != o.epoch || h.Queued != 2 || h.Files != 2 || h.Program != "node test" {
		t.Errorf("hello %+v", h)
	}
	if got := o.state(item); got != queue.Sent {
		t.Errorf("in somebody's hands: %s", got)
	}
	// The next one stands for the first.
	o.submit("秋收")
	if u := o.export(); u.Number != 2 || !cmp.Equal(u.seqs, []uint64{1, 2, 3}) || len(u.files) != 2 {
		t.Errorf("second bundle %+v", u)
	}
	// What is confirmed is not carried any more.
	o.receipt(2)
	o.must(o.answer(1, 0, 2, func(x *protocol.BundleIndex) {
		for sha := range u.files {
			x.Offered = append(x.Offered, protocol.BundleOffer{SHA256: sha, Done: true})
		}
	}))
	if u := o.export(); !cmp.Equal(u.seqs, []uint64{3}) || len(u.files) != 0 || len(u.Offers) != 0 || u.Hello.Down != 1 {
		t.Errorf("third bundle %+v", u)
	}
	if _, err := o.s.Export(t.Context(), "", filepath.Join(t.TempDir(), "none", "x.zqb")); err == nil {
		t.Error("written into a folder that is not there")
	}
}

// What does not fit goes into the next one, without an answer in between, and
// one file goes in any case.
func TestExportInParts(t *testing.T) {
	o := newOffice(t)
	for i := range 12 {
		o.submit(strings.Repeat("长", 180)+string(rune('a'+i)), 100+i)
	}
	o.s.MaxBytes = 3 * 100 * 100 * 4 // about three photos
	seqs, files := []uint64{}, map[string]bool{}
	for range 20 {
		u := o.export()
		if len(u.files) == 0 || u.Bytes() > o.s.MaxBytes+110*100*4+1000 {
			t.Fatalf("bundle %d: %d bytes in %d files", u.Number, u.Bytes(), len(u.files))
		}
		for _, s := range u.seqs {
			if !slices.Contains(seqs, s) {
				seqs = append(seqs, s)
			}
		}
		for sha := range u.files {
			files[sha] = true
		}
		if len(files) == 12 {
			break
		}
	}
	if len(files) != 12 || len(seqs) != 12 {
		t.Errorf("%d entries, %d files", len(seqs), len(files))
	}
	// A log that is larger than a bundle.
	o.s.MaxBytes = 1
	var got []uint64
	for range 4 {
		o.submitLong()
	}
	for range 10 {
		made, err := o.s.Export(t.Context(), t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		u := o.read(made.Path)
		got = append(got, u.seqs...)
		if made.LeftOver == 0 {
			break
		}
	}
	if !slices.Equal(got, []uint64{13, 14, 15, 16}) { // each a bundle; the first twelve are on their way
		t.Errorf("carried %v", got)
	}
}

// A file that rots on this disk is told, and everything else goes.
func TestExportWithoutDamagedFiles(t *testing.T) {
	o := newOffice(t)
	o.submit("春耕", 50, 60)
	files, err := o.q.UnsentFiles(t.Context(), 10)
	if err != nil || len(files) != 2 {
		t.Fatalf("%v, %v", files, err)
	}
	blob := func(i int) string {
		return filepath.Join(o.q.Dir(), "blobs", files[i].SHA256[:2], files[i].SHA256[2:])
	}
	if err := os.WriteFile(blob(0), []byte("rotten"), 0o600); err != nil {
		t.Fatal(err)
	}
	u := o.export()
	if len(u.seqs) != 1 || len(u.files) != 1 || u.files[files[1].SHA256] != files[1].Size {
		t.Errorf("bundle %+v", u)
	}
	if f, err := o.q.File(t.Context(), files[0].SHA256); err != nil || !strings.Contains(f.Error, "已损坏") {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestJoinWithoutALine(t *testing.T) {
	o := unjoined(t)
	if _, err := o.s.Export(t.Context(), t.TempDir(), ""); !fault.Is(err, fault.Conflict) || !strings.Contains(fault.Message(err), "--offline") {
		t.Errorf("nothing to export: %v", err)
	}
	code := protocol.JoinCode{Hub: "http://10.0.0.1:8080", Secret: "zqi_geheim"}
	if err := o.q.SaveJoining(t.Context(), queue.Joining{Code: code, Name: "值班室"}); err != nil {
		t.Fatal(err)
	}
	made, err := o.s.Export(t.Context(), t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	u := o.read(made.Path)
	hash := protocol.HashOf([]byte(code.Secret))
	if u.Join == nil || u.Join.Ticket != protocol.JoinTicket(hash) || u.Join.Name != "值班室" || !protocol.SameProof(u.Join.Proof, protocol.JoinProof(hash, u.From)) || u.Node != "" {
		t.Errorf("request %+v", u.Join)
	}
	welcome := func(hash string, hub protocol.Key) func(*protocol.BundleIndex) {
		return func(x *protocol.BundleIndex) {
			x.Welcome = &protocol.BundleWelcome{EnrolAnswer: protocol.EnrolAnswer{Node: nodeID, Unit: protocol.Unit{Code: unit, Name: "许家坝镇"},
				HubKey: hub.Public(), HubEpoch: o.epoch}, Proof: protocol.WelcomeProof(hash, u.From, hub.Public(), nodeID)}
		}
	}
	o.says(protocol.KindSettings, &protocol.Settings{Unit: protocol.Unit{Code: unit, Name: "许家坝镇"}, Columns: []protocol.Column{{Slug: "township", Name: "乡镇传真"}}})
	impostor := o.hub
	own, err := protocol.NewHubKey()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data []byte
		code protocol.Code
	}{
		"no welcome":       {o.answer(1, 0, 0), protocol.CodeNode},
		"a guessed secret": {o.answer(1, 0, 0, welcome(protocol.HashOf([]byte("zqi_geraten")), impostor)), protocol.CodeHub},
		"another's name":   {o.answer(1, 0, 0, welcome(hash, own)), protocol.CodeHub},
	} {
		if _, err := o.take(c.data); codeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := o.q.Identity(t.Context()); !fault.Is(err, fault.Conflict) {
			t.Fatalf("%s: the node has an identity", name)
		}
	}
	data := o.answer(1, 0, 0, welcome(hash, o.hub))
	if r := o.must(data); r.Joined != "许家坝镇" || r.News != 1 || r.Re != 1 || r.Repeated() {
		t.Errorf("report %+v", r)
	}
	id, err := o.q.Identity(t.Context())
	if err != nil || id.Node != nodeID || id.HubKey != o.hub.Public() || id.HubURL != code.Hub || id.Name != "值班室" || len(id.NATS) != 0 {
		t.Errorf("identity %+v, %v", id, err)
	}
	if r := o.must(data); !r.Repeated() {
		t.Errorf("again: %+v", r)
	}
	if _, ok, err := o.q.Joining(t.Context()); ok || err != nil {
		t.Errorf("the join code is kept (%v)", err)
	}
	if err := o.q.SaveJoining(t.Context(), queue.Joining{Code: code}); !fault.Is(err, fault.Conflict) {
		t.Errorf("joining twice: %v", err)
	}
	o.submit("春耕")
	if u := o.export(); u.Node != nodeID || u.To != o.hub.Public() || len(u.seqs) != 1 || u.Number != 2 || u.Hello.Down != 1 {
		t.Errorf("first bundle %+v", u)
	}
}

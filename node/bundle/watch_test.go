package bundle_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhanqun/internal/dropbox"
	"zhanqun/node/bundle"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// trays is an office with two folders.
type trays struct {
	*office
	in, out string
	w       *bundle.Watcher
}

func newTrays(o *office) *trays {
	o.Helper()
	tr := &trays{office: o, in: o.TempDir(), out: o.TempDir()}
	tr.w = bundle.NewWatcher(o.s, bundle.Folders{In: tr.in, Out: tr.out, Every: time.Hour})
	return tr
}

func (tr *trays) round() {
	tr.Helper()
	if err := tr.w.Round(tr.Context()); err != nil {
		tr.Fatal(err)
	}
}

// want checks which bundles lie in the folder.
func (tr *trays) want(numbers ...uint64) {
	tr.Helper()
	left, err := dropbox.Left(tr.out, nodeID, protocol.Up)
	if err != nil {
		tr.Fatal(err)
	}
	var got []uint64
	for _, n := range left {
		got = append(got, n.Number)
	}
	if diff := cmp.Diff(numbers, got); diff != "" {
		tr.Errorf("bundles (-want +got):\n%s", diff)
	}
}

func (tr *trays) bundle(number uint64) up {
	tr.Helper()
	return tr.read(filepath.Join(tr.out, dropbox.Name{Who: nodeID, Dir: protocol.Up, Number: number}.String()))
}

func (tr *trays) put(name string, data []byte) {
	tr.Helper()
	if err := os.WriteFile(filepath.Join(tr.in, name), data, 0o600); err != nil {
		tr.Fatal(err)
	}
}

func (tr *trays) files() []string {
	tr.Helper()
	var list []string
	err := filepath.WalkDir(tr.in, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(tr.in, path)
			list = append(list, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		tr.Fatal(err)
	}
	slices.Sort(list)
	return list
}

// A bundle is made when there is something no bundle on its way carries, and
// again when no answer has come for long; then it takes the place of the former.
func TestWatchMakesWhatIsDue(t *testing.T) {
	tr := newTrays(newOffice(t))
	tr.round()
	tr.want(1) // its first word
	tr.round()
	tr.want(1)
	tr.submit("春耕", 50)
	tr.round()
	tr.round()
	tr.want(1, 2)
	if u := tr.bundle(2); len(u.seqs) != 1 || len(u.files) != 1 {
		t.Errorf("bundle %+v", u)
	}
	tr.submit("夏收", 60)
	tr.round()
	tr.want(1, 2, 3)
	// Text goes again, files do not.
	if u := tr.bundle(3); len(u.seqs) != 2 || len(u.files) != 1 || len(u.Offers) != 2 {
		t.Errorf("bundle %+v", u)
	}
	tr.clock = tr.clock.Add(23 * time.Hour)
	tr.round()
	tr.want(1, 2, 3)
	tr.clock = tr.clock.Add(2 * time.Hour)
	tr.round()
	tr.want(4)
	if u := tr.bundle(4); len(u.seqs) != 2 || len(u.files) != 2 {
		t.Errorf("bundle %+v", u)
	}
	// The clock is put back by years: nothing is lost by it.
	tr.clock = tr.clock.AddDate(-3, 0, 0)
	tr.round()
	tr.want(5)
}

// An answer is taken, what it confirms is not carried any more, and the county
// is told at once that it has come; what it has not got goes again.
func TestWatchAnswers(t *testing.T) {
	tr := newTrays(newOffice(t))
	item := tr.submit("春耕", 50, 60)
	tr.round()
	tr.want(1)
	u := tr.bundle(1)
	tr.receipt(1)
	tr.status(item, protocol.StateInReview)
	tr.put("anything.zqb", tr.answer(1, 0, 1, func(x *protocol.BundleIndex) {
		x.Offered = []protocol.BundleOffer{{SHA256: u.Offers[0].SHA256, Done: true}, {SHA256: u.Offers[1].SHA256}}
	}))
	tr.put(dropbox.Name{Who: "n8", Dir: protocol.Down, Number: 1}.String(), []byte("another's"))
	tr.put(dropbox.Name{Who: nodeID, Dir: protocol.Up, Number: 1}.String(), []byte("on its way to the county"))
	tr.round()
	if got := tr.state(item); got != queue.State(protocol.StateInReview) {
		t.Errorf("the item is %s", got)
	}
	tr.want(2)
	if u2 := tr.bundle(2); len(u2.seqs) != 0 || len(u2.files) != 1 || u2.files[u.Offers[1].SHA256] == 0 || u2.Hello.Down != 2 || u2.Hello.Confirmed != 1 {
		t.Errorf("bundle %+v", u2)
	}
	want := []string{"done/anything.zqb", "zhanqun-n7-up-000001.zqb", "zhanqun-n8-down-000001.zqb"}
	if diff := cmp.Diff(want, tr.files()); diff != "" {
		t.Error(diff)
	}
	// A county that does not take the file: it is not sent round and round.
	tr.put("a.zqb", tr.answer(2, 2, 1, func(x *protocol.BundleIndex) {
		x.Offered = []protocol.BundleOffer{{SHA256: u.Offers[1].SHA256, Fault: &protocol.Fault{Code: protocol.CodeQuota, Detail: "磁盘空间不足"}}}
	}))
	tr.round()
	tr.want()
	tr.clock = tr.clock.Add(25 * time.Hour)
	tr.round()
	tr.want(3)
	// What can never be taken is put aside.
	tr.put("b.zqb", []byte("rubbish"))
	tr.round()
	tr.clock = tr.clock.Add(dropbox.DefaultQuiet)
	tr.round()
	if got := tr.files(); !slices.Contains(got, "bad/b.zqb") || !slices.Contains(got, "bad/b.zqb.txt") {
		t.Errorf("files %v", got)
	}
}

// A county that answers and takes nothing is not asked again at once: the two
// would write files for ever. One that missed what came before is.
func TestWatchDoesNotInsist(t *testing.T) {
	tr := newTrays(newOffice(t))
	tr.submitLong()
	tr.round()
	tr.want(1)
	for i := range 3 {
		tr.put(string(rune('a'+i))+".zqb", tr.answer(1, 0, 0))
		tr.round()
		tr.want(1)
	}
	tr.clock = tr.clock.Add(25 * time.Hour)
	tr.round()
	tr.want(2)

	tr.s.MaxBytes = 1
	tr.submitLong()
	tr.round()
	tr.want(2, 3)
	if u := tr.bundle(3); !cmp.Equal(u.seqs, []uint64{2}) {
		t.Errorf("bundle %+v", u)
	}
	tr.put("d.zqb", tr.answer(3, 0, 0)) // the second one did not arrive
	tr.round()
	tr.want(4, 5)
	if u := tr.bundle(4); !cmp.Equal(u.seqs, []uint64{1}) {
		t.Errorf("bundle %+v", u)
	}
}

// What does not fit into one bundle goes into several in one round.
func TestWatchMakesSeveral(t *testing.T) {
	tr := newTrays(newOffice(t))
	for i := range 5 {
		tr.submit("春耕", 50+i)
	}
	tr.s.MaxBytes = 1
	tr.round()
	tr.want(1, 2, 3, 4, 5)
	files := map[string]bool{}
	for n := uint64(1); n <= 5; n++ {
		for sha := range tr.bundle(n).files {
			files[sha] = true
		}
	}
	if len(files) != 5 {
		t.Errorf("%d files", len(files))
	}
	tr.round()
	tr.want(1, 2, 3, 4, 5)
}

// With a line there is nothing to carry.
func TestWatchBesideTheLine(t *testing.T) {
	tr := newTrays(newOffice(t))
	tr.submit("春耕")
	if err := tr.q.Lock(t.Context()); err != nil { // a service runs
		t.Fatal(err)
	}
	if err := tr.q.SetLine(t.Context(), queue.Line{Connected: true}); err != nil {
		t.Fatal(err)
	}
	tr.round()
	tr.want()
	if err := tr.q.SetLine(t.Context(), queue.Line{}); err != nil {
		t.Fatal(err)
	}
	tr.round()
	tr.want(1)
}

func TestWatchJoins(t *testing.T) {
	o := unjoined(t)
	tr := newTrays(o)
	tr.round()
	if list, _ := os.ReadDir(tr.out); len(list) != 0 {
		t.Errorf("nothing is asked for yet: %v", list)
	}
	code := protocol.JoinCode{Hub: "http://10.0.0.1:8080", Secret: "zqi_geheim"}
	if err := o.q.SaveJoining(t.Context(), queue.Joining{Code: code}); err != nil {
		t.Fatal(err)
	}
	tr.round()
	tr.round()
	key, err := o.q.Key(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	request := filepath.Join(tr.out, dropbox.Name{Who: dropbox.Newcomer(key.Public()), Dir: protocol.Up, Number: 1}.String())
	if u := tr.read(request); u.Join == nil {
		t.Errorf("request %+v", u)
	}
	// Answers to others that join lie in the same folder.
	machine, err := protocol.NewNodeKey()
	if err != nil {
		t.Fatal(err)
	}
	tr.put(dropbox.Name{Who: "n9", Dir: protocol.Down, Number: 1}.String(), tr.answer(1, 0, 0, func(x *protocol.BundleIndex) { x.To = machine.Public() }))
	tr.put(dropbox.Name{Who: nodeID, Dir: protocol.Down, Number: 1}.String(), tr.answer(1, 0, 0, func(x *protocol.BundleIndex) {
		x.Welcome = &protocol.BundleWelcome{EnrolAnswer: protocol.EnrolAnswer{Node: nodeID, Unit: protocol.Unit{Code: unit, Name: "许家坝镇"}, HubKey: o.hub.Public(), HubEpoch: o.epoch},
			Proof: protocol.WelcomeProof(protocol.HashOf([]byte(code.Secret)), key.Public(), o.hub.Public(), nodeID)}
	}))
	tr.round()
	if _, err := os.Stat(request); !os.IsNotExist(err) {
		t.Errorf("the request still lies there: %v", err)
	}
	tr.want(2)
	if diff := cmp.Diff([]string{"done/zhanqun-n7-down-000001.zqb", "zhanqun-n9-down-000001.zqb"}, tr.files()); diff != "" {
		t.Error(diff)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	tr.w.Run(ctx) // ends
}

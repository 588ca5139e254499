package storetest

import (
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"zhanqun/hub/catalog"
	"zhanqun/hub/intake"
	"zhanqun/hub/review"
	"zhanqun/hub/store"
	"zhanqun/internal/testenv"
	"zhanqun/protocol"
)

func recoverSuite(t *testing.T, open Open) {
	t.Run("a week", func(t *testing.T) { recoverWeek(t, open) })
	t.Run("what does not hold any more", func(t *testing.T) { recoverKept(t, open) })
	t.Run("files under way", func(t *testing.T) { recoverFiles(t, open) })
	t.Run("a node that does not come back", func(t *testing.T) { recoverPartly(t, open) })
	t.Run("words that are none", func(t *testing.T) { recoverForged(t, open) })
}

// kept is a backup of an office's store and what its nodes had by then.
type kept struct {
	schema int64
	parts  []store.Part
	seqs   []uint64 // of the nodes
	heads  []uint64 // of their down logs
}

func (o *Office) backup() kept {
	o.T.Helper()
	k := kept{}
	k.schema, k.parts, _ = Dump(o.T, o.Store)
	for _, n := range o.Nodes {
		k.seqs = append(k.seqs, n.Seq)
		k.heads = append(k.heads, must[intake.Node](o.T)(o.NodeState(o.T.Context(), n.Node.ID)).Down)
	}
	return k
}

// restore makes the office that hub restore would make of a backup.
func (o *Office) restore(t *testing.T, k kept, to store.Options) *Office {
	t.Helper()
	list := slices.Clone(k.parts)
	err := store.Load(t.Context(), to, k.schema, func() (p store.Part, err error) {
		if len(list) == 0 {
			return p, io.EOF
		}
		p, list = list[0], list[1:]
		return p, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	to.Keys, to.Now = o.Store.Keys(), o.Clock.Now
	s := openStore(t, to)
	if err := s.Renew(t.Context(), "test", nil); err != nil {
		t.Fatal(err)
	}
	again := *o
	again.T, again.Store, again.Stream, again.words = t, s, NewStream(t, s), map[string][]protocol.Message{}
	again.Stream.Created = 2 // the broker is another one as well
	again.Desk = review.New(review.Options{Store: s, Now: o.Clock.Now, Portal: func() string { return Portal }})
	return &again
}

// giveBack lets a node give a restored hub what it has: its up log behind the
// backup, and its copy of what the lost hub told it.
func (o *Office) giveBack(lost *Office, k kept, node int) {
	o.T.Helper()
	n := o.Nodes[node]
	if rest := n.Log[k.seqs[node]:]; len(rest) > 0 {
		o.Stream.Send(n, rest...)
	}
	o.recall(node, pages(o.T, lost, n.Node.ID, k.heads[node])...)
}

// pages are a node's copy of a hub's words after a position, in small frames.
func pages(t testing.TB, lost *Office, node string, after uint64) []protocol.Recall {
	t.Helper()
	_, list, err := lost.PullDown(t.Context(), node, after, 10<<20)
	if err != nil {
		t.Fatal(err)
	}
	var frames []protocol.Recall
	for page := range slices.Chunk(list, 3) {
		page = slices.DeleteFunc(slices.Clone(page), func(e protocol.Entry) bool {
			return e.Kind == protocol.KindReceipt || e.Kind == protocol.KindRefusal
		})
		frames = append(frames, protocol.Recall{Frame: Frame(t, page...)})
	}
	return append(frames, protocol.Recall{Frame: Frame(t), Done: true})
}

// recall gives frames, each twice: an answer may get lost.
func (o *Office) recall(node int, frames ...protocol.Recall) {
	o.T.Helper()
	id := o.Nodes[node].Node.ID
	for _, r := range frames {
		r.HubEpoch = o.Epoch()
		for range 2 {
			if _, err := o.Stream.Intake.Recall(o.T.Context(), id, r); err != nil {
				o.T.Fatal(err)
			}
		}
	}
}

func (o *Office) sweep() {
	o.T.Helper()
	if _, err := o.Desk.Sweep(o.T.Context()); err != nil {
		o.T.Fatal(err)
	}
}

// Portrait is everything about an item that people and readers see.
type portrait struct {
	Item      catalog.Item
	Decisions []catalog.Decision
	Adoptions []catalog.Adoption
	Entry     *catalog.Entry
	Told      protocol.Status
}

func (o *Office) portrait(id string) portrait {
	o.T.Helper()
	d := o.Item(id)
	p := portrait{d.Item, d.Decisions, d.Adoptions, d.Entry, protocol.Status{}}
	p.Told, _ = o.Told(id)
	// Times of writing are those of the restore.
	p.Item.ReceivedAt, p.Item.UpdatedAt = time.Time{}, time.Time{}
	for i := range p.Decisions {
		if strings.HasPrefix(p.Decisions[i].Account, "node:") { // made anew from the unit's own word
			p.Decisions[i].ID, p.Decisions[i].At = "", time.Time{}
		}
	}
	slices.SortFunc(p.Decisions, func(a, b catalog.Decision) int { return strings.Compare(a.ID, b.ID) })
	if p.Entry != nil {
		p.Entry.UpdatedAt, p.Entry.PublishedAt, p.Entry.WithdrawnAt = time.Time{}, time.Time{}, time.Time{}
		if !p.Entry.CorrectedAt.IsZero() {
			p.Entry.CorrectedAt = time.Unix(1, 0)
		}
	}
	if p.Told.State == protocol.StateWithdrawn && p.Told.Memo == nil {
		p.Told.At = time.Time{}
	}
	return p
}

// A hub that lost a week has all of it again when its nodes have come back: what
// was decided, by whom, with what reason; what stands on the portal, word for
// word; and what each node believes.
func recoverWeek(t *testing.T, open Open) {
	for name, to := range targets(t) {
		t.Run(name, func(t *testing.T) {
			o := NewOffice(t, open)
			items := map[string]string{}
			before := func(name, column string, edit ...func(*protocol.Submit)) {
				items[name] = o.Submit(len(items)%2, column, edit...)
			}
			for _, name := range []string{"returned", "rejected", "adopted", "withdrawn by the chief", "withdrawn by the unit", "untouched", "corrected",
				"newer text waiting", "newer text rejected", "combined 1", "combined 2", "reposted", "adopted by the city", "taken apart 1", "taken apart 2",
				"live before, withdrawn", "live before, corrected"} {
				before(name, "township")
			}
			before("step one", "headline")
			before("emergency", "headline")
			before("emergency taken down", "headline")
			for _, name := range []string{"live before, withdrawn", "live before, corrected"} {
				o.Decide(o.Reviewer, items[name], catalog.ActionApprove)
			}
			k := o.backup()
			o.Clock.Advance(time.Hour)

			// The week that is lost.
			o.Decide(o.Reviewer, items["returned"], catalog.ActionReturn)
			o.Decide(o.Reviewer, items["rejected"], catalog.ActionReject)
			for _, name := range []string{"adopted", "withdrawn by the chief", "withdrawn by the unit", "corrected", "newer text waiting",
				"newer text rejected", "reposted", "adopted by the city"} {
				o.Decide(o.Reviewer, items[name], catalog.ActionApprove)
			}
			o.Clock.Advance(time.Minute)
			o.Decide(o.Chief, items["withdrawn by the chief"], catalog.ActionWithdraw)
			o.Decide(o.Chief, items["live before, withdrawn"], catalog.ActionWithdraw)
			unit := o.From[items["withdrawn by the unit"]]
			o.Stream.Send(unit, unit.Withdraw(items["withdrawn by the unit"], 1))
			for _, name := range []string{"corrected", "newer text waiting", "newer text rejected", "live before, corrected"} {
				o.Revise(items[name])
			}
			for _, name := range []string{"corrected", "live before, corrected"} {
				q := o.Decision(items[name], catalog.ActionApprove)
				q.Note = "数字改了"
				if err := o.Desk.Decide(t.Context(), o.Second, q); err != nil {
					t.Fatal(err)
				}
			}
			o.Decide(o.Second, items["newer text rejected"], catalog.ActionReject)
			if _, err := o.Combine(o.Reviewer, items["combined 1"], items["combined 2"]); err != nil {
				t.Fatal(err)
			}
			if _, err := o.Combine(o.Reviewer, items["taken apart 1"], items["taken apart 2"]); err != nil {
				t.Fatal(err)
			}
			o.Clock.Advance(time.Minute)
			o.Decide(o.Chief, items["taken apart 1"], catalog.ActionWithdraw)
			if err := o.Desk.Repost(t.Context(), o.Chief, o.Item(items["reposted"]).Item.Entry, []string{"township", "photo"}, "图片好"); err != nil {
				t.Fatal(err)
			}
			city := review.Outlet{Outlet: review.OutletCity, URL: "https://city.example.gov.cn/1", At: o.Clock.Now()}
			if err := o.Desk.Adopt(t.Context(), o.Reviewer, items["adopted by the city"], city); err != nil {
				t.Fatal(err)
			}
			o.Decide(o.Reviewer, items["step one"], catalog.ActionApprove)
			for _, name := range []string{"emergency", "emergency taken down"} {
				q := o.Decision(items[name], catalog.ActionApprove)
				q.Emergency, q.Comment = true, "暴雨红色预警"
				if err := o.Desk.Decide(t.Context(), o.Chief, q); err != nil {
					t.Fatal(err)
				}
			}
			o.Decide(o.Reviewer, items["emergency taken down"], catalog.ActionReturn)
			items["new"] = o.Submit(0, "township")
			o.Decide(o.Reviewer, items["new"], catalog.ActionApprove)
			o.Clock.Advance(time.Hour)

			again := o.restore(t, k, to)
			for node := range o.Nodes {
				again.giveBack(o, k, node)
				again.sweep()
			}
			for name, id := range items {
				same(t, name, again.portrait(id), o.portrait(id))
			}
			if list := must[[]string](t)(again.RecoverDue(t.Context(), "", 100)); len(list) > 0 {
				t.Errorf("left: %v", list)
			}
			if list := must[[]intake.Kept](t)(again.Stream.Intake.Refusals(t.Context(), intake.KeptQuery{})); len(list) > 0 {
				t.Errorf("kept: %+v", list)
			}
			// The recovered hub can lose its disk as well.
			third := again.restore(t, k, targets(t)[name])
			for node := range o.Nodes {
				third.giveBack(o, k, node)
				third.recall(node, pages(t, again, o.Nodes[node].Node.ID, k.heads[node])...)
			}
			third.sweep()
			for name, id := range items {
				same(t, name+" once more", third.portrait(id), o.portrait(id))
			}
		})
	}
}

// targets are empty databases of either kind.
func targets(t *testing.T) map[string]store.Options {
	t.Helper()
	return map[string]store.Options{"into SQLite": {Dir: t.TempDir()}, "into PostgreSQL": {URL: testenv.Postgres(t)}}
}

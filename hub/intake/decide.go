package intake

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"zhanqun/hub/catalog"
	"zhanqun/protocol"
)

// Decide judges a batch against what is on file. It has no effect but on v,
// whose nodes and items it moves on as it goes, so that each letter is judged
// by what those before it have done; an error is v.Answer's.
func Decide(v *View, b Batch, now time.Time) (*Plan, error) {
	d := &decision{View: v, plan: &Plan{}, now: now, changed: map[string]bool{}, fresh: map[string]bool{}}
	for _, id := range b.NodeIDs() {
		if n := v.Nodes[id]; n != nil {
			d.node(n, b.Letters[id])
		} else {
			d.unknown(id, b.Letters[id])
		}
	}
	for i := range b.Strays {
		d.stray(&b.Strays[i])
	}
	d.collect()
	return d.plan, d.err
}

type decision struct {
	*View
	plan    *Plan
	now     time.Time
	err     error           // of Answer or Looked
	changed map[string]bool // items
	fresh   map[string]bool // items that are new
}

// node judges the letters of one node in the order of its log.
func (d *decision) node(n *Node, letters []Letter) {
	if n.State != NodeActive {
		// The node keeps what has no receipt and sends it again once it may.
		d.plan.Result.Skipped += len(letters)
		return
	}
	inOrder(letters)
	epoch, up := n.Epoch, n.Up
	for i := range letters {
		if n.State != NodeActive {
			d.plan.Result.Skipped += len(letters) - i
			break
		}
		d.letter(n, &letters[i])
	}
	if n.Epoch != epoch || n.Up != up || n.State != NodeActive {
		d.plan.Nodes = append(d.plan.Nodes, n)
	}
	if n.Epoch != epoch || n.Up != up {
		d.receipt(n)
	}
}

// receipt tells a node how far its log is committed, and with which entry.
func (d *decision) receipt(n *Node) {
	r := &protocol.Receipt{Epoch: n.Epoch, Through: n.Up}
	if k := d.Known[Position{Node: n.ID, Epoch: n.Epoch, Seq: n.Up}]; k.Outcome != OutcomeUnproven {
		r.Hash = k.Hash
	}
	d.down(n.ID, protocol.KindReceipt, r)
}

func (d *decision) letter(n *Node, l *Letter) {
	e := &l.Entry
	if e.Epoch != n.Epoch && !d.otherEpoch(n, l) {
		return
	}
	switch {
	case e.Seq <= n.Up:
		d.repeated(n, l)
	case e.Seq > n.Up+1:
		d.gap(n)
	default:
		n.Up = e.Seq
		d.take(n, l, false)
	}
}

// otherEpoch decides on a letter of an epoch that is not the node's present
// one, and reports whether that epoch is now the present one.
func (d *decision) otherEpoch(n *Node, l *Letter) bool {
	known, there := d.Known[l.position()]
	switch {
	case there && known.Hash == l.Entry.Hash:
		d.plan.Result.Duplicates++
	case !l.Proven:
		d.keep(n, l, *l.Fault)
	case slices.Contains(d.Epochs[n.ID], l.Entry.Epoch):
		// The old log ended when the new one began. What still comes of it is
		// kept for a person to see, but a receipt would name the wrong log.
		d.keep(n, l, protocol.Fault{Code: protocol.CodeEpoch, Detail: "这台机器的旧数据库又发来了内容；换库后旧库不应再使用"})
	case l.Entry.Seq != 1:
		d.gap(n)
	default:
		d.begin(n, l.Entry.Epoch)
		return true
	}
	return false
}

// begin starts a node's log anew.
func (d *decision) begin(n *Node, epoch string) {
	was := *n
	n.Epoch, n.Up = epoch, 0
	if was.Epoch != "" {
		d.plan.Audits = append(d.plan.Audits, Audit{Actor: nodeActor(n.ID), Act: "node.epoch", Ref: n.ID, Before: was, After: *n,
			Detail: map[string]any{"from": was.Epoch, "through": was.Up, "to": epoch}})
		d.plan.Ended = append(d.plan.Ended, Position{Node: n.ID, Epoch: was.Epoch, Seq: was.Up})
	}
	d.Epochs[n.ID] = append(d.Epochs[n.ID], epoch)
	d.plan.Epochs = append(d.plan.Epochs, Position{Node: n.ID, Epoch: epoch})
}

// repeated compares a letter with the one that holds its position.
func (d *decision) repeated(n *Node, l *Letter) {
	known, there := d.Known[l.position()]
	switch {
	case !there || known.Hash == l.Entry.Hash && (known.Outcome != OutcomeUnproven || !l.Proven):
		d.plan.Result.Duplicates++
	case !l.Proven:
		d.keep(n, l, *l.Fault)
	case known.Outcome == OutcomeUnproven:
		d.take(n, l, true)
	default:
		d.freeze(n, l, known)
	}
}

// gap leaves a letter for later: the node sends it again once it has said
// hello and knows what is missing.
func (d *decision) gap(n *Node) {
	d.plan.Result.Waiting++
	d.plan.Result.Hello = unique(append(d.plan.Result.Hello, n.ID))
}

// take gives a position its entry: with its effect, or with a refusal.
func (d *decision) take(n *Node, l *Letter, again bool) {
	fault := l.Fault
	if m, ok := l.Message.(*protocol.Submit); ok && fault != nil && protocol.ValidUUID(m.Item) {
		// A refused revision counts as sent, so its number has to be right too.
		if wrong := d.follows(n, m); wrong != nil {
			fault = wrong
		}
	} else if fault == nil {
		fault = d.apply(n, l)
	}
	t := Taken{Letter: l, Outcome: OutcomeApplied, Again: again}
	if fault != nil {
		t.Outcome = OutcomeRefused
		if !l.Proven {
			t.Outcome = OutcomeUnproven
		}
		d.refuse(n, l, *fault)
		d.plan.Result.Refused++
	} else {
		d.plan.Result.Applied++
	}
	d.Known[l.position()] = Known{Hash: l.Entry.Hash, Outcome: t.Outcome}
	d.plan.Taken = append(d.plan.Taken, t)
}

// apply does what a letter says, or tells why that is impossible.
func (d *decision) apply(n *Node, l *Letter) *protocol.Fault {
	switch m := l.Message.(type) {
	case *protocol.Submit:
		return d.submit(n, l, m)
	case *protocol.Withdraw:
		return d.withdraw(n, m)
	case *protocol.Answer:
		return d.answer(n, m)
	case *protocol.Looked:
		return d.looked(n, m)
	}
	return &protocol.Fault{Code: protocol.CodeKind, Detail: "不认识的报文种类，请升级程序"}
}

// answer lets health take the unit's word on a finding.
func (d *decision) answer(n *Node, m *protocol.Answer) *protocol.Fault {
	if d.err != nil || d.Answer == nil {
		return nil //nolint:nilerr // the error ends the whole plan, see Decide
	}
	fault, err := d.Answer(n.ID, n.Unit, m)
	d.err = err
	return fault
}

// looked lets health keep a second opinion.
func (d *decision) looked(n *Node, m *protocol.Looked) *protocol.Fault {
	if d.err != nil || d.Looked == nil {
		return nil //nolint:nilerr // the error ends the whole plan, see Decide
	}
	fault, err := d.Looked(n.ID, m)
	d.err = err
	return fault
}

// refuse keeps a letter and tells the node.
func (d *decision) refuse(n *Node, l *Letter, fault protocol.Fault) {
	r := d.record(l, fault)
	said := &protocol.Refusal{Epoch: l.Entry.Epoch, Seq: l.Entry.Seq, Kind: protocol.Kind(r.Kind),
		Item: r.Item, Revision: r.Revision, Code: fault.Code, Field: fault.Field, Message: fault.Detail}
	if fault.Code == protocol.CodeRevision {
		said.Have = d.have(n, r.Item)
	}
	d.down(n.ID, protocol.KindRefusal, said)
	if _, ok := l.Message.(*protocol.Submit); ok && fault.Code != protocol.CodeRevision && r.Item != "" {
		key := ItemOf{Node: n.ID, Item: r.Item}
		d.Refused[key] = max(d.Refused[key], r.Revision)
	}
}

// keep keeps a letter that moves nothing, and tells nobody but the office.
func (d *decision) keep(n *Node, l *Letter, fault protocol.Fault) {
	d.stray(&Stray{Node: n.ID, At: l.At, Data: raw(l), Fault: fault})
}

func (d *decision) record(l *Letter, fault protocol.Fault) Refusal {
	r := Refusal{ID: newID(), Position: l.position(), Kind: Visible(string(l.Entry.Kind), 40), Fault: fault, Raw: raw(l)}
	switch m := l.Message.(type) {
	case *protocol.Submit:
		r.Item, r.Revision = m.Item, m.Revision
	case *protocol.Withdraw:
		r.Item, r.Revision = m.Item, m.Revision
	}
	if !protocol.ValidUUID(r.Item) || r.Revision < 1 {
		r.Item, r.Revision = "", 0
	}
	d.plan.Refusals = append(d.plan.Refusals, r)
	return r
}

func (d *decision) stray(s *Stray) {
	d.plan.Result.Strays++
	d.plan.Refusals = append(d.plan.Refusals, Refusal{ID: newID(), Position: Position{Node: s.Node}, Fault: s.Fault, Raw: s.Data})
}

func (d *decision) unknown(node string, letters []Letter) {
	for i := range letters {
		fault := protocol.Fault{Code: protocol.CodeNode, Detail: "没有登记这个节点"}
		d.stray(&Stray{Node: node, At: letters[i].At, Data: raw(&letters[i]), Fault: fault})
	}
}

// freeze stops a node after two different, well-signed entries at one position.
func (d *decision) freeze(n *Node, l *Letter, known Known) {
	was := *n
	n.State, n.Reason = NodeFrozen, cloneReason
	detail := map[string]any{"epoch": l.Entry.Epoch, "seq": l.Entry.Seq, "onFile": known.Hash, "arrived": l.Entry.Hash}
	d.record(l, protocol.Fault{Code: protocol.CodeClone, Detail: cloneReason})
	d.plan.Audits = append(d.plan.Audits, Audit{Actor: "hub", Act: "node.frozen", Ref: n.ID, Before: was, After: *n, Detail: detail})
	d.plan.Events = append(d.plan.Events, Event{Kind: "node.frozen", Ref: n.ID, Data: detail})
	d.down(n.ID, protocol.KindNotice, cloneNotice(d.now))
	d.plan.Result.Frozen = append(d.plan.Result.Frozen, n.ID)
	d.plan.Result.Refused++
}

func (d *decision) down(node string, kind protocol.Kind, m protocol.Message) {
	d.plan.Down = append(d.plan.Down, Letterhead{Node: node, Kind: kind, Message: m})
}

// collect puts the items that were touched and the nodes that are told
// something into the plan, in the order of ids.
func (d *decision) collect() {
	listed := map[string]bool{}
	for _, n := range d.plan.Nodes {
		listed[n.ID] = true
	}
	for _, m := range d.plan.Down {
		if !listed[m.Node] {
			listed[m.Node] = true
			d.plan.Nodes = append(d.plan.Nodes, d.Nodes[m.Node])
		}
	}
	slices.SortFunc(d.plan.Nodes, func(a, b *Node) int { return strings.Compare(a.ID, b.ID) })
	ids := make([]string, 0, len(d.changed))
	for id := range d.changed {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		if d.fresh[id] {
			d.plan.NewItems = append(d.plan.NewItems, d.Items[id])
		} else {
			d.plan.Items = append(d.plan.Items, d.Items[id])
		}
	}
}

func (d *decision) touch(it *catalog.Item) {
	it.UpdatedAt = d.now
	d.changed[it.ID] = true
}

func nodeActor(id string) string { return "node:" + id }

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// raw is the letter as a frame of its own, byte for byte what was signed.
func raw(l *Letter) []byte {
	var f protocol.Frame
	f.Add(l.Entry, protocol.MaxFrameBytes)
	return f.Bytes()
}

// storable reports whether an epoch can be a key in the database.
func storable(epoch string) bool {
	return epoch != "" && Visible(epoch, 36) == epoch && !strings.Contains(epoch, " ")
}

// Visible returns s as text that any database and page takes: what came with a
// broken head may hold anything.
func Visible(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return '?'
		}
		return r
	}, s)
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "")
	}
	return s
}

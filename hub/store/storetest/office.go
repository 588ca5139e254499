package storetest

import (
	"testing"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/hub/intake"
	"zhanqun/hub/review"
	"zhanqun/hub/store"
	"zhanqun/internal/account"
	"zhanqun/protocol"
)

// Office is a county with nodes, people and a review desk.
type Office struct {
	*store.Store
	T      testing.TB
	Clock  *Clock
	Stream *Stream
	Nodes  []*Sender
	Texts  map[string]*protocol.Submit // the latest of each item
	From   map[string]*Sender
	Desk   *review.Service
	words  map[string][]protocol.Message // of each node, as far as read

	Reviewer, Second, Chief, Deputy access.User
}

// Portal is the address of the portal in tests.
const Portal = "https://www.example.gov.cn"

// NewOffice opens a store with two nodes, of Sitang and Tangtou.
func NewOffice(t testing.TB, open Open) *Office {
	t.Helper()
	clock := NewClock()
	s := open(t, clock.Now)
	Units(t, s)
	Columns(t, s)
	return &Office{
		Store: s, T: t, Clock: clock, Stream: NewStream(t, s), Nodes: []*Sender{NewSender(t, s, Sitang), NewSender(t, s, Tangtou)},
		Texts: map[string]*protocol.Submit{}, From: map[string]*Sender{}, words: map[string][]protocol.Message{},
		Desk:     review.New(review.Options{Store: s, Now: clock.Now, Portal: func() string { return Portal }}),
		Reviewer: User(t, s, "shen", account.RoleReviewer, ""), Second: User(t, s, "song", account.RoleReviewer, ""),
		Chief: User(t, s, "chen", account.RoleChief, ""), Deputy: User(t, s, "ding", account.RoleChief, ""),
	}
}

// Submit lets a node send a new item for a column and returns its id.
func (o *Office) Submit(node int, column string, edit ...func(*protocol.Submit)) string {
	o.T.Helper()
	m := o.Nodes[node].Text()
	m.Column = column
	for _, f := range edit {
		f(m)
	}
	o.Texts[m.Item], o.From[m.Item] = m, o.Nodes[node]
	o.Stream.Send(o.Nodes[node], o.Nodes[node].Submit(m))
	return m.Item
}

// Revise lets the node send the next revision of an item.
func (o *Office) Revise(item string, edit ...func(*protocol.Submit)) {
	o.T.Helper()
	m := o.Texts[item]
	m.Revision++
	m.Title += "（改）"
	for _, f := range edit {
		f(m)
	}
	o.Stream.Send(o.From[item], o.From[item].Submit(m))
}

// Item returns an item as it stands.
func (o *Office) Item(id string) review.Detail {
	o.T.Helper()
	d, err := o.Store.Item(o.T.Context(), id)
	if err != nil {
		o.T.Fatal(err)
	}
	return d
}

// Decision is a decision on the latest revision, with a reason where one is needed.
func (o *Office) Decision(item, action string) review.Request {
	q := review.Request{Item: item, Revision: o.Texts[item].Revision, Action: action}
	if action != catalog.ActionApprove {
		q.Reason, q.Comment = "fact", "请核实"
	}
	return q
}

// Decide lets who decide, which has to succeed.
func (o *Office) Decide(who access.User, item, action string) {
	o.T.Helper()
	if err := o.Desk.Decide(o.T.Context(), who, o.Decision(item, action)); err != nil {
		o.T.Fatal(err)
	}
}

// Told returns the last status an item's node got of it, and how many there were.
func (o *Office) Told(item string) (last protocol.Status, count int) {
	o.T.Helper()
	node := o.From[item].Node.ID
	// Every word is checked when it is read, which takes its time: once is enough.
	o.words[node] = append(o.words[node], Words(o.T, o.Store, node, uint64(len(o.words[node])))...)
	for _, w := range o.words[node] {
		if st, ok := w.(*protocol.Status); ok && st.Item == item {
			last, count = *st, count+1
		}
	}
	last.Memo = nil // the hub's own
	return last, count
}

// EventsOf returns the kinds of all events about a thing, in order.
func (o *Office) EventsOf(ref string) []string {
	o.T.Helper()
	all, err := o.Store.Events(o.T.Context(), 0, 10_000)
	if err != nil {
		o.T.Fatal(err)
	}
	var list []string
	for i, e := range all {
		if e.Seq != uint64(i+1) {
			o.T.Fatalf("event %d is at place %d", e.Seq, i+1)
		}
		if e.Ref == ref {
			list = append(list, e.Kind)
		}
	}
	return list
}

func digest(c byte) string {
	b := make([]byte, 64)
	for i := range b {
		b[i] = c
	}
	return string(b)
}

// Arrive puts a file of the first node on file, as the blob lane does when its
// last chunk is down.
func (o *Office) Arrive(f protocol.Attachment) {
	o.T.Helper()
	o.ArriveFrom(0, f)
}

// ArriveFrom is Arrive for any node.
func (o *Office) ArriveFrom(node int, f protocol.Attachment) {
	o.T.Helper()
	err := o.FileArrived(o.T.Context(), intake.File{Node: o.Nodes[node].Node.ID, SHA256: f.SHA256, Size: f.Size, Have: f.Size, Done: true}, f.Type)
	if err != nil {
		o.T.Fatal(err)
	}
}

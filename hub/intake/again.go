package intake

import (
	"slices"

	"zhanqun/hub/catalog"
	"zhanqun/protocol"
)

// TextOf names one revision of an item.
type TextOf struct {
	Item     string
	Revision int
}

// Again returns the revisions on file that the batch brings once more under a
// new position, as a node does whose store was restored or which took another
// identity. items are those on file.
func (b *Batch) Again(nodes map[string]*Node, items map[string]*catalog.Item) []TextOf {
	var list []TextOf
	for id, letters := range b.Letters {
		n := nodes[id]
		for i := range letters {
			e := &letters[i].Entry
			m, ok := letters[i].Message.(*protocol.Submit)
			if !ok || n == nil || letters[i].Fault != nil || e.Epoch == n.Epoch && e.Seq <= n.Up {
				continue
			}
			if it := items[m.Item]; it != nil && m.Revision <= it.Revision {
				list = append(list, TextOf{m.Item, m.Revision})
			}
		}
	}
	return list
}

// onFile reports whether a submit says, word for word, what the same unit has
// handed in before: then it is received, and nothing is to be done.
func (d *decision) onFile(n *Node, m *protocol.Submit) bool {
	it, text := d.Items[m.Item], d.Texts[TextOf{m.Item, m.Revision}]
	return it != nil && text != nil && it.Unit == n.Unit && m.Unit == n.Unit && m.Origin == it.Origin && sameText(text, m)
}

// sameText compares everything but times, which databases keep less exactly, and
// the village, which is the item's.
func sameText(r *catalog.Revision, m *protocol.Submit) bool {
	return r.Title == m.Title && r.Body == m.Body && r.Column == m.Column && r.Author == m.Author && r.Source == m.Source &&
		r.Reviewer == m.Reviewer && r.Note == m.Note && r.Override == m.Override && r.EndorsedBy == m.EndorsedBy &&
		slices.Equal(r.Attachments, m.Attachments)
}

// have is the revision of an item a node may go on from, for a refusal that says
// its own does not follow.
func (d *decision) have(n *Node, item string) int {
	if it := d.Items[item]; it != nil && it.Node == n.ID {
		return it.Revision
	}
	return 0
}

package intake

import (
	"slices"

	"zhanqun/protocol"
)

// Frame is one message of the stream as it came. It is an alias of an unnamed
// type, so that the bus can hand its frames over without knowing this package.
type Frame = struct {
	Node string // last token of the subject
	Seq  uint64 // position in the stream
	Data []byte
}

// Place is a position in the broker's stream. Created tells a stream from a
// later one of the same name.
type Place struct {
	Stream  string `json:"stream"`
	Created int64  `json:"created"` // Unix nanoseconds
	Seq     uint64 `json:"seq"`     // last position applied
}

// Same reports whether p and o are positions in one and the same stream.
func (p Place) Same(o Place) bool { return p.Stream == o.Stream && p.Created == o.Created }

// Letter is one entry on its way in, with everything that can be said of it
// without the database.
type Letter struct {
	Entry   protocol.Entry
	At      uint64           // position of its frame in the stream
	Proven  bool             // its digest and its node's signature are good
	Message protocol.Message // what it says; nil if that cannot be read
	Fault   *protocol.Fault  // why it can never be applied; nil if it may be
	Flags   []string         // of a submit: what should perhaps not be public
}

// position is where a letter stands in its node's log.
func (l *Letter) position() Position {
	return Position{Node: l.Entry.Node, Epoch: l.Entry.Epoch, Seq: l.Entry.Seq}
}

// Stray is something on a node's subject that is not one of its entries: not a
// frame, or an entry of somebody else, or on the subject of an unknown node. It
// moves nothing and is kept.
type Stray struct {
	Node  string // of the subject
	At    uint64 // position in the stream
	Data  []byte
	Fault protocol.Fault
}

// Batch is what one transaction applies: a run of the stream.
type Batch struct {
	Place   Place               // of the last frame; zero for frames that came without a stream
	Letters map[string][]Letter // per node, in the order of the stream
	Strays  []Stray
}

// Position is a place in a node's up log.
type Position struct {
	Node  string `json:"node"`
	Epoch string `json:"epoch"`
	Seq   uint64 `json:"seq"`
}

// After drops what the stream position seq already covers.
func (b *Batch) After(seq uint64) {
	for node, list := range b.Letters {
		list = slices.DeleteFunc(list, func(l Letter) bool { return l.At <= seq })
		if len(list) == 0 {
			delete(b.Letters, node)
		} else {
			b.Letters[node] = list
		}
	}
	b.Strays = slices.DeleteFunc(b.Strays, func(s Stray) bool { return s.At <= seq })
}

// NodeIDs returns the nodes of the batch, sorted.
func (b *Batch) NodeIDs() []string {
	ids := make([]string, 0, len(b.Letters))
	for id := range b.Letters {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// faulty returns the nodes of which something can never be applied, few enough
// for a line of the log.
func (b *Batch) faulty() []string {
	var ids []string
	for _, stray := range b.Strays {
		ids = append(ids, stray.Node)
	}
	for id, letters := range b.Letters {
		if slices.ContainsFunc(letters, func(l Letter) bool { return l.Fault != nil }) {
			ids = append(ids, id)
		}
	}
	return few(unique(ids))
}

func few(ids []string) []string { return ids[:min(len(ids), 20)] }

// Repeats returns the positions whose recorded digest Decide will ask for:
// those at or below a node's cursor, and those of other epochs.
func (b *Batch) Repeats(nodes map[string]*Node) []Position {
	var list []Position
	for id, letters := range b.Letters {
		n := nodes[id]
		for i := range letters {
			e := &letters[i].Entry
			if n != nil && (e.Epoch != n.Epoch || e.Seq <= n.Up) && storable(e.Epoch) {
				list = append(list, letters[i].position())
			}
		}
	}
	return list
}

// Items returns the ids the batch speaks of, and those it withdraws, sorted.
func (b *Batch) Items() (all, withdrawn []string) {
	for _, letters := range b.Letters {
		for i := range letters {
			switch m := letters[i].Message.(type) {
			case *protocol.Submit:
				if protocol.ValidUUID(m.Item) { // a refused one may name anything
					all = append(all, m.Item)
				}
			case *protocol.Withdraw:
				if protocol.ValidUUID(m.Item) {
					all = append(all, m.Item)
					withdrawn = append(withdrawn, m.Item)
				}
			}
		}
	}
	return unique(all), unique(withdrawn)
}

// Origins returns the codes of the villages the batch names.
func (b *Batch) Origins() []string {
	var list []string
	for _, letters := range b.Letters {
		for i := range letters {
			if m, ok := letters[i].Message.(*protocol.Submit); ok && m.Origin != "" && letters[i].Fault == nil {
				list = append(list, m.Origin)
			}
		}
	}
	return unique(list)
}

func unique(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// inOrder puts letters that overtook each other back: runs of one epoch are
// sorted by number, and the runs stay as they came.
func inOrder(letters []Letter) {
	for start := 0; start < len(letters); {
		end := start + 1
		for end < len(letters) && letters[end].Entry.Epoch == letters[start].Entry.Epoch {
			end++
		}
		slices.SortStableFunc(letters[start:end], func(a, b Letter) int {
			switch {
			case a.Entry.Seq < b.Entry.Seq:
				return -1
			case a.Entry.Seq > b.Entry.Seq:
				return 1
			}
			return 0
		})
		start = end
	}
}

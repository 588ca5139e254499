package intake

import (
	"context"
	"errors"
	"fmt"
	"html"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"zhanqun/internal/content"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// Rules are what a text is held against that needs no database.
type Rules struct {
	Scan   func(text string) []string // names what in HTML should perhaps not be public
	Limits protocol.Limits            // of attachments
}

// Verify opens frames, checks every signature and reads every body, on as many
// processors as there are. keys are the public keys of the nodes that exist.
func Verify(frames []Frame, keys map[string]protocol.PublicKey, r Rules) Batch {
	b := Batch{Letters: map[string][]Letter{}}
	for _, f := range frames {
		b.Place.Seq = f.Seq
		open(&b, f)
	}
	var runs [][]Letter // of one node each
	for node, list := range b.Letters {
		if _, known := keys[node]; !known {
			for i := range list {
				list[i].Fault = &protocol.Fault{Code: protocol.CodeNode, Detail: "没有登记这个节点"}
			}
			continue
		}
		share := (len(list) + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0)
		runs = slices.AppendSeq(runs, slices.Chunk(list, min(max(share, fewTogether), mostTogether)))
	}
	spread(len(runs), func(i int) {
		who := prove(runs[i], keys[runs[i][0].Entry.Node])
		for j := range runs[i] {
			runs[i][j].check(who, r)
		}
	})
	return b
}

// open puts the entries of a frame into the batch.
func open(b *Batch, f Frame) {
	if !protocol.ValidNode(f.Node) {
		b.Strays = append(b.Strays, Stray{Node: Visible(f.Node, 32), At: f.Seq, Data: f.Data,
			Fault: protocol.Fault{Code: protocol.CodeNode, Detail: "发送通道里的节点名无效"}})
		return
	}
	entries, fault := protocol.DecodeFrame(f.Data)
	if fault != nil {
		b.Strays = append(b.Strays, Stray{Node: f.Node, At: f.Seq, Data: f.Data, Fault: *fault})
		return
	}
	for _, e := range entries {
		l := Letter{Entry: e, At: f.Seq}
		if e.Node != f.Node {
			b.Strays = append(b.Strays, Stray{Node: f.Node, At: f.Seq, Data: raw(&l),
				Fault: protocol.Fault{Code: protocol.CodeNode, Detail: "报文署名的节点与发送通道不一致"}})
			continue
		}
		if e.Seq == 0 || e.Seq > math.MaxInt64 { // no log is that long, and no database counts that far
			b.Strays = append(b.Strays, Stray{Node: f.Node, At: f.Seq, Data: raw(&l),
				Fault: protocol.Fault{Code: protocol.CodeMalformed, Field: "seq", Detail: "序号不可能这么大，也必须从 1 开始"}})
			continue
		}
		b.Letters[f.Node] = append(b.Letters[f.Node], l)
	}
}

// check fills in what can be said of the letter without the database.
func (l *Letter) check(key protocol.Verifier, r Rules) {
	if l.Fault = l.Entry.Check(protocol.Up, l.Entry.Node, key); l.Fault != nil {
		return
	}
	l.Proven = true
	message, faults := protocol.ReadBody(protocol.Up, l.Entry)
	l.Message = message
	if len(faults) > 0 {
		l.Fault = &faults[0]
		return
	}
	m, ok := message.(*protocol.Submit)
	if !ok {
		return
	}
	if faults := r.Limits.Faults(m.Attachments); len(faults) > 0 {
		l.Fault = &faults[0]
		return
	}
	if l.Fault = claims(m.Attachments); l.Fault != nil {
		return
	}
	l.Flags = r.Scan(shown(m))
}

// claims reports the first file whose name and type cannot both be true. What is
// in it is looked at when it comes.
func claims(list []protocol.Attachment) *protocol.Fault {
	for i, a := range list {
		var wrong *fault.Error
		if !errors.As(content.Claim(a.Name, a.Type), &wrong) {
			continue
		}
		for field, detail := range wrong.Fields { // there is one
			return &protocol.Fault{Code: protocol.CodeField, Field: fmt.Sprintf("attachments[%d].%s", i, field), Detail: detail}
		}
	}
	return nil
}

// shown is all that readers would meet of an item, as HTML.
func shown(m *protocol.Submit) string {
	var b strings.Builder
	line := func(s string) {
		if s != "" {
			b.WriteString("<p>" + html.EscapeString(s) + "</p>")
		}
	}
	for _, text := range []string{m.Title, m.Author, m.Source} {
		line(text)
	}
	b.WriteString(m.Body)
	for _, a := range m.Attachments {
		line(a.Name)
		line(a.Alt)
	}
	return b.String()
}

// spread calls f for 0 … n-1 on all processors and waits.
func spread(n int, f func(int)) {
	workers := min(runtime.GOMAXPROCS(0), n)
	if workers < 2 {
		for i := range n {
			f(i)
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wg.Wait()
}

// keyring remembers the public keys of nodes. A node's key never changes, and
// only nodes that exist are remembered, so it is as large as the registry.
type keyring struct {
	mu   sync.RWMutex
	keys map[string]protocol.PublicKey
}

// of returns the keys of those of the given nodes that exist.
func (k *keyring) of(ctx context.Context, store Store, ids []string) (map[string]protocol.PublicKey, error) {
	found := make(map[string]protocol.PublicKey, len(ids))
	var missing []string
	k.mu.RLock()
	for _, id := range ids {
		if key, ok := k.keys[id]; ok {
			found[id] = key
		} else {
			missing = append(missing, id)
		}
	}
	k.mu.RUnlock()
	if len(missing) == 0 {
		return found, nil
	}
	texts, err := store.NodeKeys(ctx, missing)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.keys == nil {
		k.keys = map[string]protocol.PublicKey{}
	}
	for id, text := range texts {
		key, err := protocol.ParsePublic(text)
		if err != nil {
			continue // enrolment lets no such key in; its letters stay strays
		}
		k.keys[id] = key
		found[id] = key
	}
	return found, nil
}

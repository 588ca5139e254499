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

// verified opens frames, checks every signature and reads every body, on as many
// processors as there are. It waits for the database as long as it takes and fails
// only when ctx ends.
func (s *Service) verified(ctx context.Context, frames []Frame) (Batch, error) {
	b := opened(frames)
	var keys map[string]Keys
	err := s.insist(ctx, "reading keys of nodes", func() (err error) {
		keys, err = s.keys.of(ctx, s.Store, &b)
		return err
	})
	if err == nil {
		b.verify(keys, Rules{Scan: s.Scan, Limits: *s.Limits})
	}
	return b, err
}

// opened is a batch of frames nobody has looked into yet.
func opened(frames []Frame) Batch {
	b := Batch{Letters: map[string][]Letter{}}
	for _, f := range frames {
		b.Place.Seq = f.Seq
		open(&b, f)
	}
	return b
}

// verify checks every signature and reads every body. keys are those of the nodes
// that exist.
func (b *Batch) verify(keys map[string]Keys, r Rules) {
	var runs [][]Letter // of one node each
	for node, list := range b.Letters {
		if _, known := keys[node]; !known {
			for i := range list {
				list[i].Fault = &protocol.Fault{Code: protocol.CodeNode, Detail: "没有登记这个节点"}
			}
			continue
		}
		for len(list) > 0 { // logs are signed with one key each
			n := 1
			for n < len(list) && list[n].Entry.Epoch == list[0].Entry.Epoch {
				n++
			}
			share := (n + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0)
			runs = slices.AppendSeq(runs, slices.Chunk(list[:n:n], min(max(share, fewTogether), mostTogether)))
			list = list[n:]
		}
	}
	spread(len(runs), func(i int) {
		first := &runs[i][0].Entry
		key, or := keys[first.Node].of(first.Epoch)
		who := prove(runs[i], key)
		if or != nil {
			who = either{who, *or}
		}
		for j := range runs[i] {
			runs[i][j].check(who, r)
		}
	})
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

package queue_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"zhanqun/internal/content"
	"zhanqun/internal/fault"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

func TestSubmitWritesTextAndEntryTogether(t *testing.T) {
	q, _ := open(t)
	d := draft("  许家坝镇 召开会议\u200b ")
	d.Body, d.Format = `<p onclick="x()">会议<script>alert(1)</script>要求</p>`, queue.HTML
	s, err := q.Post(t.Context(), liaison, d)
	if err != nil {
		t.Fatal(err)
	}
	e := checkLog(t, q)[0]
	m, _ := protocol.ReadBody(protocol.Up, e)
	got := m.(*protocol.Submit)
	if got.Item != s.ID || got.Revision != 1 || got.Unit != unit || got.Title != "许家坝镇 召开会议" || got.Body != "<p>会议要求</p>" || !got.CreatedAt.Equal(start) {
		t.Errorf("on the wire: %+v", got)
	}
	if typed := item(t, q, s.ID).Text.Body; typed != d.Body {
		t.Errorf("what was typed is kept as %q", typed)
	}
	wantState(t, q, s.ID, queue.Queued)
}

// Each row changes a good draft and says at which field it is refused.
func TestSubmitRefuses(t *testing.T) {
	q, h := open(t)
	down(t, q, h.says(t, protocol.KindSettings, &protocol.Settings{Unit: protocol.Unit{Code: unit, Name: "许家坝镇"},
		Columns: []protocol.Column{{Slug: "township", Name: "乡镇传真"}, {Slug: "old", Name: "旧栏目", Closed: true}}}))
	file, err := q.AddFile(t.Context(), "a.png", bytes.NewReader(pngBytes(t, 1)))
	if err != nil {
		t.Fatal(err)
	}
	absent := protocol.HashOf([]byte("nobody has this"))
	for _, tt := range []struct {
		name   string
		change func(d *queue.Draft)
		field  string
		kind   fault.Kind
	}{
		{"no title", func(d *queue.Draft) { d.Title = " \t" }, "title", fault.Invalid},
		{"long title", func(d *queue.Draft) { d.Title = strings.Repeat("长", 201) }, "title", fault.Invalid},
		{"no body", func(d *queue.Draft) { d.Body = "\n\n" }, "body", fault.Invalid},
		{"body that is all markup", func(d *queue.Draft) { d.Body, d.Format = "<script>x</script>", queue.HTML }, "body", fault.Invalid},
		{"body over the limit", func(d *queue.Draft) { d.Body = strings.Repeat("长\n", 40<<10) }, "body", fault.Invalid},
		{"body no draft may have", func(d *queue.Draft) { d.Body = strings.Repeat("长", 1<<20) }, "body", fault.TooLarge},
		{"no author", func(d *queue.Draft) { d.Author = "" }, "author", fault.Invalid},
		{"no source", func(d *queue.Draft) { d.Source = "" }, "source", fault.Invalid},
		{"unknown column", func(d *queue.Draft) { d.Column = "weather" }, "column", fault.Invalid},
		{"closed column", func(d *queue.Draft) { d.Column = "old" }, "column", fault.Invalid},
		{"unknown format", func(d *queue.Draft) { d.Format = "rtf" }, "format", fault.Invalid},
		{"identity number", func(d *queue.Draft) { d.Body = "张某，身份证号11010519491231002X。" }, "body", fault.Invalid},
		{"mobile number in the title", func(d *queue.Draft) { d.Title = "联系电话13800138000" }, "title", fault.Invalid},
		{"mobile number of the author", func(d *queue.Draft) { d.Author = "李强 13800138000" }, "author", fault.Invalid},
		{"secrecy mark", func(d *queue.Draft) { d.Body = "机密★1年\n关于会议的通知" }, "body", fault.Invalid},
		{"secrecy mark with a reason", func(d *queue.Draft) { d.Body, d.Override = "机密★1年\n关于会议的通知", "领导同意" }, "body", fault.Invalid},
		{"file that is nowhere", func(d *queue.Draft) { d.Attachments = []protocol.Attachment{{SHA256: absent, Name: "a.pdf"}} }, "attachments[0]", fault.Invalid},
		{"file named like a path", func(d *queue.Draft) { d.Attachments = []protocol.Attachment{{SHA256: file.SHA256, Name: "../a.png"}} }, "attachments[0].name", fault.Invalid},
		{"image that is not attached", func(d *queue.Draft) {
			d.Body, d.Format = `<p>会议</p><img src="att:`+file.SHA256+`" alt="会场">`, queue.HTML
		}, "body", fault.Invalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := draft("许家坝镇召开会议")
			tt.change(&d)
			_, err := q.Post(t.Context(), liaison, d)
			wantKind(t, err, tt.kind)
			if _, ok := fault.Fields(err)[tt.field]; !ok {
				t.Errorf("told at %v, want %q: %s", slices.Collect(maps.Keys(fault.Fields(err))), tt.field, fault.Message(err))
			}
		})
	}
	if n := cursors(t, q).Last; n != 0 {
		t.Errorf("refused texts left %d entries", n)
	}
	if list, _, err := q.List(t.Context(), liaison, queue.Filter{}, "", 0); err != nil || len(list) != 0 {
		t.Errorf("refused texts left items: %v %v", list, err)
	}
}

func TestOverrideLetsPersonalDataPass(t *testing.T) {
	q, _ := open(t)
	d := draft("便民服务电话公布")
	d.Body = "防汛值班：李主任 13800138000"
	hits := queue.Check(d.Text)
	if len(hits) != 1 || hits[0].Field != "body" || !hits[0].Needs || hits[0].Hit.Kind != content.KindPhone || strings.Contains(hits[0].Message, "13800138000") {
		t.Errorf("warned: %+v", hits)
	}
	d.Override = "值班电话，单位要求公开"
	if hits := queue.Check(d.Text); len(hits) != 0 {
		t.Errorf("still warned: %+v", hits)
	}
	if _, err := q.Post(t.Context(), liaison, d); err != nil {
		t.Fatal(err)
	}
}

func TestTwiceIsOnce(t *testing.T) {
	q, _ := open(t)
	t.Run("double click", func(t *testing.T) {
		s, err := q.SaveDraft(t.Context(), liaison, draft("标题"))
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				got, err := q.Submit(t.Context(), liaison, s.ID, queue.Handing{Version: s.Version})
				if err != nil || got.Revision != 1 || got.Seq != 1 {
					t.Errorf("%+v, %v", got, err)
				}
			})
		}
		wg.Wait()
	})
	t.Run("post with a key", func(t *testing.T) {
		d := draft("标题")
		d.Key = "form-1"
		first, err := q.Post(t.Context(), liaison, d)
		if err != nil {
			t.Fatal(err)
		}
		again, err := q.Post(t.Context(), liaison, d)
		if err != nil || again.ID != first.ID || !again.Again || again.Seq != first.Seq {
			t.Errorf("again: %+v, %v", again, err)
		}
		if other, err := q.Post(t.Context(), queue.Actor{Login: "x", Name: "x", Role: liaison.Role}, d); err != nil || other.ID == first.ID {
			t.Errorf("another person's key: %+v, %v", other, err)
		}
	})
	t.Run("draft with a key", func(t *testing.T) {
		d := draft("标题")
		d.Key = "form-2"
		first, err := q.SaveDraft(t.Context(), liaison, d)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := q.SaveDraft(t.Context(), liaison, d); err != nil || again.ID != first.ID || again.Version != first.Version || !again.Again || first.Again {
			t.Errorf("again: %+v, %v", again, err)
		}
	})
	if n := len(checkLog(t, q)); n != 3 {
		t.Errorf("%d entries", n)
	}
}

func TestStaleTextIsRefused(t *testing.T) {
	q, _ := open(t)
	s, err := q.SaveDraft(t.Context(), liaison, draft("一"))
	if err != nil {
		t.Fatal(err)
	}
	d := draft("二")
	d.ID, d.Version = s.ID, s.Version
	if _, err := q.SaveDraft(t.Context(), liaison, d); err != nil {
		t.Fatal(err)
	}
	_, err = q.SaveDraft(t.Context(), liaison, d)
	wantKind(t, err, fault.Conflict)
	_, err = q.Submit(t.Context(), liaison, s.ID, queue.Handing{Version: s.Version})
	wantKind(t, err, fault.Conflict)
	if got := item(t, q, s.ID); got.Title != "二" || got.State != queue.Drafting {
		t.Errorf("%+v", got.Item)
	}
}

// What may be done with an item in each state the hub can put it in.
func TestNewRevision(t *testing.T) {
	for _, tt := range []struct {
		name string
		to   func(t *testing.T, q *queue.Queue, h *hub, s queue.Submitted)
		ok   bool
	}{
		{"queued", func(*testing.T, *queue.Queue, *hub, queue.Submitted) {}, false},
		{"sent", func(t *testing.T, q *queue.Queue, _ *hub, s queue.Submitted) { mustSend(t, q, s.Seq) }, false},
		{"received", func(t *testing.T, q *queue.Queue, h *hub, s queue.Submitted) { down(t, q, h.receipt(t, q, s.Seq)) }, false},
		{"in review", hubSays(protocol.StateInReview), false},
		{"returned", hubSays(protocol.StateReturned), true},
		{"rejected", hubSays(protocol.StateRejected), false},
		{"approved", hubSays(protocol.StateApproved), false},
		{"adopted", hubSays(protocol.StateAdopted), true},
		{"corrected", hubSays(protocol.StateCorrected), true},
		{"withdrawn", hubSays(protocol.StateWithdrawn), false},
		{"refused", func(t *testing.T, q *queue.Queue, h *hub, s queue.Submitted) {
			down(t, q, h.refusal(t, q, s, protocol.CodeColumn), h.receipt(t, q, s.Seq))
		}, true},
		{"being withdrawn", func(t *testing.T, q *queue.Queue, h *hub, s queue.Submitted) {
			hubSays(protocol.StateReturned)(t, q, h, s)
			if _, err := q.Withdraw(t.Context(), liaison, s.ID, "内容有误"); err != nil {
				t.Fatal(err)
			}
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q, h := open(t)
			s := post(t, q, "第一稿")
			tt.to(t, q, h, s)
			before := item(t, q, s.ID)
			d := draft("第二稿")
			d.ID, d.Version = s.ID, before.Version
			_, err := q.SaveDraft(t.Context(), liaison, d)
			if !tt.ok {
				wantKind(t, err, fault.Conflict)
				if got := item(t, q, s.ID); got.Title != "第一稿" || got.State != before.State {
					t.Errorf("a refused edit changed it: %+v", got.Item)
				}
				if again, err := q.Submit(t.Context(), liaison, s.ID, queue.Handing{}); err != nil || again.Revision != 1 || !again.Again {
					t.Errorf("submitting it once more: %+v, %v", again, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := item(t, q, s.ID); got.State != before.State || !got.Editing || got.Text.Title != "第二稿" || got.Revisions[0].Text.Title != "第一稿" {
				t.Errorf("being edited: %+v", got.Item)
			}
			next, err := q.Submit(t.Context(), liaison, s.ID, queue.Handing{})
			if err != nil || next.Revision != 2 {
				t.Fatalf("next: %+v, %v", next, err)
			}
			wantState(t, q, s.ID, queue.Queued)
			if got := item(t, q, s.ID); len(got.Revisions) != 2 || got.Revisions[1].Text.Title != "第一稿" || got.Editing {
				t.Errorf("after it: %+v", got)
			}
			checkLog(t, q)
		})
	}
}

func TestDiscardTakesBackTheTextNotTheItem(t *testing.T) {
	q, h := open(t)
	s := post(t, q, "第一稿")
	hubSays(protocol.StateReturned)(t, q, h, s)
	d := draft("第二稿")
	d.ID, d.Version = s.ID, item(t, q, s.ID).Version
	if _, err := q.SaveDraft(t.Context(), liaison, d); err != nil {
		t.Fatal(err)
	}
	if err := q.Discard(t.Context(), liaison, s.ID, 0); err != nil {
		t.Fatal(err)
	}
	if got := item(t, q, s.ID); got.Title != "第一稿" || got.State != queue.State(protocol.StateReturned) || got.Editing {
		t.Errorf("%+v", got.Item)
	}
	wantKind(t, q.Discard(t.Context(), liaison, s.ID, 0), fault.Conflict)
}

// 64 people at once: every acknowledged item is there, once, and the log dense.
func TestManyAtOnce(t *testing.T) {
	q, _ := open(t)
	const people, each = 64, 4
	seen := make(chan queue.Submitted, people*each)
	var wg sync.WaitGroup
	for p := range people {
		wg.Go(func() {
			for n := range each {
				s, err := q.Post(t.Context(), liaison, draft(fmt.Sprintf("第 %d 人第 %d 条", p, n)))
				if err != nil {
					t.Error(err)
					return
				}
				seen <- s
			}
		})
	}
	wg.Wait()
	close(seen)
	all := checkLog(t, q)
	if len(all) != people*each {
		t.Fatalf("%d entries", len(all))
	}
	for s := range seen {
		m, _ := protocol.ReadBody(protocol.Up, all[s.Seq-1])
		if m.(*protocol.Submit).Item != s.ID {
			t.Errorf("entry %d is not of item %s", s.Seq, s.ID)
		}
	}
}

// A command beside the service: two processes share one log.
func TestTwoOpenFolders(t *testing.T) {
	q, _ := open(t)
	beside := openAt(t, q.Dir(), time.Now)
	var wg sync.WaitGroup
	for _, who := range []*queue.Queue{q, beside} {
		wg.Go(func() {
			for range 20 {
				if _, err := who.Post(context.Background(), liaison, draft("标题")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := len(checkLog(t, q)); n != 40 {
		t.Errorf("%d entries", n)
	}
}

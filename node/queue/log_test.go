package queue_test

import (
	"io/fs"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"zhanqun/internal/fault"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

func TestEntriesFillAFrame(t *testing.T) {
	q, _ := open(t)
	d := draft("标题")
	d.Body = strings.Repeat("会议要求抓好落实。\n", 2000)
	for range 12 {
		if _, err := q.Post(t.Context(), liaison, d); err != nil {
			t.Fatal(err)
		}
	}
	var frame protocol.Frame
	list, err := q.Entries(t.Context(), 0, protocol.MaxFrameBytes)
	if err != nil || len(list) < 2 || len(list) == 12 {
		t.Fatalf("%d entries, %v", len(list), err)
	}
	for _, e := range list {
		if !frame.Add(e, protocol.MaxFrameBytes) {
			t.Fatalf("entry %d of %d does not fit into the frame", e.Seq, len(list))
		}
	}
	if next, err := q.Entries(t.Context(), list[len(list)-1].Seq, 1); err != nil || len(next) != 1 || next[0].Seq != uint64(len(list)+1) {
		t.Errorf("one entry at least: %d, %v", len(next), err)
	}
	if none, err := q.Entries(t.Context(), 12, protocol.MaxFrameBytes); err != nil || len(none) != 0 {
		t.Errorf("past the end: %d, %v", len(none), err)
	}
}

func TestSentAndRewind(t *testing.T) {
	q, h := open(t)
	var items []queue.Submitted
	for range 4 {
		items = append(items, post(t, q, "标题"))
	}
	mustSend(t, q, 3)
	mustSend(t, q, 2) // a late acknowledgement moves nothing back
	if err := q.MarkSent(t.Context(), 5); err == nil {
		t.Error("more was sent than there is")
	}
	down(t, q, h.receipt(t, q, 2), h.status(t, items[0].ID, 1, protocol.StateReturned), h.status(t, items[1].ID, 1, protocol.StateAdopted))
	states := func() (list []queue.State) {
		for _, s := range items {
			list = append(list, item(t, q, s.ID).State)
		}
		return list
	}
	check := func(name string, want ...queue.State) {
		t.Helper()
		for n, got := range states() {
			if got != want[n] {
				t.Errorf("%s: item %d is %s, want %s", name, n+1, got, want[n])
			}
		}
	}
	check("before", "returned", "adopted", queue.Sent, queue.Queued)
	if err := q.Rewind(t.Context(), 3); err != nil { // nothing to do: sent is 3
		t.Fatal(err)
	}
	check("to where it is", "returned", "adopted", queue.Sent, queue.Queued)
	if err := q.Rewind(t.Context(), 2); err != nil { // the broker lost what it had
		t.Fatal(err)
	}
	check("to the receipt", "returned", "adopted", queue.Queued, queue.Queued)
	if err := q.Rewind(t.Context(), 1); err != nil { // the hub lost the second
		t.Fatal(err)
	}
	check("behind the receipt", "returned", queue.Queued, queue.Queued, queue.Queued)
	if c := cursors(t, q); c.Sent != 1 || c.Confirmed != 1 || c.Last != 4 {
		t.Errorf("%+v", c)
	}
	down(t, q, h.receipt(t, q, 4))
	check("received again", "returned", queue.Received, queue.Received, queue.Received)
}

// What was confirmed long ago goes, what was not stays whatever its age.
func TestPrune(t *testing.T) {
	now := start
	q := openAt(t, t.TempDir(), func() time.Time { return now })
	h := join(t, q)
	for range 4 {
		post(t, q, "标题")
	}
	down(t, q, h.receipt(t, q, 3))
	now = now.Add(queue.Retention + time.Hour)
	post(t, q, "标题")
	p, err := q.Prune(t.Context())
	if err != nil || p.Entries != 2 {
		t.Fatalf("%+v, %v", p, err)
	}
	if list, err := q.Entries(t.Context(), 2, protocol.MaxFrameBytes); err != nil || len(list) != 3 {
		t.Errorf("left: %d, %v", len(list), err)
	}
	_, err = q.Entries(t.Context(), 0, protocol.MaxFrameBytes)
	wantKind(t, err, fault.Gone)
	if err := q.Rewind(t.Context(), 2); err != nil {
		t.Error(err)
	}
	// What is asked for and gone is counted; the rest begins a new log.
	if err := q.Rewind(t.Context(), 0); err != nil {
		t.Error(err)
	}
	if gone, err := q.Gone(t.Context()); err != nil || gone != 2 {
		t.Errorf("%d gone, %v", gone, err)
	}
	if list, err := q.Entries(t.Context(), 0, protocol.MaxFrameBytes); err != nil || len(list) != 3 || list[0].Seq != 1 {
		t.Errorf("left: %d, %v", len(list), err)
	}
	if again, err := q.Prune(t.Context()); err != nil || again.Entries != 0 {
		t.Errorf("again: %+v, %v", again, err)
	}
}

// A clock that is wrong by years, when something is handed in or now, ends no
// retention: a restored hub may still ask for it.
func TestPruneByAWrongClock(t *testing.T) {
	right := start.Add(10 * 365 * 24 * time.Hour)
	for name, tt := range map[string]struct {
		handedIn, confirmed, now time.Time
		line                     queue.Line
		pruned                   int64
		answer                   time.Time // a bundle's, if one came
	}{
		"right":                      {right, right, right.Add(91 * 24 * time.Hour), queue.Line{LastContact: right.Add(90 * 24 * time.Hour)}, 2, time.Time{}},
		"right, without a line":      {right, right, right.Add(91 * 24 * time.Hour), queue.Line{}, 2, time.Time{}},
		"right, a line long ago":     {right, right, right.Add(91 * 24 * time.Hour), queue.Line{LastContact: start, Skew: time.Hour}, 2, right.Add(90 * 24 * time.Hour)},
		"ahead now, by bundles":      {right, right, right.Add(4 * 365 * 24 * time.Hour), queue.Line{}, 0, right},
		"behind when handed in":      {start, right, right.Add(time.Hour), queue.Line{LastContact: right}, 0, time.Time{}},
		"ahead now, not yet heard":   {right, right, right.Add(4 * 365 * 24 * time.Hour), queue.Line{LastContact: right}, 0, time.Time{}},
		"ahead now, and the hub not": {right, right, right.Add(4 * 365 * 24 * time.Hour), queue.Line{LastContact: right.Add(4 * 365 * 24 * time.Hour), Skew: 4 * 365 * 24 * time.Hour}, 0, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			now := tt.handedIn
			q := openAt(t, t.TempDir(), func() time.Time { return now })
			h := join(t, q)
			d := draft("标题")
			d.Key = "a program's"
			for range 3 {
				post(t, q, "标题")
			}
			now = tt.confirmed
			first, err := q.Post(t.Context(), liaison, d)
			if err != nil {
				t.Fatal(err)
			}
			loose := attach(t, q, 1)
			down(t, q, h.receipt(t, q, 3))
			if err := q.SetLine(t.Context(), tt.line); err != nil {
				t.Fatal(err)
			}
			if now = tt.answer; !now.IsZero() {
				if err := q.AnswerTaken(t.Context(), queue.Answer{Digest: "x"}); err != nil {
					t.Fatal(err)
				}
			}
			now = tt.now
			if p, err := q.Prune(t.Context()); err != nil || p.Entries != tt.pruned {
				t.Errorf("%+v, %v, want %d entries", p, err, tt.pruned)
			}
			if _, err := q.File(t.Context(), loose.SHA256); (err == nil) != (tt.pruned == 0) {
				t.Errorf("a file that waits for its item: %v", err)
			}
			if again, err := q.Post(t.Context(), liaison, d); err != nil || (again.ID == first.ID) != (tt.pruned == 0) {
				t.Errorf("asked once more: %s and %s, %v", first.ID, again.ID, err)
			}
		})
	}
}

func TestStateOfTheQueue(t *testing.T) {
	now := start
	q := openAt(t, t.TempDir(), func() time.Time { return now })
	empty, err := q.State(t.Context())
	if err != nil || empty.Joined || empty.OldestQueuedAt != nil || empty.Connected || empty.DiskFree == 0 {
		t.Errorf("new: %+v, %v", empty, err)
	}
	h := join(t, q)
	for range 5 {
		now = now.Add(time.Minute)
		post(t, q, "标题")
	}
	mustSend(t, q, 3)
	down(t, q, h.receipt(t, q, 2))
	if err := q.Lock(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := q.SetLine(t.Context(), queue.Line{Connected: true, Since: start, LastContact: start}); err != nil {
		t.Fatal(err)
	}
	st, err := q.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if st.Queued != 2 || st.Sent != 1 || st.Confirmed != 2 || !st.Connected || !st.Serving || !st.LastContactAt.Equal(start) ||
		!st.OldestQueuedAt.Equal(start.Add(4*time.Minute)) || !st.OldestUnsettled.Equal(start.Add(3*time.Minute)) {
		t.Errorf("%+v", st)
	}
	beat, err := q.Beat(t.Context())
	if err != nil || beat.Queued != 2 || beat.Sent != 1 {
		t.Errorf("%+v, %v", beat, err)
	}
}

// A command beside the service sees its line, and does not believe a service
// that is gone.
func TestLineOfADeadService(t *testing.T) {
	q, _ := open(t)
	beside := openAt(t, q.Dir(), time.Now)
	if err := q.Lock(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantKind(t, beside.Lock(t.Context()), fault.Conflict)
	if err := q.SetLine(t.Context(), queue.Line{Connected: true, LastContact: start}); err != nil {
		t.Fatal(err)
	}
	if l, err := beside.Line(t.Context()); err != nil || !l.Connected || !l.Serving {
		t.Errorf("%+v, %v", l, err)
	}
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}
	if l, err := beside.Line(t.Context()); err != nil || l.Connected || l.Serving || !l.LastContact.Equal(start) {
		t.Errorf("%+v, %v", l, err)
	}
	if err := beside.Lock(t.Context()); err != nil {
		t.Errorf("the lock was not given back: %v", err)
	}
}

func TestChangesAreNoticed(t *testing.T) {
	q, _ := open(t)
	beside := openAt(t, q.Dir(), time.Now)
	first, err := q.DataVersion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if same, err := q.DataVersion(t.Context()); err != nil || same != first {
		t.Errorf("%d, %d, %v", first, same, err)
	}
	changed := q.Changed()
	if _, err := beside.Post(t.Context(), liaison, draft("标题")); err != nil {
		t.Fatal(err)
	}
	if next, err := q.DataVersion(t.Context()); err != nil || next == first {
		t.Errorf("another process's commit was not seen (%v)", err)
	}
	select {
	case <-changed:
		t.Error("woken by another process")
	default:
	}
	post(t, q, "标题")
	<-changed
}

func TestSecondOpenAndIdentity(t *testing.T) {
	q := openAt(t, t.TempDir(), time.Now)
	_, err := q.Identity(t.Context())
	wantKind(t, err, fault.Conflict)
	_, err = q.Post(t.Context(), liaison, draft("标题"))
	wantKind(t, err, fault.Conflict)
	if _, err := q.Post(t.Context(), villager, draft("标题")); err != nil {
		t.Errorf("a village needs no line: %v", err)
	}
	first, err := q.Key(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	beside := openAt(t, q.Dir(), time.Now)
	if again, err := beside.Key(t.Context()); err != nil || again.Public() != first.Public() {
		t.Errorf("the key changed: %v", err)
	}
	join(t, q)
	err = beside.SaveIdentity(t.Context(), protocol.EnrolAnswer{Node: "n8", Unit: protocol.Unit{Code: unit}, HubKey: first.Public(), NATS: []string{"x"}}, "", "")
	wantKind(t, err, fault.Conflict)
	if id, err := beside.Identity(t.Context()); err != nil || id.Node != nodeID || id.Key.Public() != first.Public() || id.Epoch == "" {
		t.Errorf("%+v, %v", id, err)
	}
	for range 2 { // closing twice is no error
		if err := q.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Whatever is in the data folder, its owner alone may read it.
func TestOnlyTheOwnerReads(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "node")
	q := openAt(t, dir, func() time.Time { return start })
	join(t, q)
	d := draft("带图")
	d.Attachments = []protocol.Attachment{attach(t, q, 1)}
	if _, err := q.Post(t.Context(), liaison, d); err != nil {
		t.Fatal(err)
	}
	n := 0
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" { // which keeps no such bits
			t.Errorf("%s is %v", path, info.Mode())
		}
		n++
		return err
	})
	if err != nil || n < 8 {
		t.Errorf("%d files and folders, %v", n, err)
	}
}

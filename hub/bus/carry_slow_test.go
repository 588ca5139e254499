package bus_test

import (
	"flag"
	"math/rand/v2"
	"testing"
	"time"

	"zhanqun/hub/catalog"
	"zhanqun/hub/review"
	"zhanqun/hub/store/storetest"
	"zhanqun/internal/account"
	"zhanqun/protocol"
)

var wholeFile = flag.Bool("wholefile", false, "carry 100 MiB over a line cut every 5 s instead of a small file over one cut as often in proportion (some 2 minutes)")

// video is a film of that many bytes.
func video(size int) []byte {
	b := make([]byte, size)
	r := rand.New(rand.NewPCG(7, 7))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	copy(b, "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom")
	return b
}

// With a large file under way on a line of 64 kbit/s, neither a text nor a
// decision waits for more than one piece of it, which is then 16 KiB.
func TestWordsWaitForOnePieceAtMost(t *testing.T) {
	t.Parallel()                                  // it waits most of the time
	const atMost = protocol.MinChunkBytes + 2<<10 // and what stands around a piece on the wire
	c := newCounty(t)
	s := newStrait(t, c.addr, 8<<10)
	tn := c.newTown(storetest.Sitang, s.addr())
	tn.start()
	tn.settled()
	first, _ := tn.postWith(video(4 << 20))
	c.await("the file is under way", func() bool { _, files, _ := s.counted(); return files > protocol.MinChunkBytes })

	_, before, _ := s.counted()
	text := tn.post(1)[0]
	c.await("the text arrives", func() bool { _, err := c.store.Item(t.Context(), text); return err == nil })
	_, after, _ := s.counted()
	if after-before > atMost {
		t.Errorf("%d bytes of the file went before the text", after-before)
	}
	t.Logf("before the text went %d bytes of the file", after-before)

	desk := review.New(review.Options{Store: c.store, Now: time.Now, Portal: func() string { return "" }})
	reviewer := storetest.User(t, c.store, "shen", account.RoleReviewer, "")
	tn.confirmed()
	_, before, _ = s.counted()
	err := desk.Decide(t.Context(), reviewer, review.Request{Item: first, Revision: 1, Action: catalog.ActionReturn, Reason: "fact", Comment: "请核实"})
	if err != nil {
		t.Fatal(err)
	}
	c.await("the decision arrives", func() bool {
		d, err := tn.q.Item(t.Context(), clerk, first)
		return err == nil && string(d.State) == string(protocol.StateReturned)
	})
	_, after, _ = s.counted()
	if after-before > atMost {
		t.Errorf("%d bytes of the file went before the decision", after-before)
	}
	t.Logf("before the decision went %d bytes of the file", after-before)
	if tn.filesDone() {
		t.Error("nothing was in the way")
	}
}

// A file over a line that is cut again and again costs little more than its bytes.
func TestFileOverALineThatIsCut(t *testing.T) {
	t.Parallel() // it waits most of the time
	size, speed, cuts := 12<<20, 2<<20, 2
	if *wholeFile {
		size, speed, cuts = 100<<20, 1<<20, 0
	}
	c := newCounty(t)
	s := newStrait(t, c.addr, speed)
	tn := c.newTown(storetest.Sitang, s.addr())
	tn.start()
	tn.settled()
	film := video(size)
	began := time.Now()
	base, _, _ := s.counted()
	_, attached := tn.postWith(film)
	if *wholeFile {
		tick := time.NewTicker(5 * time.Second)
		defer tick.Stop()
		for !tn.filesDone() {
			select {
			case <-tick.C:
				s.cut()
			case <-time.After(50 * time.Millisecond):
			}
			if time.Since(began) > 10*time.Minute {
				t.Fatal("it takes too long")
			}
		}
	}
	for i := range cuts { // each after the same part of the file
		c.await("another part of the file", func() bool { _, files, _ := s.counted(); return files >= int64(size*(i+1)/(cuts+1)) })
		s.cut()
	}
	c.awaitFor(4*time.Minute, "the file arrives", tn.filesDone)
	sent, _, n := s.counted()
	ratio := float64(sent-base) / float64(size)
	t.Logf("%d MiB at %d KiB/s in %.1f s with %d cuts: %.4f of its bytes sent", size>>20, speed>>10, time.Since(began).Seconds(), n, ratio)
	if ratio > 1.05 {
		t.Errorf("%.4f of the file's bytes were sent", ratio)
	}
	if f, err := c.store.FileOf(t.Context(), tn.id.Node, attached[0].SHA256); err != nil || !f.Done {
		t.Errorf("%+v, %v", f, err)
	}
	if err := c.files.Verify(t.Context(), attached[0].SHA256); err != nil {
		t.Error(err)
	}
}

package health_test

import (
	"strings"
	"testing"
	"time"

	"zhanqun/hub/health"
	"zhanqun/hub/intake"
	"zhanqun/hub/store/storetest"
	"zhanqun/protocol"
)

// Townships are asked about each visit that failed, once, and what they saw stands
// for that visit and those soon after it.
func TestElsewhere(t *testing.T) {
	w := newWatch(t)
	able := storetest.NewSender(t, w.store, storetest.Tangtou)
	seen := func() {
		t.Helper()
		if err := w.store.NoteSeen(t.Context(), []intake.Sighting{{Node: able.Node.ID, At: w.clock.Now(), Hello: true, Knows: string(protocol.KindLook)}}); err != nil {
			t.Fatal(err)
		}
	}
	stream := storetest.NewStream(t, w.store)
	site := w.site(storetest.Sitang, "思唐街道网", "http://town.example/")
	ask := func(failed time.Time) health.Witness {
		t.Helper()
		got, err := w.Elsewhere(t.Context(), site, failed)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	looks := func() (list []*protocol.Look) {
		for _, m := range storetest.Words(t, w.store, able.Node.ID, 0) {
			if l, ok := m.(*protocol.Look); ok {
				list = append(list, l)
			}
		}
		return list
	}
	answer := func(m protocol.Looked) {
		t.Helper()
		all := looks()
		m.Look, m.At = all[len(all)-1].ID, w.clock.Now()
		stream.Send(able, able.Next(protocol.KindLooked, &m))
	}
	page := protocol.Looked{Status: 200, Bytes: 4096, Millis: 800, Type: "text/html", Page: []byte("<title>思唐街道</title><p>街道召开安全生产工作会议，部署冬季森林防火。</p>")}

	if got := ask(w.clock.Now()); got.Waits || got.Opens {
		t.Errorf("nobody can be asked: %+v", got)
	}
	w.clock.Advance(time.Hour)
	seen()
	first := w.clock.Now()
	if got := ask(first); !got.Waits || got.Opens || len(looks()) != 1 {
		t.Errorf("asked: %+v, %d looks", got, len(looks()))
	}
	w.clock.Advance(2 * time.Minute)
	answer(page)
	if got := ask(first); !got.Opens || got.Waits || !strings.Contains(got.Words, "塘头镇") {
		t.Errorf("it opens there: %+v", got)
	}
	if got := ask(w.clock.Now()); !got.Opens || len(looks()) != 1 {
		t.Errorf("a visit soon after: %+v, %d looks", got, len(looks()))
	}
	// An hour later that says nothing any more.
	w.clock.Advance(time.Hour)
	seen()
	second := w.clock.Now()
	if got := ask(second); !got.Waits || got.Opens || len(looks()) != 2 {
		t.Errorf("the next visit: %+v, %d looks", got, len(looks()))
	}
	w.clock.Advance(time.Minute)
	answer(protocol.Looked{Error: protocol.ErrorTimeout, Millis: 15000})
	if got := ask(second); got.Waits || got.Opens {
		t.Errorf("it does not open there either: %+v", got)
	}
	// About what is long past nobody is asked.
	w.clock.Advance(3 * time.Hour)
	if got := ask(second.Add(time.Hour)); got.Waits || len(looks()) != 2 {
		t.Errorf("long past: %+v, %d looks", got, len(looks()))
	}
}

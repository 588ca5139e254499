package queue_test

import (
	"testing"
	"time"

	"zhanqun/protocol"
)

// What the hub wants looked at waits until it is answered, once, and not beyond
// its time.
func TestLooks(t *testing.T) {
	q, h := open(t)
	const other = "0193a5f0-0000-7000-8000-0000000000ee"
	ask := func(id string, until time.Time) protocol.Entry {
		return h.says(t, protocol.KindLook, &protocol.Look{ID: id, URL: "http://example.gov.cn/" + id[34:], Until: until, At: start})
	}
	waiting := func() string {
		t.Helper()
		list, err := q.Looks(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, l := range list {
			text += l.URL[len("http://example.gov.cn/"):] + " "
		}
		return text
	}
	far := time.Now().AddDate(1, 0, 0)
	down(t, q, ask(findingID, far.AddDate(1, 0, 0)), ask(other, far), ask(findingID[:34]+"aa", time.Now().AddDate(-1, 0, 0)))
	if got := waiting(); got != "ee 0f " {
		t.Fatalf("waiting: %s", got)
	}
	seen := &protocol.Looked{Look: other, Status: 200, Millis: 12}
	for range 2 {
		if err := q.Looked(t.Context(), seen); err != nil {
			t.Fatal(err)
		}
	}
	log := checkLog(t, q)
	if len(log) != 1 || log[0].Kind != protocol.KindLooked {
		t.Fatalf("%d entries for one look", len(log))
	}
	down(t, q, ask(other, far)) // heard again
	if got := waiting(); got != "0f " {
		t.Errorf("waiting: %s", got)
	}
	if err := q.Looked(t.Context(), &protocol.Looked{Look: findingID[:34] + "bb", Status: 200}); err != nil || len(checkLog(t, q)) != 1 {
		t.Errorf("answered what nobody asked: %v", err)
	}
}

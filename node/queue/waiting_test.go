package queue_test

import (
	"bytes"
	"testing"

	"zhanqun/protocol"
)

func TestWaitingNamesFileAndItem(t *testing.T) {
	q, _ := open(t)
	a, err := q.AddFile(t.Context(), "现场.png", bytes.NewReader(pngBytes(t, 8)))
	if err != nil {
		t.Fatal(err)
	}
	d := draft("带图的信息")
	d.Attachments = []protocol.Attachment{a}
	if list, err := q.Waiting(t.Context(), 10); err != nil || len(list) != 0 {
		t.Fatalf("before it is handed in: %v, %v", list, err)
	}
	s, err := q.Post(t.Context(), liaison, d)
	if err != nil {
		t.Fatal(err)
	}
	list, err := q.Waiting(t.Context(), 10)
	if err != nil || len(list) != 1 {
		t.Fatalf("waiting = %v, %v", list, err)
	}
	if w := list[0]; w.SHA256 != a.SHA256 || w.Name != "现场.png" || w.Item != s.ID || w.Title != "带图的信息" {
		t.Errorf("waiting = %+v", w)
	}
	if err := q.FileDone(t.Context(), a.SHA256); err != nil {
		t.Fatal(err)
	}
	if list, err := q.Waiting(t.Context(), 10); err != nil || len(list) != 0 {
		t.Errorf("after it arrived: %v, %v", list, err)
	}
}

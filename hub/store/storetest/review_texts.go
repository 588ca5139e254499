package storetest

import (
	"strings"
	"testing"

	"zhanqun/hub/review"
	"zhanqun/protocol"
)

// A list can come with its texts, cleaned and of the revision each item is at. A
// page of long texts is a short one, and none is left out.
func reviewTexts(t *testing.T, open Open) {
	o := NewOffice(t, open)
	long := "<p>" + strings.Repeat("长", 60_000) + "</p>" // 180 KB
	want := map[string]string{}
	for i := range 25 {
		body := "<p>短文</p>"
		if i%2 == 0 {
			body = long
		}
		id := o.Submit(0, "township", func(m *protocol.Submit) { m.Body = body + "<script>x</script>" })
		want[id] = body
	}
	revised := o.Submit(1, "photo", func(m *protocol.Submit) { m.Body = "<p>第一稿</p>" })
	o.Revise(revised, func(m *protocol.Submit) { m.Body = "<p>第二稿</p>" })
	want[revised] = "<p>第二稿</p>"
	q, pages, most := review.Query{Texts: true, Limit: 50}, 0, 0
	for {
		page, err := o.Desk.List(t.Context(), o.Reviewer, q)
		if err != nil {
			t.Fatal(err)
		}
		size := 0
		for _, i := range page.Items {
			if i.Body != want[i.ID] {
				t.Errorf("the text of %s is %.40q…, want %.40q…", i.ID, i.Body, want[i.ID])
			}
			delete(want, i.ID)
			size += len(i.Body)
		}
		pages, most = pages+1, max(most, size)
		if page.Next == "" {
			break
		}
		if q.After, err = review.ParsePosition(page.Next); err != nil {
			t.Fatal(err)
		}
	}
	if len(want) > 0 || pages < 3 || most > 2<<20 {
		t.Errorf("%d items left out; %d pages, the largest of %d bytes", len(want), pages, most)
	}
	page, err := o.Desk.List(t.Context(), o.Reviewer, review.Query{Limit: 50})
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range page.Items {
		if i.Body != "" {
			t.Error("a text nobody asked for")
		}
	}
	searched, err := o.Desk.List(t.Context(), o.Reviewer, review.Query{Texts: true, Column: "photo", Text: "改", Oldest: true, Limit: 1})
	if err != nil || len(searched.Items) != 1 || searched.Items[0].Body != "<p>第二稿</p>" {
		t.Errorf("searched: %v, %v", searched, err)
	}
}

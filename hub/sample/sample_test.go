package sample_test

import (
	"bytes"
	"image/jpeg"
	"net/http"
	"net/http/httptest"
	"testing"

	"zhanqun/hub/sample"
)

func TestItemsShowEveryOutcome(t *testing.T) {
	list, err := sample.Items()
	if err != nil {
		t.Fatal(err)
	}
	units := map[string]bool{"": true}
	for _, u := range sample.Units() {
		if units[u.Code] || u.Level != "county" && !units[u.Parent] {
			t.Errorf("unit %s comes twice or before its parent", u.Code)
		}
		units[u.Code] = true
	}
	seen := map[string]int{}
	for _, item := range list {
		seen[item.Outcome]++
		if !units[item.Unit] || !units[item.Village] || item.Title == "" || len(item.Body) == 0 || item.Author == "" {
			t.Errorf("incomplete item %q", item.Title)
		}
	}
	for _, o := range []string{sample.Draft, sample.Awaiting, sample.Received, sample.InReview, sample.Returned, sample.Revised,
		sample.Rejected, sample.Adopted, sample.Corrected, sample.Withdrawn, sample.Combined} {
		if seen[o] == 0 {
			t.Errorf("no item shows %s", o)
		}
	}
}

func TestPhotosDiffer(t *testing.T) {
	a, err := sample.Photo(1)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := sample.Photo(2)
	if bytes.Equal(a, b) {
		t.Error("two seeds draw one photo")
	}
	if _, err := jpeg.Decode(bytes.NewReader(a)); err != nil {
		t.Error(err)
	}
}

func TestSitesHaveTheirFaults(t *testing.T) {
	for _, s := range sample.Sites() {
		get := func(path string) int {
			w := httptest.NewRecorder()
			s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
			return w.Code
		}
		if get("/") != 200 {
			t.Errorf("%s has no home page", s.Name)
		}
		for _, path := range s.Faulty {
			if get(path) != 404 {
				t.Errorf("%s%s is not faulty", s.Name, path)
			}
		}
		s.Repair(s.Faulty[0])
		if get(s.Faulty[0]) != 200 {
			t.Errorf("%s%s is not repaired", s.Name, s.Faulty[0])
		}
	}
}

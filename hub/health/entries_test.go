package health

import (
	"fmt"
	"slices"
	"testing"

	"zhanqun/hub/health/linkcheck"
)

// What a finding is about is shown without our own marks.
func TestShown(t *testing.T) {
	for _, tt := range []struct {
		f              Finding
		shown, address string
		harmful        bool
	}{
		{Finding{URL: "http://a.example/x#top", Class: "死链"}, "http://a.example/x#top", "http://a.example/x#top", false},
		{Finding{URL: "http://bad.example/slots#link", Class: "暗链"}, "http://bad.example/slots", "http://bad.example/slots", true},
		{Finding{URL: certificateOf("a.example"), Class: "证书问题"}, "a.example 的证书", "https://a.example/", false},
		{Finding{Kind: AboutSite, URL: "http://town.example/", Class: ClassDown}, "http://town.example/", "http://town.example/", false},
	} {
		if tt.f.Shown() != tt.shown || tt.f.Address() != tt.address || tt.f.Harmful() != tt.harmful {
			t.Errorf("%s: %q, %q, %v", tt.f.URL, tt.f.Shown(), tt.f.Address(), tt.f.Harmful())
		}
	}
}

// A link of a combined entry belongs to the units whose texts have it; one the
// county wrote in belongs to all of them.
func TestEntryPlaces(t *testing.T) {
	const page = "http://portal.example/entries/e1"
	links := func(body string) []linkcheck.Link {
		return linkcheck.Links(page, "text/html; charset=utf-8", []byte(body))
	}
	a, b, c := `<p><a href="http://a.example/">甲</a></p>`, `<p><a href="http://b.example/">乙</a><a href="http://both.example/">都有</a></p>`, `<p><a href="http://both.example/">都有</a></p>`
	sources := []EntrySource{{"u1", "i1", a}, {"u2", "i2", b}, {"u3", "i3", c}}
	for _, tt := range []struct {
		name    string
		sources []EntrySource
		want    []string
	}{
		{"nobody's", nil, []string{" http://a.example/", " http://b.example/", " http://both.example/", " http://county.example/"}},
		{"one unit's", []EntrySource{{"u1", "i1", ""}}, []string{"u1 http://a.example/", "u1 http://b.example/", "u1 http://both.example/", "u1 http://county.example/"}},
		{"combined", sources, []string{"u1 http://a.example/", "u1 http://county.example/", "u2 http://b.example/", "u2 http://both.example/", "u2 http://county.example/",
			"u3 http://both.example/", "u3 http://county.example/"}},
	} {
		var got []string
		for _, p := range entryPlaces(page, tt.sources, links(a+b+`<a href="http://county.example/">县里加的</a>`)) {
			got = append(got, fmt.Sprintf("%s %s", p.Unit, p.URL))
			if i := slices.IndexFunc(tt.sources, func(s EntrySource) bool { return s.Unit == p.Unit }); i >= 0 && p.Item != tt.sources[i].Item {
				t.Errorf("%s: %s belongs to item %q", tt.name, p.URL, p.Item)
			}
		}
		if slices.Sort(got); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

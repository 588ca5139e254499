package fresh

import (
	"regexp"
	"time"
)

// dateMetas are the names under which a page's head tells when its item was
// published, the official one first.
var dateMetas = []string{
	"pubdate", "publishdate", "publish_date", "publish-date", "publishtime", "publish_time", "pubtime", "article:published_time",
	"og:published_time", "og:article:published_time", "datepublished", "dc.date", "dc.date.issued", "dcterms.issued", "dcterms.date",
	"releasedate", "og:release_date", "bytedance:published_time", "weibo:article:create_at", "date",
}

var published = regexp.MustCompile(`"datePublished"\s*:\s*"([^"]{8,40})"`)

// articleDate finds the day on which the article t at address was published.
// The words on the page come first, they are what an inspector sees.
func (t *tree) articleDate(address string, now time.Time) (day Day, clock, text, place string) {
	marks := t.marks()
	for _, m := range marks {
		if m.labeled && !m.event && !m.made {
			if d, _ := m.stamp.on(now, addressDay(address)); d != "" {
				return d, m.stamp.clock, m.text, PlaceArticle
			}
		}
	}
	for _, name := range dateMetas {
		if s, ok := readWhole(t.metas[name]); ok && s.year != 0 {
			d, _ := s.on(now, "")
			return d, s.clock, t.metas[name], PlaceMeta
		}
	}
	for _, script := range t.scripts {
		if m := published.FindStringSubmatch(script); m != nil {
			if s, ok := readWhole(m[1]); ok && s.year != 0 {
				d, _ := s.on(now, "")
				return d, s.clock, m[1], PlaceMeta
			}
		}
	}
	for _, m := range marks {
		if !m.event && !m.made && m.stamp.year != 0 {
			d, _ := m.stamp.on(now, "")
			return d, m.stamp.clock, m.text, PlaceArticle
		}
	}
	if d := addressDay(address); d != "" {
		return d, "", address, PlaceAddress
	}
	return "", "", "", ""
}

// DateOf returns the day an article says it was published on, none if it says
// nothing, with the text it was read from and where that stands.
func DateOf(p Page, now time.Time) (day Day, text, place string) {
	t := parse(p.HTML)
	t.zones()
	day, _, text, place = t.articleDate(p.URL, now)
	return day, text, place
}

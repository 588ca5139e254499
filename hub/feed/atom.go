package feed

import (
	"bytes"
	"encoding/xml"
	"time"

	"zhanqun/internal/chinatime"
)

// Prefixes stand in the names below as they are written: the decoder of
// encoding/xml would want namespaces, its encoder would write them on every
// element, and some readers stumble over that.
type atomFeed struct {
	XMLName   xml.Name `xml:"feed"`
	XMLNS     string   `xml:"xmlns,attr"`
	Tombs     string   `xml:"xmlns:at,attr"`
	Lang      string   `xml:"xml:lang,attr"`
	ID        string   `xml:"id"`
	Title     string   `xml:"title"`
	Updated   string   `xml:"updated"`
	Author    atomName `xml:"author"`
	Generator string   `xml:"generator"`
	Links     []atomLink
	Graves    []atomGrave
	Entries   []atomEntry
}

type atomName struct {
	Name string `xml:"name"`
}

type atomLink struct {
	XMLName xml.Name `xml:"link"`
	Rel     string   `xml:"rel,attr"`
	Type    string   `xml:"type,attr,omitempty"`
	Href    string   `xml:"href,attr"`
	Length  int64    `xml:"length,attr,omitempty"`
	Title   string   `xml:"title,attr,omitempty"`
}

type atomGrave struct {
	XMLName xml.Name `xml:"at:deleted-entry"`
	Ref     string   `xml:"ref,attr"`
	When    string   `xml:"when,attr"`
	Comment string   `xml:"at:comment,omitempty"`
	Links   []atomLink
}

type atomEntry struct {
	XMLName    xml.Name   `xml:"entry"`
	ID         string     `xml:"id"`
	Title      atomText   `xml:"title"`
	Published  string     `xml:"published"`
	Updated    string     `xml:"updated"`
	Authors    []atomName `xml:"author"`
	Categories []atomTerm `xml:"category"`
	Links      []atomLink
	Content    atomText `xml:"content"`
}

type atomTerm struct {
	Term  string `xml:"term,attr"`
	Label string `xml:"label,attr"`
}

type atomText struct {
	Type string `xml:"type,attr"`
	Text string `xml:",chardata"`
}

// atomTime keeps the milliseconds: two entries with one time are warned about.
func atomTime(at time.Time) string {
	return at.In(chinatime.Zone).Format("2006-01-02T15:04:05.000-07:00")
}

// graveTime is a moment after the time of the note in the entry's place. Of an
// entry and a tombstone with one id RFC 6721 lets the later one win, and that is
// to be the tombstone: who acts on it deletes the note as well.
func graveTime(at time.Time) string { return atomTime(at.Add(time.Millisecond)) }

const (
	language  = "zh-CN"
	generator = "Zhanqun"
)

func (d *document) atom() ([]byte, error) {
	f := atomFeed{
		XMLNS: "http://www.w3.org/2005/Atom", Tombs: "http://purl.org/atompub/tombstones/1.0", Lang: language,
		ID: d.id, Title: d.title, Updated: atomTime(d.updated), Author: atomName{d.author}, Generator: generator,
		Links: []atomLink{{Rel: "self", Type: "application/atom+xml", Href: d.self}, {Rel: "alternate", Type: "text/html", Href: d.home}},
	}
	for _, l := range d.around() {
		f.Links = append(f.Links, atomLink{Rel: l.rel, Type: "application/atom+xml", Href: l.url})
	}
	for _, g := range d.graves {
		a := atomGrave{Ref: g.id, When: graveTime(g.at), Comment: g.reason}
		if g.successor != "" {
			a.Links = []atomLink{{Rel: "related", Href: g.successor}}
		}
		f.Graves = append(f.Graves, a)
	}
	for _, e := range d.entries {
		a := atomEntry{
			ID: e.id, Title: atomText{"text", e.title}, Published: atomTime(e.published), Updated: atomTime(e.updated),
			Links: []atomLink{{Rel: "alternate", Type: "text/html", Href: e.url}}, Content: atomText{"html", e.html},
		}
		for _, n := range e.authors {
			a.Authors = append(a.Authors, atomName{n})
		}
		for _, c := range e.columns {
			a.Categories = append(a.Categories, atomTerm{c.Slug, c.Name})
		}
		for _, x := range e.files {
			a.Links = append(a.Links, atomLink{Rel: "enclosure", Type: x.Type, Href: x.URL, Length: x.Size, Title: x.Name})
		}
		f.Entries = append(f.Entries, a)
	}
	return marshal(f)
}

// around is what links to the pages around this one are, with the names RFC
// 5005 gives them; none leads nowhere.
func (d *document) around() []relation {
	var list []relation
	for _, l := range []relation{{"first", d.first}, {"previous", d.prev}, {"next", d.next}} {
		if l.url != "" && (l.rel != "first" || d.next != "" || d.prev != "") {
			list = append(list, l)
		}
	}
	return list
}

type relation struct{ rel, url string }

func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	enc := xml.NewEncoder(&b)
	enc.Indent("", " ")
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

package feed

import (
	"encoding/xml"
	"strings"
	"time"

	"zhanqun/internal/chinatime"
)

type rssFeed struct {
	XMLName xml.Name   `xml:"rss"`
	Version string     `xml:"version,attr"`
	Atom    string     `xml:"xmlns:atom,attr"`
	DC      string     `xml:"xmlns:dc,attr"`
	Channel rssChannel `xml:"channel"`
}

type rssChannel struct {
	Title       rssText   `xml:"title"`
	Link        string    `xml:"link"`
	Description string    `xml:"description"`
	Language    string    `xml:"language"`
	Built       string    `xml:"lastBuildDate"`
	Generator   string    `xml:"generator"`
	Links       []rssLink `xml:"atom:link"`
	Items       []rssItem `xml:"item"`
}

type rssLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
	Href string `xml:"href,attr"`
}

type rssItem struct {
	Title       rssText       `xml:"title"`
	Link        string        `xml:"link"`
	GUID        rssGUID       `xml:"guid"`
	Published   string        `xml:"pubDate"`
	Updated     string        `xml:"atom:updated,omitempty"`
	Creator     string        `xml:"dc:creator,omitempty"`
	Categories  []string      `xml:"category"`
	Description string        `xml:"description"`
	Enclosure   *rssEnclosure `xml:"enclosure"`
}

// rssText is text where some readers expect HTML. What is special in either is
// written as hexadecimal references, which the RSS profile recommends and all
// readers take for text.
type rssText struct {
	XML string `xml:",innerxml"`
}

func textOf(s string) rssText {
	return rssText{strings.NewReplacer("&", "&#x26;", "<", "&#x3C;", ">", "&#x3E;").Replace(s)}
}

// rssGUID is no address: the id outlives every address.
type rssGUID struct {
	Permalink bool   `xml:"isPermaLink,attr"`
	ID        string `xml:",chardata"`
}

type rssEnclosure struct {
	URL    string `xml:"url,attr"`
	Length int64  `xml:"length,attr"`
	Type   string `xml:"type,attr"`
}

// rssTime is RFC 822 with a numeric zone; "UTC", as Go's RFC1123 writes it, is
// an error.
func rssTime(at time.Time) string {
	return at.In(chinatime.Zone).Format("Mon, 02 Jan 2006 15:04:05 -0700")
}

// rss writes RSS 2.0. It has no word for a correction, so atom:updated carries
// the time of the last change, and none for a withdrawal beyond the note in its
// place. It allows one enclosure: the first file; the others are linked in the
// text.
func (d *document) rss() ([]byte, error) {
	c := rssChannel{
		Title: textOf(d.title), Link: d.home, Description: d.title, Language: language, Built: rssTime(d.updated), Generator: generator,
		Links: []rssLink{{"self", "application/rss+xml", d.self}},
	}
	for _, l := range d.around() {
		c.Links = append(c.Links, rssLink{l.rel, "application/rss+xml", l.url})
	}
	for _, e := range d.entries {
		i := rssItem{
			Title: textOf(e.title), Link: e.url, GUID: rssGUID{ID: e.id}, Published: rssTime(e.published), Updated: atomTime(e.updated),
			Creator: strings.Join(e.authors, "、"), Description: e.html,
		}
		for _, col := range e.columns {
			i.Categories = append(i.Categories, col.Name)
		}
		if len(e.files) > 0 {
			i.Enclosure = &rssEnclosure{e.files[0].URL, e.files[0].Size, e.files[0].Type}
		}
		c.Items = append(c.Items, i)
	}
	return marshal(rssFeed{Version: "2.0", Atom: "http://www.w3.org/2005/Atom", DC: "http://purl.org/dc/elements/1.1/", Channel: c})
}

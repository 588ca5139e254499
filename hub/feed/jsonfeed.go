package feed

import (
	"bytes"
	"encoding/json"

	"zhanqun/hub/catalog"
)

type jsonFeed struct {
	Version     string       `json:"version"` // first, as the specification asks
	Title       string       `json:"title"`
	HomePageURL string       `json:"home_page_url"`
	FeedURL     string       `json:"feed_url"`
	NextURL     string       `json:"next_url,omitempty"`
	Language    string       `json:"language"`
	Authors     []jsonAuthor `json:"authors"`
	Zhanqun     jsonFeedMore `json:"_zhanqun"`
	Items       []jsonItem   `json:"items"`
}

type jsonAuthor struct {
	Name string `json:"name"`
}

// jsonFeedMore is what JSON Feed has no word for.
type jsonFeedMore struct {
	About       string      `json:"about"`
	ID          string      `json:"id"` // of the feed, the same under every address
	Updated     string      `json:"updated"`
	PreviousURL string      `json:"previous_url,omitempty"`
	Withdrawn   []jsonGrave `json:"withdrawn"` // what copies have to be deleted of
}

type jsonGrave struct {
	ID     string `json:"id"`
	When   string `json:"when"`
	Reason string `json:"reason"`
	// Successor is the address of what took its place.
	Successor string `json:"successor,omitempty"`
}

type jsonItem struct {
	ID            string       `json:"id"`
	URL           string       `json:"url"`
	Title         string       `json:"title"`
	ContentHTML   string       `json:"content_html"`
	Image         string       `json:"image,omitempty"`
	DatePublished string       `json:"date_published"`
	DateModified  string       `json:"date_modified"`
	Authors       []jsonAuthor `json:"authors"`
	Tags          []string     `json:"tags"`
	Language      string       `json:"language"`
	Attachments   []jsonFile   `json:"attachments"`
	Zhanqun       jsonItemMore `json:"_zhanqun"`
}

type jsonFile struct {
	URL   string `json:"url"`
	Type  string `json:"mime_type"`
	Title string `json:"title"`
	Size  int64  `json:"size_in_bytes"`
}

type jsonItemMore struct {
	About     string       `json:"about"`
	Version   int          `json:"version"` // grows with each correction
	Note      string       `json:"note,omitempty"`
	Withdrawn *jsonGrave   `json:"withdrawn,omitempty"`
	Combined  bool         `json:"combined,omitempty"`
	Columns   []string     `json:"columns"`
	Sources   []jsonSource `json:"sources"`
}

type jsonSource struct {
	Unit       string `json:"unit"`
	UnitName   string `json:"unit_name"`
	Origin     string `json:"origin,omitempty"`
	OriginName string `json:"origin_name,omitempty"`
	Author     string `json:"author,omitempty"`
}

// What the extension means, said where it stands: a portal has no page for it.
const (
	aboutFeed = "withdrawn: entries whose copies are to be deleted; id: of this feed, under whatever address"
	aboutItem = "version: grows with each correction; withdrawn: the former text is to be deleted"
)

// json writes JSON Feed 1.1.
func (d *document) json() ([]byte, error) {
	f := jsonFeed{
		Version: "https://jsonfeed.org/version/1.1", Title: d.title, HomePageURL: d.home, FeedURL: d.self, NextURL: d.next, Language: language,
		Authors: []jsonAuthor{{d.author}}, Items: []jsonItem{},
		Zhanqun: jsonFeedMore{About: aboutFeed, ID: d.id, Updated: atomTime(d.updated), PreviousURL: d.prev, Withdrawn: []jsonGrave{}},
	}
	for _, g := range d.graves {
		f.Zhanqun.Withdrawn = append(f.Zhanqun.Withdrawn, jsonGrave{g.id, graveTime(g.at), g.reason, g.successor})
	}
	for _, e := range d.entries {
		f.Items = append(f.Items, jsonEntry(e))
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // it is not put into a page, and brackets would triple
	enc.SetIndent("", " ")
	if err := enc.Encode(f); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func jsonEntry(e entry) jsonItem {
	i := jsonItem{
		ID: e.id, URL: e.url, Title: e.title, ContentHTML: e.html, DatePublished: atomTime(e.published), DateModified: atomTime(e.updated),
		Authors: []jsonAuthor{}, Tags: []string{}, Language: language, Attachments: []jsonFile{},
		Zhanqun: jsonItemMore{About: aboutItem, Version: e.source.Version, Note: e.source.Note, Combined: e.source.Combined, Columns: []string{}, Sources: []jsonSource{}},
	}
	for _, n := range e.authors {
		i.Authors = append(i.Authors, jsonAuthor{n})
	}
	for _, c := range e.columns {
		i.Tags = append(i.Tags, c.Name)
		i.Zhanqun.Columns = append(i.Zhanqun.Columns, c.Slug)
	}
	for _, f := range e.files {
		i.Attachments = append(i.Attachments, jsonFile{f.URL, f.Type, f.Name, f.Size})
		if i.Image == "" && image(f.Type) {
			i.Image = f.URL
		}
	}
	for _, s := range e.source.Sources {
		i.Zhanqun.Sources = append(i.Zhanqun.Sources, jsonSource{s.Unit, s.UnitName, s.Origin, s.OriginName, s.Author})
	}
	if e.source.State == catalog.EntryWithdrawn {
		i.Zhanqun.Withdrawn = &jsonGrave{e.id, graveTime(e.source.WithdrawnAt), e.source.Reason, e.source.Successor}
	}
	return i
}

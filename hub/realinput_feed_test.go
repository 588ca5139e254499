package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/go-resty/resty/v2"

	"zhanqun/hub/catalog"
	"zhanqun/protocol"
)

// published is an entry as a feed tells it.
type published struct {
	id, title string
	updated   time.Time
}

// holdFeeds walks the feeds from their first pages: exactly what was adopted, the
// newest first, in every format the same; with the files as they were handed in.
func (d *workday) holdFeeds(ctx context.Context) error {
	reader := resty.New().SetBaseURL(d.base)
	list, files, err := d.walkJSON(ctx, reader)
	if err != nil {
		return err
	}
	atom, err := walkAtom(ctx, reader, d.base+"/feed.atom")
	if err != nil {
		return err
	}
	if !slices.EqualFunc(list, atom, func(a, b published) bool { return a.id == b.id && a.title == b.title && a.updated.Equal(b.updated) }) {
		return errors.New("the feeds tell different things as JSON and as Atom")
	}
	want := map[string]*draft{}
	for _, dr := range d.drafts() {
		if dr.stateOf() == protocol.StateAdopted {
			want[dr.titleOf(dr.revision())] = dr
		}
	}
	for n, e := range list {
		if n > 0 && !e.updated.Before(list[n-1].updated) { // entries of one hub never tie
			return fmt.Errorf("entry %s of %v comes after one of %v", e.id, e.updated, list[n-1].updated)
		}
		if want[e.title] == nil {
			return fmt.Errorf("the feed has %q twice, or it was not adopted", e.title)
		}
		delete(want, e.title)
	}
	if len(want) > 0 {
		return fmt.Errorf("the feed lacks %d adopted items", len(want))
	}
	return d.holdOrder(ctx, list, files)
}

// walkJSON reads all pages. files are the addresses of the photos by title.
func (d *workday) walkJSON(ctx context.Context, reader *resty.Client) (list []published, files map[string]string, err error) {
	files = map[string]string{}
	for next := d.base + "/feed.json"; next != ""; {
		var page struct {
			Next  string `json:"next_url"`
			Items []struct {
				ID, Title   string
				Modified    time.Time `json:"date_modified"`
				Attachments []struct{ URL string }
				More        struct {
					Sources []struct{ Unit, Origin string }
				} `json:"_zhanqun"`
			}
		}
		if err := ask(reader.R().SetContext(ctx), http.MethodGet, next, nil, &page); err != nil {
			return nil, nil, err
		}
		for _, i := range page.Items {
			list = append(list, published{i.ID, i.Title, i.Modified})
			for _, f := range i.Attachments {
				files[i.Title] = f.URL
			}
			dr := d.in.draftOf(i.Title)
			if dr == nil || len(i.More.Sources) != 1 || i.More.Sources[0].Origin != dr.village || i.More.Sources[0].Unit != d.in.townOf(dr).Code {
				return nil, nil, fmt.Errorf("entry %q is credited to %+v", i.Title, i.More.Sources)
			}
		}
		next = page.Next
	}
	return list, files, nil
}

func walkAtom(ctx context.Context, reader *resty.Client, next string) (list []published, err error) {
	for next != "" {
		answer, err := reader.R().SetContext(ctx).Get(next)
		if err != nil {
			return nil, err
		}
		var page struct {
			Links []struct {
				Rel  string `xml:"rel,attr"`
				Href string `xml:"href,attr"`
			} `xml:"link"`
			Entries []struct {
				ID      string    `xml:"id"`
				Title   string    `xml:"title"`
				Updated time.Time `xml:"updated"`
			} `xml:"entry"`
		}
		if err := xml.Unmarshal(answer.Body(), &page); err != nil {
			return nil, fmt.Errorf("%s: %w", next, err)
		}
		for _, e := range page.Entries {
			list = append(list, published{e.ID, e.Title, e.Updated})
		}
		next = ""
		for _, l := range page.Links {
			if l.Rel == "next" {
				next = l.Href
			}
		}
	}
	return list, nil
}

// holdOrder holds the order of the feed against the order in which the hub says
// it published, and the photos against what was handed in.
func (d *workday) holdOrder(ctx context.Context, list []published, files map[string]string) error {
	var order []string
	for after := uint64(0); ; {
		var page struct {
			Events []catalog.Event
			Next   uint64
		}
		if err := d.desks[0].get(ctx, fmt.Sprintf("/api/v1/events?limit=1000&after=%d", after), &page); err != nil {
			return err
		}
		if len(page.Events) == 0 {
			break
		}
		for _, e := range page.Events {
			if e.Kind == "entry.published" {
				order = append(order, "urn:uuid:"+e.Ref)
			}
		}
		after = page.Next
	}
	slices.Reverse(order)
	if !slices.EqualFunc(list, order, func(e published, id string) bool { return e.id == id }) {
		return errors.New("the feed is in another order than things were published")
	}
	for _, e := range list {
		dr := d.in.draftOf(e.title)
		if (dr.picture != nil) != (files[e.title] != "") {
			return fmt.Errorf("entry %q has the file %q", e.title, files[e.title])
		}
		if dr.picture == nil {
			continue
		}
		answer, err := resty.New().R().SetContext(ctx).Get(files[e.title])
		if err != nil {
			return err
		}
		if got := answer.Body(); !bytes.Equal(got, dr.picture) {
			return fmt.Errorf("the photo of %q has %d bytes, handed in were %d", e.title, len(got), len(dr.picture))
		}
	}
	return nil
}

// townOf is the township that handed a text in.
func (in *input) townOf(dr *draft) town {
	return in.towns[dr.n/len(in.towns[0].drafts)]
}

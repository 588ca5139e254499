package main

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"strings"

	"zhanqun/hub/catalog"
	"zhanqun/hub/review"
	"zhanqun/hub/sample"
	"zhanqun/internal/fault"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// act does one thing with an item and reports whether it was the time for it.
type act func(ctx context.Context) (bool, error)

// next returns what is to be done with it, given where it stands at the hub, or
// nil when that is for others, or the item is where it should be.
func (s *seeder) next(it *seedItem, at review.Detail) act {
	item := at.Item
	open := item.State == protocol.StateReceived || item.State == protocol.StateInReview
	switch {
	case it.Outcome == sample.Received, it.Outcome == sample.InReview && item.State == protocol.StateInReview,
		it.Outcome == sample.Revised && item.Revision == 2:
		return it.finish
	case it.Outcome == sample.Combined && open:
		s.joined = append(s.joined, it.id)
		return nil
	case (it.Outcome == sample.Returned || it.Outcome == sample.Revised) && open:
		return s.decide(item, catalog.ActionReturn, it)
	case it.Outcome == sample.Rejected && open:
		return s.decide(item, catalog.ActionReject, it)
	case open:
		return s.decide(item, catalog.ActionApprove, it)
	case it.Outcome == sample.Revised && item.State == protocol.StateReturned,
		it.Outcome == sample.Corrected && item.State == protocol.StateAdopted:
		return it.revise
	case it.Outcome == sample.Withdrawn && item.State == protocol.StateAdopted:
		return s.decide(item, catalog.ActionWithdraw, it)
	case it.n == 0 && item.State == protocol.StateAdopted && !taken(at, review.OutletCity):
		return s.adoptByCity(it)
	case item.State == protocol.StateApproved:
		return nil // its files are under way
	}
	return it.finish
}

func (it *seedItem) finish(context.Context) (bool, error) {
	it.done = true
	return false, nil
}

// decide decides the step that is due, by who has not had a part in it yet.
func (s *seeder) decide(item catalog.Item, action string, it *seedItem) act {
	return func(ctx context.Context) (bool, error) {
		who := s.first[it.n%len(s.first)]
		if item.Step > 1 || action == catalog.ActionWithdraw {
			who = s.chief
		}
		q := review.Request{Item: item.ID, Revision: item.Revision, Action: action}
		if action != catalog.ActionApprove {
			q.Reason, q.Fields, q.Comment = it.Reason, it.Fields, it.Comment
		} else if item.Revision > 1 {
			q.Note = it.Answer
		}
		err := s.d.county.review.Decide(ctx, who, q)
		if fault.Is(err, fault.Conflict) {
			return false, nil // somebody at the desk was faster: look again
		}
		return err == nil, err
	}
}

func taken(at review.Detail, outlet string) bool {
	for _, a := range at.Adoptions {
		if a.Outlet == outlet {
			return true
		}
	}
	return false
}

func (s *seeder) adoptByCity(it *seedItem) act {
	return func(ctx context.Context) (bool, error) {
		err := s.d.county.review.Adopt(ctx, s.first[0], it.id, review.Outlet{Outlet: review.OutletCity, URL: "https://www.example.org/news/20261121.html"})
		return err == nil, err
	}
}

// handIn writes the item at its node and hands it in, as the clerk or the
// village would. The key makes it the same item however often it is tried.
func (it *seedItem) handIn(ctx context.Context, d *demo) error {
	text, err := it.text(ctx, d, it.Outcome != sample.Revised)
	if err != nil {
		return err
	}
	q, who := it.node.station.Queue, it.node.liaison
	if it.Village != "" {
		who = it.node.village
	}
	draft := queue.Draft{Key: fmt.Sprintf("demo-%d", it.n), Text: text}
	if it.Outcome == sample.Draft {
		saved, err := q.SaveDraft(ctx, who, draft)
		it.id = saved.ID
		return err
	}
	sent, err := q.Post(ctx, who, draft)
	if err != nil {
		return err
	}
	if sent.Awaiting && it.Outcome != sample.Awaiting {
		if _, err := q.Submit(ctx, it.node.liaison, sent.ID, queue.Handing{}); err != nil {
			return err
		}
	}
	it.id = sent.ID
	return nil
}

// text is the first text of the item.
func (it *seedItem) text(ctx context.Context, d *demo, photo bool) (queue.Text, error) {
	t := queue.Text{Column: it.Column, Title: it.Title, Author: it.Author, Source: it.node.unit.Name, Reviewer: "党政办主任",
		Override: it.Override, Body: strings.Join(it.Body, "\n"), Format: queue.Plain}
	if it.Village != "" {
		t.Source = unitName(it.Village)
	}
	if it.Link != "" {
		t.Format, t.Body = queue.HTML, ""
		for _, p := range it.Body {
			t.Body += "<p>" + html.EscapeString(p) + "</p>"
		}
		t.Body += `<p>相关链接：<a href="` + html.EscapeString(d.link(it.Link)) + `">办事指南</a></p>`
	}
	if !photo || it.Photo == "" {
		return t, nil
	}
	f, err := it.photo(ctx)
	t.Attachments = append(t.Attachments, f)
	return t, err
}

// link is an address on one of the sites: one that is there, or a faulty one.
func (d *demo) link(kind string) string {
	site := d.sites[0]
	if kind == "dead" {
		return strings.TrimSuffix(site.url, "/") + site.Faulty[0]
	}
	return site.url + "gaikuang.html"
}

func (it *seedItem) photo(ctx context.Context) (protocol.Attachment, error) {
	picture, err := sample.Photo(it.n)
	if err != nil {
		return protocol.Attachment{}, err
	}
	f, err := it.node.station.Queue.AddFile(ctx, it.Photo+".jpg", bytes.NewReader(picture))
	f.Alt = it.Photo
	return f, err
}

// revise hands in the next revision, when the node has heard what was decided.
func (it *seedItem) revise(ctx context.Context) (bool, error) {
	q := it.node.station.Queue
	at, err := q.Item(ctx, it.node.liaison, it.id)
	if err != nil {
		return false, err
	}
	heard := at.State == queue.State(protocol.StateReturned) || protocol.State(at.State).Live()
	if !heard || at.Revision > 1 {
		return false, nil
	}
	t := at.Text
	t.Title, t.Body = strings.NewReplacer(it.Replace...).Replace(t.Title), strings.NewReplacer(it.Replace...).Replace(t.Body)
	t.Body += "\n" + it.Answer
	if it.Photo != "" && len(t.Attachments) == 0 {
		f, err := it.photo(ctx)
		if err != nil {
			return false, err
		}
		t.Attachments = append(t.Attachments, f)
	}
	_, err = q.Post(ctx, it.node.liaison, queue.Draft{ID: it.id, Version: at.Version, Text: t})
	return err == nil, err
}

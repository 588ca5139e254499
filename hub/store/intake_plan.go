package store

import (
	"context"
	"fmt"
	"strings"

	"zhanqun/hub/catalog"
	"zhanqun/hub/intake"
)

// carryOut writes a plan.
func (t *tx) carryOut(ctx context.Context, p *intake.Plan) error {
	for _, write := range []func(context.Context, *intake.Plan) error{
		t.putUpItems, t.putRevisions, t.putLog, t.putRefusals, t.putDown, t.endEntries, // entries last: they take a counter
	} {
		if err := write(ctx, p); err != nil {
			return err
		}
	}
	for _, e := range p.Events {
		if err := t.event(e.Kind, e.Ref, e.Data); err != nil {
			return err
		}
	}
	for _, a := range p.Audits {
		if err := t.audit(a.Actor, a.Act, a.Ref, change{before: a.Before, after: a.After, detail: a.Detail}); err != nil {
			return err
		}
	}
	return nil
}

// itemRow is a row of item as intake writes it.
type itemRow struct {
	ID           string `json:"id"`
	Node         string `json:"node"`
	Unit         string `json:"unit"`
	Origin       string `json:"origin"`
	Column       string `json:"column_slug"`
	Title        string `json:"title"`
	Author       string `json:"author"`
	Source       string `json:"source"`
	Revision     int    `json:"revision"`
	LiveRevision int    `json:"live_revision"`
	Entry        string `json:"entry"`
	State        string `json:"state"`
	Step         int    `json:"step"`
	DueRole      string `json:"due_role"`
	Flags        string `json:"flags"`
	Files        int    `json:"files"`
	SubmittedAt  int64  `json:"submitted_at"`
	ReceivedAt   int64  `json:"received_at"`
	UpdatedAt    int64  `json:"updated_at"`
	ClaimedBy    string `json:"claimed_by"`
	ClaimedUntil int64  `json:"claimed_until"`
	Emergency    bool   `json:"emergency"`
	PublishAt    int64  `json:"publish_at"`
}

var (
	itemState = []string{"id", "revision:int", "live_revision:int", "entry", "state", "step:int", "due_role", "updated_at:int", "claimed_by", "claimed_until:int",
		"emergency:bool", "publish_at:int"}
	itemText = []string{"id", "origin", "column_slug", "title", "author", "source", "flags", "files:int", "submitted_at:int", "received_at:int"}
)

func rowOf(it *catalog.Item) (itemRow, error) {
	flags, err := listText(it.Flags)
	return itemRow{ID: it.ID, Node: it.Node, Unit: it.Unit, Origin: it.Origin, Column: it.Column, Title: it.Title, Author: it.Author,
		Source: it.Source, Revision: it.Revision, LiveRevision: it.LiveRevision, Entry: it.Entry, State: string(it.State), Step: it.Step,
		DueRole: it.DueRole, Flags: flags, Files: len(it.Attachments), SubmittedAt: millis(it.SubmittedAt), ReceivedAt: millis(it.ReceivedAt),
		UpdatedAt: millis(it.UpdatedAt), ClaimedBy: it.ClaimedBy, ClaimedUntil: millis(it.ClaimedUntil),
		Emergency: it.Emergency, PublishAt: millis(it.PublishAt)}, err
}

func (t *tx) putUpItems(ctx context.Context, p *intake.Plan) error {
	rewritten := map[string]bool{}
	for i := range p.Revisions {
		rewritten[p.Revisions[i].Item] = true
	}
	var added, moved, texts []itemRow
	for _, it := range p.NewItems {
		row, err := rowOf(it)
		if err != nil {
			return err
		}
		added = append(added, row)
	}
	for _, it := range p.Items {
		row, err := rowOf(it)
		if err != nil {
			return err
		}
		moved = append(moved, row)
		if rewritten[it.ID] {
			texts = append(texts, row)
		}
	}
	err := t.bulk(ctx, "item", []string{"id", "node", "unit", "origin", "column_slug", "title", "author", "source", "revision", "live_revision",
		"entry", "state", "step", "due_role", "flags", "files", "submitted_at", "received_at", "updated_at", "claimed_by", "claimed_until", "first_at"},
		len(added), func(i int) []any {
			r := &added[i]
			return []any{r.ID, r.Node, r.Unit, r.Origin, r.Column, r.Title, r.Author, r.Source, r.Revision, r.LiveRevision, r.Entry, r.State,
				r.Step, r.DueRole, r.Flags, r.Files, r.SubmittedAt, r.ReceivedAt, r.UpdatedAt, r.ClaimedBy, r.ClaimedUntil, r.ReceivedAt}
		})
	if err != nil {
		return err
	}
	if err := t.updateRows(ctx, "item", moved, itemState...); err != nil {
		return err
	}
	return t.updateRows(ctx, "item", texts, itemText...)
}

type decisionRow struct {
	ID       string `json:"id"`
	Item     string `json:"item"`
	Revision int    `json:"revision"`
	Step     int    `json:"step"`
	Action   string `json:"action"`
	Reason   string `json:"reason"`
	Fields   string `json:"fields"`
	Comment  string `json:"comment"`
	Override string `json:"override"`
	Columns  string `json:"columns"`
	Role     string `json:"role"`
	Account  string `json:"account"`
	Name     string `json:"name"`
	At       int64  `json:"at"`
}

// putRevisions writes new texts, and what a unit itself decided about them.
func (t *tx) putRevisions(ctx context.Context, p *intake.Plan) error {
	lists := make([][2]string, len(p.Revisions)) // attachments and flags
	for i := range p.Revisions {
		var err error
		if lists[i][0], err = listText(p.Revisions[i].Attachments); err != nil {
			return err
		}
		if lists[i][1], err = listText(p.Revisions[i].Flags); err != nil {
			return err
		}
	}
	err := t.bulk(ctx, "revision", []string{"item", "revision", "title", "body", "column_slug", "author", "source", "reviewer", "note", "override",
		"endorsed_by", "attachments", "flags", "epoch", "seq", "submitted_at", "received_at"},
		len(p.Revisions), func(i int) []any {
			r := &p.Revisions[i]
			return []any{r.Item, r.Revision, r.Title, r.Body, r.Column, r.Author, r.Source, r.Reviewer, r.Note, r.Override,
				r.EndorsedBy, lists[i][0], lists[i][1], r.Epoch, r.Seq, millis(r.SubmittedAt), millis(r.ReceivedAt)}
		})
	if err != nil {
		return err
	}
	if len(p.Decisions) == 0 {
		return nil
	}
	rows := make([]decisionRow, len(p.Decisions))
	for i, d := range p.Decisions {
		rows[i] = decisionRow{d.ID, d.Item, d.Revision, d.Step, d.Action, d.Reason, "[]", d.Comment, "", "[]", "", d.Account, d.Name, millis(d.At)}
	}
	return t.insertRows(ctx, "decision", rows, "id", "item", "revision:int", "step:int", "action", "reason", "fields", "comment", "override",
		"columns", "role", "account", "name", "at:int")
}

// endEntries takes entries off the portal.
func (t *tx) endEntries(ctx context.Context, p *intake.Plan) error {
	for _, e := range p.Entries {
		if err := t.endEntry(ctx, e.ID, e.Reason); err != nil {
			return err
		}
	}
	return nil
}

// updateRows writes the columns of rows that are there, matched by the first one.
func (t *tx) updateRows(ctx context.Context, table string, rows []itemRow, columns ...string) error {
	if len(rows) == 0 {
		return nil
	}
	text, err := jsonText(rows)
	if err != nil {
		return fmt.Errorf("writing rows of %s: %w", table, err)
	}
	var set []string
	for _, c := range columns[1:] {
		name, _, _ := strings.Cut(c, ":")
		set = append(set, name+" = r."+name)
	}
	_, err = t.ExecContext(ctx, "UPDATE "+table+" SET "+strings.Join(set, ", ")+" FROM "+t.s.d.rows("$1", columns)+
		" WHERE "+table+"."+columns[0]+" = r."+columns[0], text)
	if err != nil {
		return fmt.Errorf("updating rows of %s: %w", table, err)
	}
	return nil
}

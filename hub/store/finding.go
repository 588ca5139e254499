package store

import (
	"context"
	"fmt"

	"zhanqun/hub/access"
	"zhanqun/hub/health"
	"zhanqun/protocol"
)

const findingColumns = `f.id, f.target, t.url, f.unit, COALESCE(u.name, ''), f.node, f.site, COALESCE(s.name, ''), f.item, f.state, f.class,
	f.status, f.reason, f.looks, f.host, f.first_bad, f.last_bad, f.note, f.answer, f.opened_at, f.answered_at, f.closed_at, f.updated_at,
	f.due_at, f.stage, f.urge_at, f.ending, f.mark, f.told_at, f.kind, f.subject`

const findingTables = ` FROM finding f JOIN target t ON t.id = f.target
	LEFT JOIN unit u ON u.code = f.unit LEFT JOIN site s ON s.id = f.site `

func scanFinding(row scanner) (health.Finding, error) {
	var f health.Finding
	var first, last, opened, answered, closed, updated, due, urge, told int64
	err := row.Scan(&f.ID, &f.Target, &f.URL, &f.Unit, &f.UnitName, &f.Node, &f.Site, &f.SiteName, &f.Item, &f.State, &f.Class,
		&f.Status, &f.Reason, &f.Looks, &f.Host, &first, &last, &f.Note, &f.Answer, &opened, &answered, &closed, &updated,
		&due, &f.Stage, &urge, &f.Ending, &f.Mark, &told, &f.Kind, &f.Subject)
	f.DueAt, f.UrgeAt, f.ToldAt = fromMillis(due), fromMillis(urge), fromMillis(told)
	f.FirstBad, f.LastBad, f.OpenedAt = fromMillis(first), fromMillis(last), fromMillis(opened)
	f.AnsweredAt, f.ClosedAt, f.UpdatedAt = fromMillis(answered), fromMillis(closed), fromMillis(updated)
	return f, err
}

// saveFinding writes f as it stands now with one line of history, and notes the
// change, and that the unit's node has to be told: what was never told to a unit
// and is over is not.
func (t *tx) saveFinding(ctx context.Context, f health.Finding, step health.Step) error {
	f.UpdatedAt = t.at
	tell := 0
	if f.Node != "" && f.State != health.FindingFound && (!f.Closed() || !f.ToldAt.IsZero()) {
		tell = 1
	}
	_, err := t.ExecContext(ctx, `INSERT INTO finding (id, target, unit, node, site, item, state, class, status, reason, looks,
			first_bad, last_bad, note, answer, opened_at, answered_at, closed_at, updated_at, host, due_at, stage, urge_at, ending, mark, tell, kind, subject)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28)
		ON CONFLICT (id) DO UPDATE SET node = excluded.node, state = excluded.state, class = excluded.class, status = excluded.status,
			reason = excluded.reason, looks = excluded.looks, last_bad = excluded.last_bad, note = excluded.note, answer = excluded.answer,
			answered_at = excluded.answered_at, closed_at = excluded.closed_at, updated_at = excluded.updated_at,
			due_at = excluded.due_at, stage = excluded.stage, urge_at = excluded.urge_at, ending = excluded.ending, mark = excluded.mark,
			tell = excluded.tell`,
		f.ID, f.Target, f.Unit, f.Node, f.Site, f.Item, f.State, f.Class, f.Status, f.Reason, f.Looks,
		millis(f.FirstBad), millis(f.LastBad), f.Note, f.Answer, millis(f.OpenedAt), millis(f.AnsweredAt), millis(f.ClosedAt), millis(f.UpdatedAt), f.Host,
		millis(f.DueAt), f.Stage, millis(f.UrgeAt), f.Ending, f.Mark, tell, f.Kind, f.Subject)
	if err != nil {
		return fmt.Errorf("saving finding %s: %w", f.ID, err)
	}
	if step.Kind == "" {
		step.Kind = f.State
	}
	return t.noteStep(ctx, f.ID, step)
}

// noteStep adds a line to the history of a finding.
func (t *tx) noteStep(ctx context.Context, id string, step health.Step) error {
	_, err := t.ExecContext(ctx, `INSERT INTO finding_event (finding, seq, at, kind, who, note)
		SELECT $1, COUNT(*) + 1, $2, $3, $4, $5 FROM finding_event WHERE finding = $1`, id, millis(t.at), step.Kind, step.Who, step.Note)
	if err != nil {
		return fmt.Errorf("noting history of finding %s: %w", id, err)
	}
	return t.event("finding."+step.Kind, id, nil)
}

// mostHandedOver bounds how many findings a new node is told of at once.
const mostHandedOver = 1000

// handOver tells a node that has just joined of the open findings of its unit:
// those from before there was a node, and those of the machine it replaces.
func (t *tx) handOver(ctx context.Context, n access.Node) error {
	list, err := collect(ctx, t, scanFinding, `SELECT `+findingColumns+findingTables+
		`WHERE f.unit = $1 AND f.closed_at = 0 AND f.state <> 'found' ORDER BY f.updated_at, f.id LIMIT $2`, n.Unit, mostHandedOver)
	if err != nil {
		return fmt.Errorf("reading open findings of unit %s: %w", n.Unit, err)
	}
	for _, f := range list {
		if _, err := t.ExecContext(ctx, `UPDATE finding SET node = $2, tell = 1 WHERE id = $1`, f.ID, n.ID); err != nil {
			return fmt.Errorf("handing finding %s over: %w", f.ID, err)
		}
	}
	return t.tellNode(ctx, n.ID)
}

// answerFinding applies a unit's answer in the transaction that receives it. It
// returns a fault when the answer can never be applied. The target falls
// due at once, and with it the pages that name it, so that the re-check follows
// by itself.
func (t *tx) answerFinding(ctx context.Context, node, unit string, a *protocol.Answer) (*protocol.Fault, error) {
	row := t.QueryRowContext(ctx, `SELECT `+findingColumns+findingTables+`WHERE f.id = $1`, a.Finding)
	f, err := scanFinding(row)
	switch {
	case notFound(err):
		return &protocol.Fault{Code: protocol.CodeUnknown, Field: "finding", Detail: "没有这条预警"}, nil
	case err != nil:
		return nil, fmt.Errorf("reading finding %s: %w", a.Finding, err)
	case f.State == health.FindingFound:
		return &protocol.Fault{Code: protocol.CodeUnknown, Field: "finding", Detail: "没有这条预警"}, nil
	case f.Unit != unit:
		return &protocol.Fault{Code: protocol.CodeUnit, Field: "finding", Detail: "这条预警不归本单位处理"}, nil
	case f.Closed():
		return &protocol.Fault{Code: protocol.CodeState, Field: "finding", Detail: "这条预警已经销号，不必再答复"}, nil
	}
	if f.Places, err = placesFor(ctx, t, f); err != nil {
		return nil, err
	}
	f.Node, f.Answer, f.AnsweredAt, f.Note = node, a.Answer, t.at, ""
	f.State = protocol.FindingFixing
	if a.Answer == protocol.AnswerDisputed {
		f.State = protocol.FindingDisputed
	}
	if err := t.saveFinding(ctx, f, health.Step{Who: a.By, Note: a.Note}); err != nil {
		return nil, err
	}
	if err := t.tellNode(ctx, node); err != nil {
		return nil, err
	}
	due := map[string]string{"": `UPDATE target SET next_at = $2 WHERE id = $1`, health.AboutColumn: `UPDATE site_column SET next_at = $2 WHERE id = $1 AND next_at > 0`}
	about := f.Subject
	if f.Kind == "" {
		about = f.Target
	}
	if query := due[f.Kind]; query != "" {
		if _, err := t.ExecContext(ctx, query, about, millis(t.at)); err != nil {
			return nil, fmt.Errorf("making what finding %s is about due: %w", f.ID, err)
		}
	}
	if f.Kind != "" {
		return nil, nil
	}
	return nil, nil
}

// placesFor returns where the target of a finding about a link is named.
func placesFor(ctx context.Context, q queryer, f health.Finding) ([]health.Place, error) {
	if f.Kind != "" {
		return nil, nil
	}
	return placesOf(ctx, q, f.Target, f.Unit)
}

// placesOf returns where a target is named under one unit's responsibility, up
// to a thousand places.
func placesOf(ctx context.Context, q queryer, target, unit string) ([]health.Place, error) {
	list, err := collect(ctx, q, scanPlace, `SELECT p.target, p.owner, p.page, p.element, p.label, p.unit, p.item, p.seen_at,
		COALESCE(i.revision > i.live_revision AND i.state IN ('received', 'in_review', 'approved'), false)
		FROM place p LEFT JOIN item i ON i.id = p.item WHERE p.target = $1 AND p.unit = $2 ORDER BY p.owner, p.page, p.element LIMIT 1000`, target, unit)
	if err != nil {
		return nil, fmt.Errorf("reading places of %s: %w", target, err)
	}
	return list, nil
}

func scanPlace(row scanner) (p health.Place, err error) {
	var seen int64
	err = row.Scan(&p.Target, &p.Owner, &p.Page, &p.Element, &p.Label, &p.Unit, &p.Item, &seen, &p.Pending)
	p.SeenAt = fromMillis(seen)
	return p, err
}

package queue

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"zhanqun/internal/content"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// Finding is a fault of a site or a published item, as the hub last told it,
// with what was answered here.
type Finding struct {
	protocol.Finding
	N          int64            `json:"-"`
	ReceivedAt time.Time        `json:"receivedAt"`
	Answer     *protocol.Answer `json:"answer,omitempty"`      // last one given here
	Line       State            `json:"answerState,omitempty"` // Queued, Sent or Received: how far that answer is
	Refusal    string           `json:"refusal,omitempty"`     // why the hub did not take the last answer

	order int64 // the place among open ones, by deadline
}

// Open reports whether something is still to be done about it, here or at the hub.
func (f Finding) Open() bool {
	return f.State != protocol.FindingClosed && f.State != protocol.FindingStruck
}

// Unanswered reports whether it waits for an answer from here.
func (f Finding) Unanswered() bool { return f.Answer == nil && f.Waiting() }

// Overdue reports whether its deadline has passed and the county still waits.
func (f Finding) Overdue(now time.Time) bool {
	return f.Waiting() && !f.Due.IsZero() && now.After(f.Due)
}

// Waiting reports whether the county waits for the unit to do something.
func (f Finding) Waiting() bool {
	return f.State == protocol.FindingOpen || f.State == protocol.FindingRecheck
}

// FindingFilter chooses findings.
type FindingFilter struct {
	Closed bool   // those that are settled instead of those that are open
	Item   string // only of this item
}

const findingColumns = `f.n, f.body, f.at, f.answer, f.answer_seq, s.sent, s.confirmed, f.refusal, f.due`

func scanFinding(row scanner) (f Finding, err error) {
	var body, answer string
	var at int64
	var seq, sent, confirmed uint64
	if err := row.Scan(&f.N, &body, &at, &answer, &seq, &sent, &confirmed, &f.Refusal, &f.order); err != nil {
		return f, err
	}
	f.ReceivedAt = time.UnixMilli(at)
	if err := decodeOptional(answer, &f.Answer); err != nil {
		return f, err
	}
	switch {
	case f.Answer == nil:
	case seq > sent:
		f.Line = Queued
	case seq > confirmed:
		f.Line = Sent
	default:
		f.Line = Received
	}
	return f, decodeInto(body, &f.Finding)
}

// Findings returns findings and the cursor of the next page: open ones with the
// nearest deadline first, settled ones with the newest word first. A village sees
// those of its own items.
func (q *Queue) Findings(ctx context.Context, actor Actor, filter FindingFilter, cursor string, limit int) (list []Finding, next string, err error) {
	limit = clampLimit(limit)
	where, order, args, err := findingPage(filter.Closed, cursor)
	if err != nil {
		return nil, "", err
	}
	add := func(clause string, v any) {
		args = append(args, v)
		where += " AND " + strings.ReplaceAll(clause, "?", "$"+strconv.Itoa(len(args)))
	}
	if filter.Item != "" {
		add(`f.item = ?`, filter.Item)
	}
	if !actor.Township() {
		add(`f.item IN (SELECT id FROM item WHERE village = ? AND village <> '')`, actor.Village)
	}
	args = append(args, limit+1)
	rows, err := q.db.Read.QueryContext(ctx, `SELECT `+findingColumns+` FROM finding f, station s WHERE `+where+ // #nosec G202 -- constants and placeholders only
		` ORDER BY `+order+` LIMIT $`+strconv.Itoa(len(args)), args...)
	if err != nil {
		return nil, "", fmt.Errorf("reading findings: %w", err)
	}
	if list, err = collect(rows, scanFinding); err != nil {
		return nil, "", fmt.Errorf("reading findings: %w", err)
	}
	if len(list) > limit {
		list = list[:limit]
		last := list[limit-1]
		if next = writeCursor(last.N); !filter.Closed {
			next = writeCursor(last.order) + "." + next
		}
	}
	return list, next, nil
}

// findingPage is how a page of open or settled findings is walked, from a cursor.
func findingPage(closed bool, cursor string) (where, order string, args []any, err error) {
	if closed {
		before, err := readCursor(cursor)
		return `f.open = 0 AND f.n < $1`, `f.n DESC`, []any{before}, err
	}
	due, n := int64(0), noCursor
	if first, second, ok := strings.Cut(cursor, "."); ok {
		if due, err = readCursor(first); err == nil {
			n, err = readCursor(second)
		}
	} else {
		_, err = readCursor(cursor)
	}
	return `f.open = 1 AND (f.due > $1 OR f.due = $1 AND f.n < $2)`, `f.due, f.n DESC`, []any{due, n}, err
}

// Where findings stand in the order of deadlines that have none to keep: those
// without a deadline behind all that have one, and behind them those that wait
// for the county. It is the end of the year 9999.
const (
	noDeadline = 253402300799000
	answered   = noDeadline + 1
)

func dueOf(m *protocol.Finding) int64 {
	switch {
	case m.State == protocol.FindingFixing || m.State == protocol.FindingDisputed:
		return answered
	case m.Due.IsZero():
		return noDeadline
	}
	return m.Due.UnixMilli()
}

var errNoFinding = fault.New(fault.NotFound, "没有这条预警。")

// Finding returns one finding.
func (q *Queue) Finding(ctx context.Context, actor Actor, id string) (Finding, error) {
	f, err := scanFinding(q.db.Read.QueryRowContext(ctx, `SELECT `+findingColumns+` FROM finding f, station s WHERE f.id = $1
		AND ($2 OR f.item IN (SELECT id FROM item WHERE village = $3 AND village <> ''))`, id, actor.Township(), actor.Village))
	if errors.Is(err, sql.ErrNoRows) {
		return Finding{}, errNoFinding
	}
	if err != nil {
		return Finding{}, fmt.Errorf("reading finding: %w", err)
	}
	return f, nil
}

// AnswerFinding sends the township's word on a finding to the hub:
// protocol.AnswerFixed or AnswerDisputed, the latter with a note. The same answer
// twice is sent once, unless the hub has spoken in between.
func (q *Queue) AnswerFinding(ctx context.Context, actor Actor, id, answer, note string) error {
	if err := actor.township(); err != nil {
		return err
	}
	a := &protocol.Answer{Finding: id, Answer: answer, Note: strings.TrimSpace(content.CleanText(note)), By: content.CleanLine(actor.Name)}
	if faults := a.Validate(); len(faults) > 0 {
		return faultOf(faults[0])
	}
	return q.write(ctx, "answering finding", func(ctx context.Context, t *txn) error {
		a.At = time.UnixMilli(t.now).UTC()
		f, err := scanFinding(t.row(ctx, `SELECT `+findingColumns+` FROM finding f, station s WHERE f.id = $1`, id))
		if errors.Is(err, sql.ErrNoRows) {
			return errNoFinding
		}
		if err != nil {
			return err
		}
		if !f.Open() {
			return fault.New(fault.Conflict, "这条预警已经办结，不用再答复。")
		}
		if f.Answer != nil && f.Answer.Answer == a.Answer && f.Answer.Note == a.Note {
			return nil
		}
		seq, err := t.appendMessage(ctx, entry{kind: protocol.KindAnswer, ref: id, by: actor.Name}, a)
		if err != nil {
			return err
		}
		text, err := json.Marshal(a)
		if err != nil {
			return err
		}
		return t.exec(ctx, `UPDATE finding SET answer = $2, answer_seq = $3, refusal = '', due = $4 WHERE id = $1`, id, string(text), seq, int64(answered))
	})
}

// finding keeps the hub's newest word. An answer given here stays until the hub
// says that the fault is still there.
func (t *txn) finding(ctx context.Context, m *protocol.Finding, body string) error {
	open := Finding{Finding: *m}.Open()
	return t.exec(ctx, `INSERT INTO finding (id, n, open, state, item, body, at, answer_seq, answer, refusal, due)
		VALUES ($1, (SELECT coalesce(max(n), 0) + 1 FROM finding), $2, $6, $3, $4, $5, 0, '', '', $8)
		ON CONFLICT (id) DO UPDATE SET n = excluded.n, open = excluded.open, item = excluded.item, body = excluded.body, at = excluded.at,
		state = excluded.state, refusal = '', due = excluded.due,
		answer = CASE WHEN excluded.state = 'recheck' AND finding.answer_seq <= $7 THEN '' ELSE finding.answer END`,
		m.ID, open, m.Item, body, t.now, m.State, t.st.confirmed, dueOf(m))
}

// findings keeps the hub's newest word on several.
func (t *txn) findings(ctx context.Context, m *protocol.Findings, body []byte) error {
	var raw struct {
		Findings []json.RawMessage `json:"findings"` // with the fields a newer hub may have added
	}
	if err := json.Unmarshal(body, &raw); err != nil {
		return fmt.Errorf("reading findings: %w", err)
	}
	for i := range m.Findings {
		if err := t.finding(ctx, &m.Findings[i], string(raw.Findings[i])); err != nil {
			return err
		}
	}
	return nil
}

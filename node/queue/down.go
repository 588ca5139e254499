package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// Reasons why entries of the down log cannot be applied. Each comes inside a
// fault that says what to do.
var (
	ErrGap        = errors.New("an entry of the down log is missing before this one")
	ErrForged     = errors.New("an entry of the down log is not what the hub signed")
	ErrRolledBack = errors.New("the hub has confirmed entries this node does not have")
	ErrCopied     = errors.New("the hub has confirmed another machine's entry")
)

// ApplyDown applies entries of the down log, in order, with the cursor, in one
// transaction. Entries already applied are skipped. At the first that cannot be
// applied it stops: what stands before is kept, the error says why. A kind this
// program does not know is kept and skipped.
func (q *Queue) ApplyDown(ctx context.Context, entries []protocol.Entry) error {
	id, err := q.Identity(ctx)
	if err != nil {
		return err
	}
	keys, err := q.hubKeys(ctx, id.HubKey)
	if err != nil {
		return err
	}
	var bad error
	for i, e := range entries { // outside the transaction: signatures take time
		if f := keys.check(id.Node, e); f != nil {
			entries = entries[:i]
			bad = fault.Wrap(fault.Invalid, "县级平台发来的消息签名不对，已停止接收。请联系县级管理员核对平台密钥。",
				fmt.Errorf("%w: entry %d: %w", ErrForged, e.Seq, f))
			break
		}
	}
	if len(entries) == 0 {
		return bad
	}
	var stopped error
	err = q.write(ctx, "applying down log", func(ctx context.Context, t *txn) (err error) {
		stopped, err = t.applyAll(ctx, entries)
		return err
	})
	return errors.Join(err, stopped, bad)
}

// applyAll applies entries up to the first that cannot be, and says why it
// stopped there. err is of the database and undoes everything.
func (t *txn) applyAll(ctx context.Context, entries []protocol.Entry) (stopped, err error) {
	for _, e := range entries {
		stopped, err = t.stops(ctx, e)
		if stopped != nil {
			return stopped, nil
		}
		if err == nil {
			err = t.apply(ctx, e)
		}
		if err != nil {
			return nil, fmt.Errorf("entry %d (%s): %w", e.Seq, e.Kind, err)
		}
	}
	return nil, nil
}

// stops says why e cannot be applied at all, or nil. err is of the database.
func (t *txn) stops(ctx context.Context, e protocol.Entry) (stop, err error) {
	var known string
	err = t.row(ctx, `SELECT hash FROM down_entry WHERE node = $1 AND epoch = $2 AND seq = $3`, e.Node, e.Epoch, e.Seq).Scan(&known)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("reading down log: %w", err)
	}
	if err == nil && known != e.Hash {
		return fault.Wrap(fault.Conflict, "县级平台对同一条消息给出了两种内容，已停止接收。请联系县级管理员。",
			fmt.Errorf("%w: entry %d has two digests", ErrForged, e.Seq)), nil
	}
	// After the hub was restored its log may begin anywhere it still holds.
	if e.Seq > t.st.down+1 && !t.st.resync {
		return fault.Wrap(fault.Unavailable, "县级平台的消息中间缺了几条，正在重新索取。",
			fmt.Errorf("%w: have %d, got %d", ErrGap, t.st.down, e.Seq)), nil
	}
	if r, ok := receiptOf(e); ok && r.Epoch == t.st.epoch && r.Through+t.st.base > t.st.last {
		return RolledBack(r.Through, t.st.last-t.st.base), nil
	}
	return t.copied(ctx, e)
}

// copied says that a receipt is about another machine's entry: both write under
// one identity, and what the hub has is not what is here.
func (t *txn) copied(ctx context.Context, e protocol.Entry) (stop, err error) {
	r, ok := receiptOf(e)
	if !ok || r.Epoch != t.st.epoch || r.Hash == "" {
		return nil, nil
	}
	var own string
	err = t.row(ctx, `SELECT hash FROM up_entry WHERE seq = $1`, r.Through+t.st.base).Scan(&own)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("reading up log: %w", err)
	}
	if own == r.Hash {
		return nil, nil
	}
	return fault.Wrap(fault.Conflict, "县级平台收到的不是本机的内容：另有一台电脑在用本机的身份（常见原因：复制了整个硬盘或数据文件夹）。已停止接收答复，本机的内容都在。请联系县级管理员，给两台电脑各一个新的入网码，都运行 node join 入网码 --again，内容会保留。",
		fmt.Errorf("%w: at %d", ErrCopied, r.Through)), nil
}

func receiptOf(e protocol.Entry) (*protocol.Receipt, bool) {
	if e.Kind != protocol.KindReceipt {
		return nil, false
	}
	m, faults := protocol.ReadBody(protocol.Down, e)
	r, ok := m.(*protocol.Receipt)
	return r, ok && len(faults) == 0
}

// apply keeps e, gives it its effect and moves the cursor.
func (t *txn) apply(ctx context.Context, e protocol.Entry) error {
	if e.Seq <= t.st.down {
		return nil
	}
	err := t.exec(ctx, `INSERT INTO down_entry (node, epoch, seq, kind, hash, sig, at, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
		e.Node, e.Epoch, e.Seq, string(e.Kind), e.Hash, e.Sig, t.now, e.Body)
	if err != nil {
		return fmt.Errorf("keeping entry: %w", err)
	}
	t.st.down, t.st.resync = e.Seq, false
	m, faults := protocol.ReadBody(protocol.Down, e)
	if len(faults) > 0 {
		// A newer hub may say things this program cannot read. They are kept;
		// nothing that follows depends on them.
		t.q.log.WarnContext(ctx, "down entry skipped", "seq", e.Seq, "kind", string(e.Kind), "reason", faults[0].Error())
		return nil
	}
	switch m := m.(type) {
	case *protocol.Receipt:
		return t.receipt(ctx, m)
	case *protocol.Refusal:
		return t.refused(ctx, m, string(e.Body))
	case *protocol.Status:
		return t.status(ctx, m, e)
	case *protocol.Finding:
		return t.finding(ctx, m, string(e.Body))
	case *protocol.Findings:
		return t.findings(ctx, m, e.Body)
	case *protocol.Vetoes:
		return t.exec(ctx, `UPDATE station SET vetoes = $1`, string(e.Body))
	case *protocol.Notice:
		return t.exec(ctx, `INSERT INTO notice (id, body, at, read_at) VALUES ($1, $2, $3, 0) ON CONFLICT (id) DO UPDATE SET body = excluded.body`,
			m.ID, string(e.Body), t.now)
	case *protocol.HubKey:
		return t.follow(ctx, m)
	case *protocol.Rotate:
		return t.rotate(ctx, m)
	case *protocol.Look:
		return t.look(ctx, m)
	case *protocol.Settings:
		t.st.settingsRev++
		return t.exec(ctx, `UPDATE station SET settings = $1, unit_name = $2`, string(e.Body), m.Unit.Name)
	}
	return nil
}

// receipt moves the confirmed cursor. Receipts of an earlier epoch, from before
// this store was restored, say nothing about this log.
func (t *txn) receipt(ctx context.Context, m *protocol.Receipt) error {
	through := m.Through + t.st.base
	if m.Epoch != t.st.epoch || through <= t.st.confirmed {
		return nil
	}
	from := t.st.confirmed
	t.st.confirmed = through
	t.st.sent = max(t.st.sent, through)
	err := t.exec(ctx, `UPDATE item SET state = 'received', updated_at = $3 WHERE state = '' AND seq > $1 AND seq <= $2
		AND id IN (SELECT ref FROM up_entry WHERE seq > $1 AND seq <= $2)`, from, through, t.now)
	if err != nil {
		return err
	}
	return t.exec(ctx, `INSERT INTO receipt (through, at) VALUES ($1, $2) ON CONFLICT DO NOTHING`, through, t.now)
}

// refused notes at what it concerns that an entry can never be applied.
func (t *txn) refused(ctx context.Context, m *protocol.Refusal, body string) error {
	if m.Epoch != t.st.epoch {
		return nil
	}
	var kind protocol.Kind
	var ref string
	seq := m.Seq + t.st.base
	err := t.row(ctx, `SELECT kind, ref FROM up_entry WHERE seq = $1`, seq).Scan(&kind, &ref)
	if errors.Is(err, sql.ErrNoRows) {
		return nil // forgotten meanwhile, or never ours
	}
	if err != nil {
		return err
	}
	err = t.exec(ctx, `INSERT INTO refusal (seq, kind, ref, body, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (seq) DO UPDATE SET body = excluded.body`,
		seq, string(kind), ref, body, t.now)
	if err != nil {
		return err
	}
	switch kind {
	case protocol.KindSubmit:
		return t.exec(ctx, `UPDATE item SET state = $2, updated_at = $3 WHERE id = $4 AND seq = $1`, seq, string(Refused), t.now, ref)
	case protocol.KindWithdraw:
		return t.exec(ctx, `UPDATE item SET withdraw_seq = 0, updated_at = $2 WHERE id = $3 AND withdraw_seq = $1`, seq, t.now, ref)
	case protocol.KindAnswer:
		return t.exec(ctx, `UPDATE finding SET answer = '', answer_seq = 0, refusal = $2, due = 1 WHERE answer_seq = $1`, seq, m.Message)
	}
	return nil
}

// status notes a word of the hub about an item, known here or not. It becomes
// the item's state if it is about the newest revision; a withdrawal always does.
func (t *txn) status(ctx context.Context, m *protocol.Status, e protocol.Entry) error {
	var n int64
	err := t.row(ctx, `INSERT INTO step (item, n, revision, act, by, text, seq, at, hash, status)
		VALUES ($1, (SELECT coalesce(max(n), 0) + 1 FROM step WHERE item = $1), $2, $3, $4, $5, 0, $6, $7, $8)
		ON CONFLICT (item, hash) WHERE hash <> '' DO UPDATE SET hash = excluded.hash RETURNING n`,
		m.Item, m.Revision, ActStatus, m.By, m.Comment, t.now, e.Hash, string(e.Body)).Scan(&n)
	if err != nil {
		return err
	}
	live, url := -1, m.URL
	switch {
	case m.State.Live():
		live = m.Revision
	case m.State == protocol.StateWithdrawn || m.Off:
		live = 0
	}
	return t.exec(ctx, `UPDATE item SET status = $2, updated_at = $3,
		state = CASE WHEN $4 = 'withdrawn' OR $5 >= revision AND revision > 0 THEN $4 ELSE state END,
		live_revision = CASE WHEN $6 >= 0 THEN $6 ELSE live_revision END,
		url = CASE WHEN $6 = 0 THEN '' WHEN $7 <> '' THEN $7 ELSE url END
		WHERE id = $1`, m.Item, n, t.now, string(m.State), m.Revision, live, url)
}

// Notice is a word of the county office.
type Notice struct {
	protocol.Notice
	N          int64     `json:"-"`
	ReceivedAt time.Time `json:"receivedAt"`
	Read       bool      `json:"read"`
}

// Notices returns the newest notices, at most limit.
func (q *Queue) Notices(ctx context.Context, limit int) ([]Notice, error) {
	rows, err := q.db.Read.QueryContext(ctx, `SELECT n, body, at, read_at FROM notice ORDER BY n DESC LIMIT $1`, clampLimit(limit))
	if err != nil {
		return nil, fmt.Errorf("reading notices: %w", err)
	}
	return collect(rows, func(row scanner) (n Notice, err error) {
		var body string
		var at, read int64
		if err := row.Scan(&n.N, &body, &at, &read); err != nil {
			return n, err
		}
		n.ReceivedAt, n.Read = time.UnixMilli(at), read > 0
		return n, decodeInto(body, &n.Notice)
	})
}

// ReadNotice notes that somebody has read a notice.
func (q *Queue) ReadNotice(ctx context.Context, id string) error {
	return q.write(ctx, "noting notice read", func(ctx context.Context, t *txn) error {
		return t.exec(ctx, `UPDATE notice SET read_at = $2 WHERE id = $1 AND read_at = 0`, id, t.now)
	})
}

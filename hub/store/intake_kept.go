package store

import (
	"context"
	"fmt"

	"zhanqun/hub/intake"
	"zhanqun/internal/fault"
)

const keptRows = `SELECT r.id, r.node, COALESCE(n.unit, ''), COALESCE(u.name, ''), r.epoch, r.seq, r.kind, r.item, r.revision, r.code, r.field, r.message, r.at`

const keptTables = ` FROM refusal r LEFT JOIN node n ON n.id = r.node LEFT JOIN unit u ON u.code = n.unit`

func scanKept(r scanner, more ...any) (intake.Kept, error) {
	var k intake.Kept
	var at int64
	err := r.Scan(append([]any{&k.ID, &k.Node, &k.Unit, &k.UnitName, &k.Epoch, &k.Seq, &k.Kind, &k.Item, &k.Revision, &k.Code, &k.Field, &k.Message, &at}, more...)...)
	k.At = fromMillis(at)
	return k, err
}

// Refusals implements intake.Store. Ids grow with time, so they are the order.
func (s *Store) Refusals(ctx context.Context, q intake.KeptQuery) ([]intake.Kept, error) {
	var w where
	w.equal("r.node", q.Node)
	if q.Before != "" {
		w.add("r.id < ?", q.Before)
	}
	w.args = append(w.args, q.Limit)
	list, err := collect(ctx, s.read, func(r scanner) (intake.Kept, error) { return scanKept(r) },
		keptRows+keptTables+w.String()+fmt.Sprintf(" ORDER BY r.id DESC LIMIT $%d", len(w.args)), w.args...)
	if err != nil {
		return nil, fmt.Errorf("listing refusals: %w", err)
	}
	return list, nil
}

// Refused implements intake.Store.
func (s *Store) Refused(ctx context.Context, id string) (intake.Kept, error) {
	var raw []byte
	k, err := scanKept(s.read.QueryRowContext(ctx, keptRows+`, r.entry`+keptTables+` WHERE r.id = $1`, id), &raw)
	if notFound(err) {
		return k, fault.New(fault.NotFound, "没有这条记录。")
	}
	if err != nil {
		return k, fmt.Errorf("reading refusal: %w", err)
	}
	k.Raw = raw
	return k, nil
}

package queue

import (
	"context"
	"fmt"

	"zhanqun/protocol"
)

// Vetoes returns how the vetoes of inspections stand in which the unit has a part,
// as the hub last told. They are the township's matter: a village sees none.
func (q *Queue) Vetoes(ctx context.Context, actor Actor) (m protocol.Vetoes, err error) {
	if !actor.Township() {
		return m, nil
	}
	var text string
	if err := q.db.Read.QueryRowContext(ctx, `SELECT vetoes FROM station`).Scan(&text); err != nil {
		return m, fmt.Errorf("reading vetoes: %w", err)
	}
	if text != "" {
		err = decodeInto(text, &m)
	}
	return m, err
}

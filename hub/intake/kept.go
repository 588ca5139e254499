package intake

import (
	"context"
	"time"

	"zhanqun/protocol"
)

// Kept is a refusal as it lies on file, for a person to look at.
type Kept struct {
	ID       string        `json:"id"`
	Node     string        `json:"node"` // of the subject; it need not exist
	Unit     string        `json:"unit,omitempty"`
	UnitName string        `json:"unitName,omitempty"`
	Epoch    string        `json:"epoch,omitempty"`
	Seq      uint64        `json:"seq,omitempty"` // 0 for what took no position of the node's log
	Kind     string        `json:"kind,omitempty"`
	Item     string        `json:"item,omitempty"`
	Revision int           `json:"revision,omitempty"`
	Code     protocol.Code `json:"code"`
	Field    string        `json:"field,omitempty"`
	Message  string        `json:"message"`
	At       time.Time     `json:"at"`
	Raw      []byte        `json:"-"` // as it came; only where one refusal is asked for
}

// KeptQuery selects refusals, newest first.
type KeptQuery struct {
	Node   string // empty for all
	Before string // the last id of the page before
	Limit  int    // kept between 1 and 500
}

// Refusals returns one page of refusals, newest first, without their bytes.
func (s *Service) Refusals(ctx context.Context, q KeptQuery) ([]Kept, error) {
	if q.Limit <= 0 {
		q.Limit = 100
	}
	q.Limit = min(q.Limit, 500)
	return s.Store.Refusals(ctx, q)
}

// Refused returns one refusal with its bytes.
func (s *Service) Refused(ctx context.Context, id string) (Kept, error) {
	return s.Store.Refused(ctx, id)
}

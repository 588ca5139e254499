package ranking

import (
	"context"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/internal/fault"
)

// Store reads what happened. Each method is one transaction.
type Store interface {
	// RankedUnits returns the townships and departments, up to limit.
	RankedUnits(ctx context.Context, limit int) ([]catalog.Unit, error)
	// Facts hands what happened in from ≤ time < until to each, in no order. It
	// reads up to limit and reports whether there was more.
	Facts(ctx context.Context, from, until time.Time, limit int, each func(Fact)) (more bool, err error)
}

// Bounds of one table.
const (
	maxUnits = 20_000
	maxFacts = 2_000_000
)

// Options set up a Service.
type Options struct {
	Store Store
	Rules Rules            // nil for DefaultRules
	Now   func() time.Time // nil for time.Now
}

// Service makes rankings.
type Service struct{ Options }

// New returns a service.
func New(o Options) *Service {
	if o.Rules == nil {
		o.Rules = DefaultRules()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Service{o}
}

// Current returns the month that has begun.
func (s *Service) Current() Period { return MonthOf(s.Now()) }

// Table ranks the units by what happened in a period. ledger is the code of the
// unit or village whose points are explained, or empty.
func (s *Service) Table(ctx context.Context, who access.User, p Period, ledger string) (Table, error) {
	if err := who.Need(access.ReadAll); err != nil {
		return Table{}, err
	}
	units, err := s.Store.RankedUnits(ctx, maxUnits)
	if err != nil {
		return Table{}, err
	}
	c := NewCounter(p, s.Rules, units, ledger)
	more, err := s.Store.Facts(ctx, p.From, p.Until, maxFacts, c.Add)
	if err != nil {
		return Table{}, err
	}
	if more {
		return Table{}, fault.Field("period", "这个时段的数据太多，请选短一些的时段，例如一个月。")
	}
	return c.Table(), nil
}

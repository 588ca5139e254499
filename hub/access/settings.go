package access

import (
	"context"
	"fmt"

	"zhanqun/hub/catalog"
	"zhanqun/protocol"
)

// Bounds that keep a Settings entry, which carries all of it, well below the
// wire's limit of 200 KiB.
const (
	MaxVillages    = 500 // below one township; the largest of the country has 168
	MaxColumns     = 100
	maxUnitName    = 60 // characters
	maxColumnName  = 40
	maxSteps       = 5
	maxStepName    = 20
	settingsPerTx  = 200 // nodes told in one transaction
	maxUnitImports = 100_000
)

// SettingsFor puts together what a node of unit is told of the county.
// villages are the units directly below it, limits those of attachments.
func SettingsFor(unit catalog.Unit, villages []catalog.Unit, columns []catalog.Column, county, portal string, limits protocol.Limits) *protocol.Settings {
	m := &protocol.Settings{
		Unit: protocol.Unit{Code: unit.Code, Name: unit.Name}, County: county, Portal: portal,
		Villages: make([]protocol.Unit, 0, len(villages)), Columns: make([]protocol.Column, 0, len(columns)),
	}
	if limits != protocol.WireLimits() {
		m.Limits = &limits
	}
	for _, v := range villages {
		m.Villages = append(m.Villages, protocol.Unit{Code: v.Code, Name: v.Name})
	}
	for _, c := range columns {
		steps := make([]string, len(c.Steps))
		for i, step := range c.Steps {
			steps[i] = step.Name
		}
		m.Columns = append(m.Columns, protocol.Column{Slug: c.Slug, Name: c.Name, Steps: steps, Closed: c.Closed})
	}
	return m
}

// SendSettings tells every active node that does not know them yet the present
// settings. A node whose own settings did not change gets no entry.
func (s *Service) SendSettings(ctx context.Context) error {
	for {
		n, err := s.Store.SendSettings(ctx, settingsPerTx)
		if err != nil {
			return fmt.Errorf("telling nodes their settings: %w", err)
		}
		if n < settingsPerTx {
			return nil
		}
	}
}

// SetPortal notes the address readers and nodes reach the hub at.
func (s *Service) SetPortal(ctx context.Context, base string) error {
	if err := s.Store.SetPortal(ctx, base); err != nil {
		return fmt.Errorf("noting the hub's address: %w", err)
	}
	return nil
}

// SetPin notes the fingerprint of the CA that nodes which join have to know the
// hub by; "" when its certificate is one every system trusts, or it has none.
func (s *Service) SetPin(ctx context.Context, fingerprint string) error {
	if err := s.Store.SetPin(ctx, fingerprint); err != nil {
		return fmt.Errorf("noting the hub's certificate: %w", err)
	}
	return nil
}

// SetLimits notes what the county takes of attachments.
func (s *Service) SetLimits(ctx context.Context, limits protocol.Limits) error {
	if err := s.Store.SetLimits(ctx, limits); err != nil {
		return fmt.Errorf("noting the county's limits: %w", err)
	}
	return nil
}

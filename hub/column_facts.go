package main

import (
	"context"
	"time"

	"zhanqun/hub/health"
	"zhanqun/hub/health/fresh"
	"zhanqun/hub/health/rules"
)

// columnFacts returns what the rules need to know of a site's columns, nil
// where none is registered: no columns must not pass for columns in order.
func (c *county) columnFacts(ctx context.Context, site health.Site) (*[]rules.Column, error) {
	list, err := c.health.Columns(ctx, site.ID)
	if err != nil {
		return nil, err
	}
	var facts []rules.Column
	for _, column := range list {
		if column.Status == health.ColumnWatched {
			facts = append(facts, columnFact(column))
		}
	}
	if len(facts) == 0 {
		return nil, nil
	}
	return &facts, nil
}

// goneFor is how long a column has to be missing until it is called gone.
const goneFor = 30 * time.Minute

func columnFact(c health.Column) rules.Column {
	f := rules.Column{
		ID: c.ID, Name: c.Name, Unit: c.Unit, UnitName: c.UnitName, Class: string(c.Class), TopLevel: c.Channel == "", Exempt: c.Mark,
		Known: c.State != fresh.Unknown && c.State != "", Blank: c.State == fresh.Blank,
		Gone: c.Reading.Reason == fresh.ReasonGone && c.ReadAt.Sub(c.Reading.Changed) >= goneFor,
	}
	if day, ok := c.LastUpdate.Time(); ok {
		// The page shows days: what came out on one may have done so at its end.
		f.Latest = day.Add(24*time.Hour - time.Second)
		if f.Latest.After(c.ReadAt) {
			f.Latest = c.ReadAt
		}
	}
	return f
}

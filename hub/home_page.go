package main

import (
	"context"
	"maps"
	"slices"
	"time"

	"zhanqun/hub/health"
	"zhanqun/hub/health/fresh"
	"zhanqun/hub/health/prober"
	"zhanqun/hub/health/verdict"
)

// columnDays tells the days of the items in a site's columns.
type columnDays interface {
	ColumnDays(ctx context.Context, site string) (map[string]fresh.Day, error)
}

// readHome returns what reads a home page: all its boxes together, an item
// without a date there by the column it stands in. A home page that only leads
// on stands for what it leads to, the columns.
func readHome(pages fresh.Reader, columns columnDays, now func() time.Time) func(context.Context, health.Site) prober.HomePage {
	return func(ctx context.Context, site health.Site) prober.HomePage {
		at := now()
		known, err := columns.ColumnDays(ctx, site.ID)
		if err != nil {
			known = nil // the page's own dates are left
		}
		r := fresh.LookHome(ctx, pages, site.URL, fresh.Options{Now: at, Name: site.Name}, func(it fresh.Item) fresh.Day { return fresh.DayIn(known, it) })
		if r.Reason == fresh.ReasonMenu && len(known) > 0 {
			days := within(slices.Collect(maps.Values(known)), at)
			return prober.HomePage{Told: true, Latest: verdict.EndOf(slices.Max(append(days, "")), at), Days: days}
		}
		h := prober.HomePage{Told: r.State == fresh.Fresh || r.State == fresh.Stale, Latest: verdict.EndOf(r.LastUpdate, at)}
		var days []fresh.Day
		undated := 0
		for _, it := range r.Items {
			if it.Day == "" {
				undated++
			} else if !it.Has(fresh.FlagFuture) {
				days = append(days, it.Day)
			}
		}
		// Where most items bear no date, counting the others would be a guess.
		if h.Told && (len(days) >= enoughItems || undated <= len(days)) {
			h.Days = within(days, at)
		}
		return h
	}
}

const (
	enoughItems = 10  // dated items that tell of a home page by themselves
	mostItems   = 300 // days kept of one home page
)

// within returns the days of the year up to at, latest first.
func within(days []fresh.Day, at time.Time) []fresh.Day {
	from, to := fresh.DayOf(at.AddDate(-1, 0, -1)), fresh.DayOf(at)
	list := []fresh.Day{}
	for _, day := range days {
		if day >= from && day <= to {
			list = append(list, day)
		}
	}
	slices.Sort(list)
	slices.Reverse(list)
	return list[:min(len(list), mostItems)]
}

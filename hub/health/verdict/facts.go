package verdict

import (
	"fmt"
	"time"

	"zhanqun/hub/health"
	"zhanqun/hub/health/fresh"
	"zhanqun/hub/health/prober"
	"zhanqun/hub/health/rules"
)

// columnFacts are what the rules need to know of a site's columns, nil where none
// is registered: no columns must not pass for columns in order.
func columnFacts(list []health.Column) *[]rules.Column {
	var facts []rules.Column
	for _, c := range list {
		if c.Status == health.ColumnWatched {
			facts = append(facts, columnFact(c))
		}
	}
	if len(facts) == 0 {
		return nil
	}
	return &facts
}

const (
	goneFor   = 30 * time.Minute // a column has to be missing that long until it is called gone
	unreadFor = 24 * time.Hour   // one that could not be read counts as it was that long
)

func columnFact(c health.Column) rules.Column {
	// One that could not be read for a while is as it was.
	away := c.Reading.Reason == fresh.ReasonUnread && c.LastUpdate != "" && c.ReadAt.Sub(c.Reading.Changed) < unreadFor
	gone := c.Reading.Reason == fresh.ReasonGone && c.ReadAt.Sub(c.Reading.Changed) >= goneFor
	return rules.Column{
		ID: c.ID, Name: c.Name, Unit: c.Unit, UnitName: c.UnitName, Class: string(c.Class), TopLevel: c.Channel == "", Exempt: c.Mark,
		Known: c.State != fresh.Unknown && c.State != "" || away || gone, Blank: c.State == fresh.Blank, Gone: gone,
		Latest: EndOf(c.LastUpdate, c.ReadAt), Period: rules.Days(c.Days),
	}
}

// EndOf returns the last moment at which what shows a day may have come out, as
// it was read at a time; zero for no day.
func EndOf(d fresh.Day, readAt time.Time) time.Time {
	day, ok := d.Time()
	if !ok {
		return time.Time{}
	}
	if end := day.Add(24*time.Hour - time.Second); end.Before(readAt) {
		return end
	}
	return readAt
}

// homeFor is how long a reading of a home page counts.
const homeFor = 3 * 24 * time.Hour

// homeFacts are what the rules need to know of the home page, nil where it could
// not be told. A home page shows several lists, and a reading sees the main one:
// where a column came out later, and within the window of days, the page may well
// show it elsewhere, so that nothing old is believed of the page.
func homeFacts(h prober.HomePage, columns []health.Column, now time.Time, days int) *rules.Home {
	if !h.Told || now.Sub(h.ReadAt) > homeFor {
		return nil
	}
	from := fresh.DayOf(now).Add(-days)
	if h.Latest.Before(now.AddDate(0, 0, -young)) {
		for _, c := range columns {
			if c.Status == health.ColumnWatched && c.LastUpdate >= from && c.LastUpdate > fresh.DayOf(h.Latest) {
				return nil
			}
		}
	}
	if h.Days == nil {
		return &rules.Home{Newest: h.Latest}
	}
	facts := &rules.Home{Items: []time.Time{}}
	for _, day := range h.Days {
		facts.Items = append(facts.Items, EndOf(day, h.ReadAt))
	}
	return facts
}

// young is how many days old the newest item may be without a doubt arising: less
// than the shortest window of a home page.
const young = 7

// doubts are signs that dates were forged, which is a veto of its own: items of a
// column that were seen with an older date before, or came up long after the date
// they show. Whether they were is for a person to say.
func doubts(list []health.Column) []rules.SeriousFault {
	var signs []rules.SeriousFault
	for _, c := range list {
		n := 0
		for _, item := range c.Reading.Doubtful {
			if item.Has(fresh.FlagBackDated) || item.Has(fresh.FlagRestamped) {
				n++
			}
		}
		if n > 0 && c.Status == health.ColumnWatched {
			signs = append(signs, rules.SeriousFault{Kind: rules.SeriousForgery, What: fmt.Sprintf("%s：%d 条日期存疑", c.Name, n), Unit: c.Unit, UnitName: c.UnitName})
		}
	}
	return signs
}

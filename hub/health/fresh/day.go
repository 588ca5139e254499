package fresh

import (
	"encoding/json"
	"time"

	"zhanqun/internal/chinatime"
)

// Day is a day in Beijing, written 2026-11-01; empty for none. Days compare as
// strings do.
type Day string

const dayForm = "2006-01-02"

// DayOf returns the day in Beijing at t; none for the zero time.
func DayOf(t time.Time) Day {
	if t.IsZero() {
		return ""
	}
	return Day(t.In(chinatime.Zone).Format(dayForm))
}

// Time returns the beginning of the day, and whether there is a day at all.
func (d Day) Time() (time.Time, bool) {
	t, err := time.ParseInLocation(dayForm, string(d), chinatime.Zone)
	return t, err == nil
}

// Add returns the day n days later.
func (d Day) Add(n int) Day {
	t, ok := d.Time()
	if !ok {
		return ""
	}
	return DayOf(t.AddDate(0, 0, n))
}

// MarshalJSON writes no day as null.
func (d Day) MarshalJSON() ([]byte, error) {
	if d == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(d))
}

package uptime

import "time"

// Marks of an hour in a day's record.
const (
	MarkNone    = '.' // not asked: the hub was down, or the hour has not come
	MarkOK      = 'o'
	MarkFailed  = 'x'
	MarkNoData  = 'n'
	MarkPlanned = 'p'
)

// Day is what is kept of a site's day: counts, the mark of each hour, and what
// failures were due to.
type Day struct {
	Site    string        `json:"site"`
	Day     time.Time     `json:"day"` // its midnight in Beijing
	OK      int           `json:"ok"`
	Failed  int           `json:"failed"`
	NoData  int           `json:"noData"`
	Planned int           `json:"planned"`
	Hours   string        `json:"hours"`            // 24 marks
	Causes  map[Cause]int `json:"causes,omitempty"` // of failures and of no data
	Slowest time.Duration `json:"slowestNs"`        // of the good visits
	Total   time.Duration `json:"totalNs"`          // of the good visits
}

// NewDay returns the empty record of a site for the day of t.
func NewDay(site string, t time.Time) Day {
	marks := make([]byte, PerDay)
	for i := range marks {
		marks[i] = MarkNone
	}
	return Day{Site: site, Day: Day0(t), Hours: string(marks), Causes: map[Cause]int{}}
}

// Add counts a visit. Extra ones count nowhere.
func (d *Day) Add(p Probe) {
	if p.Extra {
		return
	}
	mark := byte(MarkNoData)
	switch p.Outcome {
	case OK:
		d.OK++
		d.Total += p.Elapsed
		d.Slowest = max(d.Slowest, p.Elapsed)
		mark = MarkOK
	case Failed:
		d.Failed++
		mark = MarkFailed
	case Planned:
		d.Planned++
		mark = MarkPlanned
	default:
		d.NoData++
	}
	if p.Cause != "" {
		if d.Causes == nil {
			d.Causes = map[Cause]int{}
		}
		d.Causes[p.Cause]++
	}
	if hour := int(p.Slot.Sub(d.Day) / time.Hour); hour >= 0 && hour < len(d.Hours) {
		marks := []byte(d.Hours)
		marks[hour] = mark
		d.Hours = string(marks)
	}
}

// Valid is how many visits found something out.
func (d Day) Valid() int { return d.OK + d.Failed }

// Mean is how long a good visit took on average, 0 when there was none.
func (d Day) Mean() time.Duration {
	if d.OK == 0 {
		return 0
	}
	return d.Total / time.Duration(d.OK)
}

// Lost is how many of the day's visits brought nothing: no data, or never made.
func (d Day) Lost() int { return max(d.NoData, PerDay-d.OK-d.Failed-d.Planned) }

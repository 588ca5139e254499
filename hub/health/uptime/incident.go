package uptime

import "time"

// Incident is a time in which a site was down, as far as that is confirmed.
type Incident struct {
	ID       string    `json:"id"`
	Site     string    `json:"site"`
	Since    time.Time `json:"since"`            // first failed visit
	OpenedAt time.Time `json:"openedAt"`         // when it was confirmed
	Until    time.Time `json:"until,omitzero"`   // first good visit after it
	EndedAt  time.Time `json:"endedAt,omitzero"` // when the end was confirmed; zero while it lasts
	Failures int       `json:"failures"`         // failed visits in it
	Cause    Cause     `json:"cause"`            // of the latest failure
	Status   int       `json:"status,omitempty"`
	Detail   string    `json:"detail"`
	// Root is the site whose incident stands for this one, because this site
	// hangs on it; nobody is alarmed of this one then.
	Root string `json:"root,omitempty"`
}

// Open reports whether the incident lasts.
func (i Incident) Open() bool { return i.ID != "" && i.EndedAt.IsZero() }

// Hysteresis is how many visits in a row confirm a fault, and its end.
type Hysteresis struct{ Fail, Pass int }

// DefaultHysteresis suits a visit an hour with two more soon after a failure.
var DefaultHysteresis = Hysteresis{Fail: 3, Pass: 2}

// Change is what a visit did to a site's incident.
type Change string

// The changes.
const (
	Same   Change = ""
	Opened Change = "opened"
	Grew   Change = "grew" // one more failure
	Ended  Change = "ended"
)

// Follow says what the visits so far, oldest first, do to the incident a site is
// in, if any. What brought no data neither confirms nor clears anything. The
// caller gives a new incident its id.
func Follow(open Incident, visits []Probe, h Hysteresis) (Incident, Change) {
	if len(visits) == 0 {
		return open, Same
	}
	last := visits[len(visits)-1]
	if last.Outcome != OK && last.Outcome != Failed {
		return open, Same
	}
	run := lastRun(visits)
	if open.OpenedAt.IsZero() || !open.EndedAt.IsZero() {
		if last.Outcome != Failed || len(run) < h.Fail {
			return open, Same
		}
		return Incident{Site: last.Site, Since: run[0].At, OpenedAt: last.At, Failures: len(run),
			Cause: last.Cause, Status: last.Status, Detail: last.Detail}, Opened
	}
	if last.Outcome == Failed {
		open.Failures++
		open.Cause, open.Status, open.Detail = last.Cause, last.Status, last.Detail
		return open, Grew
	}
	if len(run) < h.Pass {
		return open, Same
	}
	open.Until, open.EndedAt = run[0].At, last.At
	return open, Ended
}

// lastRun returns the last visits in a row that all failed or were all good.
func lastRun(visits []Probe) []Probe {
	var run []Probe
	for _, p := range visits {
		if p.Outcome != OK && p.Outcome != Failed {
			continue
		}
		if len(run) > 0 && run[0].Outcome != p.Outcome {
			run = run[:0:0]
		}
		run = append(run, p)
	}
	return run
}

// Failing reports whether the last visit that found something out failed, and
// since when all have.
func Failing(visits []Probe) (since time.Time, failing bool) {
	run := lastRun(visits)
	if len(run) == 0 || run[0].Outcome != Failed {
		return time.Time{}, false
	}
	return run[0].At, true
}

package prober

import (
	"context"
	"time"

	"zhanqun/hub/health/uptime"
)

// State is how available a site is, for people and programs.
type State struct {
	Week      uptime.Share      `json:"week"` // the whole days of the window
	Verdict   uptime.Verdict    `json:"verdict"`
	Allowed   int               `json:"allowed"` // failures at which so many visits fail
	Running   uptime.Share      `json:"running"` // with today
	Last      *uptime.Probe     `json:"last,omitempty"`
	Down      *uptime.Incident  `json:"down,omitempty"` // while it lasts
	Incidents []uptime.Incident `json:"incidents"`      // latest first
	Offline   []uptime.Offline  `json:"offline"`        // announced times off line, latest first
	Days      []uptime.Day      `json:"days"`           // oldest first
}

// State returns how available a site is by a rule, with the days of the last span
// days.
func (s *Service) State(ctx context.Context, site string, r uptime.Rule, span int) (State, error) {
	now := s.Now()
	today := uptime.Day0(now)
	var st State
	var err error
	if st.Days, err = s.Store.Days(ctx, site, today.AddDate(0, 0, -max(span, r.Days)), now); err != nil {
		return st, err
	}
	st.Week, st.Running = uptime.Complete(st.Days, now, r), uptime.Running(st.Days, now, r)
	st.Verdict, st.Allowed = st.Week.Verdict(r), st.Week.Allowed(r)
	last, err := s.Store.Probes(ctx, site, now.Add(-s.KeepVisits), 1)
	if err != nil {
		return st, err
	}
	if len(last) > 0 {
		st.Last = &last[0]
	}
	if st.Incidents, err = s.Store.Incidents(ctx, site, 20); err != nil {
		return st, err
	}
	for i := range st.Incidents {
		if st.Incidents[i].Open() {
			st.Down = &st.Incidents[i]
			break
		}
	}
	st.Offline, err = s.Store.Offlines(ctx, site, 10)
	return st, err
}

// Between returns a site's days and incidents of a time that may be long ago.
func (s *Service) Between(ctx context.Context, site string, from, to time.Time) ([]uptime.Day, []uptime.Incident, error) {
	days, err := s.Store.Days(ctx, site, from, to)
	if err != nil {
		return nil, nil, err
	}
	all, err := s.Store.Incidents(ctx, site, 500)
	if err != nil {
		return nil, nil, err
	}
	var list []uptime.Incident
	for _, i := range all {
		if i.Since.Before(to) && (i.Open() || i.Until.After(from)) {
			list = append(list, i)
		}
	}
	return days, list, nil
}

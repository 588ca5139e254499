package rules

import (
	"slices"
	"time"
)

// serious counts grave faults a person confirmed; a mere sign is warned of.
func (j *judge) serious(c Clause, v *Veto) {
	s := j.f.Serious
	if s == nil {
		return
	}
	var counted []Item
	signs := 0
	for _, f := range s.Faults {
		switch {
		case !slices.Contains(c.Kinds, f.Kind):
		case f.Confirmed:
			counted = append(counted, Item{Name: f.What, Unit: f.Unit, UnitName: f.UnitName})
		default:
			signs++
		}
	}
	for _, kind := range c.Kinds {
		if slices.Contains(s.Looked, kind) {
			v.Sample++
		} else {
			v.Unchecked++
		}
	}
	v.Count, v.Owners = len(counted), owners(counted)
	v.settle(0)
	v.Says = says(saysSerious, v.Count, signs)
	if v.State != Fallen && signs > 0 {
		v.State = Near
	}
}

// unanswered counts messages of the last year whose time to be answered is over.
func (j *judge) unanswered(c Clause, v *Veto) {
	m := j.f.Messages
	if m == nil {
		return
	}
	if c.Channel && !m.Channel {
		v.State, v.Count, v.Says = Fallen, v.Limit, saysNoChannel
		return
	}
	period := j.set.period(c.Period)
	v.From = Years(1).back(j.day)
	var counted, ahead []Item
	oldest := 0
	for _, msg := range m.Unanswered {
		d := date(msg.Received)
		if d.Before(v.From) || msg.Received.After(j.f.At) {
			continue
		}
		v.Sample++
		i := Item{Unit: msg.Unit, UnitName: msg.UnitName, Latest: msg.Received, On: period.expires(d)}
		if !i.On.After(j.day) {
			counted = append(counted, i)
			continue
		}
		ahead = append(ahead, i)
		oldest = max(oldest, days(d, j.day))
	}
	v.Count, v.Owners = len(counted), owners(counted)
	v.settle(0)
	if v.State == Clear && slices.ContainsFunc(c.WarnDays, func(d int) bool { return oldest >= d }) {
		v.State = Near
	}
	v.Says = says(saysUnanswered, period.label(), v.Count, oldest)
	if left := v.Left(); left > 0 && len(ahead) >= left {
		soonest(ahead)
		v.Next, v.Falls = ahead[:left], ahead[left-1].On
	}
}

// services judges the service guides; with fewer guides than the limit all of
// them have to be short.
func (j *judge) services(c Clause, v *Veto) {
	if j.f.NoServices {
		v.State, v.Says = Clear, saysNoServices
		return
	}
	s := j.f.Services
	if s == nil {
		return
	}
	v.Sample, v.Count, v.Limit = s.Guides, s.Short, c.Limit
	if !s.Offered || s.Guides == 0 {
		v.State, v.Count, v.Limit, v.Says = Fallen, c.Limit, c.Limit, saysServicesNone
		return
	}
	v.Limit = min(c.Limit, s.Guides)
	v.settle(0)
	v.Says = says(saysServices, s.Guides, c.Classes, s.Short)
}

// accounts counts the new-media accounts (微信、微博、APP) that fail, as a person
// found.
func (j *judge) accounts(c Clause, v *Veto) {
	a := j.f.Accounts
	if a == nil {
		return
	}
	v.Sample, v.Count, v.Limit = a.Total, a.Failed, c.Limit
	if a.Total == 0 {
		v.State, v.Says = Clear, saysNoAccounts
		return
	}
	v.settle(0)
	v.Says = says(saysAccounts, a.Total, a.Failed)
}

// within counts the times in a window that ends now.
func (j *judge) within(times []time.Time, p Period) int {
	from, n := j.set.period(p).back(j.day), 0
	for _, at := range times {
		if !at.After(j.f.At) && !date(at).Before(from) {
			n++
		}
	}
	return n
}

package review

import (
	"errors"
	"strings"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/internal/fault"
)

// claim takes an item that who may decide.
func (r rules) claim(s Snapshot, who access.User, note string) (Effect, error) {
	x := s.Items[0]
	if !open(x) {
		return Effect{}, closed(x)
	}
	p := planOf(s, x)
	if err := mayReview(p, x, who); err != nil {
		return Effect{}, err
	}
	data := map[string]any{"by": who.ID, "revision": x.Item.Revision}
	e := Effect{}
	if err := free(s, x, who); err != nil {
		note = strings.TrimSpace(note)
		if x.Held != nil || note == "" {
			return Effect{}, err
		}
		if err := checkTexts(note, "", ""); err != nil {
			return Effect{}, err
		}
		e.Audits = append(e.Audits, Note{Actor: who.Login, Kind: "item.claim_broken", Ref: x.Item.ID,
			Data: map[string]any{"from": x.Item.ClaimedBy, "until": x.Item.ClaimedUntil, "note": note}})
		data["from"] = x.Item.ClaimedBy
	}
	item := x.Item
	item.ClaimedBy, item.ClaimedUntil = who.ID, s.At.Add(r.claimFor)
	e.Items, e.Hold = []catalog.Item{item}, x.Held
	e.Events = append(e.Events, Note{Kind: EventClaimed, Ref: item.ID, Data: data})
	return e, nil
}

// release ends who's claim; without one it has no effect.
func (r rules) release(s Snapshot, who access.User) (Effect, error) {
	x := s.Items[0]
	if x.Item.ClaimedBy != who.ID || x.Held != nil {
		return Effect{}, nil
	}
	item := x.Item
	item.ClaimedBy, item.ClaimedUntil = "", time.Time{}
	return Effect{Items: []catalog.Item{item}, Events: []Note{{Kind: EventReleased, Ref: item.ID}}}, nil
}

// adopt records an adoption above the county.
func (r rules) adopt(s Snapshot, who access.User, q Outlet) (Effect, error) {
	x := s.Items[0]
	if err := who.Need(access.Adopt); err != nil {
		return Effect{}, err
	}
	if x.Item.LiveRevision == 0 {
		return Effect{}, fault.New(fault.Conflict, "这条信息现在是“"+stateName(x)+"”，县级门户采用以后才能登记上级采用。")
	}
	for _, a := range x.Adoptions {
		if a.Outlet == q.Outlet && a.URL == q.URL {
			return Effect{}, fault.New(fault.Conflict, "这次采用已经登记过了。同一级别再次采用的，请填写不同的网址。")
		}
	}
	a := catalog.Adoption{ID: r.newID(), Item: x.Item.ID, Outlet: q.Outlet, URL: q.URL, Entry: x.Item.Entry, At: q.At, Account: who.ID}
	item := x.Item
	st := r.status(s, item, catalog.Decision{})
	st.Outlet, st.URL, st.Entry, st.At = q.Outlet, q.URL, item.Entry, q.At
	p := planOf(s, x)
	if open(x) && item.Step >= 1 && item.Step <= len(p.route) {
		st.Step, st.Steps, st.StepName = item.Step, len(p.route), p.route[item.Step-1].Name
	}
	return Effect{
		Adoptions: []catalog.Adoption{a},
		Down:      []Word{{Node: item.Node, Status: st}},
		Events:    []Note{{Kind: EventAdopted, Ref: item.ID, Data: map[string]any{"outlet": q.Outlet, "url": q.URL}}},
		Audits:    []Note{{Actor: who.Login, Kind: "item.adopt", Ref: item.ID, Data: a}},
	}, nil
}

func asFault(err error) *fault.Error {
	var f *fault.Error
	errors.As(err, &f)
	return f
}

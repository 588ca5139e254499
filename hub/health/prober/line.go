package prober

import (
	"context"
	"slices"

	"zhanqun/hub/health"
	"zhanqun/hub/health/uptime"
)

// controls is how many other hosts are asked at most.
const controls = 5

// lineLost tells which visits only show that our own line is down.
func (s *Service) lineLost(ctx context.Context, sites []health.Site, due []*visit) map[*visit]bool {
	lost := map[*visit]bool{}
	failed := map[string]bool{}
	answered := map[string]bool{}
	for _, v := range due {
		host := health.HostOf(v.site.URL)
		if uptime.NeedsControl(v.result) {
			failed[host] = true
		} else if v.result.Status != 0 {
			answered[host] = true
		}
	}
	if len(failed) == 0 {
		return lost
	}
	var others []uptime.Control
	if len(answered) > 0 { // somebody asked at the same time has answered
		for host := range answered {
			others = append(others, uptime.Control{Host: host, Answered: true})
		}
	} else {
		others = s.askOthers(ctx, sites, failed)
	}
	for _, v := range due {
		if uptime.NeedsControl(v.result) && uptime.LineLost(v.result.ErrorKind, others) {
			lost[v] = true
		}
	}
	if len(lost) > 0 {
		s.Log.Warn("own line seems to be down", "sites", len(lost), "asked", len(others))
	}
	return lost
}

// askOthers asks hosts that are not among those that failed, until one answers:
// those of the settings, those that answered last, then other sites.
func (s *Service) askOthers(ctx context.Context, sites []health.Site, failed map[string]bool) []uptime.Control {
	list, err := s.Store.LastAnswered(ctx, 50)
	if err != nil {
		s.Log.Error("reading what answered last", "error", err)
	}
	var others []uptime.Control
	asked := map[string]bool{}
	for _, site := range sites[:min(len(sites), 50)] {
		list = append(list, site.URL)
	}
	for _, address := range append(slices.Clone(s.Controls), list...) {
		host := health.HostOf(address)
		if host == "" || failed[host] || asked[host] {
			continue
		}
		asked[host] = true
		r := s.Checker.Check(ctx, address)
		if ctx.Err() != nil {
			return others
		}
		others = append(others, uptime.Control{Host: host, Answered: r.Status != 0, Kind: r.ErrorKind})
		if r.Status != 0 || len(others) == controls {
			break
		}
	}
	return others
}

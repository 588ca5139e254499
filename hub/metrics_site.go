package main

import (
	"cmp"
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"zhanqun/hub/health/rules"
	"zhanqun/hub/health/uptime"
)

var (
	metricVisits    = prometheus.NewDesc("zhanqun_site_visits_total", "Visits to home pages since the start, by outcome: ok, failed, nodata, planned.", []string{"outcome"}, nil)
	metricDown      = prometheus.NewDesc("zhanqun_site_down", "1 while a confirmed incident of the site lasts and no site above it is the cause.", []string{"site", "unit"}, nil)
	metricShare     = prometheus.NewDesc("zhanqun_site_failed_ratio", "Share of valid visits that failed in the window of the rules. Missing without a valid visit.", []string{"site", "unit"}, nil)
	metricShort     = prometheus.NewDesc("zhanqun_site_sample_short", "1 while the sample of visits is too small to pass.", []string{"site", "unit"}, nil)
	metricVeto      = prometheus.NewDesc("zhanqun_site_veto_count", "What a veto counts on a site; missing where nothing was checked.", []string{"site", "unit", "clause"}, nil)
	metricLimit     = prometheus.NewDesc("zhanqun_site_veto_limit", "The count at which the veto falls.", []string{"site", "unit", "clause"}, nil)
	metricFallen    = prometheus.NewDesc("zhanqun_site_veto_fallen", "1 while the veto has fallen.", []string{"site", "unit", "clause"}, nil)
	metricFalls     = prometheus.NewDesc("zhanqun_site_veto_falls_seconds", "When the next veto of a site falls if nothing changes, in Unix time.", []string{"site", "unit"}, nil)
	metricCondition = prometheus.NewDesc("zhanqun_site_condition", "1 for how the site is kept up: fresh, stale, sleeping, zombie, unknown. Missing where no column is watched.", []string{"site", "unit", "condition"}, nil)
	metricFindings  = prometheus.NewDesc("zhanqun_findings_open", "Findings that are not closed, by class.", []string{"class"}, nil)
	metricOverdue   = prometheus.NewDesc("zhanqun_findings_overdue", "Findings that wait for their unit beyond the deadline.", []string{"unit"}, nil)
	metricColumns   = prometheus.NewDesc("zhanqun_columns", "Columns that have to be kept up, by state: fresh, stale, blank, unknown, unread.", []string{"state"}, nil)
	siteMetrics     = []*prometheus.Desc{metricOverdue, metricColumns, metricVisits, metricDown, metricShare, metricShort, metricVeto, metricLimit, metricFallen, metricFalls, metricCondition, metricFindings}
)

// siteCollector tells how the sites stand.
type siteCollector struct{ c *county }

// Describe implements prometheus.Collector.
func (siteCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range siteMetrics {
		ch <- d
	}
}

// Collect implements prometheus.Collector. What cannot be read is left out; the
// log says why.
func (s siteCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counts := s.c.prober.Counts()
	for _, o := range []uptime.Outcome{uptime.OK, uptime.Failed, uptime.NoData, uptime.Planned} {
		ch <- prometheus.MustNewConstMetric(metricVisits, prometheus.CounterValue, float64(counts[o]), string(o))
	}
	for _, tally := range []struct {
		metric *prometheus.Desc
		count  func(context.Context) (map[string]int, error)
	}{{metricFindings, s.c.store.OpenClasses}, {metricOverdue, s.c.store.Overdue}, {metricColumns, s.c.store.ColumnStates}} {
		counts, err := tally.count(ctx)
		if err != nil {
			s.c.log.Error("counting for metrics", "error", err)
			continue
		}
		for name, n := range counts {
			gauge(tally.metric, float64(n), cmp.Or(name, "unread"))
		}
	}
	board, err := s.c.inspect.Cluster(ctx)
	if err != nil {
		s.c.log.Error("judging sites for metrics", "error", err)
		return
	}
	down, err := s.c.store.OpenIncidents(ctx)
	if err != nil {
		s.c.log.Error("reading incidents for metrics", "error", err)
		return
	}
	alarmed := map[string]bool{}
	for _, i := range down {
		alarmed[i.Site] = i.Root == ""
	}
	seen := map[string]bool{} // two sites may have one name
	for _, r := range board.Sites {
		if seen[r.Name+"\x00"+r.Unit] {
			continue
		}
		seen[r.Name+"\x00"+r.Unit] = true
		gauge(metricDown, oneIf(alarmed[r.Site]), r.Name, r.Unit)
		if r.Condition != "" {
			gauge(metricCondition, 1, r.Name, r.Unit, r.Condition)
		}
		if !r.Falls.IsZero() {
			gauge(metricFalls, float64(r.Falls.Unix()), r.Name, r.Unit)
		}
		for _, v := range r.Vetoes {
			if v.Kind() == rules.KindAvailability && v.State != rules.Unchecked {
				gauge(metricShort, oneIf(v.State == rules.Insufficient), r.Name, r.Unit)
				if v.Sample > 0 {
					gauge(metricShare, float64(v.Count)/float64(v.Sample), r.Name, r.Unit)
				}
			}
			if v.State != rules.Unchecked || v.Sample > 0 {
				gauge(metricVeto, float64(v.Count), r.Name, r.Unit, v.Clause)
				gauge(metricLimit, float64(v.Limit), r.Name, r.Unit, v.Clause)
				gauge(metricFallen, oneIf(v.State == rules.Fallen), r.Name, r.Unit, v.Clause)
			}
		}
	}
	for id, alarms := range alarmed { // lines are no sites, and on no board
		line, err := s.c.store.Site(ctx, id)
		if key := line.Name + "\x00" + line.Unit; err == nil && line.Line && !seen[key] {
			seen[key] = true
			gauge(metricDown, oneIf(alarms), line.Name, line.Unit)
		}
	}
}

func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
